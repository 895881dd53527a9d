"""``publora watch``: tells of each account that breaks, is about to, or works again."""

import json
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

import click

from publora_async._watch.state import status_of
from publora_sync import Event
from publora_sync.cli._client import DASHBOARD, open_client
from publora_sync.cli._formats import escape, to_json, to_ndjson
from publora_sync.cli._options import UserSelection, one_process_users_options
from publora_sync.cli._settings import Settings, client_options, duration
from publora_sync.cli._shell import CommandError, end_at_sigterm, is_terminal, note, write

__all__ = ["watch"]

_FIRST_WAIT, _LAST_WAIT = 1.0, 300.0
"""Seconds before a receiver that failed is tried again; they double, up to the last."""

Receiver: TypeAlias = Callable[[Event], str]
"""Takes an event, or says why it does not; an empty text: it did."""

_EPILOG = """\
\b
To a terminal it writes a line an event, to a pipe a JSON object a line:
{"id", "kind", "userId", "platformId", "before", "after", "since", "reason"}.
--exec gives CMD that object on its stdin, again until CMD ends with 0, also
after the watch was killed (with the same id). CMD's output goes to stderr.

\b
Examples:
  publora watch --sandbox --every 20s    see what it tells: made-up accounts
  publora watch --all-users --state accounts.db --notify mailto://...
  publora watch --state accounts.db --exec 'curl -sf -d @- https://...'
  publora watch --state accounts.db --once --baseline     begin without alarms

\b
Exit codes, with --once:
  0    nothing new
  1    there was news, and it was delivered
  2    could not find out, or not about every user, or not deliver the news
Without --once: 0 after a SIGTERM, 130 after Ctrl-C, with everything kept.
"""

_NOTIFY_HELP = "Tell people by apprise: mail, Slack, ... If it holds a password: in PUBLORA_NOTIFY."


def _program(command: str) -> list[str]:
    try:
        arguments = shlex.split(command)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None
    if not shutil.which(arguments[0] if arguments else ""):
        raise click.BadParameter(f"there is no program {command!r}.")
    return arguments


@click.command(epilog=_EPILOG, context_settings={"show_default": True})
@click.option("--every", type=duration, metavar="SPAN", default="15m", help="How long a round is.")
@click.option("--state", type=click.Path(dir_okay=False), metavar="FILE", help="Where to remember.")
@click.option("--within", type=duration, metavar="SPAN", help="How soon is soon, such as 7d.")
@click.option("--exec", "program", type=_program, metavar="CMD", help="Run CMD for each event.")
@click.option("--notify", metavar="URL", multiple=True, envvar="PUBLORA_NOTIFY", help=_NOTIFY_HELP)
@click.option("--once", is_flag=True, help="End after one round; for cron.")
@click.option("--baseline", is_flag=True, help="Do not tell of what is wrong at first.")
@click.option("--status", "only_status", is_flag=True, help="Say how far the watch has come.")
@one_process_users_options
@client_options
def watch(
    *,
    state: str | None,
    program: list[str] | None,
    notify: tuple[str, ...],
    once: bool,
    only_status: bool,
    users: UserSelection,
    settings: Settings,
    **rules: Any,  # noqa: ANN401  # every, within and baseline, for the client's watch
) -> None:
    """
    Watch accounts, and tell when one breaks, is about to, or works again.

    Your own, or those of the users you manage. Each is looked at once a round. What is known and
    what was told is remembered in a file, which is made if it does not exist.

    What is told, each once: an account appeared, is gone, broke (it has to be reconnected), expires
    soon (--within, or as Publora judges), recovered, was renamed, or flaps (it breaks and recovers
    so often that no more is told until it is calm). Nothing is told before a second look has shown
    it too, a twentieth to a quarter of --every later, or a third of it, an hour at least, where the
    service itself may be wrong. Who cannot be asked about is unknown, not gone; see --status.
    """
    # A sandbox's accounts are gone with it.
    if state is None and (only_status or not settings.sandbox):
        raise click.UsageError("name a file to remember in: --state accounts.db")
    if state is not None and only_status:
        write(to_json(status_of(state)))
        return
    count, receivers = 0, [_print, *_others(program, notify)]
    with end_at_sigterm(), open_client(settings) as opened:
        named = users.of(opened) if users.named else None
        whom = opened.client.managed_users.list if users.everyone else named
        with opened.client.connections.watch(
            whom, state=state, concurrency=users.concurrency, once=once, **rules
        ) as news:
            note("Watching; the first news takes a second look. Ctrl-C ends it.")
            for count, event in enumerate(news, 1):  # noqa: B007  # how many
                for receive in receivers:
                    _insist(receive, event, tries=3 if once else None)
        unknown = status_of(state)["unknown"] if state else ()
    for one in unknown:
        whose = "your account" if one["userId"] is None else f"user {one['userId']}"
        note(f"{whose} could not be asked about: {escape(one['why'])}")
    sys.exit(2 if unknown else min(count, 1))


def _insist(receive: Receiver, event: Event, tries: int | None) -> None:
    wait, tried = _FIRST_WAIT, 1
    while why := receive(event):
        if tried == tries:
            raise CommandError(f"{why}; it will be told next time")
        note(f"{why}; once more in {wait:g} s.")
        time.sleep(wait)
        wait, tried = min(2 * wait, _LAST_WAIT), tried + 1


def _print(event: Event) -> str:
    line = to_ndjson([event.to_dict()])
    if is_terminal(sys.stdout):
        line = f"{event.since.astimezone():%Y-%m-%d %H:%M} {escape(str(event))}\n"
    if not write(line):
        raise CommandError("nobody reads the news any longer; it will be told next time")
    return ""


def _others(program: list[str] | None, urls: tuple[str, ...]) -> Iterator[Receiver]:
    """Give who else is told."""
    if program:
        yield partial(_run, program)
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


def _run(program: list[str], event: Event) -> str:
    body = json.dumps(event.to_dict()).encode()
    try:
        # Its output must not get between the news on stdout.
        done = subprocess.run(program, input=body, stdout=2, check=False)  # noqa: S603  # the user's
    except OSError as error:
        return f"cannot run {escape(program[0])}: {error.strerror}"
    return f"{escape(program[0])} ended with {done.returncode}" if done.returncode else ""


def _tell(notify: Callable[..., object], number: int, event: Event) -> str:
    news = f"{event}, since {event.since:%Y-%m-%d %H:%M} UTC; {event.reason}"
    taken = notify(f"{news}. Reconnect at {DASHBOARD}", title=f"Publora: {event}")
    return "" if taken else f"address {number} of --notify did not take it"
