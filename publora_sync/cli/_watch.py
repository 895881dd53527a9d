"""``publora watch``: tells of each account that breaks, is about to, or works again."""

import json
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import TypeAlias

import click

from publora_async._watch.database import usable
from publora_async._watch.state import StateFile, Status
from publora_sync import Event, ManagedUser, Watch
from publora_sync.cli._client import DASHBOARD, OpenClient, open_client
from publora_sync.cli._formats import escape, to_json, to_ndjson
from publora_sync.cli._options import UserSelection, one_process_users_options
from publora_sync.cli._settings import Settings, client_options, duration
from publora_sync.cli._shell import CommandError, end_at_sigterm, is_terminal, note, write

__all__ = ["watch"]

_FIRST_WAIT, _LAST_WAIT = 1.0, 300.0
"""Seconds before a receiver that failed is tried again; they double, up to the last."""

_TRIES_ONCE = 3
"""How often a receiver is tried with ``--once``."""

_MINUTE = "%Y-%m-%d %H:%M UTC"

Receiver: TypeAlias = Callable[[Event], str]
"""Takes an event, or says why it does not; an empty text: it did."""

_EPILOG = """\
\b
What is told, each once: an account appeared, is gone, broke (it has to be
reconnected), expires soon, recovered, was renamed, or flaps (it breaks and
recovers so often that no more is told until it is calm). Nothing is told
before a second look has shown it too, a twentieth to a quarter of --every
later. Who cannot be asked about is unknown, not gone; see --status.

\b
To a terminal it writes a line an event, to a pipe a JSON object a line.
--exec gives CMD that object on its stdin: {"id", "kind", "userId",
"platformId", "before", "after", "since", "reason"}. What CMD writes goes to
stderr. An event is given again until CMD ends with 0, also after the watch
was killed in between; "id" is the same then.

\b
Examples:
  publora watch --sandbox --every 20s    see what it tells: made-up accounts
  publora watch --all-users --state accounts.db --notify mailto://...
  publora watch --state accounts.db --exec 'curl -sf -d @- https://...'
  publora watch --state accounts.db --once --baseline     begin without alarms
  publora watch --state accounts.db --status

\b
A URL for --notify may hold a password, and other programs can read a
command's arguments: PUBLORA_NOTIFY takes URLs, too, with blanks between them.

\b
Exit codes, with --once:
  0    nothing new
  1    there was news, and it was delivered
  2    could not find out, or not about every user, or not deliver the news
Without --once: 0 after a SIGTERM, 130 after Ctrl-C, with everything kept.
"""

_EVERY_HELP = "How long one round takes, in which everyone is looked at: 90s, 15m, 6h."
_STATE_HELP = "Where to remember what is known and what was told; made if it does not exist."
_WITHIN_HELP = "How soon is soon, such as 7d. Without it: as Publora judges."
_NOTIFY_HELP = "Tell people: mail, Slack, Teams and others, by apprise (pip install apprise)."
_BASELINE_HELP = "Do not tell of what is wrong already where it is first seen."


def _program(command: str) -> list[str]:
    try:
        arguments = shlex.split(command)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None
    if not shutil.which(arguments[0] if arguments else ""):
        raise click.BadParameter(f"there is no program {command!r}.")
    return arguments


