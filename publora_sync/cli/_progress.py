"""How far a run has come, drawn on stderr where a person reads that."""

import sys

from rich.console import Console
from rich.control import Control
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.segment import ControlType
from rich.table import Column
from rich.text import Text

from publora_sync.cli._shell import on_terminal, write

__all__ = ["Bar"]

_ERASED_LINE = Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))


class Bar:
    """
    A line at the bottom of the terminal, that makes way for whatever else is written.

    Args:
        total: How many users there are.

    Attributes:
        drawn: Whether it can be seen: stderr is a terminal.
    """

    def __init__(self, total: int) -> None:
        self.drawn = on_terminal(sys.stderr)
        # Redrawn by a thread, it would come between the lines of a stdout that is shown there too.
        self._shared = self.drawn and on_terminal(sys.stdout)
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
        """Draw it."""
        self._progress.start()

    def stop(self) -> None:
        """Wipe it away; again does nothing."""
        self._progress.stop()

    def show(self, done: int, failed: int) -> None:
        """Draw how many users are *done*, and how many of them *failed*."""
        words = f"{failed} failed" if failed else ""
        self._progress.update(self._task, completed=done, description=words, refresh=self._shared)

    def note(self, text: str) -> None:
        """Write a line to stderr, above it."""
        self._console.print(Text(text), soft_wrap=True)

    def write(self, text: str) -> bool:
        """Write lines of the answer, above it where they meet; as :func:`write`."""
        if self._shared:
            self._console.control(_ERASED_LINE)
        return write(text)
