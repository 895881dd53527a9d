"""Tables for people to read."""

from collections.abc import Sequence
from statistics import median

from benchmarks._results import Bar, Report
from benchmarks._rounds import Comparison

__all__ = ["columns", "heading", "show"]


def show(report: Report, comparison: Comparison, peer: str, *, each: str, scale: float) -> None:
    """
    Print what the contenders took, and enter it into *report*.

    Args:
        report: Where samples and bars are added.
        comparison: What was measured.
        peer: Whom the others are compared with; the first that is there, if it is not.
        each: What a call is called, with the unit: ``us a call``.
        scale: How many of that unit a second has.
    """
    plan = comparison.plan
    report.facts = {**report.facts, "rounds": plan.rounds, "calls a round": plan.calls}
    heading(report)
    if peer not in comparison.samples:
        peer = next(iter(comparison.samples))
    against = comparison.against(peer)
    rows = [("", each, f"wall x {peer}", "CPU x")]
    for name, samples in comparison.samples.items():
        figure = against[name]
        took = median(sample.wall for sample in samples) / plan.calls * scale
        rows.append((name, f"{took:.1f}", str(figure), f"{median(figure.cpu):.2f}"))
        ours = name.lower().startswith("publora")
        report.bars.append(Bar(name, figure, ours))
        report.samples[name] = samples
    report.scale = f"time, x {peer}"
    columns(rows)
    for entry in comparison.entries:
        if entry.name not in comparison.samples:
            print(f"  {entry.name} is left out: it is not installed")


def heading(report: Report) -> None:
    """Print which benchmark it is, its question, and under what conditions it was answered."""
    print(f"\n{report.name}: {report.question}")
    print(f"  {'; '.join(f'{what}: {value}' for what, value in report.facts.items())}")


def columns(rows: Sequence[tuple[str, ...]]) -> None:
    """Print *rows*, the first of which is the heading; texts to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        first, *others = row
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print("  " + "  ".join(cells).rstrip())
