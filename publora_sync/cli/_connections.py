"""``publora connections``: lists the accounts of one user or many."""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import click

from publora_async import (
    APIStatusError,
    Connection,
    ConnectionList,
    JSONValue,
    PubloraError,
    UserConnections,
)
from publora_sync.cli._client import list_connections, open_client
from publora_sync.cli._formats import (
    Format,
    csv_header,
    csv_rows,
    to_csv,
    to_json,
    to_ndjson,
)
from publora_sync.cli._options import UserSelection, format_option, sandbox_option, users_options
from publora_sync.cli._run import Run, on_platforms
from publora_sync.cli._shell import is_terminal, note, write
from publora_sync.cli._table import account_rows, accounts_for_people

__all__ = ["connections"]

_COLUMNS = tuple(Connection(platform_id="").to_row())

_EPILOG = """\
\b
Formats:
  table    for people: a table, or plain aligned text where stdout is no
           terminal, one account a line
  json     Publora's own answer, indented
  ndjson   Publora's own answer, one account a line
  csv      a header, then one flat row an account; times in UTC

\b
Many users (--users-file, --all-users, or --user more than once):
  Each account says whose it is: ndjson by "userId", csv and aligned text in
  the first column; json is {"users": [{"userId", "connections"}, ...]}.
  ndjson and csv are written as the answers arrive, and hold nothing. table
  and json hold everything to the end, and are in the order of the users.
  A user who fails ends nothing. stderr names each ("user ID failed: why")
  and sums up at the end, also after Ctrl-C or when the key is refused;
  json has "error" in place of the user's "connections".
  A users file has one id a line, and blank lines and # comments. A user
  named twice is asked about once.

\b
Examples:
  publora connections --platform instagram --platform threads
  publora connections --user 6626a1f5e4b0c91a2d3f4567
  publora connections | grep "needs reconnect"
  publora connections --format ndjson | jq -r .platformId
  publora connections --all-users --format csv > accounts.csv 2> log
  awk '/ failed: /{print $2}' log | publora connections --users-file -

\b
Exit codes:
  0    listed, also where nothing is connected
  2    could not find out, or not about every user; stderr says why
  130  ended by Ctrl-C; the lines on stdout are whole
"""


@click.command(epilog=_EPILOG)
@users_options
@click.option(
    "--platform",
    "platforms",
    metavar="NAME",
    multiple=True,
    help="List only accounts on this platform, such as twitter. May be given several times.",
)
@format_option
@sandbox_option
def connections(
    *, users: UserSelection, platforms: Sequence[str], form: Format, sandbox: bool
) -> None:
    """
    List the connected social accounts.

    Who they are, the platform id to address a post to, and whether they still work.
    """
    if not users.many:
        _write_one(list_connections(users.one, sandbox=sandbox), platforms, form)
        return
    with open_client(sandbox=sandbox) as (client, _):
        ids = users.ids(client)
        with Run(client, ids, concurrency=users.concurrency, platforms=platforms) as run:
            _write_many(run, form)
    sys.exit(2 if run.failed else 0)


def _write_one(everything: ConnectionList, platforms: Sequence[str], form: Format) -> None:
    accounts = on_platforms(everything, platforms)
    match form:
        case "json":
            write(to_json(accounts.to_dict()))
        case "ndjson":
            write(to_ndjson(account.to_dict() for account in accounts))
        case "csv":
            records = accounts.to_records()
            write(to_csv(_COLUMNS, records, escaped=is_terminal(sys.stdout)))
        case "table" if accounts:
            now = datetime.now(UTC)
            write(accounts_for_people(account_rows(accounts, accounts.expiring(now=now), now)))
    if everything and not accounts:
        note(f"None of {len(everything)} accounts is on {' or '.join(platforms)}.")


def _write_many(run: Run, form: Format) -> None:
    match form:
        case "ndjson":
            _write_each(run, "", _ndjson_of)
        case "csv":
            _write_each(run, csv_header(("user_id", *_COLUMNS)), _csv_of)
        case "json":
            _write_at_the_end(
                run, lambda answers: to_json({"users": [_user_to_dict(some) for some in answers]})
            )
        case _:
            _write_at_the_end(run, _table_of)


def _write_each(run: Run, header: str, text_of: Callable[[UserConnections], str]) -> None:
    """Write the *header*, then the text of each answer as soon as it arrives."""
    if not run.write(header):
        return
    for answer in run:
        if not run.write(text_of(answer)):
            return


def _write_at_the_end(run: Run, text_of: Callable[[list[UserConnections]], str]) -> None:
    """Write the text of all answers, in the order of the users, however the run ends."""
    answers: dict[str, UserConnections] = {}
    complete = False
    try:
        for answer in run:
            answers[answer.user_id] = answer
        complete = True
    finally:
        if answers or complete:
            ordered = (answers[user_id] for user_id in run.user_ids if user_id in answers)
            run.write(text_of(list(ordered)))


def _ndjson_of(answer: UserConnections) -> str:
    # Twice: in front, and over a field of that name that the service may send.
    owner = {"userId": answer.user_id}
    accounts = answer.connections or ConnectionList()
    return to_ndjson({**owner, **account.to_dict(), **owner} for account in accounts)


def _csv_of(answer: UserConnections) -> str:
    accounts = answer.connections or ConnectionList()
    rows = ({"user_id": answer.user_id, **row} for row in accounts.to_records())
    return csv_rows(rows, escaped=is_terminal(sys.stdout))


def _user_to_dict(answer: UserConnections) -> dict[str, object]:
    if answer.error is not None:
        return {"userId": answer.user_id, "error": _error_to_dict(answer.error)}
    return {"userId": answer.user_id, "connections": answer.unwrap().to_dict()["connections"]}


def _error_to_dict(error: PubloraError) -> dict[str, JSONValue]:
    status = error.status if isinstance(error, APIStatusError) else None
    return {"type": type(error).__name__, "status": status, "message": error.summary}


def _table_of(answers: list[UserConnections]) -> str:
    now = datetime.now(UTC)
    rows = [
        row
        for answer in answers
        if answer.connections
        for row in account_rows(
            answer.connections, answer.connections.expiring(now=now), now, answer.user_id
        )
    ]
    return accounts_for_people(rows) if rows else ""
