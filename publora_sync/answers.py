"""The answers of a fan-out, as they arrive, without ``await``."""

import os
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Self

from publora_async import ClientStateError, UserConnections

if TYPE_CHECKING:
    from publora_async.answers import FanOut
    from publora_sync._bridge import Bridge

__all__ = ["Answers"]


class Answers(Iterator[UserConnections]):
    """
    An iterator over answers, and a context manager that stops asking on exit.

    One fan-out runs on the client's loop thread and is fed from here: the user ids are read on
    this thread, a batch at a time, and no faster than there is room. Nothing is asked before
    the first answer is waited for. Leaving the loop early stops it, too, as soon as the
    iterator is dropped.
    """

    def __init__(
        self,
        fan_out: "FanOut[str, UserConnections]",
        user_ids: Iterable[str],
        bridge: "Bridge",
    ) -> None:
        self._fan_out = fan_out
        self._user_ids = iter(user_ids)
        self._bridge = bridge
        self._pid = os.getpid()
        self._taken: deque[tuple[int, UserConnections]] = deque()
        # At exit the loop's thread ends by itself.
        weakref.finalize(self, _cancel_soon, bridge, fan_out, self._pid).atexit = False

    def __next__(self) -> UserConnections:
        numbered = self.next_numbered()
        if numbered is None:
            raise StopIteration
        return numbered[1]

    def next_numbered(self) -> tuple[int, UserConnections] | None:
        """Give the next answer with its user's number, from 0; ``None`` when all is over."""
        if os.getpid() != self._pid:
            raise ClientStateError("these answers were begun before a fork: ask anew here")
        try:
            self._feed()
            if not self._taken:
                self._taken.extend(self._bridge.run(self._fan_out.take))
        except BaseException:
            _cancel_soon(self._bridge, self._fan_out, self._pid)
            raise
        if not self._taken:
            return None
        self._fan_out.hand_out()
        return self._taken.popleft()

    def _feed(self) -> None:
        free = self._fan_out.free
        # A step to the other thread costs as much as a few answers, so not one for each.
        if not free or (self._taken and free < len(self._taken)):
            return
        try:
            user_ids = list(islice(self._user_ids, free))
        except Exception as error:  # noqa: BLE001  # raised once all answers are handed out
            self._bridge.post(self._fan_out.fail, error)
            return
        self._bridge.post(self._fan_out.start, self._fan_out.claim(user_ids))
        if len(user_ids) < free:
            self._bridge.post(self._fan_out.end)

    def close(self) -> None:
        """Stop asking, and wait until everything that was under way is released."""
        self._taken.clear()
        if os.getpid() != self._pid:
            return
        with suppress(ClientStateError):  # with the client, everything is released already
            self._bridge.run(self._fan_out.aclose)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _cancel_soon(bridge: "Bridge", fan_out: "FanOut[str, UserConnections]", pid: int) -> None:
    if os.getpid() == pid:  # in a child process it is the parent who asks
        with suppress(ClientStateError):  # the client is closed
            bridge.post(fan_out.cancel)
