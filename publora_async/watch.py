"""A watch over accounts: its events as they come."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime
from typing import Protocol, Self

from publora_async._watch.events import Event
from publora_async.errors import ClientStateError

__all__ = ["AsyncWatch", "Clock"]


class Clock(Protocol):
    """
    Tells the time and waits by it, for a watch; the sandbox's clock is one.

    Example:
        >>> from publora_async.sandbox import Clock
        >>> clock = Clock(skip_sleep=True)
        >>> async with publora.connections.watch(once=True, clock=clock) as events:
        ...     kinds = [event.kind async for event in events]  # without waiting
        >>> "broke" in kinds
        True
    """

    def now(self) -> datetime:
        """Give the time, aware."""

    async def sleep(self, seconds: float, /) -> None:
        """Wait so many *seconds*."""


class AsyncWatch(AsyncIterator[Event]):
    """
    An async iterator over events, and an async context manager that stops watching on exit.

    Whoever asks for the next event has dealt with the one before, which is not given again. One
    that was given last and not followed by another request is given again by the next watch over
    the same file: a receiver that was killed in the middle of it gets it twice, and none is lost.
    A call that is cancelled, as by ``asyncio.wait_for``, ends the watch; another one goes on.

    Example:
        >>> async with publora.connections.watch(baseline=True, once=True) as events:
        ...     async for event in events:
        ...         print(event)
    """

    _until_closed: asyncio.Timeout

    def __init__(self, events: AsyncGenerator[Event, None]) -> None:
        self._events = events
        self._one_at_a_time = asyncio.Lock()
        self._pid = os.getpid()
        self._closed = False

    async def __anext__(self) -> Event:
        if (event := await self.next_event()) is None:
            raise StopAsyncIteration
        return event

    async def next_event(self) -> Event | None:
        """
        Give the next event; ``None`` when all is over.

        Raises:
            ClientStateError: The client is closed, or the watch was begun before a fork.
            PubloraError: Whatever ``watch()`` raises while iterating.
        """
        if os.getpid() != self._pid:
            raise ClientStateError("this watch was begun before a fork: begin another one here")
        async with self._one_at_a_time:
            if not self._closed:
                try:
                    # aclose() makes it run out, which asyncio tells from other cancellations.
                    async with asyncio.timeout(None) as self._until_closed:
                        return await anext(self._events, None)
                except TimeoutError:
                    if not self._closed:
                        raise
            await self._events.aclose()
            return None

    async def aclose(self) -> None:
        """Stop watching, and let another watch have the state."""
        if os.getpid() != self._pid:
            return
        if self._one_at_a_time.locked() and not self._closed:
            self._until_closed.reschedule(0)
        self._closed = True
        await self.next_event()  # whoever is next closes the generator

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
