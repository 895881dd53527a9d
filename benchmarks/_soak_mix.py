"""
The soak's calls, in a process of their own: in every way in which people call, and stop.

``python -m benchmarks._soak_mix COLOUR CALLS SEED BASE_URL`` prints, as JSON, what the process
held before, half-way and after, and what came of the calls.
"""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks._soak_ledger import Ledger, Unit, footprint, plan
from publora_async import AsyncPublora, ClientStateError, PubloraError
from publora_sync import Publora

__all__: list[str] = []

_ASYNC_HANDS, _SYNC_HANDS = 8, 24
"""How many units are under way at once."""

_WAIT = 0.1
"""The longest time, in seconds, before what is to be cut short is."""


class _Mix:
    """
    What both colours have in common.

    Attributes:
        ledger: What came of it.
        held: What the process held at three times.
    """

    def __init__(self, calls: int, seed: int, base_url: str) -> None:
        self.ledger = Ledger()
        self.held: dict[str, dict[str, int]] = {}
        self.options: dict[str, Any] = {
            "api_key": "k",
            "base_url": base_url,
            "timeout": 0.5,
            "deadline": 5,
            "max_retries": 1,
        }
        self._calls = calls
        self._units = plan(calls, seed)
        self._lock = threading.Lock()

    def units(self) -> Iterator[Unit]:
        """Give the units that nobody has taken yet. From any thread."""
        asked = 0
        while True:
            with self._lock:
                unit = next(self._units, None)
                if unit is None:
                    return
                asked = int(unit.user_ids[-1].partition("-")[2])
                if asked > self._calls / 2 and "half-way" not in self.held:
                    self.held["half-way"] = footprint()
            yield unit


class _AsyncMix(_Mix):
    async def run(self) -> None:
        """Do all the units."""
        async with AsyncPublora(**self.options) as warm:
            await self._one(warm, "warm")
        self.ledger = Ledger()
        self.held["before"] = footprint()
        with ThreadPoolExecutor(4) as self._threads:
            async with AsyncPublora(**self.options) as self._publora, asyncio.TaskGroup() as hands:
                for _ in range(_ASYNC_HANDS):
                    hands.create_task(self._work())
        await asyncio.sleep(0.5)  # a closed transport gives its socket back a little later
        self.held["after"] = footprint()

    async def _work(self) -> None:
        for unit in self.units():
            match unit.kind:
                case "singles":
                    await asyncio.gather(
                        *(self._one(self._publora, user_id) for user_id in unit.user_ids)
                    )
                case "iter_many":
                    await self._iterate(self._publora, unit)
                case "list_many":
                    await self._list(self._publora, unit)
                case "left":
                    await self._leave(unit)
                case "cancelled":
                    await self._cancel(unit)
                case "own client":
                    await self._iterate_alone(unit)
                case "closed":
                    await self._close(unit)
                case "thread":
                    loop = asyncio.get_running_loop()
                    await loop.run_in_executor(
                        self._threads, asyncio.run, self._iterate_alone(unit)
                    )

    async def _one(self, publora: AsyncPublora, user_id: str) -> None:
        try:
            self.ledger.see(user_id, await publora.connections.list(user_id=user_id))
        except PubloraError as error:
            self.ledger.see(user_id, error)

    async def _iterate(self, publora: AsyncPublora, unit: Unit) -> None:
        ordered = unit.chance < 0.5
        asked = publora.connections.iter_many(unit.user_ids, concurrency=16, ordered=ordered)
        self.ledger.see_all(unit, [answer async for answer in asked], ordered=ordered)

    async def _iterate_alone(self, unit: Unit) -> None:
        async with AsyncPublora(**self.options) as publora:
            await self._iterate(publora, unit)

    async def _list(self, publora: AsyncPublora, unit: Unit) -> None:
        answers = await publora.connections.list_many(unit.user_ids)
        self.ledger.see_all(unit, answers, ordered=True)

    async def _leave(self, unit: Unit) -> None:
        left = len(unit.user_ids)
        async for answer in self._publora.connections.iter_many(unit.user_ids):
            self.ledger.see(answer.user_id, answer.connections or answer.error)
            left -= 1
            if left <= unit.chance * len(unit.user_ids):
                break
        self.ledger.count("left", left)

    async def _cancel(self, unit: Unit) -> None:
        work = self._list if unit.chance < 0.5 else self._iterate
        asking = asyncio.create_task(work(self._publora, unit))
        await asyncio.sleep(unit.chance * _WAIT)
        asking.cancel()
        try:
            await asking
        except asyncio.CancelledError:
            self.ledger.count("cancelled", len(unit.user_ids))

    async def _close(self, unit: Unit) -> None:
        publora = AsyncPublora(**self.options)
        asking = asyncio.create_task(self._list(publora, unit))
        await asyncio.sleep(unit.chance * _WAIT)
        await publora.close()
        try:
            await asking
        except ClientStateError:
            self.ledger.count("ClientStateError", len(unit.user_ids))


