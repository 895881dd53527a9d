"""``publora users``, ``publora connect`` and ``publora test``."""

import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

import click

from publora_async import ConnectionTest, ManagedUser, TestStatus
from publora_sync.cli import _help as epilogs
from publora_sync.cli._client import Opened, opened
from publora_sync.cli._formats import csv_header, csv_rows, escape, to_json, to_ndjson
from publora_sync.cli._options import format_option, sandbox_option, span
from publora_sync.cli._shell import Failure, note, on_terminal, write
from publora_sync.cli._table import NONE, rows_to_lines, rows_to_table

__all__ = ["connect", "run_test", "users"]

_FIELDS = (
    "id",
    "email",
    "display_name",
    "role",
    "daily_posts_left",
    "connections_page_url",
    "connections_page_token_expires_at",
)

_SECONDS_BETWEEN_LOOKS = 5.0
_POLLS_IN_SANDBOX = 2
_SECONDS_BETWEEN_LOOKS_IN_SANDBOX = 0.5


@click.command(epilog=epilogs.USERS)
@format_option
@sandbox_option
def users(*, form: Literal["table", "json", "csv", "ndjson"], sandbox: bool) -> None:
    """List the managed users. Takes a workspace key."""
    with opened(sandbox=sandbox) as (client, _):
        found = client.managed_users.list()
    match form:
        case "json":
            write(to_json({"users": [user.to_dict() for user in found]}))
        case "ndjson":
            write(to_ndjson(user.to_dict() for user in found))
        case "csv":
            rows = [{name: getattr(user, name) for name in _FIELDS} for user in found]
            write(csv_header(_FIELDS) + csv_rows(rows, escaped=on_terminal(sys.stdout)))
        case "table" if found:
            write(_table(found))
    if not found:
        note("There is no managed user yet.")


def _table(found: Sequence[ManagedUser]) -> str:
    header = ("ID", "EMAIL", "NAME", "LINK UNTIL")
    rows = [[escape(cell) for cell in _cells(user)] for user in found]
    if on_terminal(sys.stdout):
        return rows_to_table(header, rows)
    return rows_to_lines((header, *rows))


def _cells(user: ManagedUser) -> tuple[str, ...]:
    until = user.connections_page_token_expires_at
    day = f"{until:%Y-%m-%d}" if until else NONE
    return user.id, user.email or NONE, user.display_name or NONE, day


@click.command("test", epilog=epilogs.TEST)
@click.argument("platform_id", metavar="ID")
@click.option(
    "--user",
    "user_id",
    metavar="ID",
    help="The managed user whose account it is. Without it: the key's own. Takes a workspace key.",
)
@sandbox_option
def run_test(*, platform_id: str, user_id: str | None, sandbox: bool) -> None:
    """
    Have a platform say whether an account's credential works.

    ID is the platform id of the account, as publora connections lists it. Nothing is posted
    and nothing changed.
    """
    with opened(sandbox=sandbox) as (client, _):
        result = client.connections.test(platform_id, user_id=user_id)
    write(_report(result))
    # A status that this version does not know is no verdict either way.
    codes: dict[str, int] = {TestStatus.OK: 0, TestStatus.ERROR: 1}
    sys.exit(codes.get(result.status, 2))


def _report(result: ConnectionTest) -> str:
    error, posted = result.last_error, result.last_successful_post
    parts = (
        ("STATUS", result.status),
        ("MESSAGE", result.message),
        ("ACCOUNT", "  ".join(filter(None, (result.username, result.platform_id)))),
        ("PERMISSIONS", ", ".join(result.permissions)),
        ("EXPIRES IN", result.token_expires_in),
        ("LAST POST", posted and f"{posted:%Y-%m-%d %H:%M} UTC"),
        ("LAST ERROR", error and error.message),
    )
    return rows_to_lines([(title, escape(text)) for title, text in parts if text])


@click.command(epilog=epilogs.CONNECT)
@click.argument("user_id", metavar="USER")
@click.option(
    "--days",
    type=click.IntRange(min=1),
    default=90,
    show_default=True,
    help="For how many days a new link works.",
)
@click.option(
    "--rotate", is_flag=True, help="Make a new link even if there is one; the old one then fails."
)
@click.option(
    "--wait",
    "platform",
    metavar="PLATFORM",
    help="Wait until an account of this platform, such as linkedin, has been connected.",
)
@click.option(
    "--timeout",
    type=span,
    metavar="SPAN",
    default="10m",
    show_default=True,
    help="How long to wait at most.",
)
@sandbox_option
def connect(
    *,
    user_id: str,
    days: int,
    rotate: bool,
    platform: str | None,
    timeout: timedelta,
    sandbox: bool,
) -> None:
    """
    Print the link with which a managed user connects accounts.

    USER is the user's id, as publora users lists it. Whoever has the link can connect
    accounts, so send it to the user and to nobody else. Takes a workspace key.
    """
    with opened(sandbox=sandbox) as whom:
        link = whom.client.managed_users.connection_url(
            user_id, expires_in_days=days, rotate=rotate
        )
        write(f"{escape(link.url)}\n")
        if link.token_expires_at:
            note(f"It works until {link.token_expires_at:%Y-%m-%d %H:%M} UTC.")
        if platform is not None:
            _wait(whom, user_id, platform.casefold(), timeout)


def _wait(whom: Opened, user_id: str, platform: str, timeout: timedelta) -> None:
    pause = _SECONDS_BETWEEN_LOOKS
    if whom.service is not None:
        pause = _SECONDS_BETWEEN_LOOKS_IN_SANDBOX
        try:
            whom.service.connect(platform, user_id=user_id, after_polls=_POLLS_IN_SANDBOX)
        except ValueError as error:
            raise Failure(str(error)) from None
    note(f"Waiting until a {platform} account is connected; Ctrl-C ends the waiting.")
    account = whom.client.connections.wait_for(
        platform, user_id=user_id, timeout=timeout.total_seconds(), poll_interval=pause
    )
    who = account.display_name or account.username or "An account"
    note(f"{escape(who)} is connected:")
    write(f"{escape(account.platform_id)}\n")
