"""What a fan-out does to a service that is down or asks for a pause, seen from the service."""

import asyncio
from collections.abc import Callable
from functools import partial
from socket import socket
from typing import Any

import pytest
from asking import ClientOf, Serve, outcome_of, shut_gate
from hostile import Held, reply, then_hang_up

from publora_async import (
    ClientStateError,
    NotSentError,
    RateLimitError,
    ServerError,
    TransportError,
)

DOWN = reply({"error": "down"}, status=503)
SLOW_DOWN = reply({"error": "slow down"}, status=429, headers={"Retry-After": "7"})
NOT_SENT = NotSentError(
    "not sent: the service is failing, or asked for a pause, and it would be too long a wait",
    attempts=0,
)
BEFORE_IT_IS_SHUT = 19
"""Requests of a fan-out over ten: the tenth failure shuts the gate, nine are under way then."""


def for_ten_at_once(users: int, publora: Any) -> Any:  # noqa: ANN401  # either colour
    user_ids = [f"user{number}" for number in range(users)]
    return publora.connections.list_many(user_ids, concurrency=10)


def fail(connection: socket) -> None:
    connection.sendall(DOWN)


async def answer(held: Held, under_way: list[socket], others: int) -> None:
    """Give a good answer to the requests *under_way*, and to so many others."""
    for connection in under_way:
        connection.sendall(reply())
    for _ in range(others):
        (await held.next()).sendall(reply())


FAILURES = [
    pytest.param(fail, ServerError, id="503"),
    pytest.param(then_hang_up(), TransportError, id="hang-up"),
]


@pytest.mark.parametrize(("fail", "kind"), FAILURES)
async def test_24_one_probe_goes_out_at_a_time_and_after_30_s_the_others_fail_unsent(
    fail: Callable[[socket], object], kind: type[Exception], serve: Serve, client_of: ClientOf
) -> None:
    server = serve(held := Held())
    client = client_of(server, deadline=None, max_retries=0, random=lambda: 1.0)
    async with client.still_clock():
        call = asyncio.create_task(client.ask(partial(for_ten_at_once, 5000)))
        await shut_gate(held, fail)
        for number, wait in enumerate((0.5, 1, 2, 4, 8, 8)):
            await client.advance(wait - 0.125)
            assert len(server.heads) == BEFORE_IT_IS_SHUT + number
            await client.advance(0.125)
            fail(await held.next())
        await client.advance(6.25)
        assert not call.done()
        await client.advance(0.25)
        answers = await outcome_of(call)
    errors = [answer.error for answer in answers]
    assert len(server.heads) == BEFORE_IT_IS_SHUT + 6
    assert sum(isinstance(error, kind) for error in errors if error != NOT_SENT) == 25
    assert errors.count(NOT_SENT) == 5000 - 25


async def test_24_only_one_probe_is_under_way_however_long_it_takes(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(held := Held())
    client = client_of(server, timeout=100, max_retries=0, random=lambda: 1.0)
    async with client.still_clock():
        call = asyncio.create_task(client.ask(partial(for_ten_at_once, 100)))
        await shut_gate(held, fail)
        await client.advance(0.5)
        probe = await held.next()
        for _ in range(28):
            await client.advance(1)
            assert len(server.heads) == BEFORE_IT_IS_SHUT + 1
        await answer(held, [probe], 100 - BEFORE_IT_IS_SHUT - 1)
        answers = await outcome_of(call)
    assert (len(answers.failed), len(answers.succeeded)) == (BEFORE_IT_IS_SHUT, 81)
    assert len(server.heads) == 100


async def test_24_jitter_takes_up_to_a_half_off_the_wait_for_a_probe(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(held := Held())
    client = client_of(server, max_retries=0, random=lambda: 0.0)
    async with client.still_clock():
        call = asyncio.create_task(client.ask(partial(for_ten_at_once, 20)))
        await shut_gate(held, fail)
        await client.advance(0.25)
        fail(await held.next())
        await outcome_of(call)
    assert len(server.heads) == 20


async def test_24_after_a_good_probe_concurrency_restarts_at_4_and_grows_with_each_success(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(held := Held())
    client = client_of(server, max_retries=0, random=lambda: 1.0)
    async with client.still_clock():
        call = asyncio.create_task(client.ask(partial(for_ten_at_once, 100)))
        await shut_gate(held, fail)
        await client.advance(0.5)
        (await held.next()).sendall(reply())
        under_way = [await held.next() for _ in range(4)]
        for number in range(6):
            await client.advance()
            assert len(server.heads) == BEFORE_IT_IS_SHUT + 1 + 4 + 2 * number
            under_way.pop(0).sendall(reply())
            under_way += [await held.next(), await held.next()]
        await client.advance()
        assert len(server.heads) == BEFORE_IT_IS_SHUT + 1 + 16
        await answer(held, under_way, 100 - len(server.heads))
        answers = await outcome_of(call)
    assert (len(under_way), len(answers.failed)) == (10, BEFORE_IT_IS_SHUT)
    assert len(server.heads) == 100


async def test_24_on_429_all_pause_and_concurrency_drops_by_0_7(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(held := Held())
    client = client_of(server, random=lambda: 1.0)
    async with client.still_clock():
        call = asyncio.create_task(client.ask(partial(for_ten_at_once, 30)))
        refused = [await held.next() for _ in range(10)]
        await client.advance(1)
        for connection in refused:
            connection.sendall(SLOW_DOWN)
        await client.advance(6.875)
        assert len(server.heads) == 10
        await client.advance(0.125)
        under_way = [await held.next() for _ in range(7)]
        for number in range(7):
            await client.advance()
            assert len(server.heads) == 10 + 7 + number
            under_way.pop(0).sendall(reply())
            under_way.append(await held.next())
        await answer(held, under_way, 30 - 14)
        answers = await outcome_of(call)
    assert len(answers.succeeded) == 30
    assert (len(server.heads), client.waits) == (40, [7] * 10)


async def test_24_one_429_pauses_those_that_were_not_refused_too(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(held := Held())
    client = client_of(server, max_retries=0)
    async with client.still_clock():
        call = asyncio.create_task(client.ask(partial(for_ten_at_once, 20)))
        limited, *others = [await held.next() for _ in range(10)]
        limited.sendall(SLOW_DOWN)
        await client.advance()
        for connection in others:
            connection.sendall(reply())
        await client.advance(6.875)
        assert len(server.heads) == 10
        await client.advance(0.125)
        await answer(held, [], 10)
        answers = await outcome_of(call)
    assert [answer.error for answer in answers if answer.error] == [
        RateLimitError(429, "slow down", retry_after=7, gave_up="retries")
    ]
    assert len(server.heads) == 20


async def test_24_closing_the_client_ends_the_wait_at_the_gate(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(held := Held())
    client = client_of(server, max_retries=0)
    async with client.still_clock():
        call = asyncio.create_task(client.ask(partial(for_ten_at_once, 100)))
        await shut_gate(held, fail)
        await client.advance()
        await client.close()
        # Another user's call may begin between the closing and the end of those at the gate.
        assert await outcome_of(call) in {
            ClientStateError("this client was closed meanwhile"),
            ClientStateError("this client is closed: make another one"),
        }
    assert len(server.heads) == BEFORE_IT_IS_SHUT