class _SyncMix(_Mix):
    def run(self) -> None:
        """Do all the units, each hand on a thread."""
        with Publora(**self.options) as warm:
            self._one(warm, "warm")
        self.ledger = Ledger()
        self.held["before"] = footprint()
        with (
            ThreadPoolExecutor(_SYNC_HANDS) as self._threads,
            Publora(**self.options) as self._publora,
            ThreadPoolExecutor(_SYNC_HANDS) as hands,
        ):
            for hand in [hands.submit(self._work) for _ in range(_SYNC_HANDS)]:
                hand.result()
        self.held["after"] = footprint()

    def _work(self) -> None:
        do: dict[str, Callable[[Unit], None]] = {
            "singles": self._singles,
            "iter_many": lambda unit: self._iterate(self._publora, unit),
            "list_many": lambda unit: self._list(self._publora, unit),
            "left": self._leave,
            "cancelled": self._leave,
            "own client": self._iterate_alone,
            "closed": self._close,
            "thread": self._singles,
        }
        for unit in self.units():
            do[unit.kind](unit)

    def _singles(self, unit: Unit) -> None:
        for user_id in unit.user_ids:
            self._one(self._publora, user_id)

    def _one(self, publora: Publora, user_id: str) -> None:
        try:
            self.ledger.see(user_id, publora.connections.list(user_id=user_id))
        except PubloraError as error:
            self.ledger.see(user_id, error)

    def _iterate(self, publora: Publora, unit: Unit) -> None:
        ordered = unit.chance < 0.5
        asked = publora.connections.iter_many(unit.user_ids, concurrency=16, ordered=ordered)
        self.ledger.see_all(unit, list(asked), ordered=ordered)

    def _iterate_alone(self, unit: Unit) -> None:
        with Publora(**self.options) as publora:
            self._iterate(publora, unit)

    def _list(self, publora: Publora, unit: Unit) -> None:
        self.ledger.see_all(unit, publora.connections.list_many(unit.user_ids), ordered=True)

    def _leave(self, unit: Unit) -> None:
        left = len(unit.user_ids)
        answers = self._publora.connections.iter_many(unit.user_ids)
        for answer in answers:
            self.ledger.see(answer.user_id, answer.connections or answer.error)
            left -= 1
            if left <= unit.chance * len(unit.user_ids):
                break
        if unit.kind == "cancelled":
            answers.close()
        self.ledger.count("left", left)

    def _close(self, unit: Unit) -> None:
        publora = Publora(**self.options)
        asking = self._threads.submit(self._list, publora, unit)
        time.sleep(unit.chance * _WAIT)
        publora.close()
        try:
            asking.result()
        except ClientStateError:
            self.ledger.count("ClientStateError", len(unit.user_ids))


def _main(colour: str, calls: int, seed: int, base_url: str) -> None:
    mix: _AsyncMix | _SyncMix
    if colour == "async":
        mix = _AsyncMix(calls, seed, base_url)
        asyncio.run(mix.run())
    else:
        mix = _SyncMix(calls, seed, base_url)
        mix.run()
    print(
        json.dumps(
            {"held": mix.held, "outcomes": mix.ledger.outcomes, "foreign": mix.ledger.foreign[:9]}
        )
    )


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
