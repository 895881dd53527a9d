"""A contender that says in which modules our client's calls spend their time."""

import cProfile
import pstats
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks._job import AsyncJob, Task
from publora_async import AsyncPublora

__all__ = ["own_times"]

WAITING = "waiting for the socket"


@asynccontextmanager
async def own_times(task: Task) -> AsyncIterator[AsyncJob]:
    """Give our client under cProfile: seconds of own time by module."""
    async with AsyncPublora(task.api_key, base_url=task.base_url) as client:

        async def run(calls: int) -> dict[str, float]:
            with cProfile.Profile() as profile:
                for _ in range(calls):
                    await client.connections.list(user_id=task.user_id)
            return _by_module(pstats.Stats(profile))

        yield AsyncJob(run, lambda: run(1))


def _by_module(stats: pstats.Stats) -> dict[str, float]:
    """
    Sum the own time of functions by module.

    A built-in function's time counts for the modules that called it, but for the selector's:
    that is no work.
    """
    times: Counter[str] = Counter()
    # typeshed does not know the table.
    table: dict[tuple[str, int, str], tuple[Any, ...]] = stats.stats  # type: ignore[attr-defined]
    for (file, _, function), (_, _, own, _, callers) in table.items():
        if "poll" in function and file == "~":
            times[WAITING] += own
        elif file == "~":
            for (caller, *_), (_, _, part, _) in callers.items():
                times[_module(caller)] += part
        else:
            times[_module(file)] += own
    return dict(times)


def _module(file: str) -> str:
    path = Path(file)
    parts = path.parts
    for package in ("publora_async", "aiohttp"):
        if package in parts:
            return f"{package}.{path.stem}"
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1].removesuffix(".py")
    return path.parent.name if path.parent.name in {"asyncio", "json"} else path.stem
