"""The answers of a fan-out, as they arrive."""

import asyncio
import weakref
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

from publora_async._fan_out.fan_out import FanOut
from publora_async._fan_out.window import Window
from publora_async._loops import loop_or_none, running_loop
from publora_async.errors import ClientStateError
from publora_async.managed_users import ManagedUser
from publora_async.user_connections import UserConnections

__all__ = ["AsyncAnswers"]


class AsyncAnswers(AsyncIterator[UserConnections]):
    """
    An async iterator over answers, and an async context manager that stops asking on exit.

    Nothing is asked before the first answer is waited for. Leaving the loop early stops it,
    too, as soon as the iterator is dropped; what was under way is cancelled.

    Example:
        >>> users = await publora.managed_users.list()
        >>> async with publora.connections.iter_many(users) as answers:
        ...     first = await anext(answers)
        >>> first.user_id in [user.id for user in users]
        True
    """

    def __init__(
        self,
        fan_out: FanOut[str | ManagedUser, UserConnections],
        user_ids: Iterable[str | ManagedUser] | AsyncIterable[str | ManagedUser],
        concurrency: int,
    ) -> None:
        self._fan_out = fan_out
        plain, awaited = (user_ids, None) if isinstance(user_ids, Iterable) else (None, user_ids)
        self._window: Window[str | ManagedUser, UserConnections] = Window(plain, concurrency)
        self._awaited_ids = awaited
        self._room = asyncio.Semaphore(concurrency)
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
        window = self._window
        try:
            if self._loop is None and not window.is_closed:
                self._begin(loop)
            while not window.is_closed:
                if window.room:
                    self._fan_out.start(*window.read())
                if not window.answers:
                    window.put(await self._fan_out.take(window.patience))
                if window.answers:
                    break
        except BaseException:
            window.stop_reading()
            self._fan_out.cancel()
            raise
        if self._awaited_ids is not None:
            self._room.release()
        return window.hand_out()

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # At exit the loop is gone already, and so is everything that ran on it.
        weakref.finalize(self, _cancel_soon, loop, self._fan_out).atexit = False
        if self._awaited_ids is not None:
            self._fan_out.feed(aiter(self._awaited_ids), self._room)

    async def aclose(self) -> None:
        """Stop asking, and wait until everything that was under way is released."""
        await self.leave()

    async def leave(self) -> list[tuple[int, UserConnections]]:
        """Do so, and give the answers that arrived last, handed out or not, with their numbers."""
        if self._loop is None:
            self._window.close()
        elif self._loop is loop_or_none():  # elsewhere there is nothing of it to stop
            self._window.close()
            return await self._fan_out.aclose()
        return []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


def _cancel_soon(
    loop: asyncio.AbstractEventLoop, fan_out: FanOut[str | ManagedUser, UserConnections]
) -> None:
    with suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(fan_out.cancel)
