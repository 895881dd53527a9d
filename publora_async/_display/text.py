"""Tables as text, for terminals."""

import shutil
import unicodedata
from collections.abc import Iterator, Sequence

from publora_async._display.words import Table, cut, width

__all__ = ["render"]

_GAP = "  "
_LEAST = 8
_MOST = 48
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}

Row = Sequence[str]


def render(table: Table, columns: int | None = None) -> str:
    """
    Write *table* as lines of aligned text, none wider than the terminal if that can be.

    Where there is no room for everything, a cell says less, and the last column goes.

    Args:
        table: What to show.
        columns: How wide the terminal is. ``None``: as wide as it says.
    """
    room = columns or shutil.get_terminal_size().columns
    lines = [visible(table.caption)]
    if table.rows:
        ways = list(_ways(table))
        rows = next((rows for rows in ways if _taken(_widths(rows)) <= room), ways[-1])
        widths = _narrowed(_widths(rows), room)
        lines += ["", *(_aligned(row, widths) for row in rows)]
    if table.left_out:
        lines.append(f"... and {table.left_out:,} more")
    if table.alarm:
        lines.append(f"✗ {visible(table.alarm)}")
    return "\n".join(lines)


def visible(text: str) -> str:
    """Write what a terminal would obey, and what turns the direction of text, as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        ascii(one)[1:-1] if unicodedata.category(one) in _UNSEEN else one for one in text
    )


def _ways(table: Table) -> Iterator[Sequence[Row]]:
    """Give the rows with all that there is to say, and then with less and less of it."""
    whole = [
        [visible(f"{cell.text} ({cell.note})" if cell.note else cell.text) for cell in row]
        for row in table.rows
    ]
    if not table.columns:
        yield whole
        return
    head = [name.upper() for name in table.columns]
    brief = [[visible(cell.brief or cell.text) for cell in row] for row in table.rows]
    yield [head, *whole]
    yield [head, *brief]
    yield [row[:-1] for row in [head, *brief]]


def _widths(rows: Sequence[Row]) -> list[int]:
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return [min(_MOST, one) for one in widths[:-1]] + widths[-1:]


def _taken(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _narrowed(widths: list[int], room: int) -> list[int]:
    """Take from the widest columns what is too much."""
    while _taken(widths) > room and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _aligned(row: Row, widths: Sequence[int]) -> str:
    cells = [cut(text, most) for text, most in zip(row, widths, strict=True)]
    padded = [text + " " * (most - width(text)) for text, most in zip(cells, widths, strict=True)]
    return _GAP.join(padded).rstrip()
