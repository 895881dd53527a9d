"""Asking about many users: what is bounded, and whose answer is whose."""

import asyncio
import gc
import logging
import socket
import tracemalloc
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import pytest
from asking import ClientOf, Serve
from colours import Client
from crowd import Crowd, all_answered, answers, ids_of, reply_for
from hostile import user_asked_about
from ways import ITER_WAYS, SIZE, WAYS, Way

from publora_async import UserConnections

every_way = pytest.mark.parametrize("way", WAYS, ids=str)


async def count_tasks(client: Client) -> list[int]:
    """How many tasks there are on the client's loop whenever one begins, beside those now."""
    counts: list[int] = []

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        before = asyncio.all_tasks()

        def begin(
            loop: asyncio.AbstractEventLoop,
            coroutine: Any,  # noqa: ANN401  # as asyncio's
            **options: Any,  # noqa: ANN401
        ) -> "asyncio.Task[Any]":
            task = asyncio.Task(coroutine, loop=loop, **options)
            counts.append(len(asyncio.all_tasks(loop) - before))
            return task

        loop.set_task_factory(begin)

    await client.on_loop(watch)
    return counts


@every_way
async def test_32_at_most_concurrency_tasks_and_sockets(
    way: Way, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(Crowd(SIZE, *[all_answered] * 5))
    client = client_of(server)
    tasks = await count_tasks(client)
    await client.ask(way.ask(ids_of(5 * SIZE), []))
    assert (len(server.heads), server.connections) == (5 * SIZE, SIZE)
    # One more reads the ids of an async iterable, or waits for the answers of a plain call.
    assert max(tasks) <= SIZE + 1


@every_way
async def test_32_a_concurrency_of_one_asks_one_after_the_other(
    way: Way, serve: Serve, client_of: ClientOf
) -> None:
    seen = list[UserConnections]()
    server = serve(Crowd(1, all_answered))
    await client_of(server).ask(way.ask(ids_of(5), seen, concurrency=1))
    assert seen == answers(ids_of(5))
    assert (len(server.heads), server.connections) == (5, 1)


@every_way
async def test_32_ids_are_read_no_faster_than_answers_are_used(
    way: Way, serve: Serve, client_of: ClientOf
) -> None:
    read = used = 0
    ahead: list[int] = []

    def ids() -> Iterator[str]:
        nonlocal read
        for user_id in ids_of(5 * SIZE):
            read += 1
            ahead.append(read - used)
            yield user_id

    def step() -> None:
        nonlocal used
        used += 1

    server = serve(Crowd(SIZE, *[all_answered] * 5))
    await client_of(server).ask(way.ask(ids(), [], step=step))
    assert (read, used, len(server.heads)) == (5 * SIZE, 5 * SIZE, 5 * SIZE)
    assert max(ahead) == SIZE


@pytest.mark.parametrize("way", ITER_WAYS, ids=str)
async def test_32_memory_is_flat_in_the_number_of_users(
    way: Way, serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = 0

    def answer(connection: socket.socket) -> None:
        nonlocal requests
        requests += 1
        server.heads.clear()
        connection.sendall(reply_for(user_asked_about()))

    async def peak(users: int) -> int:
        seen = list[UserConnections]()
        ids = (f"user-{number}" for number in range(users))
        gc.collect()
        tracemalloc.start()
        await client.ask(way.ask(ids, seen, step=seen.clear))
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    # pytest, and the fixture that looks for the key, keep every line.
    monkeypatch.setattr(logging.getLogger("publora_async"), "disabled", True)
    server = serve(answer)
    client = client_of(server)
    await peak(50)  # what is kept from the first time on, such as connections
    few = await peak(50)
    assert await peak(550) < few + 50_000
    assert requests == 650


@every_way
async def test_32_each_answer_comes_under_the_id_it_was_asked_for(
    way: Way, serve: Serve, client_of: ClientOf
) -> None:
    twice = [*ids_of(3 * SIZE - 2), "user-0001", "user-0001"]
    seen = list[UserConnections]()
    server = serve(Crowd(SIZE, *[all_answered] * 3))
    await client_of(server).ask(way.ask(twice, seen))
    if not way.keeps_order:
        twice.sort()
        seen.sort(key=attrgetter("user_id"))
    assert seen == answers(twice)
    assert len(server.heads) == 3 * SIZE
