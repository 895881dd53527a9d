"""``publora connections``, about one account or many users."""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Literal

import click

from publora_async import ConnectionList, UserConnections
from publora_sync.cli import _help as epilogs
from publora_sync.cli._client import list_one, opened
from publora_sync.cli._formats import (
    ACCOUNT_FIELDS,
    csv_header,
    csv_rows,
    of_user,
    to_csv,
    to_json,
    to_ndjson,
)
from publora_sync.cli._options import choose, format_option, sandbox_option, users_options
from publora_sync.cli._run import Run, on_platforms
from publora_sync.cli._shell import note, on_terminal, write
from publora_sync.cli._table import for_people, show_all

__all__ = ["connections"]

Format = Literal["table", "json", "csv", "ndjson"]


@click.command(epilog=epilogs.CONNECTIONS)
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
    *,
    user_ids: Sequence[str],
    from_file: Sequence[str] | None,
    all_users: bool,
    concurrency: int,
    platforms: Sequence[str],
    form: Format,
    sandbox: bool,
) -> None:
    """
    List the connected social accounts.

    Who they are, the platform id to address a post to, and whether they still work.
    """
    users = choose(user_ids, from_file, all_users=all_users)
    if not users.many:
        _list_one(list_one(users.one, sandbox=sandbox), platforms, form)
        return
    with opened(sandbox=sandbox) as (client, _):
        ids = users.ids(client)
        with Run(client, ids, concurrency=concurrency, platforms=platforms) as run:
            _list_many(run, form)
    sys.exit(2 if run.failed else 0)


def _list_one(everything: ConnectionList, platforms: Sequence[str], form: Format) -> None:
    accounts = on_platforms(everything, platforms)
    match form:
        case "json":
            write(to_json(accounts.to_dict()))
        case "ndjson":
            write(to_ndjson(account.to_dict() for account in accounts))
        case "csv":
            write(to_csv(accounts, escaped=on_terminal(sys.stdout)))
        case "table" if accounts:
            now = datetime.now(UTC)
            write(for_people(show_all(accounts, accounts.expiring(now=now), now)))
    if everything and not accounts:
        note(f"None of {len(everything)} accounts is on {' or '.join(platforms)}.")


def _list_many(run: Run, form: Format) -> None:
    match form:
        case "ndjson":
            _stream(run, "", _lines_of_json)
        case "csv":
            _stream(run, csv_header(("user_id", *ACCOUNT_FIELDS)), _lines_of_csv)
        case "json":
            _hold(run, lambda answers: to_json({"users": [of_user(some) for some in answers]}))
        case _:
            _hold(run, _table_of)


def _stream(run: Run, header: str, text_of: Callable[[UserConnections], str]) -> None:
    """Write what *text_of* an answer gives as soon as it arrives, and keep nothing."""
    if not run.write(header):
        return
    for answer in run:
        if not run.write(text_of(answer)):
            return


def _hold(run: Run, text_of: Callable[[list[UserConnections]], str]) -> None:
    """Write what *text_of* all answers gives, in the order of the users, however the run ends."""
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


def _lines_of_json(answer: UserConnections) -> str:
    # In front, whatever the service puts beside it.
    whose = {"userId": answer.user_id}
    accounts = answer.connections or ConnectionList()
    return to_ndjson({**whose, **account.to_dict(), **whose} for account in accounts)


def _lines_of_csv(answer: UserConnections) -> str:
    accounts = answer.connections or ConnectionList()
    rows = ({"user_id": answer.user_id, **row} for row in accounts.to_records())
    return csv_rows(rows, escaped=on_terminal(sys.stdout))


def _table_of(answers: list[UserConnections]) -> str:
    now = datetime.now(UTC)
    shown = [
        account
        for answer in answers
        if answer.connections
        for account in show_all(
            answer.connections, answer.connections.expiring(now=now), now, answer.user_id
        )
    ]
    return for_people(shown) if shown else ""
