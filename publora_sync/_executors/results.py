"""The answers of a fan-out over workers, until they are handed out."""

from collections import deque
from itertools import count, takewhile

from publora_async import UserConnections

__all__ = ["Results"]


class Results:
    """
    Keeps answers until they may be handed out.

    Args:
        ordered: Whether that is in the order of the users.

    Attributes:
        ready: Those that may be handed out, with their users' numbers.
    """

    def __init__(self, *, ordered: bool) -> None:
        self._ordered = ordered
        self._done: dict[int, UserConnections] = {}
        self._released = 0
        self._last: list[tuple[int, UserConnections]] = []
        self.ready: deque[tuple[int, UserConnections]] = deque()

    def __len__(self) -> int:
        return len(self._done) + len(self.ready)

    def put(self, number: int, answer: UserConnections) -> None:
        """Put in what the user of that number is answered."""
        self._done[number] = answer

    def release(self, *, all_of_them: bool) -> None:
        """Make ready what may be handed out, or at the end whatever there is."""
        in_order = self._ordered and not all_of_them
        numbers = (
            takewhile(self._done.__contains__, count(self._released))
            if in_order
            else iter(sorted(self._done))
        )
        answers = [(number, self._done.pop(number)) for number in numbers]
        self._released += len(answers)
        self.ready.extend(answers)

    def hand_out(self) -> tuple[int, UserConnections]:
        """Give the first that is ready."""
        numbered = self.ready.popleft()
        self._last = [numbered]
        return numbered

    def leave(self) -> list[tuple[int, UserConnections]]:
        """Give all there is, and what was handed out last, and keep none of it."""
        there = [*self._last, *self.ready, *self._done.items()]
        self._last = []
        self.ready.clear()
        self._done.clear()
        return there
