"""How long does one plain call take, against the clients one would use instead?"""

from benchmarks._contender import Entry
from benchmarks._results import Report
from benchmarks._rounds import Plan, compare
from benchmarks._server import serving
from benchmarks._table import show

__all__ = ["run"]

_PUBLORA = Entry("Publora", "_sync_clients:publora")
_ENTRIES = (
    _PUBLORA,
    _PUBLORA.with_speed(),
    Entry("requests", "_sync_clients:requests", "requests"),
    Entry("httpx", "_sync_clients:httpx", "httpx"),
    Entry("niquests", "_sync_clients:niquests", "niquests"),
)


def run(*, quick: bool = False) -> Report:
    """Call ``connections.list()`` and its like from one thread, one call after the other."""
    report = Report("sync_call", __doc__)
    with serving() as server:
        comparison = compare(_ENTRIES, server.task, Plan(3, 10) if quick else Plan(40, 100))
        report.facts = server.facts
    show(report, comparison, "requests", each="us a call", scale=1e6)
    comparison.judge(report, "requests", "Publora", "requests", faster=False)
    return report
