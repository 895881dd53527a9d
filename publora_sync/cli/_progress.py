"""The progress bar on stderr, drawn where that is a terminal."""

import os
import stat
import sys
from typing import IO

from rich.console import Console
from rich.control import Control
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.segment import ControlType
from rich.table import Column
from rich.text import Text

from publora_sync.cli._shell import is_terminal, write

__all__ = ["ProgressBar"]

_ERASED_LINE = Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))


def _is_pipe(stream: IO[str] | None) -> bool:
    try:
        return stream is not None and stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode)
    except OSError:  # it is of this process only
        return False


class ProgressBar:
    """
    A bar in the last line of the terminal, below whatever else is written.

    Args:
        total: How many users there are.
        quiet: Whether not to draw it in any case.

    Attributes:
        drawn: Whether it is drawn, which is so where stderr is a terminal. Where stdout is a
            pipe, too, its reader is likely to write to the same terminal, and the bar is not.
    """

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self.drawn = is_terminal(sys.stderr) and not quiet and not _is_pipe(sys.stdout)
        # A thread that redraws the bar would break into lines that stdout shows on this terminal.
        self._shared = self.drawn and is_terminal(sys.stdout)
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.completed}/{task.total} users", table_column=Column(no_wrap=True)),
            BarColumn(),
            TextColumn("{task.description}", style="red", table_column=Column(no_wrap=True)),
            TimeElapsedColumn(),
            console=self._console,
            auto_refresh=not self._shared,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not self.drawn,
        )
        self._task = self._progress.add_task("", total=total)

    def start(self) -> None:
        """Begin to draw it."""
        if self.drawn:  # rich before 15 writes an empty line where it draws nothing
            self._progress.start()

    def stop(self) -> None:
        """Erase it. Calling this twice does no harm."""
        if self.drawn:
            self._progress.stop()

    def update(self, done: int, failed: int) -> None:
        """Show how many users are *done*, and how many of those *failed*."""
        words = f"{failed} failed" if failed else ""
        self._progress.update(self._task, completed=done, description=words, refresh=self._shared)

    def note(self, text: str) -> None:
        """Write a line to stderr, above the bar."""
        self._console.print(Text(text), soft_wrap=True)

    def write(self, text: str) -> bool:
        """Write lines to stdout, above the bar if they share a terminal; see :func:`write`."""
        if self._shared:
            self._console.control(_ERASED_LINE)
        return write(text)
