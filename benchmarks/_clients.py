"""Contenders that make one call after the other with an event loop of their own."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import yarl

from benchmarks._job import AsyncJob, Task, repeated_async, seen_dicts, seen_records
from publora_async import AsyncPublora, ConnectionList

__all__ = ["documented_aiohttp", "httpx", "niquests", "publora", "tuned_aiohttp", "tuned_session"]


@asynccontextmanager
async def publora(task: Task) -> AsyncIterator[AsyncJob]:
    """Give our client: typed records, with deadline, slots, retries and caps."""
    async with AsyncPublora(task.api_key, base_url=task.base_url) as client:

        async def call() -> ConnectionList:
            return await client.connections.list(user_id=task.user_id)

        yield repeated_async(call, seen_records)


@asynccontextmanager
async def documented_aiohttp(task: Task) -> AsyncIterator[AsyncJob]:
    """Give aiohttp as its documentation shows it: dicts."""
    url, headers = task.url, task.headers
    async with aiohttp.ClientSession() as session:

        async def call() -> Any:  # noqa: ANN401  # JSON
            async with session.get(url, headers=headers) as response:
                return await response.json()

        yield repeated_async(call, seen_dicts)


def tuned_session(task: Task) -> aiohttp.ClientSession:
    """Make a session with all that makes aiohttp fast; its timeouts are the default ones."""
    # asyncio reads into a buffer of 256 KiB. glibc maps and unmaps it for each read, until a
    # larger block has been freed once.
    bytes(1 << 20)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=task.headers,
    )


@asynccontextmanager
async def tuned_aiohttp(task: Task) -> AsyncIterator[AsyncJob]:
    """Give aiohttp at its fastest: bytes."""
    url = yarl.URL(task.url)
    async with tuned_session(task) as session:

        async def call() -> bytes:
            response = await session.get(url)
            return await response.read()

        yield repeated_async(call, lambda body: seen_dicts(json.loads(body)))


@asynccontextmanager
async def httpx(task: Task) -> AsyncIterator[AsyncJob]:
    """Give httpx as its documentation shows it: dicts."""
    import httpx

    url, headers = task.url, task.headers
    async with httpx.AsyncClient() as client:

        async def call() -> Any:  # noqa: ANN401  # JSON
            response = await client.get(url, headers=headers)
            return response.json()

        yield repeated_async(call, seen_dicts)


@asynccontextmanager
async def niquests(task: Task) -> AsyncIterator[AsyncJob]:
    """Give niquests as its documentation shows it: dicts."""
    import niquests

    url, headers = task.url, task.headers
    async with niquests.AsyncSession() as session:

        async def call() -> Any:  # noqa: ANN401  # JSON
            response = await session.get(url, headers=headers)
            return response.json()

        yield repeated_async(call, seen_dicts)
