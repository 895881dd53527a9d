"""Watches the users of a sandbox, and prints what it took: ``python -m ... USERS ROUNDS``."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._machine import peak_bytes
from publora_async import AsyncPublora
from publora_async.sandbox import Sandbox

__all__: list[str] = []


async def _watch(users: int, rounds: int, state: Path) -> dict[str, list[float]]:
    # A million ids at once would count as the watch's memory.
    ids = Sandbox(users=users).user_ids

    def anew() -> Iterator[str]:
        return iter(ids)

    cpu = []
    accounts = 0
    async with AsyncPublora() as publora:
        async for answer in publora.connections.iter_many(ids[:1000]):
            accounts += len(answer.connections or ())
        before = peak_bytes()
        for _ in range(rounds):
            begun = time.process_time()
            watch = publora.connections.watch(
                anew, every=timedelta(seconds=1), state=state, baseline=True, once=True
            )
            async with watch as events:
                async for _event in events:
                    pass
            cpu.append(time.process_time() - begun)
    memory = (peak_bytes() - before) / 2**20
    return {"cpu": cpu, "memory": [memory], "accounts": [users * accounts / len(ids[:1000])]}


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        count, often = int(sys.argv[1]), int(sys.argv[2])
        path = Path(folder, "accounts.db")
        seen = asyncio.run(_watch(count, often, path))
        seen["file"] = [path.stat().st_size / seen["accounts"][0]]
        print(json.dumps(seen))
