"""Asking about many users: what is bounded, whose answer is whose, and whose failure."""

import asyncio
import gc
import gzip
import logging
import socket
import tracemalloc
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import pytest
from asking import ClientOf, Serve, failure
from colours import Client
from crowd import Asked, Crowd, all_answered, all_left, answers, ids_of, other_tasks, reply_for
from hostile import CUT, Answer, reply, then_hang_up, then_reset, user_asked_about
from ways import ITER_WAYS, SIZE, WAYS, Way

from publora_async import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    PubloraError,
    RateLimitError,
    RequestTimeoutError,
    ResponseDecodeError,
    ServerError,
    TransportError,
    UserConnections,
)

by_id = attrgetter("user_id")
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
    seen: list[UserConnections] = []
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
        seen: list[UserConnections] = []
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
    seen: list[UserConnections] = []
    server = serve(Crowd(SIZE, *[all_answered] * 3))
    await client_of(server).ask(way.ask(twice, seen))
    if not way.keeps_order:
        twice.sort()
        seen.sort(key=lambda answer: answer.user_id)
    assert seen == answers(twice)
    assert len(server.heads) == 3 * SIZE


CHECK_BASE_URL = "check that base_url points at Publora's API and no proxy answers in its place"
MISSHAPEN = "connections: expected a list, found a number"
BROKEN = "the connection broke before the answer was whole"
FAILURES: dict[str, tuple[Answer, PubloraError]] = {
    "malformed": (
        reply({"error": "Invalid x-publora-user-id"}, status=400),
        BadRequestError(400, "Invalid x-publora-user-id"),
    ),
    "another-s": (
        reply({"error": "User is not managed by key"}, status=403),
        PermissionDeniedError(403, "User is not managed by key"),
    ),
    "forbidden": (reply({}, status=403), PermissionDeniedError(403, "Forbidden")),
    "unknown": (reply({}, status=404), NotFoundError(404, "Not Found")),
    "in-conflict": (reply({}, status=409), ConflictError(409, "Conflict")),
    "limited": (
        reply({}, status=429, headers={"Retry-After": "0"}),
        RateLimitError(429, "Too Many Requests", retry_after=0, gave_up="retries"),
    ),
    "moved": (
        reply({}, status=302),
        APIStatusError(302, "Found"),
    ),
    "failing": (
        reply({}, status=500),
        ServerError(500, "Internal Server Error", gave_up="retries"),
    ),
    "hung-up-on": (then_hang_up(), TransportError(BROKEN, "headers", gave_up="retries")),
    "reset": (then_reset(), TransportError(BROKEN, "headers", gave_up="retries")),
    "cut": (then_hang_up(CUT), TransportError(BROKEN, "body", gave_up="retries")),
    "garbled": (
        then_hang_up(b"garbage\r\n\r\n"),
        TransportError("what answered does not speak HTTP: check base_url", "headers"),
    ),
    "paged": (
        reply(b"<html>"),
        ResponseDecodeError(f"the answer is not JSON (6 bytes): {CHECK_BASE_URL}"),
    ),
    "misshapen": (
        reply({"success": True, "connections": 5}),
        ResponseDecodeError(
            f"the answer is not what Publora documents: {MISSHAPEN}", "connections", (MISSHAPEN,)
        ),
    ),
    "bombed": (
        reply(gzip.compress(bytes(5_000_000)), headers={"Content-Encoding": "gzip"}),
        ResponseDecodeError("the answer is over 4194304 bytes long"),
    ),
    "not sendable": (
        b"",
        ConfigurationError(
            "user_id may hold only printable ASCII characters without blanks; "
            "character 4 of 12 is something else"
        ),
    ),
}


@every_way
async def test_33_one_users_failure_is_that_users_result(
    way: Way, serve: Serve, client_of: ClientOf
) -> None:
    def answer(connection: socket.socket) -> None:
        user_id = user_asked_about()
        failure = FAILURES[user_id][0] if user_id in FAILURES else reply_for(user_id)
        if isinstance(failure, bytes):
            connection.sendall(failure)
        else:
            failure(connection)

    good = ids_of(len(FAILURES))
    due = answers(good) + [
        UserConnections(user_id, error=error) for user_id, (_, error) in FAILURES.items()
    ]
    seen: list[UserConnections] = []
    server = serve(answer)
    ids = [one for pair in zip(good, FAILURES, strict=True) for one in pair]
    await client_of(server, max_retries=0).ask(way.ask(ids, seen))
    if way.keeps_order:
        assert [answer.user_id for answer in seen] == ids
    assert sorted(seen, key=by_id) == sorted(due, key=by_id)
    assert len(server.heads) == len(ids) - 1  # all but what cannot be sent


async def test_33_one_users_timeout_is_that_users_result(serve: Serve, client_of: ClientOf) -> None:
    def answer(connection: socket.socket) -> None:
        if user_asked_about() != "user-0001":
            connection.sendall(reply_for(user_asked_about()))

    ids, seen = ids_of(5 * SIZE), list[UserConnections]()
    server = serve(answer)
    await client_of(server, max_retries=0, timeout=1).ask(Way("list_many").ask(ids, seen))
    error = RequestTimeoutError(
        "the timeout of 1 s ran out while waiting for the answer",
        "headers",
        gave_up="retries",
        limit="timeout",
        seconds=1,
    )
    due = answers(ids)
    due[1] = UserConnections("user-0001", error=error)
    assert seen == due
    assert len(server.heads) == len(ids)


REFUSALS_OF_THE_KEY = [
    AuthenticationError(401, "Invalid API key"),
    PermissionDeniedError(403, "API access is not enabled for this account"),
    PermissionDeniedError(403, "Workspace access is not enabled for this key"),
]


@pytest.mark.parametrize("refusal", REFUSALS_OF_THE_KEY, ids=lambda refusal: refusal.message)
@every_way
async def test_33_a_refusal_of_the_key_stops_everything_and_is_raised_with_what_was_answered(
    way: Way, refusal: APIStatusError, serve: Serve, client_of: ClientOf
) -> None:
    def one_refused(asked: list[Asked]) -> None:
        connection, _ = asked[-1]
        connection.sendall(reply({"error": refusal.message}, status=refusal.status))

    seen: list[UserConnections] = []
    server = serve(Crowd(SIZE, all_answered, one_refused))
    client = client_of(server)
    tasks = await client.on_loop(other_tasks)
    error = await failure(client, way.ask(ids_of(100), seen))
    assert isinstance(error, type(refusal))
    assert sorted([*seen, *error.results], key=by_id) == answers(ids_of(SIZE))
    assert bool(seen) == (way.method == "iter_many")
    error.results = ()
    assert error == refusal
    assert await all_left(client, server, tasks) == 2 * SIZE
