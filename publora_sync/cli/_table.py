"""What people read: a table on a terminal, aligned text elsewhere."""

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
from publora_sync.cli._shell import is_terminal

__all__ = [
    "MISSING",
    "AccountRow",
    "account_row",
    "account_rows",
    "accounts_for_people",
    "accounts_to_table",
    "accounts_to_text",
    "rows_for_people",
    "rows_to_table",
    "rows_to_text",
]

MISSING = "-"
"""Stands for a value that there is none of."""

# The titles of the first fields of an AccountRow.
_HEADER = ("PLATFORM", "HANDLE", "NAME", "PLATFORM ID", "HEALTH", "EXPIRES")
_GAP = 2


class AccountRow(NamedTuple):
    """
    An account in words, with control characters escaped.

    Attributes:
        platform: The platform's name.
        handle: The account's name on the platform; a hyphen if it has none.
        name: The account's name for people; a hyphen if it has none.
        platform_id: What posts are addressed to.
        health: Whether it has to be reconnected.
        expires: The day on which the credential expires, in UTC; a hyphen if none is known.
        mark: One character for *health*.
        style: A colour for *health*.
        user_id: The user whose account it is; empty where that is not to be shown.
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


def account_row(account: Connection, now: datetime, *, soon: bool, user_id: str = "") -> AccountRow:
    """
    Put *account* in words.

    Args:
        account: The account.
        now: The moment to judge by, aware.
        soon: Whether it counts as expiring soon.
        user_id: The user whose account it is; empty if that is not to be shown.
    """
    mark, health, style = _health(account, now, soon=soon)
    date = account.access_token_expires_at
    return AccountRow(
        platform=escape(account.platform),
        handle=escape(account.username or MISSING),
        name=escape(account.display_name or MISSING),
        platform_id=escape(account.platform_id),
        health=escape(health),
        expires=f"{date:%Y-%m-%d}" if date else MISSING,
        mark=mark,
        style=style,
        user_id=escape(user_id),
    )


def account_rows(
    accounts: ConnectionList, soon: ConnectionList, now: datetime, user_id: str = ""
) -> list[AccountRow]:
    """Put all *accounts* in words; those that are also in *soon* count as expiring soon."""
    ids = set(soon.platform_ids)
    return [
        account_row(account, now, soon=account.platform_id in ids, user_id=user_id)
        for account in accounts
    ]


def _health(account: Connection, now: datetime, *, soon: bool) -> tuple[str, str, str]:
    status = account.status_at(now)
    if status == TokenStatus.EXPIRED:
        return "✗", "needs reconnect", "bold red"
    if soon:
        return "!", f"expires {_time_left(account.access_token_expires_at, now)}", "yellow"
    if status == TokenStatus.VALID:
        return "✓", "healthy", "green"
    return "?", status.replace("_", " "), "dim"


def _time_left(date: datetime | None, now: datetime) -> str:
    """Say how far off *date* is, in the largest unit of which at least two are left."""
    if date is None or date <= now:
        return "soon"
    left = date - now
    for unit, length in (("days", timedelta(days=1)), ("hours", timedelta(hours=1))):
        if left >= 2 * length:
            return f"in {left // length} {unit}"
    return f"in {left // timedelta(minutes=1)} min"


def accounts_for_people(accounts: list[AccountRow]) -> str:
    """Show accounts as a table if stdout is a terminal, else as aligned text."""
    return accounts_to_table(accounts) if is_terminal(sys.stdout) else accounts_to_text(accounts)


def accounts_to_text(accounts: list[AccountRow]) -> str:
    """Write an account a line, in aligned columns; nothing is cut off."""
    rows = [_HEADER, *(account[: len(_HEADER)] for account in accounts)]
    if any(account.user_id for account in accounts):
        owners = ["USER", *(account.user_id for account in accounts)]
        rows = [(owner, *row) for owner, row in zip(owners, rows, strict=True)]
    return rows_to_text(rows)


def rows_for_people(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Show *rows* as a table if stdout is a terminal, else as aligned text."""
    if is_terminal(sys.stdout):
        return rows_to_table(header, rows)
    return rows_to_text((header, *rows))


