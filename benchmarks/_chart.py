"""A picture of what was measured."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._results import Line, Report

__all__ = ["draw"]

_OURS, _PEERS, _COLUMNS = "#0b6e4f", "#b8bfc6", 3


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
    figure.supxlabel(machine, fontsize=9, color="#57606a")
    figure.savefig(file, dpi=110)
    plt.close(figure)


def _bars(axes: Any, report: Report) -> None:  # noqa: ANN401  # matplotlib's
    bars = report.bars
    medians = [bar.figure.median for bar in bars]
    below = [m - min(bar.figure.values) for m, bar in zip(medians, bars, strict=True)]
    above = [max(bar.figure.values) - m for m, bar in zip(medians, bars, strict=True)]
    colours = [_OURS if bar.ours else _PEERS for bar in bars]
    drawn = axes.barh([bar.label for bar in bars], medians, color=colours, height=0.7)
    axes.errorbar(medians, range(len(bars)), xerr=[below, above], fmt="none", ecolor="#57606a")
    axes.bar_label(drawn, [f" {median:.2f} " for median in medians], label_type="edge", fontsize=9)
    axes.invert_yaxis()
    _finish(axes, report, report.scale)


def _line(axes: Any, report: Report, line: Line) -> None:  # noqa: ANN401  # matplotlib's
    axes.plot(line.x, line.y, color=_OURS, marker=".", linewidth=1.5)
    axes.set_ylim(0, max(1.0, *line.y) * 1.3)
    axes.set_ylabel(line.label, fontsize=9)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    _finish(axes, report, "users asked so far")


def _finish(axes: Any, report: Report, scale: str) -> None:  # noqa: ANN401  # matplotlib's
    axes.set_title(report.question, fontsize=10, loc="left", wrap=True)
    axes.set_xlabel(scale, fontsize=9)
    axes.tick_params(labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)
