"""The answers of a fan-out, as they arrive, without ``await``."""

import os
import threading
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from publora_async import ClientStateError, ManagedUser, UserConnections
from publora_async._fan_out.fan_out import FanOut
from publora_async._fan_out.window import Window
from publora_sync._bridge import Bridge

if TYPE_CHECKING:
    import weakref

__all__ = ["Answers"]


class Answers(Iterator[UserConnections]):
    """
    An iterator over answers, and a context manager that stops asking on exit.

    The asking is done on the client's loop thread; the user ids are read on this one, no faster
    than there is room. Nothing is asked before the first answer is waited for. Leaving the loop
    early stops it, too, as soon as the iterator is dropped.

    Example:
        >>> users = publora.managed_users.list()
        >>> with publora.connections.iter_many(users) as answers:
        ...     first = next(answers)
        >>> first.user_id in [user.id for user in users]
        True
    """

    def __init__(
        self,
        fan_out: FanOut[str | ManagedUser, UserConnections],
        user_ids: Iterable[str | ManagedUser],
        concurrency: int,
        bridge: Bridge,
    ) -> None:
        self._fan_out = fan_out
        self._window: Window[str | ManagedUser, UserConnections] = Window(user_ids, concurrency)
        self._bridge = bridge
        self._pid = os.getpid()
        # For several threads that share an iterator; a signal handler may interrupt one of them.
        self._lock = threading.RLock()
        self._cancel: weakref.finalize[[], Answers] | None = None

    def __next__(self) -> UserConnections:
        numbered = self.next_numbered()
        if numbered is None:
            raise StopIteration
        return numbered[1]

    def next_numbered(self) -> tuple[int, UserConnections] | None:
        """Give the next answer with its user's number, from 0; ``None`` when all is over."""
        if os.getpid() != self._pid:
            raise ClientStateError("these answers were begun before a fork: ask anew here")
        with self._lock:
            if not self._window.is_closed:
                self._fill()
            return self._window.hand_out()

    def _fill(self) -> None:
        window = self._window
        if self._cancel is None:
            self._cancel = self._bridge.when_dropped(self, self._fan_out.cancel)
        try:
            while not window.is_closed:
                # A step to the other thread costs as much as a few answers: not one for each.
                if window.room and window.room >= len(window.answers):
                    self._bridge.post(self._fan_out.start, *window.read())
                if not window.answers:
                    window.put(self._bridge.run(self._fan_out.take, window.patience))
                if window.answers:
                    break
        except BaseException:
            window.stop_reading()
            self._cancel()
            raise

    def close(self) -> None:
        """Stop asking, and wait until everything that was under way is released."""
        self.leave()

    def leave(self) -> list[tuple[int, UserConnections]]:
        """Do so, and give the answers that arrived last, handed out or not, with their numbers."""
        if os.getpid() != self._pid:
            return []
        self._window.close()
        if self._cancel is None:
            return []
        try:
            return self._bridge.run(self._fan_out.aclose)
        except ClientStateError:  # with the client, everything is released already
            return self._fan_out.arrived()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
