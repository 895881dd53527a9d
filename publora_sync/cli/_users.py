"""``publora users``: lists the managed users."""

import sys
from collections.abc import Sequence

import attrs
import click

from publora_async import ManagedUser
from publora_sync.cli._client import open_client
from publora_sync.cli._formats import Format, escape, to_csv, to_json, to_ndjson
from publora_sync.cli._options import format_option, sandbox_option
from publora_sync.cli._shell import is_terminal, note, write
from publora_sync.cli._table import MISSING, rows_for_people

__all__ = ["users"]

_COLUMNS = tuple(field.name for field in attrs.fields(ManagedUser) if field.name != "extra")

_EPILOG = """\
\b
Formats:
  table    for people: a table, or plain aligned text where stdout is no
           terminal; LINK UNTIL is when the user's link lapses
  json     Publora's own answer, indented
  ndjson   Publora's own answer, one user a line
  csv      a header, then one row a user; times in UTC
A link in json, ndjson or csv lets whoever has it connect accounts.

\b
Examples:
  publora users
  publora users --format ndjson | jq -r ._id > customers.txt

\b
Exit codes:
  0    listed, also where there is nobody
  2    could not find out, stderr says why
"""


@click.command(epilog=_EPILOG)
@format_option
@sandbox_option
def users(*, form: Format, sandbox: bool) -> None:
    """List the managed users. Takes a workspace key."""
    with open_client(sandbox=sandbox) as (client, _):
        found = client.managed_users.list()
    match form:
        case "json":
            write(to_json({"users": [user.to_dict() for user in found]}))
        case "ndjson":
            write(to_ndjson(user.to_dict() for user in found))
        case "csv":
            rows = ({name: getattr(user, name) for name in _COLUMNS} for user in found)
            write(to_csv(_COLUMNS, rows, escaped=is_terminal(sys.stdout)))
        case "table" if found:
            write(_table(found))
    if not found:
        note("There is no managed user yet.")


def _table(found: Sequence[ManagedUser]) -> str:
    rows = [[escape(cell) for cell in _cells(user)] for user in found]
    return rows_for_people(("ID", "EMAIL", "NAME", "LINK UNTIL"), rows)


def _cells(user: ManagedUser) -> tuple[str, ...]:
    until = user.connections_page_token_expires_at
    day = f"{until:%Y-%m-%d}" if until else MISSING
    return user.id, user.email or MISSING, user.display_name or MISSING, day
