"""How long does one awaited call take, against the clients one would use instead?"""

from benchmarks._contender import Entry
from benchmarks._results import Report
from benchmarks._rounds import Plan, compare
from benchmarks._server import serving
from benchmarks._table import show

__all__ = ["run"]

_PUBLORA = Entry("publora", "_clients:publora")
_ENTRIES = (
    _PUBLORA,
    _PUBLORA.with_speed(),
    Entry("tuned aiohttp", "_clients:tuned_aiohttp"),
    Entry("aiohttp", "_clients:documented_aiohttp"),
    Entry("httpx", "_clients:httpx", "httpx"),
    Entry("niquests", "_clients:niquests", "niquests"),
)


def run(*, quick: bool = False) -> Report:
    """Call ``connections.list()`` and its like, one call after the other."""
    report = Report("single_call", __doc__)
    with serving() as server:
        comparison = compare(_ENTRIES, server.task, Plan(3, 10) if quick else Plan(50, 100))
        report.facts = server.facts
    show(report, comparison, "tuned aiohttp", each="us a call", scale=1e6)
    comparison.judge(report, "aiohttp", "publora", "aiohttp", faster=False)
    comparison.judge(report, "tuned", "publora", "tuned aiohttp", faster=False)
    comparison.judge(report, "httpx", "publora", "httpx", faster=True)
    return report
