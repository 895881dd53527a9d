"""What a shell sees of the command: stdout and stderr, exit codes, Ctrl-C, SIGTERM."""

import errno
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import IO, Any, TypeAlias

import click

from publora_async import PubloraError
from publora_sync.cli._formats import escape

__all__ = [
    "CommandError",
    "CommandGroup",
    "complain",
    "defer_ctrl_c",
    "end_at_sigterm",
    "is_ctrl_c",
    "is_quiet",
    "is_terminal",
    "keep_quiet",
    "note",
    "write",
]

_Handler: TypeAlias = Callable[[int, FrameType | None], object] | int | None

_GRACE = 0.75
"""Seconds that what is cut off by a SIGTERM has for putting things away."""

_QUIET = "publora_sync.cli.quiet"
"""Under which name click's context knows of ``--quiet``."""


class CommandError(click.ClickException):
    """The command could not be carried out. One line on stderr says why; the exit code is 2."""

    exit_code = 2

    def show(self, file: IO[str] | None = None) -> None:
        """Write the line, if stderr can be written to."""
        try:
            click.echo(f"publora: {self.format_message()}", file=file, err=True)
        except OSError:
            _drop(sys.stderr)


class CommandGroup(click.Group):
    """A group whose commands show a traceback only where their code has a bug."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401  # as click has it
    ) -> click.Context:
        """
        Read the arguments, ``--help`` and ``--version`` among them.

        Raises:
            CommandError: The help cannot be written.
            Exit: There is nothing to run, or nobody reads the help any longer; 130, in place of a
                Ctrl-C.
        """
        try:
            return super().make_context(info_name, args, parent, **extra)
        except KeyboardInterrupt:
            raise click.exceptions.Exit(130) from None
        except OSError as error:
            _give_up_output(error)
            raise click.exceptions.Exit(0) from None

    def invoke(self, ctx: click.Context) -> object:
        """
        Run the command that was asked for.

        Raises:
            CommandError: In place of a :class:`publora_async.PubloraError`, or of an output that
                cannot be written.
            Exit: 130, in place of a Ctrl-C.
        """
        try:
            return super().invoke(ctx)
        except PubloraError as error:
            raise CommandError(escape(str(error))) from None
        except OSError as error:
            _give_up_output(error)
            raise click.exceptions.Exit(0) from None
        except click.exceptions.Exit:
            raise
        except click.Abort:
            # Ctrl-C or Ctrl-D at a prompt, which has ended its line.
            pass
        except (KeyboardInterrupt, RuntimeError) as error:
            if not is_ctrl_c(error):
                raise
            # The terminal has written ^C: what comes next begins on a line of its own.
            complain("")
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


def keep_quiet(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001  # as click calls it
    """Let :func:`note` write nothing from now on, if *value* says so."""
    context.meta[_QUIET] = value


def is_quiet() -> bool:
    """Tell whether only failures are to be told of."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_QUIET))


def note(text: str) -> None:
    """Write a line to stderr, for a person to read who did not ask for quiet."""
    if not is_quiet():
        complain(text)


def complain(text: str) -> None:
    """Write a line to stderr that nobody may miss."""
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
    if text and sys.stdout is None:
        raise CommandError("cannot write the output: stdout is closed")
    try:
        with defer_ctrl_c():
            click.echo(text.encode(), nl=False)
    except OSError as error:
        _give_up_output(error)
        return False
    return True


def _give_up_output(error: OSError) -> None:
    """Write no more to stdout, and raise unless it is only that its reader has left."""
    if sys.stdout is not None:
        _drop(sys.stdout)
    # Windows has another word for a pipe without a reader.
    gone = os.name == "nt" and error.errno == errno.EINVAL
    if not (gone or isinstance(error, BrokenPipeError)):
        raise CommandError(f"cannot write the output: {error.strerror}") from None


def _drop(stream: IO[str]) -> None:
    """Let what is still buffered for *stream* go nowhere: Python would write it again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


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


class _Terminated(BaseException):
    """A SIGTERM; no ``except Exception`` on its way takes it for a failure."""


@contextmanager
def end_at_sigterm() -> Iterator[None]:
    """
    Let a SIGTERM end the process with 0 while entered, within a second.

    It is for what loses nothing wherever it is cut off: what takes longer than a moment to end,
    such as the look-up of a name, which no signal interrupts, is not waited for.

    Raises:
        Exit: 0, in place of what came of the SIGTERM.
    """
    terminated = threading.Event()

    def terminate(*_: object) -> None:
        terminated.set()
        raise _Terminated

    # The interpreter writes the numbers of signals to it even while this thread is stuck.
    numbers, wakeup = socket.socketpair()
    wakeup.settimeout(0)
    enforcing = threading.Thread(target=_enforce, args=(numbers,), daemon=True)
    enforcing.start()
    fd_before = signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    except BaseException:
        if not terminated.is_set():
            raise
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.set_wakeup_fd(fd_before)
        wakeup.close()
        if not terminated.is_set():
            enforcing.join()
    if terminated.is_set():
        raise click.exceptions.Exit(0)


def _enforce(numbers: socket.socket) -> None:
    """End the process soon after a SIGTERM, if it has not ended by itself."""
    with numbers:
        while number := numbers.recv(1):
            if number[0] == signal.SIGTERM:
                time.sleep(_GRACE)
                os._exit(0)
