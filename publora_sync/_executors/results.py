"""What workers have found out, until it is handed out."""

from collections import deque
from itertools import count, takewhile

from publora_async import AsyncConnections, UserConnections
from publora_sync._executors.parcel import Found
from publora_sync._executors.users import User

__all__ = ["Results"]


class Results:
    """
    Keeps what was found out about users until it may be handed out.

    Args:
        connections: Reads responses. Only then, as the workers wait for nothing meanwhile.
        ordered: Whether answers are handed out in the order of the users.

    Attributes:
        ready: What may be handed out.
    """

    def __init__(self, connections: AsyncConnections, *, ordered: bool) -> None:
        self._connections = connections
        self._ordered = ordered
        self._done: dict[int, tuple[User, Found]] = {}
        self._released = 0
        self._last: list[tuple[int, UserConnections]] = []
        self.ready: deque[tuple[User, Found]] = deque()

    def __len__(self) -> int:
        return len(self._done) + len(self.ready)

    def put(self, user: User, found: Found) -> None:
        """Put in what was *found* out about *user*."""
        self._done[user.number] = user, found

    def release(self, *, all_of_them: bool) -> None:
        """Make ready what may be handed out, or at the end whatever there is."""
        in_order = self._ordered and not all_of_them
        numbers = (
            takewhile(self._done.__contains__, count(self._released))
            if in_order
            else iter(sorted(self._done))
        )
        some = [self._done.pop(number) for number in numbers]
        self._released += len(some)
        self.ready.extend(some)

    def hand_out(self) -> tuple[int, UserConnections]:
        """Give the first answer that is ready, with its user's number."""
        numbered = self._numbered(*self.ready.popleft())
        self._last = [numbered]
        return numbered

    def leave(self) -> list[tuple[int, UserConnections]]:
        """Give all answers there are, and what was handed out last, and keep none of it."""
        there = [
            *self._last,
            *(self._numbered(*one) for one in (*self.ready, *self._done.values())),
        ]
        self._last = []
        self.ready.clear()
        self._done.clear()
        return there

    def _numbered(self, user: User, found: Found) -> tuple[int, UserConnections]:
        return user.number, user.answer(found, self._connections)
