"""What the SDK is to reach, and whether what was measured does."""

import operator
from collections.abc import Callable, Mapping

import attrs

from benchmarks._contender import Form
from benchmarks._results import Report
from benchmarks._table import columns

__all__ = ["GOALS", "Goal", "Verdict", "show_goals", "verdict"]


@attrs.frozen
class Goal:
    """
    A bound for a figure's median.

    Attributes:
        benchmark: Which one measures it.
        figure: The figure's key in that report.
        what: What is compared.
        holds: ``operator.le`` or ``operator.ge``.
        base: The bound without extras.
        speed: The bound with the ``speed`` extra. ``None``: there is none of its own.
        unit: The unit of the bounds.
    """

    benchmark: str
    figure: str
    what: str
    holds: Callable[[float, float], bool]
    base: float
    speed: float | None = None
    unit: str = ""

    def bound(self, number: float | None) -> str:
        """Write a bound, such as ``<= 0.95``."""
        sign = "<=" if self.holds is operator.le else ">="
        return "" if number is None else f"{sign} {number:g}{self.unit}"


_LE, _GE = operator.le, operator.ge

GOALS = (
    Goal("single_call", "aiohttp", "list() / aiohttp as documented", _LE, 0.95, 0.80),
    Goal("single_call", "tuned", "list() / tuned aiohttp, bytes", _LE, 1.25, 1.05),
    Goal("single_call", "httpx", "httpx / list()", _GE, 4.5, 5.5),
    Goal("sync_call", "requests", "sync list() / requests", _LE, 0.38, 0.28),
    Goal("threads", "requests", "sync list() / requests, 32 threads", _LE, 0.25, 0.18),
    Goal("fan_out", "pool", "rate of iter_many / hand-written pool, aiohttp", _GE, 0.85, 1.0),
    Goal("fan_out", "httpx", "rate of iter_many / the same pool, httpx", _GE, 9, 12),
    Goal("fan_out", "sync", "rate of sync iter_many / async", _GE, 0.85),
    Goal("memory", "growth", "iter_many, 100,000 users - 2,000 users", _LE, 2, None, " MB"),
    Goal("decoding", "pydantic", "decoding 100 accounts / pydantic v2", _LE, 1.5, 0.9),
    Goal("import_time", "aiohttp", "import publora_async / import aiohttp", _LE, 0.5),
    Goal("stall", "longest", "longest stall, 1,000 accounts", _LE, 5, None, " ms"),
    Goal("executors", "cpu", "CPU of a user, two processes / one", _LE, 1.15),
    Goal("executors", "wall", "time of a user, two processes / one", _LE, 0.6),
    Goal("watching", "cpu", "CPU of a watch's round, a million users", _LE, 300, None, " s"),
    Goal("watching", "memory", "its memory above that of the imports", _LE, 64, None, " MiB"),
    Goal("watching", "file", "its file, for an account", _LE, 100, None, " bytes"),
    Goal("scaling", "flat", "cost of a user at 100,000 / at 1,000", _LE, 1.1),
)


@attrs.frozen
class Verdict:
    """
    What became of a goal, in words.

    Attributes:
        bound: The bound. Empty if there is none.
        measured: The median and the spread, or why there is none.
        met: ``met``, ``NOT MET``, or empty if nothing was to be judged.
    """

    bound: str
    measured: str
    met: str


def verdict(goal: Goal, report: Report | None, form: Form) -> Verdict:
    """Judge *goal* by what *report* says, with or without the ``speed`` extra."""
    bound, key = (
        (goal.base, goal.figure) if form == "base" else (goal.speed, f"{goal.figure}+speed")
    )
    figure = report.figures.get(key) if report else None
    if figure is not None:
        met = "" if bound is None else "met" if goal.holds(figure.median, bound) else "NOT MET"
        return Verdict(goal.bound(bound), str(figure), met)
    if bound is None:
        return Verdict("", "", "")
    lacks = report.absent.get(key) if report else None
    why = f"not run: without {lacks}" if lacks else "not run"
    return Verdict(goal.bound(bound), why, "")


def show_goals(reports: Mapping[str, Report], *, quick: bool) -> None:
    """Print every goal, in their order, and what was measured."""
    print("\ngoals: the median of the rounds (lowest-highest)")
    if quick:
        print("  --quick only sees that the benchmarks work: the figures below say nothing")
    rows = [("", "goal", "measured", "", "with speed", "measured", "")]
    for goal in GOALS:
        report = reports.get(goal.benchmark)
        base, speed = verdict(goal, report, "base"), verdict(goal, report, "speed")
        rows.append((goal.what, *attrs.astuple(base), *attrs.astuple(speed)))
    columns(rows)
