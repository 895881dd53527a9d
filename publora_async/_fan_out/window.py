"""What the consumer of a fan-out keeps on its own thread."""

import time
from collections import deque
from collections.abc import Iterable
from typing import Final, Generic, TypeVar

__all__ = ["Window"]

T = TypeVar("T")
R = TypeVar("R")

SLOW: Final = 0.01
"""Seconds of reading after which the items at hand are asked about without those behind them."""


class Window(Generic[T, R]):
    """
    Items to read, and answers to hand out.

    An item is in the window from when it is read until its answer is handed out. So memory is
    bounded by *size*, and no consumer is run ahead of.

    Args:
        items: What to ask about. ``None``: they are read elsewhere.
        size: The most items in the window.

    Attributes:
        answers: Those that were taken together and are not handed out yet.
        patience: How long to wait for the next of them; for :meth:`FanOut.take`.
        is_closed: Whether there will be no more answers.
    """

    def __init__(self, items: Iterable[T] | None, size: int) -> None:
        self._items = None if items is None else iter(items)
        self._size = size
        self._inside = 0
        self.answers: deque[tuple[int, R]] = deque()
        self.patience: float | None = None
        self.is_closed: bool = False

    @property
    def room(self) -> int:
        """How many more items may be read."""
        return 0 if self._items is None else self._size - self._inside

    def read(self) -> tuple[list[T], Exception | None]:
        """
        Read items, as many as there is room for; fewer where they come slowly.

        Where they do, an answer is waited for as long as they were, then the next one is read.

        Returns:
            What to give to :meth:`FanOut.start`.
        """
        items: list[T] = []
        source = self._items
        self.patience = None
        begun = time.monotonic()
        while source is not None and self._inside < self._size:
            try:
                items.append(next(source))
            except Exception as end:  # noqa: BLE001  # raised once all answers are handed out
                self._items = None
                return items, end
            self._inside += 1
            if self._inside < self._size and (took := time.monotonic() - begun) > SLOW:
                self.patience = took
                break
        return items, None

    def put(self, answers: list[tuple[int, R]] | None) -> None:
        """Put in what :meth:`FanOut.take` gave."""
        if answers is None:
            self.close()
        else:
            self.answers.extend(answers)

    def hand_out(self) -> tuple[int, R] | None:
        """Give the next answer with its item's number; ``None`` when all is over."""
        try:
            numbered = self.answers.popleft()
        except IndexError:
            return None
        self._inside -= 1
        return numbered

    def stop_reading(self) -> None:
        """Read nothing more."""
        self._items = None

    def close(self) -> None:
        """Read nothing more, and forget the answers."""
        self.stop_reading()
        self.answers.clear()
        self.is_closed = True
