"""Accounts as people read them: a table on a terminal, aligned text elsewhere."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from publora_async import Connection, TokenStatus
from publora_sync._cli_formats import escape

__all__ = ["Shown", "show", "to_lines", "to_table"]

_NONE = "-"
# The titles of what a Shown begins with.
_HEADER = ("PLATFORM", "HANDLE", "NAME", "PLATFORM ID", "HEALTH", "EXPIRES")


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
    """

    platform: str
    handle: str
    name: str
    platform_id: str
    health: str
    expires: str
    mark: str
    style: str


def show(account: Connection, now: datetime, *, soon: bool) -> Shown:
    """
    Put *account* in words.

    Args:
        account: Whom to show.
        now: The moment to judge by, aware.
        soon: Whether it counts as expiring soon.
    """
    mark, health, style = _health(account, now, soon=soon)
    date = account.access_token_expires_at
    return Shown(
        platform=escape(account.platform),
        handle=escape(account.username or _NONE),
        name=escape(account.display_name or _NONE),
        platform_id=escape(account.platform_id),
        health=escape(health),
        expires=f"{date:%Y-%m-%d}" if date else _NONE,
        mark=mark,
        style=style,
    )


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


def to_lines(accounts: list[Shown]) -> str:
    """Aligned columns of plain text, one account a line, nothing cut off."""
    rows = [_HEADER, *(account[: len(_HEADER)] for account in accounts)]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return "".join(f"{_aligned(row, widths)}\n" for row in rows)


def _aligned(row: Sequence[str], widths: list[int]) -> str:
    cells = zip(row, widths, strict=True)
    return "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in cells).rstrip()


def to_table(accounts: list[Shown]) -> str:
    """
    A table for the terminal that stdout is, colours included.

    An account takes one line, or two where the terminal is too narrow for that.
    """
    console = Console()
    table = _wide(accounts)
    unbounded = console.options.update(width=10_000)
    if console.measure(table, options=unbounded).minimum > console.width:
        table = _narrow(accounts)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def _wide(accounts: list[Shown]) -> Table:
    table = _table()
    for title in _HEADER:
        table.add_column(title.capitalize(), no_wrap=title != "NAME")
    for account in accounts:
        *who, _, expires = map(Text, account[: len(_HEADER)])
        table.add_row(*who, _health_text(account), expires)
    return table


def _narrow(accounts: list[Shown]) -> Table:
    table = _table()
    table.add_column("Health", no_wrap=True)
    table.add_column("Account", overflow="fold")
    for account in accounts:
        names = [name for name in (account.handle, account.name) if name != _NONE]
        who = "  ".join(dict.fromkeys(names)) or _NONE
        expires = "" if account.expires == _NONE else f"  {account.expires}"
        table.add_row(_health_text(account), Text(who, "bold"))
        table.add_row(Text(expires, "dim"), Text(account.platform_id))
    return table


def _table() -> Table:
    # Two blanks between columns: one of padding, one for the box's empty divider.
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))


def _health_text(account: Shown) -> Text:
    return Text(f"{account.mark} {account.health}", account.style)
