"""Plots of accounts, by health and by expiry. The only user of matplotlib."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from publora_async._display.words import counted, cut, in_words, number_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_expiries", "plot_health"]

Rows = Sequence[Mapping[str, object]]

_WEEK = timedelta(days=7)
_EDGE = "#24292f"
# Told apart by how dark they are and by their hatching too, for whoever prints in grey.
_LOOKS: Mapping[str, tuple[str, str, str]] = {
    "valid": ("#a8dcb9", "", _EDGE),
    "expiring_soon": ("#f2c94c", "///", _EDGE),
    "expired": ("#8f1d1d", "", "white"),
    "unknown": ("#ffffff", "...", _EDGE),
}
_OTHER = ("#c3cad2", "xx", _EDGE)


def plot_health(rows: Rows, alarm: str, axes: "Axes | None") -> "Axes":
    """
    Draw a bar for each platform, divided by health.

    Args:
        rows: The accounts.
        alarm: What is not known, in a sentence; empty if nothing.
        axes: Where to draw. ``None``: in a figure of its own.
    """
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        counts.setdefault(str(row["platform"]), Counter())[str(row["status"])] += 1
    platforms = sorted(counts, key=lambda name: (counts[name].total(), name))
    axes = _axes(axes, 1.6 + 0.34 * max(2, len(platforms)))
    found = {status for count in counts.values() for status in count}
    widest = max((count.total() for count in counts.values()), default=1)
    left = dict.fromkeys(platforms, 0)
    for status in [*_LOOKS, *sorted(found - _LOOKS.keys())]:
        # A bar of no length would leave its edge.
        lengths = {name: counts[name][status] for name in platforms if counts[name][status]}
        if not lengths:
            continue
        colour, hatch, ink = _LOOKS.get(status, _OTHER)
        bars = axes.barh(
            [platforms.index(name) for name in lengths],
            [*lengths.values()],
            0.72,
            [left[name] for name in lengths],
            label=in_words(status),
            color=colour,
            hatch=hatch,
            edgecolor=_EDGE,
            linewidth=0.6,
        )
        labels = [f"{n:,}" if n >= widest / 25 else "" for n in lengths.values()]
        for text in axes.bar_label(bars, labels, label_type="center", color=ink, fontsize="small"):
            if text.get_text():
                # Numbers cannot be read on hatching.
                text.set_bbox({"facecolor": colour, "edgecolor": "none", "pad": 1.5})
        for name, length in lengths.items():
            left[name] += length
    # The legend has its room beside the bars.
    axes.set_xlim(0, 1.3 * widest)
    axes.set_yticks(range(len(platforms)), [cut(name, 24) for name in platforms], parse_math=False)
    axes.set_xlabel("accounts")
    if found:
        for text in axes.legend(loc="lower right", frameon=False).get_texts():
            text.set_parse_math(False)
    axes.xaxis.get_major_locator().set_params(integer=True)
    return _finished(axes, counted(Counter(str(row["status"]) for row in rows)), alarm)


def plot_expiries(
    rows: Rows, alarm: str, axes: "Axes | None", *, weeks: int, now: datetime
) -> "Axes":
    """
    Draw a bar for each of the coming weeks: how many accounts expire in it.

    Args:
        rows: The accounts.
        alarm: What is not known, in a sentence; empty if nothing.
        axes: Where to draw. ``None``: in a figure of its own.
        weeks: How many weeks from now.
        now: The moment to count from, aware.
    """
    expired = sum(row["status"] == "expired" for row in rows)
    dates = [row["access_token_expires_at"] for row in rows if row["status"] != "expired"]
    ahead = [(date - now) // _WEEK for date in dates if isinstance(date, datetime) and date >= now]
    counts = Counter(week for week in ahead if week < weeks)
    heights = [counts[week] for week in range(weeks)]
    axes = _axes(axes, 3.2)
    bars = axes.bar(
        range(weeks), heights, 0.8, color="#f2c94c", edgecolor=_EDGE, linewidth=0.6, hatch="///"
    )
    axes.bar_label(bars, [f"{height:,}" if height else "" for height in heights], padding=2)
    starts = [now + week * _WEEK for week in range(weeks)]
    axes.set_xticks(range(weeks), [f"{start.day} {start:%b}" for start in starts])
    axes.set_xlabel("week from")
    axes.set_ylabel("accounts")
    axes.margins(y=0.15)
    axes.yaxis.get_major_locator().set_params(integer=True)
    beyond = {
        "later": len(ahead) - sum(heights),
        "without a date ahead": len(dates) - len(ahead),
        "expired already": expired,
    }
    rest = ", ".join(f"{count:,} {where}" for where, count in beyond.items() if count)
    verb = "expires" if sum(heights) == 1 else "expire"
    title = f"{number_of(sum(heights), 'account')} {verb} within {number_of(weeks, 'week')}"
    return _finished(axes, f"{title}\n{rest}" if rest else title, alarm)


def _axes(axes: "Axes | None", height: float) -> "Axes":
    if axes is not None:
        return axes
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise ImportError("plot() needs matplotlib: pip install matplotlib") from None
    _, axes = plt.subplots(figsize=(7.2, height), layout="constrained")
    return axes


def _finished(axes: "Axes", title: str, alarm: str) -> "Axes":
    axes.spines[["top", "right"]].set_visible(False)
    text = f"{title}\n✗ {alarm}" if alarm else title
    axes.set_title(text, loc="left", fontsize="medium", parse_math=False)
    return axes
