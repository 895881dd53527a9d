"""How fast is iter_many, against a pool of workers written by hand?"""

from benchmarks._contender import Entry
from benchmarks._pools import CONCURRENCY
from benchmarks._results import Report, ratios
from benchmarks._rounds import Plan, compare
from benchmarks._server import serving
from benchmarks._table import show

__all__ = ["run"]

_PUBLORA = Entry("publora", "_pools:iter_many")
_SYNC = Entry("Publora, sync", "_pools:sync_iter_many")
_ENTRIES = (
    _PUBLORA,
    _PUBLORA.with_speed(),
    _SYNC,
    _SYNC.with_speed(),
    Entry("aiohttp pool", "_pools:pool_aiohttp"),
    Entry("httpx pool", "_pools:pool_httpx", "httpx"),
)


def run(*, quick: bool = False) -> Report:
    """Ask about 2,000 users, 50 at a time, and collect the answers."""
    report = Report("fan_out", __doc__)
    plan = Plan(2, 200, CONCURRENCY) if quick else Plan(10, 2_000, 2 * CONCURRENCY)
    with serving(users=plan.calls) as server:
        comparison = compare(_ENTRIES, server.task, plan)
        report.facts = {**server.facts, "concurrency": CONCURRENCY}
    show(report, comparison, "aiohttp pool", each="us a user", scale=1e6)
    comparison.judge(report, "pool", "publora", "aiohttp pool", faster=True)
    comparison.judge(report, "httpx", "publora", "httpx pool", faster=True)
    samples = comparison.samples
    report.figures["sync"] = ratios(samples["publora"], samples["Publora, sync"])
    return report
