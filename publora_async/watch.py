"""A watch over accounts: its events as they come."""

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
)
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from publora_async.managed_users import ManagedUser
from publora_async.snapshots import Event

__all__ = ["AsyncWatch", "Clock", "SystemClock", "Users", "WatchedUsers"]

WatchedUsers: TypeAlias = Iterable[str | ManagedUser] | AsyncIterable[str | ManagedUser]
"""Whom a round of a watch looks at."""

Users: TypeAlias = WatchedUsers | Callable[[], WatchedUsers | Awaitable[WatchedUsers]] | None
"""The same, or what gives them anew for each round; ``None``: the key's own account."""


class Clock(Protocol):
    """Tells the time and waits by it, for a watch; the sandbox's ``Clock`` is one."""

    def now(self) -> datetime:
        """Give the time, aware."""

    async def sleep(self, seconds: float, /) -> None:
        """Wait so many *seconds*."""


class SystemClock:
    """The computer's clock."""

    def now(self) -> datetime:
        """Give the time, in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float, /) -> None:
        """Wait so many *seconds*."""
        await asyncio.sleep(seconds)


class AsyncWatch(AsyncIterator[Event]):
    """
    An async iterator over events, and an async context manager that stops watching on exit.

    Whoever asks for the next event has dealt with the one before, which is not given again. One
    that was given last and not followed by another request is given again by the next watch over
    the same file: a receiver that was killed in the middle of it gets it twice, and none is lost.

    Example:
        >>> async with publora.connections.watch(baseline=True, once=True) as events:
        ...     async for event in events:
        ...         print(event)
    """

    def __init__(self, events: AsyncGenerator[Event, None]) -> None:
        self._events = events
        self._step: asyncio.Task[Event | None] | None = None
        self._closed = False

    async def __anext__(self) -> Event:
        event = await self.next_event()
        if event is None:
            raise StopAsyncIteration
        return event

    async def next_event(self) -> Event | None:
        """Give the next event; ``None`` when all is over."""
        if self._closed:
            return None
        # A task of its own, which can be stopped from another one.
        self._step = asyncio.create_task(self._next())
        try:
            return await self._step
        except asyncio.CancelledError:
            if self._closed:
                return None
            raise

    async def _next(self) -> Event | None:
        return await anext(self._events, None)

    async def aclose(self) -> None:
        """Stop watching, and let another watch have the state."""
        self._closed = True
        if self._step is not None and not self._step.done():
            self._step.cancel()
            await asyncio.wait([self._step])
        await self._events.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
