"""What tables are made of: cells, counts, times and health, in words."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple, TypeAlias

__all__ = [
    "NOTHING",
    "Cell",
    "Health",
    "Table",
    "card",
    "counted",
    "cut",
    "distance",
    "health",
    "in_words",
    "moment",
    "number_of",
    "width",
]

NOTHING = "\u2013"
"""A dash, which stands for a value that there is none of."""

Health: TypeAlias = Literal["good", "soon", "bad", "unsure", ""]
"""What colour a cell has; empty for none."""


_MOST = 80


class Cell(NamedTuple):
    """
    One cell, in plain text that nobody has escaped yet.

    Attributes:
        text: What it says.
        note: A second, quieter line; empty if there is none.
        health: What colour *text* is given.
        title: What a pointer that rests on it is told; empty: the whole of what was cut.
        image: The address of a picture to show in front of it. ``None``: there is none.
        brief: What it says where there is no room for a *note*. Empty: its *text*.
        most: How wide *text* and *note* may be on a page.
    """

    text: str
    note: str = ""
    health: Health = ""
    title: str = ""
    image: str | None = None
    brief: str = ""
    most: int = _MOST


class Table(NamedTuple):
    """
    What is to be shown.

    Attributes:
        caption: A sentence or two that count what is here.
        columns: The titles; empty for a table of one record, whose rows begin with their own.
        rows: As many cells each as there are columns.
        left_out: How many rows there are besides.
        alarm: What could not be found out, in a sentence. Empty if nothing.
    """

    caption: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    left_out: int = 0
    alarm: str = ""


_HEALTH: Mapping[str, tuple[str, Health]] = {
    "valid": ("✓", "good"),
    "ok": ("✓", "good"),
    "expiring_soon": ("!", "soon"),
    "expired": ("✗", "bad"),
    "error": ("✗", "bad"),
    "failed": ("✗", "bad"),
}


def health(status: str, note: str = "") -> Cell:
    """Put a status in words, with a mark that is understood without the colour."""
    mark, tone = _HEALTH.get(status, ("?", "unsure"))
    return Cell(f"{mark} {in_words(status)}", note, tone)


def in_words(status: str) -> str:
    """Write a status as people do, and no longer than any: "expiring soon"."""
    return cut(status.replace("_", " "), 24)


def number_of(count: int, noun: str) -> str:
    """Count: ``"1 account"``, ``"2,000 accounts"``."""
    return f"{f'{count:,}' if count else 'no'} {noun}{'' if count == 1 else 's'}"


def counted(statuses: Counter[str]) -> str:
    """Count accounts by their status: ``"3 accounts: 2 valid, 1 expired"``."""
    # The known ones from good to bad, then whatever the service may have come up with.
    order = dict.fromkeys([*_HEALTH, *sorted(statuses)])
    parts = [f"{statuses[name]:,} {in_words(name)}" for name in order if statuses[name]]
    return ": ".join([number_of(statuses.total(), "account"), ", ".join(parts)][: 1 + bool(parts)])


def moment(time: object, now: datetime) -> Cell:
    """Show a time as its day in UTC and how far off it is."""
    if not isinstance(time, datetime):
        return Cell(NOTHING)
    utc = time.astimezone(UTC)
    title = f"{utc.isoformat(' ', 'minutes')[:16]} UTC"
    return Cell(title[:10], distance(time - now), title=title)


def distance(span: timedelta) -> str:
    """Say how far off something is, in the largest unit of which there are at least two."""
    size = abs(span)
    unit, length = next((one for one in _UNITS if size >= 2 * one[1]), _UNITS[-1])
    said = f"{size // length:,} {unit}"
    return f"in {said}" if span >= timedelta(0) else f"{said} ago"


_UNITS = (
    ("years", timedelta(days=365.25)),
    ("days", timedelta(days=1)),
    ("hours", timedelta(hours=1)),
    ("min", timedelta(minutes=1)),
)


def card(caption: str, cells: Mapping[str, Cell]) -> Table:
    """Make a table of one record, a row for each of *cells* that says something."""
    said = {title: cell for title, cell in cells.items() if cell.text not in {"", NOTHING}}
    return Table(
        caption, rows=[(Cell(title), cell._replace(most=_MOST)) for title, cell in said.items()]
    )


def width(text: str) -> int:
    """How many columns of a terminal, or half ems of a page, *text* takes, about."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, most: int) -> str:
    """Shorten *text* to a width of at most *most*, and take out what it should not hold."""
    text = _CONTROLS.sub("\ufffd", text[: 8 * most + 1])
    if len(text) <= 8 * most and width(text) <= most:
        return text
    kept, room = 0, most - 1
    for character in text[: 8 * most]:
        room -= _width(character)
        if room < 0:
            break
        kept += 1
    return text[:kept].rstrip(_JOINERS) + "…"


# Line breaks, what turns letters round ("exe.jpg" for "gpj.exe"), and lone surrogates, which would
# keep a notebook from being saved.
_CONTROLS = re.compile("[\u202d\u202e\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# What modifies or joins, and says nothing without what follows it.
_JOINERS = " \u200d\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
