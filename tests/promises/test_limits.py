"""What counts as an attempt's time, and that it is kept to the moment."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from asking import ClientOf, Serve, listing, outcome_of
from colours import Client
from hostile import CUT, Held, reply
from still_clock import until

from publora_async import (
    ConnectionList,
    Limit,
    RequestTimeoutError,
    Stage,
    Timeouts,
    TransportError,
)

HALF_A_HEAD = b"HTTP/1.1 200 OK\r\nContent-Le"
INTERIM = b"HTTP/1.1 103 Early Hints\r\n\r\n"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

TIMES: dict[Limit, dict[str, Any]] = {
    "timeout": {"timeout": 5.375, "deadline": None},
    "connect": {"timeout": Timeouts(1000, connect=5.375), "deadline": None},
    "read": {"timeout": Timeouts(1000, read=5.375), "deadline": None},
    "deadline": {"timeout": 1000, "deadline": 5.375},
}
"""Options with which that limit is one of 5.375 seconds, and no other runs out."""

DOING: dict[Stage, str] = {
    "connect": "while connecting",
    "headers": "while waiting for the response",
    "body": "while reading the response",
}


def ran_out(stage: Stage, limit: Limit) -> RequestTimeoutError:
    return RequestTimeoutError(
        f"the {limit} of 5.375 s ran out {DOING[stage]}",
        stage,
        gave_up="deadline" if limit == "deadline" else "retries",
        limit=limit,
        seconds=5.375,
    )


async def ends_with(client: Client, error: TransportError, ready: Callable[[], object]) -> None:
    """Once *ready*, the call goes on for 5.25 seconds, and is over after 5.375."""
    async with client.still_clock() as clock:
        call = asyncio.create_task(client.ask(listing))
        assert await until(lambda: clock.is_set and ready())
        await client.advance(5.25)
        assert not call.done()
        await client.advance(0.125)
        assert await outcome_of(call) == error


SILENCES: list[tuple[bytes, Stage]] = [
    (b"", "headers"),
    (HALF_A_HEAD, "headers"),
    (INTERIM, "headers"),
    (CUT, "body"),
    (CHUNKS, "body"),
]
"""What a server begins with before it says no more, and what is waited for then."""


@pytest.mark.parametrize(
    ("answer", "stage", "limit"),
    [
        (answer, stage, limit)
        for answer, stage in SILENCES
        for limit in ("timeout", "read", "deadline")
        # aiohttp takes an interim answer for the end of the silence that *read* bounds.
        if (answer, limit) != (INTERIM, "read")
    ],
)
async def test_16_a_limit_over_5_seconds_covers_headers_and_body_and_fires_on_time(
    answer: bytes, stage: Stage, limit: Limit, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(answer)
    client = client_of(server, max_retries=0, **TIMES[limit])
    await ends_with(client, ran_out(stage, limit), lambda: server.answered.acquire(blocking=False))
    assert len(server.heads) == 1


@pytest.mark.parametrize("limit", ["timeout", "connect", "deadline"])
async def test_16_a_limit_over_5_seconds_covers_the_connect_and_fires_on_time(
    limit: Limit, unanswered: str, client_of: ClientOf
) -> None:
    client = client_of(unanswered, max_retries=0, **TIMES[limit])
    await ends_with(client, ran_out("connect", limit), lambda: True)


@pytest.mark.parametrize("limit", ["timeout", "connect", "deadline"])
async def test_16_a_limit_over_5_seconds_covers_the_handshake_and_fires_on_time(
    limit: Limit, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(b"")  # speaks no TLS
    base_url = server.base_url.replace("http:", "https:")
    client = client_of(base_url, max_retries=0, **TIMES[limit])
    await ends_with(client, ran_out("connect", limit), lambda: server.connections)
    assert (server.heads, server.connections) == ([], 1)


@pytest.mark.parametrize(
    ("first", "drop", "stage"),
    [
        pytest.param(CUT, b" ", "body", id="bytes of a body"),
        pytest.param(CHUNKS, b"1\r\n \r\n", "body", id="chunks"),
        pytest.param(HALF_A_HEAD, b"n", "headers", id="bytes of a head"),
        pytest.param(INTERIM, INTERIM, "headers", id="interim answers"),
    ],
)
@pytest.mark.parametrize("limit", ["timeout", "deadline"])
async def test_16_an_attempts_limit_catches_a_server_that_drips(
    first: bytes, drop: bytes, stage: Stage, limit: Limit, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(held := Held())
    total = 5.375 if limit == "timeout" else 1000
    options = {**TIMES[limit], "timeout": Timeouts(total, read=2)}
    client = client_of(server, max_retries=0, **options)
    async with client.still_clock():
        call = asyncio.create_task(client.ask(listing))
        connection = await held.next()
        connection.sendall(first)
        for _ in range(4):
            await client.advance(1.25)
            connection.sendall(drop)
            assert not call.done()
        await client.advance(0.375)
        assert await outcome_of(call) == ran_out(stage, limit)
    assert len(server.heads) == 1


async def test_16_a_limit_on_silence_begins_anew_with_each_byte(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(held := Held())
    client = client_of(server, max_retries=0, **TIMES["read"])
    async with client.still_clock():
        call = asyncio.create_task(client.ask(listing))
        connection = await held.next()
        for byte in reply():
            await client.advance(5.25)
            connection.sendall(bytes([byte]))
        assert await outcome_of(call) == ConnectionList()
    assert len(server.heads) == 1
