"""What was measured: samples of each round, figures made of them, a benchmark's report."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import attrs

__all__ = ["Bar", "Figure", "Line", "Report", "Sample", "ratios"]


@attrs.frozen
class Sample:
    """
    One round of one contender.

    Attributes:
        wall: Seconds by the clock.
        cpu: Seconds of its process, all threads.
        gave: What its work returned.
    """

    wall: float
    cpu: float
    gave: Any = None


@attrs.frozen
class Figure:
    """
    One number measured again and again.

    Attributes:
        values: One of each round.
        cpu: The same by the process's CPU time. Empty where there is no such thing.
        unit: What stands behind the number.
    """

    values: Sequence[float]
    cpu: Sequence[float] = ()
    unit: str = "x"

    @property
    def median(self) -> float:
        """The one in the middle."""
        return median(self.values)

    def __str__(self) -> str:
        low, high = min(self.values), max(self.values)
        spread = f" ({low:.2f}-{high:.2f})" if len(self.values) > 1 else ""
        return f"{self.median:.2f}{'' if self.unit == 'x' else ' ' + self.unit}{spread}"


def ratios(samples: Sequence[Sample], others: Sequence[Sample]) -> Figure:
    """Compare round by round: how many times the time of *others* did *samples* take?"""
    pairs = list(zip(samples, others, strict=True))
    return Figure(
        [mine.wall / other.wall for mine, other in pairs],
        [mine.cpu / max(other.cpu, 1e-9) for mine, other in pairs],
    )


def _first_line(docstring: str | None) -> str:
    return (docstring or "").strip().partition("\n")[0]


@attrs.frozen
class Bar:
    """A bar of a chart: what it stands for, and how long it is."""

    label: str
    figure: Figure
    ours: bool


@attrs.frozen
class Line:
    """A line of a chart."""

    label: str
    x: Sequence[float]
    y: Sequence[float]


@attrs.define
class Report:
    """
    What a benchmark found.

    Attributes:
        name: The benchmark's.
        question: What it answers: the first line of its docstring.
        facts: The server, the body, how many calls and rounds.
        figures: By the goal's key; with ``+speed`` at its end where that was measured.
        absent: Goal's keys that could not be measured, and what they lack.
        samples: Every round of every contender.
        bars: For the chart; *scale* says what their length is.
        lines: For the chart, each against the number of users asked so far.
    """

    name: str
    question: str = attrs.field(converter=_first_line)
    facts: Mapping[str, object] = attrs.field(factory=dict)
    figures: dict[str, Figure] = attrs.field(factory=dict)
    absent: dict[str, str] = attrs.field(factory=dict)
    samples: dict[str, list[Sample]] = attrs.field(factory=dict)
    bars: list[Bar] = attrs.field(factory=list)
    scale: str = ""
    lines: list[Line] = attrs.field(factory=list)
