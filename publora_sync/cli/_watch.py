"""``publora watch``: tells of each account that breaks, is about to, or works again."""

import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

import click

from publora_async._watch.state import StateFile, Status
from publora_sync import Event, ManagedUser, Watch
from publora_sync.cli._client import OpenClient, open_client
from publora_sync.cli._formats import counted, escape
from publora_sync.cli._options import UserSelection, one_process_users_options
from publora_sync.cli._settings import Settings, client_options, duration
from publora_sync.cli._shell import CommandError, is_terminal, note, write

__all__ = ["watch"]

_FIRST_WAIT, _LAST_WAIT = 1.0, 300.0
"""Seconds before a receiver that failed is tried again; they double, up to the last."""

_TRIES_ONCE = 3
"""How often a receiver is tried with ``--once``."""

_EPILOG = """\
\b
What is told, each once: an account appeared, is gone, broke (it has to be
reconnected), expires soon, recovered, was renamed, or flaps (it breaks and
recovers so often that no more is told until it is calm). Nothing is told
before a second look has shown it too, a twentieth to a quarter of --every
later. Who cannot be asked about is unknown, not gone; see --status.

\b
To a terminal it writes a line an event, to a pipe a JSON object a line.
--exec gets that object on its stdin: {"id", "kind", "userId", "platformId",
"before", "after", "since", "reason"}. An event is given again until CMD ends
with 0, also after the watch was killed in between; "id" is the same then.

\b
Examples:
  publora watch --sandbox --every 1m     see what it tells: made-up accounts
  publora watch --all-users --state accounts.db --notify mailto://...
  publora watch --state accounts.db --exec 'curl -sf -d @- https://...'
  publora watch --state accounts.db --once --baseline     begin without alarms
  publora watch --state accounts.db --status

\b
Environment: PUBLORA_NOTIFY holds addresses for --notify, which may have
passwords in them, with blanks in between.

\b
Exit codes, with --once:
  0    nothing new
  1    there was news, and it was delivered
  2    could not find out, or not about every user, or not deliver the news
Without --once: 0 after a SIGTERM, 130 after Ctrl-C, with everything kept.
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--every",
    type=duration,
    metavar="SPAN",
    default="15m",
    show_default=True,
    help="How long one round takes, in which everyone is looked at: 90s, 15m, 6h.",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Where to remember what is known and what was told; made if it does not exist.",
)
@click.option(
    "--within",
    type=duration,
    metavar="SPAN",
    help="How soon is soon, such as 7d. Without it: as Publora judges.",
)
@click.option("--exec", "program", metavar="CMD", help="Run CMD for each event.")
@click.option(
    "--notify",
    "addresses",
    metavar="URL",
    multiple=True,
    envvar="PUBLORA_NOTIFY",
    help="Tell people: mail, Slack, Teams and others by apprise's URLs (pip install apprise).",
)
@click.option("--once", is_flag=True, help="End after one round; for cron.")
@click.option(
    "--baseline", is_flag=True, help="Do not tell of what is wrong already where it is first seen."
)
@click.option("--status", "only_status", is_flag=True, help="Say how far the watch has come.")
@one_process_users_options
@client_options
def watch(
    *,
    every: timedelta,
    state: str | None,
    within: timedelta | None,
    program: str | None,
    addresses: tuple[str, ...],
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
    if only_status:
        write(_told(_status(_named(state))))
        return
    if not every:
        raise click.BadParameter("it has to be more than nothing.", param_hint="'--every'")
    receivers = [_write, *_programs(program), *_people(addresses)]
    with _state_file(state, settings) as path, _until_terminated(), open_client(settings) as opened:
        news = opened.client.connections.watch(
            _whom(users, opened),
            every=every,
            state=path,
            within=within,
            concurrency=users.concurrency,
            baseline=baseline,
            once=once,
        )
        note(f"Watching: everyone is looked at every {every}. Ctrl-C ends it.")
        count = _deliver(news, receivers, _TRIES_ONCE if once else None)
        unknown = _status(path).unknown
        for user_id, (_, why) in unknown.items():
            note(f"{user_id or 'your account'} could not be asked about: {escape(why)}")
    sys.exit(2 if unknown else min(count, 1))


def _whom(
    users: UserSelection, opened: OpenClient
) -> Callable[[], Sequence[ManagedUser]] | Sequence[str | ManagedUser] | None:
    if users.everyone:
        return opened.client.managed_users.list
    return users.of(opened) if users.named else None


def _deliver(news: Watch, receivers: list[Callable[[Event], bool]], tries: int | None) -> int:
    """Give each event to all; give how many there were."""
    count = 0
    with news:
        for event in news:
            for receive in receivers:
                _insist(receive, event, tries)
            count += 1
    return count


def _insist(receive: Callable[[Event], bool], event: Event, tries: int | None) -> None:
    wait, tried = _FIRST_WAIT, 1
    while not receive(event):
        if tried == tries:
            raise CommandError("the news could not be delivered; it will be next time")
        note(f"It was not received; once more in {wait:g} s.")
        time.sleep(wait)
        wait, tried = min(2 * wait, _LAST_WAIT), tried + 1


def _write(event: Event) -> bool:
    if is_terminal(sys.stdout):
        line = f"{datetime.now():%Y-%m-%d %H:%M} {escape(str(event))}"  # noqa: DTZ005  # a person's
    else:
        line = json.dumps(event.to_dict())
    if not write(f"{line}\n"):
        raise CommandError("nobody reads the news any longer; it will be told next time")
    return True


def _programs(command: str | None) -> Iterator[Callable[[Event], bool]]:
    if command is None:
        return
    arguments = shlex.split(command)

    def run(event: Event) -> bool:
        try:
            done = subprocess.run(  # noqa: S603  # what the user asks for
                arguments, input=json.dumps(event.to_dict()).encode(), check=False
            )
        except OSError as error:
            raise CommandError(f"cannot run {escape(arguments[0])}: {error.strerror}") from None
        return done.returncode == 0

    yield run


def _people(addresses: tuple[str, ...]) -> Iterator[Callable[[Event], bool]]:
    if not addresses:
        return
    try:
        import apprise
    except ImportError:
        raise CommandError("--notify needs apprise: pip install apprise") from None
    messenger = apprise.Apprise()
    for number, address in enumerate(addresses, 1):
        # An address may hold a password: it is not repeated.
        if not messenger.add(address):
            raise CommandError(f"apprise does not know the address number {number} of --notify")

    def tell(event: Event) -> bool:
        body = f"{event}, since {event.since:%Y-%m-%d %H:%M} UTC. Reason: {event.reason}."
        return bool(messenger.notify(body, title=f"Publora: {event}"))

    yield tell


def _named(state: str | None) -> str:
    if state is None:
        raise click.UsageError("name a file to remember in: --state accounts.db")
    return state


@contextmanager
def _state_file(state: str | None, settings: Settings) -> Iterator[str]:
    if state is not None or not settings.sandbox:
        yield _named(state)
        return
    # A sandbox's accounts are gone with it.
    with TemporaryDirectory() as folder:
        yield str(Path(folder, "accounts.db"))


@contextmanager
def _until_terminated() -> Iterator[None]:
    """Let a SIGTERM end what is done while entered, with everything kept, and with 0."""

    def end(_: int, __: FrameType | None) -> None:
        raise click.exceptions.Exit(0)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _status(path: str) -> Status:
    file = StateFile(path, only_read=True)
    try:
        return file.status()
    finally:
        file.close()


def _told(status: Status) -> str:
    ended = status.round_ended
    if not is_terminal(sys.stdout):
        unknown = [
            {"userId": user_id, "since": since.isoformat(), "why": why}
            for user_id, (since, why) in status.unknown.items()
        ]
        fields = {
            "roundEnded": ended and ended.isoformat(),
            "users": status.users,
            "unknown": unknown,
            "undelivered": status.undelivered,
        }
        return json.dumps(fields) + "\n"
    lines = [
        f"Last round: {f'ended {ended:%Y-%m-%d %H:%M} UTC' if ended else 'none has ended'}",
        f"Watched: {counted(status.users, 'user')}",
        f"Undelivered: {counted(status.undelivered, 'event')}",
        f"Unknown: {counted(len(status.unknown), 'user')}",
    ]
    lines += [
        f"  {user_id or 'your account'} since {since:%Y-%m-%d %H:%M} UTC: {escape(why)}"
        for user_id, (since, why) in status.unknown.items()
    ]
    return "\n".join(lines) + "\n"
