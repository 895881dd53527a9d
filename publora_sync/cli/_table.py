"""Accounts as people read them: a table on a terminal, aligned text elsewhere."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from publora_async import Connection, ConnectionList, TokenStatus
from publora_sync.cli._formats import escape
from publora_sync.cli._shell import on_terminal

__all__ = [
    "NONE",
    "Shown",
    "for_people",
    "rows_to_lines",
    "rows_to_table",
    "show",
    "show_all",
    "to_lines",
    "to_table",
]

NONE = "-"
"""In place of what is not known."""

# The titles of what a Shown begins with.
_HEADER = ("PLATFORM", "HANDLE", "NAME", "PLATFORM ID", "HEALTH", "EXPIRES")
# Blanks between two columns.
_GAP = 2


class Shown(NamedTuple):
    """
    An account as it is shown; nothing in it can move the cursor or break a line.

    Attributes:
        platform: What its platform id begins with.
        handle: Its name on the platform; a hyphen if it has none.
        name: Its name for people; a hyphen if it has none.
        platform_id: What posts are addressed to.
        health: In words.
        expires: The day on which it does, in UTC; a hyphen if none is known.
        mark: *health* in one character.
        style: *health* as a colour.
        user_id: Whose it is; empty if it is not said.
    """

    platform: str
    handle: str
    name: str
    platform_id: str
    health: str
    expires: str
    mark: str
    style: str
    user_id: str = ""


def show(account: Connection, now: datetime, *, soon: bool, user_id: str = "") -> Shown:
    """
    Put *account* in words.

    Args:
        account: Whom to show.
        now: The moment to judge by, aware.
        soon: Whether it counts as expiring soon.
        user_id: Whose it is; empty: not to be said.
    """
    mark, health, style = _health(account, now, soon=soon)
    date = account.access_token_expires_at
    return Shown(
        platform=escape(account.platform),
        handle=escape(account.username or NONE),
        name=escape(account.display_name or NONE),
        platform_id=escape(account.platform_id),
        health=escape(health),
        expires=f"{date:%Y-%m-%d}" if date else NONE,
        mark=mark,
        style=style,
        user_id=escape(user_id),
    )


def show_all(
    accounts: ConnectionList, soon: ConnectionList, now: datetime, user_id: str = ""
) -> list[Shown]:
    """Put all *accounts* in words, those that are in *soon* as expiring soon."""
    ids = set(soon.platform_ids)
    return [
        show(account, now, soon=account.platform_id in ids, user_id=user_id) for account in accounts
    ]


def _health(account: Connection, now: datetime, *, soon: bool) -> tuple[str, str, str]:
    status = account.status_at(now)
    if status == TokenStatus.EXPIRED:
        return "✗", "needs reconnect", "bold red"
    if soon:
        return "!", f"expires {_in(account.access_token_expires_at, now)}", "yellow"
    if status == TokenStatus.VALID:
        return "✓", "healthy", "green"
    return "?", status.replace("_", " "), "dim"


def _in(date: datetime | None, now: datetime) -> str:
    """When *date* is, seen from *now*: in the largest unit of which there are two."""
    if date is None or date <= now:
        return "soon"
    left = date - now
    for unit, length in (("days", timedelta(days=1)), ("hours", timedelta(hours=1))):
        if left >= 2 * length:
            return f"in {left // length} {unit}"
    return f"in {left // timedelta(minutes=1)} min"


def for_people(accounts: list[Shown]) -> str:
    """A table if stdout is a terminal, else aligned text."""
    return to_table(accounts) if on_terminal(sys.stdout) else to_lines(accounts)


def to_lines(accounts: list[Shown]) -> str:
    """Aligned columns of plain text, one account a line, nothing cut off."""
    rows = [_HEADER, *(account[: len(_HEADER)] for account in accounts)]
    if any(account.user_id for account in accounts):
        owners = ["USER", *(account.user_id for account in accounts)]
        rows = [(owner, *row) for owner, row in zip(owners, rows, strict=True)]
    return rows_to_lines(rows)


def rows_to_lines(rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns of plain text; *rows* with a header, or without one."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return "".join(f"{_aligned(row, widths)}\n" for row in rows)


def _aligned(row: Sequence[str], widths: list[int]) -> str:
    cells = zip(row, widths, strict=True)
    return "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in cells).rstrip()


def to_table(accounts: list[Shown]) -> str:
    """
    A table for the terminal that stdout is, colours included.

    An account takes one line, or two where the terminal is too narrow for that. Where it is
    said whose they are, each user's accounts stand under the user's id.
    """
    console = Console()
    widths = _widths(accounts, console.width)
    return _drawn(console, _wide(accounts, widths) if widths else _narrow(accounts))


def _widths(accounts: list[Shown], most: int) -> list[int] | None:
    """The columns' widths where an account takes one line; ``None``: *most* is too narrow."""
    cells = [(*one[:4], f"{one.mark} {one.health}", one.expires) for one in accounts]
    widths = [max(map(cell_len, column)) for column in zip(_HEADER, *cells, strict=True)]
    # A name, and nothing else, may go on below: between words.
    name = _HEADER.index("NAME")
    words = (word for account in accounts for word in account.name.split())
    widths[name] += min(0, most - sum(widths) - _GAP * (len(widths) - 1))
    longest = max(map(cell_len, words), default=0)
    return widths if widths[name] >= max(longest, len("NAME")) else None


def rows_to_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table for the terminal that stdout is; nothing in *rows* is cut off."""
    table = _table()
    for title in header:
        table.add_column(title.capitalize(), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return _drawn(Console(), [table])


def _drawn(console: Console, parts: Iterable[RenderableType]) -> str:
    with console.capture() as captured:
        console.print(Group(*parts))
    return captured.get()


def _wide(accounts: list[Shown], widths: list[int]) -> Iterator[RenderableType]:
    yield _of_widths(widths, header=True)
    for user_id, theirs in groupby(accounts, attrgetter("user_id")):
        if user_id:
            yield Text(user_id, "bold")
        table = _of_widths(widths, header=False)
        for account in theirs:
            *who, _, expires = map(Text, account[: len(_HEADER)])
            table.add_row(*who, _health_text(account), expires)
        yield table


def _of_widths(widths: list[int], *, header: bool) -> Table:
    table = _table()
    table.show_header = header
    for title, width in zip(_HEADER, widths, strict=True):
        table.add_column(title.capitalize(), width=width)
    return table


def _narrow(accounts: list[Shown]) -> Iterator[RenderableType]:
    table = _table()
    table.add_column("Health", no_wrap=True)
    table.add_column("Account", overflow="fold")
    for user_id, theirs in groupby(accounts, attrgetter("user_id")):
        if user_id:
            table.add_row("", Text(user_id, "bold underline"))
        for account in theirs:
            _add_two_lines(table, account)
    yield table


def _add_two_lines(table: Table, account: Shown) -> None:
    names = [name for name in (account.handle, account.name) if name != NONE]
    who = "  ".join(dict.fromkeys(names)) or NONE
    expires = "" if account.expires == NONE else f"  {account.expires}"
    table.add_row(_health_text(account), Text(who, "bold"))
    table.add_row(Text(expires, "dim"), Text(account.platform_id))


def _table() -> Table:
    # The gap between columns is one blank of padding, and one for the box's empty divider.
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))


def _health_text(account: Shown) -> Text:
    return Text(f"{account.mark} {account.health}", account.style)