def rows_to_text(rows: Sequence[Sequence[str]]) -> str:
    """Write a row a line, in aligned columns; nothing is cut off."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return "".join(f"{_aligned(row, widths)}\n" for row in rows)


def _aligned(row: Sequence[str], widths: list[int]) -> str:
    cells = zip(row, widths, strict=True)
    return "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in cells).rstrip()


def accounts_to_table(accounts: list[AccountRow]) -> str:
    """
    Draw a table in colours, as wide as the terminal that stdout is.

    An account takes one line, or two if the terminal is too narrow for that. Accounts that have
    a *user_id* stand below it, user by user.
    """
    console = Console()
    widths = _widths(accounts, console.width)
    return _rendered(
        console, _one_line_each(accounts, widths) if widths else _two_lines_each(accounts)
    )


def _widths(accounts: list[AccountRow], most: int) -> list[int] | None:
    """Give each column's width; ``None`` if *most* is too narrow for an account a line."""
    cells = [(*one[:4], f"{one.mark} {one.health}", one.expires) for one in accounts]
    widths = [max(map(cell_len, column)) for column in zip(_HEADER, *cells, strict=True)]
    # Of all columns, only the name may wrap, and only between words.
    name = _HEADER.index("NAME")
    words = (word for account in accounts for word in account.name.split())
    widths[name] += min(0, most - sum(widths) - _GAP * (len(widths) - 1))
    longest = max(map(cell_len, words), default=0)
    return widths if widths[name] >= max(longest, len("NAME")) else None


def rows_to_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Draw a table for the terminal that stdout is; nothing in *rows* is cut off."""
    table = _empty_table()
    for title in header:
        table.add_column(title.capitalize(), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return _rendered(Console(), [table])


def _rendered(console: Console, parts: Iterable[RenderableType]) -> str:
    with console.capture() as captured:
        console.print(Group(*parts))
    return captured.get()


def _one_line_each(accounts: list[AccountRow], widths: list[int]) -> Iterator[RenderableType]:
    yield _table_of_widths(widths, header=True)
    for user_id, theirs in groupby(accounts, attrgetter("user_id")):
        if user_id:
            yield Text(user_id, "bold")
        table = _table_of_widths(widths, header=False)
        for account in theirs:
            *who, _, expires = map(Text, account[: len(_HEADER)])
            table.add_row(*who, _coloured_health(account), expires)
        yield table


def _table_of_widths(widths: list[int], *, header: bool) -> Table:
    table = _empty_table()
    table.show_header = header
    for title, width in zip(_HEADER, widths, strict=True):
        table.add_column(title.capitalize(), width=width)
    return table


def _two_lines_each(accounts: list[AccountRow]) -> Iterator[RenderableType]:
    table = _empty_table()
    table.add_column("Health", no_wrap=True)
    table.add_column("Account", overflow="fold")
    for user_id, theirs in groupby(accounts, attrgetter("user_id")):
        if user_id:
            table.add_row("", Text(user_id, "bold underline"))
        for account in theirs:
            _add_two_lines(table, account)
    yield table


def _add_two_lines(table: Table, account: AccountRow) -> None:
    names = [name for name in (account.handle, account.name) if name != MISSING]
    who = "  ".join(dict.fromkeys(names)) or MISSING
    expires = "" if account.expires == MISSING else f"  {account.expires}"
    table.add_row(_coloured_health(account), Text(who, "bold"))
    table.add_row(Text(expires, "dim"), Text(account.platform_id))


def _empty_table() -> Table:
    # _GAP is one blank of padding here, and one of the box's empty divider.
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))


def _coloured_health(account: AccountRow) -> Text:
    return Text(f"{account.mark} {account.health}", account.style)
