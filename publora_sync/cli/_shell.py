"""How the command gets on with the shell: streams, exit codes, Ctrl-C, the key."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import IO, TypeAlias

import click

from publora_async import PubloraError

__all__ = [
    "DASHBOARD",
    "Commands",
    "Failure",
    "ask_for_key",
    "came_of_ctrl_c",
    "note",
    "on_terminal",
    "unbroken",
    "write",
]

_Handler: TypeAlias = Callable[[int, FrameType | None], object] | int | None

DASHBOARD = "https://app.publora.com"


class Failure(click.ClickException):
    """Something could not be done; shown as one line on stderr."""

    exit_code = 2

    def show(self, file: IO[str] | None = None) -> None:
        """Write the line."""
        click.echo(f"publora: {self.format_message()}", file=file, err=True)


class Commands(click.Group):
    """Commands that end without a traceback where nothing is wrong with their code."""

    def invoke(self, ctx: click.Context) -> object:
        """
        Run the command that was asked for.

        Raises:
            Failure: In place of a :class:`publora_async.PubloraError`.
            Exit: 130, in place of a Ctrl-C.
        """
        try:
            return super().invoke(ctx)
        except PubloraError as error:
            raise Failure(str(error)) from None
        except click.exceptions.Exit:
            raise
        except click.Abort:
            # Ctrl-C or Ctrl-D at a prompt, which has ended its line.
            pass
        except (KeyboardInterrupt, RuntimeError) as error:
            if not came_of_ctrl_c(error):
                raise
            # The terminal has written ^C: what comes next begins on a line of its own.
            note("")
        raise click.exceptions.Exit(130)


def came_of_ctrl_c(error: BaseException | None) -> bool:
    """Tell whether *error* is a Ctrl-C, or what became of one."""
    # It may strike while threading lets go of a lock, which then complains (RuntimeError).
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def on_terminal(stream: IO[str] | None) -> bool:
    """Tell whether a person reads *stream*, or writes it; ``None`` is one that is closed."""
    return stream is not None and stream.isatty()


def ask_for_key() -> str | None:
    """
    Have the key typed in, where the environment has none.

    Returns:
        The key. ``None``: the environment has one, which the client reads by itself.

    Raises:
        Failure: There is nobody to type it in.
    """
    if os.environ.get("PUBLORA_API_KEY"):
        return None
    if not (on_terminal(sys.stdin) and on_terminal(sys.stderr)):
        raise Failure(f"no API key: create one at {DASHBOARD} under API and set PUBLORA_API_KEY")
    key: str = click.prompt("API key (it does not show)", hide_input=True, err=True)
    return key


def write(text: str) -> bool:
    """
    Write lines of an answer to stdout, in UTF-8 whatever the locale says.

    Ctrl-C waits until they are written: none is left half-way.

    Returns:
        Whether there is a reader. One that has seen enough, such as ``head``, is no failure.

    Raises:
        Failure: The disk is full, for one.
        KeyboardInterrupt: All is written, and Ctrl-C came meanwhile.
    """
    try:
        with unbroken():
            click.echo(text.encode(), nl=False)
    except OSError as error:
        # What is left over would be written once more at exit: let it go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise Failure(f"cannot write the answer: {error.strerror}") from None
        return False
    return True


class _Hold:
    """A handler of SIGINT that keeps the first one for later; a second one is not kept."""

    def __init__(self, before: _Handler) -> None:
        self.before = before
        self.kept: tuple[int, FrameType | None] | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.kept = (number, frame)
        signal.signal(signal.SIGINT, self.before)


@contextmanager
def unbroken() -> Iterator[None]:
    """Hold a first Ctrl-C back until the end; a second one breaks off what does not end."""
    before = signal.getsignal(signal.SIGINT)
    if isinstance(before, _Hold):
        yield
        return
    hold = _Hold(before)
    signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    # A handler that is not callable ignores it, as in the background of a script.
    if hold.kept and callable(before):
        before(*hold.kept)


def note(text: str) -> None:
    """Write a line to stderr: whatever is not the answer."""
    click.echo(text, err=True)
