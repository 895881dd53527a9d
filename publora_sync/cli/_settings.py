"""The options of every command that asks a service: which one, how long, how talkative."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import NamedTuple

import click

from publora_sync.cli._shell import keep_quiet

__all__ = ["Settings", "client_options", "duration"]


class Settings(NamedTuple):
    """
    How a command asks.

    Attributes:
        sandbox: Whether to ask a sandbox that runs as long as the command.

        timeout: The most one attempt may take, in seconds.

        deadline: The most one call may take, in seconds.

        verbose: Whether to tell of each attempt.
    """

    sandbox: bool
    timeout: float
    deadline: float
    verbose: bool


def duration(text: str) -> timedelta:
    """
    Read a duration such as ``7d``.

    Raises:
        BadParameter: *text* is not a number and one of w, d, h, m, s.
    """
    if re.fullmatch("[0-9]{1,8}", text):
        raise click.BadParameter(f"{text} needs a unit, w, d, h, m or s: such as {text}d for days.")
    found = re.fullmatch(r"([0-9]{1,8})([wdhms])", text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no span of time such as 7d, 36h, 90m or 2w.")
    unit = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}[found[2]]
    return timedelta(**{unit: int(found[1])})


def _seconds(text: str) -> float:
    if re.fullmatch(r"[0-9]{1,8}(\.[0-9]{1,6})?", text):
        seconds = float(text)
    else:
        seconds = duration(text).total_seconds()
    if not seconds:
        raise click.BadParameter("it has to be more than nothing, such as 10s.")
    return seconds


_OPTIONS = (
    click.option(
        "--sandbox",
        is_flag=True,
        help="Ask a sandbox that runs as long as the command: made-up accounts, no key needed.",
    ),
    click.option(
        "--timeout",
        type=_seconds,
        metavar="SPAN",
        default="30s",
        show_default=True,
        help="The most one attempt may take: seconds, or a span such as 30s or 2m.",
    ),
    click.option(
        "--deadline",
        type=_seconds,
        metavar="SPAN",
        default="120s",
        show_default=True,
        help="The most one call may take, with its retries; of many users each is a call.",
    ),
    click.option(
        "-v",
        "--verbose",
        is_flag=True,
        help="Tell of each attempt, for whom it was and what came of it, and of each wait.",
    ),
    click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        callback=keep_quiet,
        help="Write nothing to stderr but what failed.",
    ),
)


def client_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of :class:`Settings`; *command* takes them as *settings*."""

    @wraps(command)
    def with_settings(
        *, sandbox: bool, timeout: float, deadline: float, verbose: bool, **others: object
    ) -> None:
        command(settings=Settings(sandbox, timeout, deadline, verbose), **others)

    for option in reversed(_OPTIONS):
        option(with_settings)
    return with_settings
