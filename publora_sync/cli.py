"""The ``publora`` command. It needs the extra ``cli``; the rest of the package does not."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Literal

import click

from publora_async import ConnectionList
from publora_sync import _cli_help as epilogs
from publora_sync._cli_formats import to_csv, to_json, to_ndjson
from publora_sync._cli_shell import DASHBOARD, Commands, Failure, ask_for_key, note, write
from publora_sync._cli_table import show, to_lines, to_table
from publora_sync.client import Publora

__all__ = ["publora"]


@click.group(
    cls=Commands,
    epilog=epilogs.PUBLORA,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="publora", message="%(prog)s %(version)s")
def publora() -> None:
    """
    See which social accounts are connected to Publora.

    Under which platform id, and which of them have to be reconnected.
    """


_user = click.option(
    "--user",
    "user_id",
    metavar="ID",
    help="Ask about this managed user, not the key's own account. Takes a workspace key.",
)
_sandbox = click.option(
    "--sandbox",
    is_flag=True,
    help="Ask a sandbox that runs as long as the command: made-up accounts, no key needed.",
)


@publora.command(epilog=epilogs.CONNECTIONS)
@_user
@click.option(
    "--platform",
    "platforms",
    metavar="NAME",
    multiple=True,
    help="List only accounts on this platform, such as twitter. May be given several times.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "ndjson"]),
    default="table",
    show_default=True,
    help="How to write them, see below.",
)
@_sandbox
def connections(
    *,
    user_id: str | None,
    platforms: Sequence[str],
    form: Literal["table", "json", "csv", "ndjson"],
    sandbox: bool,
) -> None:
    """
    List the connected social accounts.

    Who they are, the platform id to address a post to, and whether they still work.
    """
    everything = _ask(user_id, sandbox=sandbox)
    wanted = {platform.casefold() for platform in platforms}
    accounts = ConnectionList(
        account for account in everything if not wanted or account.platform.casefold() in wanted
    )
    match form:
        case "json":
            write(to_json(accounts))
        case "ndjson":
            write(to_ndjson(accounts))
        case "csv":
            write(to_csv(accounts, escaped=sys.stdout.isatty()))
        case "table" if accounts:
            now = datetime.now(UTC)
            write(_for_people(accounts, accounts.expiring(now=now), now))
    if everything and not accounts:
        note(f"None of {len(everything)} accounts is on {' or '.join(platforms)}.")


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"([0-9]{1,8})([wdhm])", text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no span of time such as 7d, 36h, 90m or 2w.")
    unit = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}[found[2]]
    return timedelta(**{unit: int(found[1])})


@publora.command(epilog=epilogs.CHECK)
@click.option(
    "--within",
    type=_span,
    metavar="SPAN",
    help="How soon is soon, such as 7d, 36h or 2w. Without it: as Publora judges.",
)
@_user
@_sandbox
def check(*, within: timedelta | None, user_id: str | None, sandbox: bool) -> None:
    """
    Check whether accounts have to be reconnected.

    That is where a credential has expired, was revoked or will expire soon. Prints which
    accounts, and where to reconnect them.
    """
    accounts = _ask(user_id, sandbox=sandbox)
    now = datetime.now(UTC)
    expired, soon = accounts.expired(now=now), accounts.expiring(within, now=now)
    counts = [(len(expired), "now"), (len(soon), "soon")]
    parts = [f"{count} {when}" for count, when in counts if count]
    if not parts:
        write(f"None of {len(accounts)} accounts has to be reconnected.\n")
        return
    write(
        f"Of {len(accounts)} accounts, reconnect {' and '.join(parts)} at {DASHBOARD}\n\n"
        + _for_people(ConnectionList([*expired, *soon]), soon, now)
    )
    sys.exit(1)


@publora.command("sandbox", epilog=epilogs.SANDBOX)
@click.option(
    "--port", type=int, default=8787, show_default=True, help="Where to listen; 0: any free port."
)
@click.option(
    "--users", type=int, default=1000, show_default=True, help="How many managed users there are."
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Another seed gives other data."
)
@click.option(
    "--form",
    type=click.Choice(["today", "contract"]),
    default="today",
    show_default=True,
    help="All the fields that connections have today, or the contract's five.",
)
def run_sandbox(*, port: int, users: int, seed: int, form: Literal["today", "contract"]) -> None:
    """
    Run a local stand-in for Publora until Ctrl-C.

    Its data is made up, and only programs on this machine can reach it.
    """
    from publora_async.sandbox import Sandbox, serve

    try:
        serve(Sandbox(port=port, users=users, seed=seed, form=form))
    except ValueError as error:
        raise Failure(str(error)) from None
    except OSError as error:
        raise Failure(str(error.strerror)) from None


def _ask(user_id: str | None, *, sandbox: bool) -> ConnectionList:
    with _client(sandbox=sandbox) as client:
        accounts = client.connections.list(user_id=user_id)
    if not accounts:
        note(f"No account is connected yet: connect some at {DASHBOARD}")
    return accounts


@contextmanager
def _client(*, sandbox: bool) -> Iterator[Publora]:
    if not sandbox:
        with Publora(ask_for_key()) as client:
            yield client
        return
    # It brings a web server with it, which nothing else here needs.
    from publora_async.sandbox import Sandbox

    with Sandbox() as service, Publora(service.api_key, base_url=service.base_url) as client:
        note(f"These accounts are made up; --user {service.user_ids[1]} has others.")
        yield client


def _for_people(accounts: ConnectionList, soon: ConnectionList, now: datetime) -> str:
    ids = set(soon.platform_ids)
    shown = [show(account, now, soon=account.platform_id in ids) for account in accounts]
    return to_table(shown) if sys.stdout.isatty() else to_lines(shown)
