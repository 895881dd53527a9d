"""Where does the time of one call go, layer by layer?"""

from statistics import median

from benchmarks._contender import Entry, started
from benchmarks._job import Task
from benchmarks._results import Bar, Figure, Report
from benchmarks._rounds import Comparison, Plan, compare
from benchmarks._server import serving
from benchmarks._table import columns, heading

__all__ = ["run"]

_RUNGS = (
    Entry("a blocking socket", "_ladder:raw_socket"),
    Entry("asyncio streams", "_ladder:streams"),
    Entry("aiohttp's connector", "_ladder:connector"),
    Entry("+ decoding", "_ladder:decoded"),
    Entry("list(), no deadline", "_ladder:without_deadline"),
    Entry("list()", "_clients:publora"),
    Entry("list() by aiohttp's session", "_ladder:by_session"),
)

_SHOWN = 0.005


def run(*, quick: bool = False) -> Report:
    """Climb a ladder of layers side by side; then ask cProfile."""
    report = Report("profile", __doc__, scale="us a call")
    plan, calls = (Plan(3, 10), 20) if quick else (Plan(40, 100), 2_000)
    with serving() as server:
        comparison = compare(_RUNGS, server.task, plan)
        report.facts = {**server.facts, "rounds": plan.rounds, "calls a round": plan.calls}
        heading(report)
        _ladder(report, comparison)
        _own_times(report, server.task, calls)
    return report


def _ladder(report: Report, comparison: Comparison) -> None:
    rows = [("each with the layers above it", "us a call", "more than the one above")]
    before: list[float] | None = None
    for name, samples in comparison.samples.items():
        took = [sample.wall / comparison.plan.calls * 1e6 for sample in samples]
        more = "" if before is None else f"{median(map(float.__sub__, took, before)):+.1f}"
        rows.append((name, str(Figure(took, unit="us")), more))
        report.samples[name] = samples
        report.bars.append(Bar(name, Figure(took), name.startswith("list")))
        before = took
    columns(rows)


def _own_times(report: Report, task: Task, calls: int) -> None:
    with started([Entry("publora", "_profiled:own_times")], task) as (contender,):
        times: dict[str, float] = contender.run(calls, 5)["gave"]
    total = sum(times.values())
    print("\n  the own time of each module under cProfile, which makes small functions look")
    print(f"  slow; what C code takes counts for the module that called it; {calls} calls")
    rows = [("module", "us a call", "part")]
    shown = sorted(times.items(), key=lambda pair: -pair[1])
    for module, seconds in shown:
        if seconds / total >= _SHOWN:
            rows.append((module, f"{seconds / calls * 1e6:.1f}", f"{seconds / total:.1%}"))
    columns(rows)
    report.facts = {**report.facts, "own seconds by module": times}
