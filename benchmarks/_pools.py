"""Contenders that ask about many users, 50 at a time."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias

import yarl

from benchmarks._clients import tuned_session
from benchmarks._job import AsyncJob, Job, Seen, Task, seen_dicts, seen_records
from publora_async import AsyncPublora, UserConnections
from publora_async.sandbox import Sandbox
from publora_sync import Publora

__all__ = ["CONCURRENCY", "iter_many", "pool_aiohttp", "pool_httpx", "sync_iter_many"]

CONCURRENCY = 50

_CHECKED = 200

_Answers: TypeAlias = "list[tuple[str, Any]]"


@asynccontextmanager
async def iter_many(task: Task) -> AsyncIterator[AsyncJob]:
    """Give our fan-out."""
    user_ids = list(Sandbox(users=task.users).user_ids)
    async with AsyncPublora(task.api_key, base_url=task.base_url) as publora:

        async def ask(users: int) -> list[UserConnections]:
            asked = publora.connections.iter_many(user_ids[:users], concurrency=CONCURRENCY)
            return [answer async for answer in asked]

        async def run(users: int) -> None:
            await ask(users)

        async def check() -> list[Seen]:
            return _seen_ours(await ask(_CHECKED))

        yield AsyncJob(run, check)


@contextmanager
def sync_iter_many(task: Task) -> Iterator[Job]:
    """Give our fan-out without await."""
    user_ids = list(Sandbox(users=task.users).user_ids)
    with Publora(task.api_key, base_url=task.base_url) as publora:

        def ask(users: int) -> list[UserConnections]:
            return list(publora.connections.iter_many(user_ids[:users], concurrency=CONCURRENCY))

        def run(users: int) -> None:
            ask(users)

        yield Job(run, lambda: _seen_ours(ask(_CHECKED)))


@asynccontextmanager
async def pool_aiohttp(task: Task) -> AsyncIterator[AsyncJob]:
    """Give a pool of worker tasks over tuned aiohttp, written by hand: dicts."""
    url = yarl.URL(task.url)
    async with tuned_session(task) as session:

        async def fetch(user_id: str) -> Any:  # noqa: ANN401  # JSON
            response = await session.get(url, headers={"x-publora-user-id": user_id})
            return json.loads(await response.read())

        yield _pool_job(task, fetch)


@asynccontextmanager
async def pool_httpx(task: Task) -> AsyncIterator[AsyncJob]:
    """Give the same pool over httpx: dicts."""
    import httpx

    url = task.url
    async with httpx.AsyncClient(headers=task.headers) as client:

        async def fetch(user_id: str) -> Any:  # noqa: ANN401  # JSON
            response = await client.get(url, headers={"x-publora-user-id": user_id})
            return response.json()

        yield _pool_job(task, fetch)


def _pool_job(task: Task, fetch: Callable[[str], Awaitable[Any]]) -> AsyncJob:
    user_ids = list(Sandbox(users=task.users).user_ids)

    async def run(users: int) -> None:
        await _pool(fetch, user_ids[:users])

    async def check() -> list[Seen]:
        answers = await _pool(fetch, user_ids[:_CHECKED])
        return _compared([(user_id, seen_dicts(answer)) for user_id, answer in answers])

    return AsyncJob(run, check)


async def _pool(fetch: Callable[[str], Awaitable[Any]], user_ids: Iterable[str]) -> _Answers:
    feed = iter(user_ids)
    answers: _Answers = []

    async def work() -> None:
        for user_id in feed:
            answers.append((user_id, await fetch(user_id)))

    async with asyncio.TaskGroup() as group:
        for _ in range(CONCURRENCY):
            group.create_task(work())
    return answers


def _seen_ours(answers: list[UserConnections]) -> list[Seen]:
    return _compared([(answer.user_id, seen_records(answer.connections)) for answer in answers])


def _compared(answers: list[tuple[str, Seen]]) -> list[Seen]:
    """Put answers, which come in any order, into one."""
    return [[[user_id], *seen] for user_id, seen in sorted(answers, key=lambda pair: pair[0])]
