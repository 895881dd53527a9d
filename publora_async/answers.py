"""The answers of a fan-out, as they arrive."""

import asyncio
import weakref
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import suppress
from itertools import islice
from types import TracebackType
from typing import Self

from publora_async._fan_out import FanOut
from publora_async._loops import loop_or_none, running_loop
from publora_async._progress import Gathering
from publora_async.errors import ClientStateError
from publora_async.user_connections import UserConnections

__all__ = ["AsyncAnswers", "FanOut", "Gathering"]


class AsyncAnswers(AsyncIterator[UserConnections]):
    """
    An async iterator over answers, and an async context manager that stops asking on exit.

    Nothing is asked before the first answer is waited for. Leaving the loop early stops it,
    too, as soon as the iterator is dropped; what was under way is cancelled.

    Attributes:
        fan_out: What asks. For a facade that hands out the answers on another thread.
    """

    def __init__(
        self,
        fan_out: FanOut[str, UserConnections],
        user_ids: Iterable[str] | AsyncIterable[str],
    ) -> None:
        self.fan_out: FanOut[str, UserConnections] = fan_out
        self._user_ids = user_ids
        self._source = iter(user_ids) if isinstance(user_ids, Iterable) else None
        self._taken: deque[tuple[int, UserConnections]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __anext__(self) -> UserConnections:
        numbered = await self.next_numbered()
        if numbered is None:
            raise StopAsyncIteration
        return numbered[1]

    async def next_numbered(self) -> tuple[int, UserConnections] | None:
        """Give the next answer with its user's number, from 0; ``None`` when all is over."""
        loop = running_loop()
        if self._loop not in (None, loop):
            raise ClientStateError("these answers belong to another event loop: ask anew here")
        try:
            if self._loop is None:
                self._begin(loop)
            self._feed()
            if not self._taken:
                self._taken.extend(await self.fan_out.take())
        except BaseException:
            self.fan_out.cancel()
            raise
        if not self._taken:
            return None
        self.fan_out.hand_out()
        return self._taken.popleft()

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # At exit the loop is gone already, and so is everything that ran on it.
        weakref.finalize(self, _cancel_soon, loop, self.fan_out).atexit = False
        if self._source is None and isinstance(self._user_ids, AsyncIterable):
            self.fan_out.feed(aiter(self._user_ids))

    def _feed(self) -> None:
        if self._source is not None and (free := self.fan_out.free):
            try:
                user_ids = list(islice(self._source, free))
            except Exception as error:  # noqa: BLE001  # raised once all answers are handed out
                self.fan_out.fail(error)
                return
            self.fan_out.start(self.fan_out.claim(user_ids))
            if len(user_ids) < free:
                self.fan_out.end()

    async def aclose(self) -> None:
        """Stop asking, and wait until everything that was under way is released."""
        self._taken.clear()
        if self._loop is None:
            self.fan_out.cancel()
        elif self._loop is loop_or_none():  # elsewhere there is nothing of it to stop
            await self.fan_out.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


def _cancel_soon(loop: asyncio.AbstractEventLoop, fan_out: FanOut[str, UserConnections]) -> None:
    with suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(fan_out.cancel)
