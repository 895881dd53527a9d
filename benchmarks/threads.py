"""How long do calls from 32 threads take that share one client?"""

from benchmarks._contender import Entry
from benchmarks._results import Report
from benchmarks._rounds import Plan, compare
from benchmarks._server import serving
from benchmarks._sync_clients import THREADS
from benchmarks._table import show

__all__ = ["run"]

_PUBLORA = Entry("Publora", "_sync_clients:threaded_publora")
_ENTRIES = (
    _PUBLORA,
    _PUBLORA.with_speed(),
    Entry("requests", "_sync_clients:threaded_requests", "requests"),
    Entry("requests, pool of 10", "_sync_clients:threaded_requests_default", "requests"),
    Entry("httpx", "_sync_clients:threaded_httpx", "httpx"),
)


def run(*, quick: bool = False) -> Report:
    """Call from 32 threads at once. The pool of requests has a connection for each of them."""
    report = Report("threads", __doc__)
    plan = Plan(2, THREADS, THREADS) if quick else Plan(20, 10 * THREADS, THREADS)
    with serving() as server:
        comparison = compare(_ENTRIES, server.task, plan)
        report.facts = {**server.facts, "threads": THREADS}
    show(report, comparison, "requests", each="us a call", scale=1e6)
    comparison.judge(report, "requests", "Publora", "requests", faster=False)
    return report
