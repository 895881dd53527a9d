"""``publora connections``: lists the accounts of one user or many."""

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import click

from publora_async import ConnectionList, JSONValue, UserConnections
from publora_sync.cli._accounts import (
    FIELDS,
    SHOWN,
    STATUS_HELP,
    Owner,
    account_rows,
    accounts_for_people,
    flat,
)
from publora_sync.cli._client import list_connections, open_client
from publora_sync.cli._formats import counted, csv_header, csv_rows, to_csv, to_json, to_ndjson
from publora_sync.cli._options import Output, UserSelection, output_options, users_options
from publora_sync.cli._platforms import PlatformFilter, platform_option
from publora_sync.cli._run import Run, error_to_dict
from publora_sync.cli._settings import Settings, client_options
from publora_sync.cli._shell import is_terminal, note, write

__all__ = ["connections"]

_EPILOG = f"""\
{STATUS_HELP}
\b
Formats:
  table    for people: a table, or plain aligned text where stdout is no
           terminal, one account a line. Where the terminal is too narrow,
           names go on below, then NAME is left out, then PLATFORM, which
           the id begins with; then an account takes several lines.
  json     Publora's own response, indented, with "platform", "status" and
           "needsReconnect" beside its fields
  ndjson   the same, one account a line
  csv      a header, then a flat row an account; names and times as in json,
           but "lastError" is its message and "lastErrorAt" its time
--columns takes the names of csv, which are:
  userId, error (of many users),
  platformId, platform, username, displayName, status, needsReconnect,
  accessTokenExpiresAt, tokenStatus, tokenExpiresIn, lastSuccessfulPost,
  lastError, lastErrorAt, subscriptionType, profileUrl, profileImageUrl

\b
Many users (--users-file, --all-users, or --user more than once):
  Each account says whose it is: ndjson and csv by "userId", aligned text in
  the first column; json is {{"users": [{{"userId", "connections"}}, ...]}}.
  ndjson and csv are written as the answers arrive, and hold nothing. table
  and json hold everything to the end, and are in the order of the users.
  A user who fails ends nothing. stderr names each ("user ID failed: why")
  and sums up at the end, also after Ctrl-C or when the key is refused.
  json has "error" in place of the user's "connections", ndjson and csv a
  line with "userId" and "error", and a table ends in a line of who failed.
  csv with --columns has that line only if "error" is one of the columns.
  A users file has one id or e-mail a line, and blank lines and # comments.
  A user named twice is asked about once.

\b
Examples:
  publora connections --platform instagram --platform threads
  publora connections --user 6626a1f5e4b0c91a2d3f4567
  publora connections --columns platformId,status | grep expired
  publora connections --format ndjson | jq -r .platformId
  publora connections --all-users --format csv > accounts.csv 2> log
  awk '/ failed: /{{print $2}}' log | publora connections --users-file -

\b
Environment: HTTPS_PROXY, SSL_CERT_FILE and others; see publora --help.

\b
Exit codes:
  0    listed, also where nothing is connected
  2    could not find out, or not about every user, or there is no such
       platform; stderr says why
  130  ended by Ctrl-C; the lines on stdout are whole
"""


@click.command(epilog=_EPILOG)
@users_options
@platform_option
@output_options(("userId", *FIELDS, "error"))
@client_options
def connections(
    *, users: UserSelection, platforms: Sequence[str], output: Output, settings: Settings
) -> None:
    """
    List the connected social accounts.

    Who they are, the platform id to address a post to, and whether they still work.
    """
    wanted = PlatformFilter(platforms)
    if not users.many:
        _write_one(list_connections(users.one, settings), wanted, output)
        wanted.check()
        return
    with open_client(settings) as opened, Run(opened, users, wanted) as run:
        _write_many(run, output)
    if run.has_reader:
        wanted.check()
    sys.exit(2 if run.failures else 0)


def _write_one(everything: ConnectionList, wanted: PlatformFilter, output: Output) -> None:
    accounts = wanted(everything)
    rows = account_rows(accounts, datetime.now(UTC))
    objects = [row.fields for row in rows]
    match output.form:
        case "json":
            write(to_json({**accounts.to_dict(), "connections": objects}))
        case "ndjson":
            write(to_ndjson(objects))
        case "csv":
            names = output.columns or FIELDS
            escaped = is_terminal(sys.stdout)
            write(to_csv(names, map(flat, objects), raw=output.raw, escaped=escaped))
        case "table" if rows:
            write(accounts_for_people(rows, output.columns or SHOWN))
    if everything and not accounts:
        note(f"None of {counted(len(everything), 'account')} is on {wanted}.")


def _write_many(run: Run, output: Output) -> None:
    match output.form:
        case "ndjson":
            _write_each(run, "", lambda answer: to_ndjson(_objects(answer)))
        case "csv":
            names = output.columns or ("userId", *FIELDS, "error")
            escaped = is_terminal(sys.stdout)

            def rows_of(answer: UserConnections) -> str:
                told = answer.error is None or output.tells_failures
                rows = map(flat, _objects(answer) if told else ())
                return csv_rows(names, rows, raw=output.raw, escaped=escaped)

            _write_each(run, csv_header(names), rows_of)
        case "json":
            _write_at_the_end(
                run, lambda answers: to_json({"users": [_user_to_dict(some) for some in answers]})
            )
        case _:
            _write_at_the_end(run, lambda answers: _table_of(answers, run, output))


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
            ordered = (answers[user_id] for user_id in run.owners if user_id in answers)
            run.write(text_of(list(ordered)))


def _objects(answer: UserConnections) -> list[Mapping[str, JSONValue]]:
    if answer.error is not None:
        return [error_to_dict(answer)]
    rows = account_rows(answer.unwrap(), datetime.now(UTC), owner=Owner(answer.user_id))
    return [row.fields for row in rows]


def _user_to_dict(answer: UserConnections) -> dict[str, JSONValue]:
    if answer.error is not None:
        return error_to_dict(answer)
    rows = account_rows(answer.unwrap(), datetime.now(UTC))
    return {"userId": answer.user_id, "connections": [dict(row.fields) for row in rows]}


def _table_of(answers: list[UserConnections], run: Run, output: Output) -> str:
    now = datetime.now(UTC)
    rows = [
        row
        for answer in answers
        for row in account_rows(
            answer.connections or ConnectionList(), now, owner=run.owners[answer.user_id]
        )
    ]
    shown = accounts_for_people(rows, output.columns or SHOWN) if rows else ""
    return f"{shown}{run.unasked}.\n" if run.unasked else shown
