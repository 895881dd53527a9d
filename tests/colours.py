"""A client of either colour behind one awaited face, which writes down its waits."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias

from publora_async import AsyncPublora
from publora_sync import Publora

Question: TypeAlias = Callable[[Any], Any]
"""What to ask a client of; ``Any``, as no type says what both colours have in common."""


class Client:
    """
    One client, of either colour.

    Attributes:
        waits: How long it would have waited each time, in seconds.
    """

    def __init__(self, publora: AsyncPublora | Publora) -> None:
        self._publora = publora
        inner = publora if isinstance(publora, AsyncPublora) else publora._client
        inner._transport.sleep = self._sleep
        self.waits: list[float] = []
        self._skipped = 0.0

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._skipped += seconds

    async def ask(self, question: Question) -> Any:  # noqa: ANN401  # whatever was asked for
        """Put *question*, such as ``lambda publora: publora.connections.list()``."""
        if isinstance(self._publora, AsyncPublora):
            return await question(self._publora)
        return await asyncio.to_thread(question, self._publora)

    async def skip_waits(self, patch: Callable[[object, str, object], None]) -> None:
        """Let no time pass on the client's event loop but what it would have waited."""

        async def freeze() -> None:
            loop = asyncio.get_running_loop()
            now = loop.time()
            patch(loop, "time", lambda: now + self._skipped)

        if isinstance(self._publora, AsyncPublora):
            await freeze()
        else:
            await asyncio.to_thread(self._publora._bridge.run, freeze)

    async def let_it_read(self) -> None:
        """Give the client's event loop a turn, in which it takes what has arrived."""
        if isinstance(self._publora, AsyncPublora):
            await asyncio.sleep(0)
        else:
            await asyncio.to_thread(self._publora._bridge.run, asyncio.sleep, 0)

    async def close(self) -> None:
        if isinstance(self._publora, AsyncPublora):
            await self._publora.close()
        else:
            await asyncio.to_thread(self._publora.close)
