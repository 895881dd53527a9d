"""What people read: a table on a terminal, aligned text elsewhere."""

import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from publora_sync.cli._shell import is_terminal

__all__ = ["MISSING", "Cell", "Column", "Row", "to_lines", "to_people", "to_table", "to_text"]

MISSING = "-"
"""Stands for a value that there is none of."""

_GAP = 2
_INDENT = "    "


class Column(NamedTuple):
    """
    A column of a table.

    Attributes:
        title: What is above it.
        least: How narrow its cells may become by going on below. 0: not at all.
        dropped: When to leave it out of a terminal too narrow for all columns: 1 is the first
            to go. 0: never.
        into: The title of the column whose missing values its values then stand for.
        folds: Whether its cells go on below between any two characters, not only words.
    """

    title: str
    least: int = 0
    dropped: int = 0
    into: str = ""
    folds: bool = False


class Cell(NamedTuple):
    """
    A value in words, without control characters.

    Attributes:
        text: The words; empty if there is no value.
        style: A colour, for a terminal.
        mark: One character to put before the text, for a terminal.
    """

    text: str
    style: str = ""
    mark: str = ""

    @property
    def shown(self) -> Text:
        """The cell as a terminal shows it."""
        return Text(f"{self.mark} {self.text}".lstrip() or MISSING, self.style)


class Row(NamedTuple):
    """
    A row of a table.

    Attributes:
        cells: A cell for each column.
        group: What it stands below, with the rows beside it of the same group. Empty: nothing.
    """

    cells: Sequence[Cell]
    group: str = ""


def to_people(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """Show *rows* as a table if stdout is a terminal, else as aligned text."""
    return (to_table if is_terminal(sys.stdout) else to_text)(columns, rows)


def to_text(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """Write a row a line, in aligned columns; nothing is cut off, and no group is told."""
    lines = [[column.title for column in columns]]
    lines += [[cell.text or MISSING for cell in row.cells] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    return "".join(f"{_aligned(line, widths)}\n" for line in lines)


def _aligned(line: Sequence[str], widths: list[int]) -> str:
    cells = zip(line, widths, strict=True)
    return "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in cells).rstrip()


def to_lines(parts: Sequence[tuple[str, Cell]]) -> str:
    """Write a title and its value a line, in colours if stdout is a terminal."""
    if not is_terminal(sys.stdout):
        width = max(len(title) for title, _ in parts)
        return "".join(f"{title:{width}}  {cell.text}\n" for title, cell in parts)
    table = Table.grid(padding=(0, _GAP, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for title, cell in parts:
        table.add_row(title.capitalize(), cell.shown)
    return _rendered(Console(), table)


def to_table(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """
    Draw a table in colours, as wide as the terminal that stdout is.

    Where it is too wide, the cells of some columns go on below; then some columns are left out.
    Where even that is too wide, each row takes as many lines as it needs. No word is cut in two.
    """
    console = Console(soft_wrap=True)
    widths = _fit(columns, rows, console.width)
    parts = _lines(columns, rows, widths) if widths else _flowing(columns, rows, console.width)
    return _rendered(console, Group(*parts))


def _rendered(console: Console, shown: RenderableType) -> str:
    with console.capture() as captured:
        console.print(shown)
    return captured.get()


def _fit(columns: Sequence[Column], rows: Sequence[Row], most: int) -> dict[int, int]:
    """Give the width of each column that is shown; nothing if *most* is too narrow."""
    wide, narrow = {}, {}
    for index, column in enumerate(columns):
        texts = [column.title, *(row.cells[index].shown.plain for row in rows)]
        wide[index] = narrow[index] = max(map(cell_len, texts))
        if column.least:
            words = [] if column.folds else [word for text in texts for word in text.split()]
            narrow[index] = min(wide[index], max(column.least, *map(cell_len, [*words, ""])))
    goers = sorted((column.dropped, index) for index, column in enumerate(columns))
    left_out = [index for rank, index in goers if rank]
    while (excess := sum(wide.values()) + _GAP * (len(wide) - 1) - most) > sum(
        wide[index] - narrow[index] for index in wide
    ):
        if not left_out:
            return {}
        del wide[left_out.pop(0)]
    return _shrunk(columns, wide, narrow, excess)


def _shrunk(
    columns: Sequence[Column], wide: dict[int, int], narrow: dict[int, int], excess: int
) -> dict[int, int]:
    widths = dict(wide)

    def spare(index: int) -> tuple[bool, int]:
        left = widths[index] - narrow[index]
        return left > 0 and not columns[index].folds, left  # between words rather than in one

    for _ in range(excess):
        widths[max(widths, key=spare)] -= 1
    return widths


def _lines(
    columns: Sequence[Column], rows: Sequence[Row], widths: dict[int, int]
) -> Iterator[RenderableType]:
    yield _table(columns, widths, header=True)
    for group, those in groupby(rows, lambda row: row.group):
        if group:
            yield Text(group, "bold")
        table = _table(columns, widths, header=False)
        for row in those:
            table.add_row(*(_standing_in(columns, row.cells, widths, index) for index in widths))
        yield table


def _standing_in(
    columns: Sequence[Column], cells: Sequence[Cell], widths: dict[int, int], index: int
) -> Text:
    others = (
        cell
        for other, cell in enumerate(cells)
        if other not in widths and columns[other].into == columns[index].title
    )
    return (cells[index] if cells[index].text else next(others, cells[index])).shown


def _table(columns: Sequence[Column], widths: dict[int, int], *, header: bool) -> Table:
    # _GAP is one blank of padding here, and one of the box's empty divider.
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.show_header = header
    for index, width in widths.items():
        title = columns[index].title
        table.add_column(
            title.capitalize(), width=width, no_wrap=not columns[index].least, overflow="fold"
        )
    return table


def _flowing(
    columns: Sequence[Column], rows: Sequence[Row], width: int
) -> Iterator[RenderableType]:
    for group, those in groupby(rows, lambda row: row.group):
        if group:
            yield Text(group, "bold underline")
        for row in those:
            yield from _paragraph(columns, row.cells, width)


def _paragraph(columns: Sequence[Column], cells: Sequence[Cell], width: int) -> Iterator[Text]:
    """Give the cells after each other, the coloured ones first, in lines that end between them."""
    pieces: dict[str, list[Text]] = {}
    ordered = sorted(zip(cells, columns, strict=True), key=lambda pair: not pair[0].style)
    for cell, column in ordered:
        if cell.text:
            words = [Text(word) for word in cell.text.split(" ")]
            # A name that is a handle, too, is told once.
            pieces.setdefault(cell.text, words if column.least else [cell.shown])
    line, gap = Text(), 0
    for words in pieces.values():
        whole = Text(" ").join(words)
        # Between its words only where it is too long for a line of its own.
        for word in words if whole.cell_len > width - len(_INDENT) else [whole]:
            if gap and line.cell_len + gap + word.cell_len > width:
                yield line
                line, gap = Text(_INDENT), 0
            line.append(" " * gap).append_text(word)
            gap = 1
        gap = _GAP
    yield line
