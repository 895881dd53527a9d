"""``publora users``: lists, finds, makes and detaches managed users."""

import sys
from collections.abc import Sequence

import click

from publora_async import ConflictError, ManagedUser
from publora_sync.cli._client import find_user_id, open_client
from publora_sync.cli._formats import counted, escape, to_csv, to_json, to_ndjson
from publora_sync.cli._options import Output, output_options
from publora_sync.cli._settings import Settings, client_options
from publora_sync.cli._shell import CommandError, is_terminal, note, write
from publora_sync.cli._table import Cell, Column, Row, to_people

__all__ = ["users"]

_FIELDS = (
    *("_id", "username", "displayName", "role", "dailyPostsLeft", "connectionsPageUrl"),
    "connectionsPageTokenExpiresAt",
)
_COLUMNS = (
    Column("ID"),
    Column("EMAIL"),
    Column("NAME", least=10, dropped=2),
    Column("LINK UNTIL", dropped=1),
)

_FORMATS = """\
\b
Formats:
  table    for people: a table, or plain aligned text where stdout is no
           terminal; LINK UNTIL is when the user's link lapses, and the first
           to be left out where the terminal is too narrow, then NAME
  json     Publora's own response, indented
  ndjson   Publora's own response, one user a line
  csv      a header, then one row a user; names and times as in json
A link in json, ndjson or csv lets whoever has it connect accounts. The e-mail
is called "username" there, as Publora has it.
"""

_EPILOG = f"""\
{_FORMATS}
\b
Examples:
  publora users
  publora users find example.com
  publora users create ann@example.com --name "Ann Lee"
  publora users --format ndjson | jq -r ._id > customers.txt

\b
Exit codes:
  0    done, also where there is nobody to list
  1    find: nobody is like that
  2    could not be done, stderr says why
"""


@click.group(epilog=_EPILOG, invoke_without_command=True)
@output_options()
@client_options
@click.pass_context
def users(context: click.Context, /, *, output: Output, settings: Settings) -> None:
    """List the managed users, or find, make or detach one. Takes a workspace key."""
    if context.invoked_subcommand is not None:
        given = click.core.ParameterSource.COMMANDLINE
        if any(context.get_parameter_source(name) is given for name in context.params):
            raise click.UsageError(f"options go behind {context.invoked_subcommand}.")
        return
    with open_client(settings) as opened:
        found = opened.ask(opened.client.managed_users.list)
    _write(found, output)
    if not found:
        note("There is no managed user yet.")


@users.command(epilog=_FORMATS)
@click.argument("text")
@output_options()
@client_options
def find(*, text: str, output: Output, settings: Settings) -> None:
    """
    Find managed users by e-mail or name.

    TEXT is any part of either, in any case. The exit code is 1 where nobody is like that.
    """
    wanted = text.casefold()
    with open_client(settings) as opened:
        everybody = opened.ask(opened.client.managed_users.list)
    found = [
        user
        for user in everybody
        if wanted in (user.email or "").casefold() or wanted in (user.display_name or "").casefold()
    ]
    _write(found, output)
    if not found:
        note(f"None of {counted(len(everybody), 'user')} has {escape(text)!r} in e-mail or name.")
        sys.exit(1)


@users.command()
@click.argument("email")
@click.option("--name", help="What to call the user. Without it: the e-mail.")
@client_options
def create(*, email: str, name: str | None, settings: Settings) -> None:
    """
    Make a managed user, and print its id.

    EMAIL is the user's address, of which Publora knows only one. Whoever has it already is named
    on stderr, and the exit code is 2.
    """
    with open_client(settings) as opened:
        try:
            user = opened.ask(opened.client.managed_users.create, email, name)
        except ConflictError as error:
            raise CommandError(_conflict(error)) from None
    write(f"{escape(user.id)}\n")
    note(f"publora connect {escape(user.id)} gives a link to connect accounts with.")


def _conflict(error: ConflictError) -> str:
    user_id, reason = error.details.get("userId"), error.details.get("reason")
    parts = [
        error.summary,
        f"its id is {user_id}" if user_id else "",
        str(reason).replace("_", " ") if reason else "",
    ]
    return escape("; ".join(filter(None, parts)))


@users.command()
@click.argument("user", metavar="USER")
@client_options
def detach(*, user: str, settings: Settings) -> None:
    """
    Take a managed user out of the workspace.

    USER is an id or an e-mail. No account is deleted or disconnected.
    """
    with open_client(settings) as opened:
        user_id = find_user_id(opened, user)
        opened.ask(opened.client.managed_users.detach, user_id)
    note(f"{escape(user_id)} is detached. No account was deleted.")


def _write(found: Sequence[ManagedUser], output: Output) -> None:
    match output.form:
        case "json":
            write(to_json({"users": [user.to_dict() for user in found]}))
        case "ndjson":
            write(to_ndjson(user.to_dict() for user in found))
        case "csv":
            rows = (user.to_dict() for user in found)
            write(to_csv(_FIELDS, rows, raw=output.raw, escaped=is_terminal(sys.stdout)))
        case "table" if found:
            write(to_people(_COLUMNS, [Row(_cells(user)) for user in found]))


def _cells(user: ManagedUser) -> list[Cell]:
    until = user.connections_page_token_expires_at
    day = f"{until:%Y-%m-%d}" if until else ""
    texts = (user.id, user.email, user.display_name, day)
    return [Cell(escape(text or "")) for text in texts]
