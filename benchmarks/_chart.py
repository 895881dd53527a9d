"""A picture of what was measured."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

from benchmarks._results import Figure, Line, Report

__all__ = ["draw"]

_OURS, _PEERS, _INK = "#0b6e4f", "#b8bfc6", "#57606a"
_COLUMNS, _LARGE = 3, 20


def draw(reports: Sequence[Report], machine: str, file: Path) -> None:
    """
    Draw a panel for each report that has bars, and one for each of its lines.

    Args:
        reports: What was measured.
        machine: Where, for the last line.
        file: The picture to write; its suffix says in which format.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    panels: list[tuple[Report, Line | None]] = [(report, None) for report in reports if report.bars]
    panels += [(report, line) for report in reports for line in report.lines]
    height = max(1, -(-len(panels) // _COLUMNS))
    figure, grid = plt.subplots(
        height,
        _COLUMNS,
        figsize=(6.2 * _COLUMNS, 3.4 * height),
        squeeze=False,
        layout="constrained",
    )
    for axes, (report, line) in zip(grid.flat, panels, strict=False):
        if line is None:
            _bars(axes, report)
        else:
            _line(axes, report, line)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_axis_off()
    said = f"Bars: the median of the rounds; lines: the middle 80 % of them. {machine}"
    figure.supxlabel(said, fontsize=10, color=_INK)
    figure.savefig(file, dpi=110)
    plt.close(figure)


def _bars(axes: Any, report: Report) -> None:  # noqa: ANN401  # matplotlib's
    bars = report.bars
    medians = [bar.figure.median for bar in bars]
    spans = [_span(bar.figure) for bar in bars]
    pairs = list(zip(medians, spans, strict=True))
    spread = [
        [middle - span[0] for middle, span in pairs],
        [span[1] - middle for middle, span in pairs],
    ]
    colours = [_OURS if bar.ours else _PEERS for bar in bars]
    axes.barh([bar.label for bar in bars], medians, color=colours, height=0.7)
    axes.errorbar(medians, range(len(bars)), xerr=spread, fmt="none", ecolor=_INK, elinewidth=1)
    for at, (median, (_, high)) in enumerate(pairs):
        text = f"  {median:.0f}" if median >= _LARGE else f"  {median:.2f}"
        axes.text(high, at, text, va="center", fontsize=9)
    axes.set_xlim(0, 1.12 * max(high for _, high in spans))
    axes.invert_yaxis()
    _finish(axes, report, report.scale)


def _span(figure: Figure) -> tuple[float, float]:
    """Give the middle 80 % of the rounds: one that was disturbed would squeeze all the bars."""
    values = sorted(figure.values)
    outside = len(values) // 10
    return values[outside], values[-1 - outside]


def _line(axes: Any, report: Report, line: Line) -> None:  # noqa: ANN401  # matplotlib's
    axes.plot(line.x, line.y, color=_OURS, marker=".", linewidth=1.5)
    axes.set_ylim(0, max(1.0, *line.y) * 1.3)
    axes.set_ylabel(line.label, fontsize=9)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    _finish(axes, report, "users asked so far")


def _finish(axes: Any, report: Report, scale: str) -> None:  # noqa: ANN401  # matplotlib's
    axes.set_title(fill(report.question, 58), fontsize=11, loc="left")
    axes.set_xlabel(scale, fontsize=9)
    axes.tick_params(labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)
