"""What counts as a call's time: the queue, all attempts, and the waits between them."""

import asyncio
from typing import Any

import pytest
from asking import ClientOf, Serve, failure, listing, outcome_of, shut_gate
from hostile import Held, reply

from publora_async import (
    ConnectionList,
    NotSentError,
    PubloraError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    Stage,
)

DOWN = reply({"error": "down"}, status=503)

DOING: dict[Stage, str] = {
    "queue": "while waiting for a free connection: max_connections calls are under way",
    "headers": "while waiting for the response",
}


def too_late(stage: Stage, seconds: float, attempts: int) -> RequestTimeoutError:
    return RequestTimeoutError(
        f"the deadline of {seconds:g} s ran out {DOING[stage]}",
        stage,
        attempts=attempts,
        gave_up="deadline",
        limit="deadline",
        seconds=seconds,
    )


def two_at_once(publora: Any) -> Any:  # noqa: ANN401  # either colour
    return publora.connections.list_many(["a", "b"], concurrency=2)


async def test_17_a_deadline_covers_the_queue(serve: Serve, client_of: ClientOf) -> None:
    server = serve(held := Held())
    client = client_of(server, timeout=1000, deadline=7.375, max_connections=1)
    async with client.still_clock():
        call = asyncio.create_task(client.ask(two_at_once))
        await held.next()
        await client.advance(7.25)
        assert not call.done()
        await client.advance(0.125)
        answers = await outcome_of(call)
    assert [answer.error for answer in answers] == [
        too_late("headers", 7.375, attempts=1),
        too_late("queue", 7.375, attempts=0),
    ]
    assert len(server.heads) == 1


@pytest.mark.parametrize(
    ("third", "error"),
    [
        pytest.param(b"", too_late("headers", 8, attempts=3), id="an attempt"),
        pytest.param(DOWN, ServerError(503, "down", attempts=3, gave_up="deadline"), id="a wait"),
    ],
)
async def test_17_a_deadline_covers_all_attempts_and_the_waits_between_them(
    third: bytes, error: PubloraError, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(held := Held())
    client = client_of(server, timeout=1000, deadline=8, random=lambda: 1.0)
    async with client.still_clock():
        call = asyncio.create_task(client.ask(listing))
        for answer, wait in ((DOWN, 0.5), (DOWN, 1.0), (third, 0.5)):
            connection = await held.next()
            await client.advance(2)
            connection.sendall(answer)
            await client.advance(wait)
        assert await outcome_of(call) == error
    assert (len(server.heads), client.waits) == (3, [0.5, 1.0])


@pytest.mark.parametrize(
    ("asked", "drawn", "deadline", "waits"),
    [
        ("9", 0.0, 9.5, [9.0]),
        ("9", 0.0, 9.0, []),
        ("10", 0.0, 9.0, []),
        ("60", 0.0, 59.0, []),
        ("60", 0.0, None, [60.0]),
        (None, 0.5, 0.5, [0.25]),
        (None, 1.0, 0.5, []),
        (None, 1.0, 0.25, []),
    ],
)
async def test_17_no_wait_is_begun_that_would_cross_the_deadline(
    asked: str | None,
    drawn: float,
    deadline: float | None,
    waits: list[float],
    serve: Serve,
    client_of: ClientOf,
) -> None:
    headers = {"Retry-After": asked} if asked else {}
    server = serve(reply({"error": "slow down"}, status=429, headers=headers), reply())
    client = client_of(server, deadline=deadline, random=lambda: drawn)
    async with client.still_clock():
        call = asyncio.create_task(client.ask(listing))
        await asyncio.to_thread(server.answered.acquire, timeout=5)
        await client.advance(sum(waits))
        outcome = await outcome_of(call)
    assert (len(server.heads), client.waits) == (1 + len(waits), waits)
    assert outcome == (
        ConnectionList()
        if waits
        else RateLimitError(
            429,
            "slow down",
            retry_after=float(asked) if asked else None,
            gave_up="deadline",
        )
    )


async def test_17_a_deadline_covers_the_wait_at_a_gate(serve: Serve, client_of: ClientOf) -> None:
    server = serve(held := Held())
    client = client_of(server, deadline=4, max_retries=0, random=lambda: 1.0)
    users = [f"user{number}" for number in range(30)]
    async with client.still_clock():
        call = asyncio.create_task(
            client.ask(lambda publora: publora.connections.list_many(users, concurrency=10))
        )
        await shut_gate(held, lambda connection: connection.sendall(DOWN))
        # The next probe would go out after 4 more seconds, when everyone's time is over.
        for wait in (0.5, 1, 2):
            await client.advance(wait)
            (await held.next()).sendall(DOWN)
        answers = await outcome_of(call)
    errors = [answer.error for answer in answers]
    assert sum(isinstance(error, ServerError) for error in errors) == len(server.heads) == 22
    assert [error for error in errors if not isinstance(error, ServerError)] == [
        NotSentError(
            "not sent: the service is failing, or asked for a pause, "
            "and it would be too long a wait",
            attempts=0,
        )
    ] * 8


async def test_17_without_a_deadline_a_call_takes_as_long_as_it_takes(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(held := Held())
    client = client_of(server, timeout=1e6, deadline=None)
    async with client.still_clock():
        call = asyncio.create_task(client.ask(listing))
        connection = await held.next()
        await client.advance(999_999)
        connection.sendall(reply())
        assert await outcome_of(call) == ConnectionList()
    assert len(server.heads) == 1


async def test_17_a_deadline_of_two_minutes_is_the_default(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(Held())
    client = client_of(server, timeout=1e6)
    async with client.still_clock() as clock:
        asked = asyncio.create_task(failure(client))
        await asyncio.to_thread(server.asked.acquire, timeout=5)
        begun = clock.now
        await client.advance(120)
        assert await outcome_of(asked) == too_late("headers", 120, attempts=1)
        assert clock.now == begun + 120
    assert len(server.heads) == 1