@click.command(epilog=_EPILOG)
@click.option(
    "--every", type=duration, metavar="SPAN", default="15m", show_default=True, help=_EVERY_HELP
)
@click.option("--state", type=click.Path(dir_okay=False), metavar="FILE", help=_STATE_HELP)
@click.option("--within", type=duration, metavar="SPAN", help=_WITHIN_HELP)
@click.option("--exec", "program", type=_program, metavar="CMD", help="Run CMD for each event.")
@click.option(
    "--notify", "urls", metavar="URL", multiple=True, envvar="PUBLORA_NOTIFY", help=_NOTIFY_HELP
)
@click.option("--once", is_flag=True, help="End after one round; for cron.")
@click.option("--baseline", is_flag=True, help=_BASELINE_HELP)
@click.option("--status", "only_status", is_flag=True, help="Say how far the watch has come.")
@one_process_users_options
@client_options
def watch(
    *,
    every: timedelta,
    state: str | None,
    within: timedelta | None,
    program: list[str] | None,
    urls: tuple[str, ...],
    once: bool,
    baseline: bool,
    only_status: bool,
    users: UserSelection,
    settings: Settings,
) -> None:
    """
    Watch accounts, and tell when one breaks, is about to, or works again.

    Your own, or those of the users you manage. What is known is kept in a file.
    """
    if state is None:
        # A sandbox's accounts are gone with it.
        if only_status or not settings.sandbox:
            raise click.UsageError("name a file to remember in: --state accounts.db")
    elif only_status:
        write(to_json(_status(state).to_dict()))
        return
    receivers: list[Receiver] = [_print]
    if program is not None:
        receivers.append(partial(_run, program))
    receivers += _people(urls)
    with end_at_sigterm(), open_client(settings) as opened:
        news = opened.client.connections.watch(
            _whom(users, opened),
            every=every,
            state=state,
            within=within,
            concurrency=users.concurrency,
            baseline=baseline,
            once=once,
        )
        note("Watching; the first news takes a second look. Ctrl-C ends it.")
        count = _deliver(news, receivers, _TRIES_ONCE if once else None)
        unknown = _status(state).unknown if state else ()
    for one in unknown:
        whose = "your account" if one.user_id is None else f"user {one.user_id}"
        note(f"{whose} could not be asked about: {escape(one.why)}")
    sys.exit(2 if unknown else min(count, 1))


def _whom(
    users: UserSelection, opened: OpenClient
) -> Callable[[], Sequence[ManagedUser]] | Sequence[str | ManagedUser] | None:
    if users.everyone:
        return opened.client.managed_users.list
    return users.of(opened) if users.named else None


def _deliver(news: Watch, receivers: list[Receiver], tries: int | None) -> int:
    """Give each event to all; give how many there were."""
    count = 0
    with news:
        for count, event in enumerate(news, 1):  # noqa: B007  # how many
            for receive in receivers:
                _insist(receive, event, tries)
    return count


def _insist(receive: Receiver, event: Event, tries: int | None) -> None:
    wait, tried = _FIRST_WAIT, 1
    while why := receive(event):
        if tried == tries:
            raise CommandError(f"{why}; it will be told next time")
        note(f"{why}; once more in {wait:g} s.")
        time.sleep(wait)
        wait, tried = min(2 * wait, _LAST_WAIT), tried + 1


def _print(event: Event) -> str:
    if is_terminal(sys.stdout):
        line = f"{event.since.astimezone():%Y-%m-%d %H:%M} {escape(str(event))}\n"
    else:
        line = to_ndjson([event.to_dict()])
    if not write(line):
        raise CommandError("nobody reads the news any longer; it will be told next time")
    return ""


def _run(program: list[str], event: Event) -> str:
    body = json.dumps(event.to_dict()).encode()
    try:
        # Its output must not get between the news on stdout.
        done = subprocess.run(program, input=body, stdout=2, check=False)  # noqa: S603  # the user's
    except OSError as error:
        return f"cannot run {escape(program[0])}: {error.strerror}"
    code = done.returncode
    return f"{escape(program[0])} ended with {code}" if code else ""


def _people(urls: tuple[str, ...]) -> Iterator[Receiver]:
    for number, url in enumerate(urls, 1):
        try:
            import apprise
        except ImportError:
            raise CommandError("--notify needs apprise: pip install apprise") from None
        # Each its own: what one has taken is not sent to it again because another has not.
        messenger = apprise.Apprise()
        # An address may hold a password: it is not repeated.
        if not messenger.add(url):
            raise CommandError(f"apprise cannot use the address {number} of --notify")
        yield partial(_tell, messenger.notify, number)


def _tell(notify: Callable[..., object], number: int, event: Event) -> str:
    body = f"{event}, since {event.since:{_MINUTE}}; {event.reason}. Reconnect at {DASHBOARD}"
    taken = notify(body, title=f"Publora: {event}")
    return "" if taken else f"address {number} of --notify did not take it"


def _status(path: str) -> Status:
    with usable(path), closing(StateFile(path, only_read=True)) as file:
        return file.status()
