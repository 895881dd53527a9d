"""A client of either colour behind one awaited face, which writes down its waits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, TypeVar

from seams import Sleep, draw_from, on_loop_thread, sleep_by
from still_clock import StillClock

from publora_async import AsyncPublora
from publora_sync import Publora

T = TypeVar("T")

Question: TypeAlias = Callable[[Any], Any]
"""What to ask a client of; ``Any``, as no type says what both colours have in common."""


async def take_what_has_arrived() -> None:
    """Give the running event loop turns enough to read what its sockets hold."""
    for _ in range(10):
        await asyncio.sleep(0)


class Client:
    """
    One client, of either colour.

    Args:
        publora: The client.
        random: Gives the numbers from 0 up to 1 that it draws. ``None``: its own.

    Attributes:
        waits: How long it would have waited each time, in seconds.
    """

    def __init__(
        self, publora: AsyncPublora | Publora, random: Callable[[], float] | None = None
    ) -> None:
        self._publora = publora
        if random is not None:
            draw_from(publora, random)
        sleep_by(publora, self._noting)
        self.waits: list[float] = []
        self._skipped = 0.0
        self._clock: StillClock | None = None

    def _noting(self, wait: Sleep) -> Sleep:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)
            if self._clock is None:
                self._skipped += seconds
            else:
                await wait(seconds)

        return sleep

    async def ask(self, question: Question) -> Any:  # noqa: ANN401  # whatever was asked for
        """Put *question*, such as ``lambda publora: publora.connections.list()``."""
        if isinstance(self._publora, AsyncPublora):
            return await question(self._publora)
        return await asyncio.to_thread(question, self._publora)

    async def on_loop(self, work: Callable[..., Awaitable[T]], *args: object) -> T:
        """Await *work* on the client's event loop."""
        if isinstance(self._publora, AsyncPublora):
            return await work(*args)
        return await asyncio.to_thread(on_loop_thread, self._publora, work, *args)

    async def skip_waits(self, patch: Callable[[object, str, object], None]) -> None:
        """Let no time pass on the client's event loop but what it would have waited."""

        async def freeze() -> None:
            loop = asyncio.get_running_loop()
            now = loop.time()
            patch(loop, "time", lambda: now + self._skipped)

        await self.on_loop(freeze)

    @asynccontextmanager
    async def still_clock(self) -> AsyncIterator[StillClock]:
        """Let time pass on the client's event loop only when the test says so."""

        async def stop() -> StillClock:
            clock = StillClock(asyncio.get_running_loop())
            clock.stop()
            return clock

        self._clock = await self.on_loop(stop)
        try:
            yield self._clock
        finally:
            self._clock.go_on()
            self._clock = None

    async def advance(self, seconds: float = 0) -> None:
        """Let so much time pass on a clock that stands still, and all that is due happen."""
        assert self._clock is not None
        await self.on_loop(self._clock.advance, seconds)

    async def let_it_read(self) -> None:
        """Have the client's event loop take what has arrived."""
        await self.on_loop(take_what_has_arrived)

    async def close(self) -> None:
        if isinstance(self._publora, AsyncPublora):
            await self._publora.close()
        else:
            await asyncio.to_thread(self._publora.close)
