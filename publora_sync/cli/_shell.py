"""What a shell sees of the command: stdout and stderr, exit codes, Ctrl-C."""

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
    "CommandError",
    "CommandGroup",
    "defer_ctrl_c",
    "is_ctrl_c",
    "is_terminal",
    "note",
    "write",
]

_Handler: TypeAlias = Callable[[int, FrameType | None], object] | int | None


class CommandError(click.ClickException):
    """The command could not be carried out. One line on stderr says why; the exit code is 2."""

    exit_code = 2

    def show(self, file: IO[str] | None = None) -> None:
        """Write the line."""
        click.echo(f"publora: {self.format_message()}", file=file, err=True)


class CommandGroup(click.Group):
    """A group whose commands show a traceback only where their code has a bug."""

    def invoke(self, ctx: click.Context) -> object:
        """
        Run the command that was asked for.

        Raises:
            CommandError: In place of a :class:`publora_async.PubloraError`.
            Exit: 130, in place of a Ctrl-C.
        """
        try:
            return super().invoke(ctx)
        except PubloraError as error:
            raise CommandError(str(error)) from None
        except click.exceptions.Exit:
            raise
        except click.Abort:
            # Ctrl-C or Ctrl-D at a prompt, which has ended its line.
            pass
        except (KeyboardInterrupt, RuntimeError) as error:
            if not is_ctrl_c(error):
                raise
            # The terminal has written ^C: what comes next begins on a line of its own.
            note("")
        raise click.exceptions.Exit(130)


def is_ctrl_c(error: BaseException | None) -> bool:
    """Tell whether *error* is a Ctrl-C or was raised while one was handled."""
    # It may strike while threading releases a lock, which then raises a RuntimeError.
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def is_terminal(stream: IO[str] | None) -> bool:
    """Tell whether *stream* is a terminal. ``None`` is a stream that the shell closed."""
    return stream is not None and stream.isatty()


def note(text: str) -> None:
    """Write a line to stderr, for a person to read."""
    click.echo(text, err=True)


def write(text: str) -> bool:
    """
    Write lines of output to stdout, in UTF-8 whatever the locale says.

    A Ctrl-C meanwhile takes effect when all lines are written, so that none is cut in two.

    Returns:
        Whether there is still a reader. One that leaves early, such as ``head``, is no error.

    Raises:
        CommandError: The output cannot be written, for example because the disk is full.
        KeyboardInterrupt: Ctrl-C was pressed meanwhile; all lines are written.
    """
    try:
        with defer_ctrl_c():
            click.echo(text.encode(), nl=False)
    except OSError as error:
        # At exit, Python would write again what is still buffered: let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise CommandError(f"cannot write the answer: {error.strerror}") from None
        return False
    return True


class _DeferringHandler:
    """A handler of SIGINT that keeps the first one, and leaves the next to the handler before."""

    def __init__(self, before: _Handler) -> None:
        self.before = before
        self.kept: tuple[int, FrameType | None] | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.kept = (number, frame)
        signal.signal(signal.SIGINT, self.before)


@contextmanager
def defer_ctrl_c() -> Iterator[None]:
    """
    Let a Ctrl-C take effect on leaving; a second one takes effect at once.

    Entered again inside itself, it leaves the Ctrl-C to the outer one.
    """
    before = signal.getsignal(signal.SIGINT)
    if isinstance(before, _DeferringHandler):
        yield
        return
    deferring = _DeferringHandler(before)
    signal.signal(signal.SIGINT, deferring)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    # SIG_IGN, which background jobs of a script inherit, is not callable.
    if deferring.kept and callable(before):
        before(*deferring.kept)
