"""How many attempts are under way at once, and what the wait for one's turn costs: nothing."""

import asyncio
from typing import Any

import aiohttp
import pytest
from asking import ClientOf, Serve, listing, outcome_of
from colours import Client, Question
from conftest import KEY
from hostile import Held, reply

from publora_async import AsyncPublora, ConnectionList, UserSucceeded

USERS = [f"user{number}" for number in range(10)]


def together(publora: Any) -> Any:  # noqa: ANN401  # either colour
    return publora.connections.list_many(USERS, concurrency=len(USERS))


@pytest.mark.parametrize(
    ("questions", "answers"),
    [
        ([listing] * 3, [ConnectionList()] * 3),
        ([together], [UserSucceeded(user, ConnectionList()) for user in USERS]),
    ],
    ids=["calls", "a fan-out"],
)
async def test_15_a_call_waits_for_a_slot_before_its_attempts_clock_starts(
    questions: list[Question], answers: list[object], serve: Serve, client_of: ClientOf
) -> None:
    server = serve(held := Held())
    client = client_of(server, timeout=1, deadline=None, max_retries=0, max_connections=1)
    async with client.still_clock():
        calls = [asyncio.create_task(client.ask(question)) for question in questions]
        for number in range(1, len(answers) + 1):
            connection = await held.next()
            await client.advance(0.875)
            assert (len(server.heads), server.connections) == (number, 1)
            connection.sendall(reply())
        given = [await outcome_of(call) for call in calls]
    assert (list(given[0]) if questions == [together] else given) == answers
    assert (len(server.heads), server.connections) == (len(answers), 1)


@pytest.mark.parametrize("limits", [{"limit": 1}, {"limit": 0, "limit_per_host": 1}])
async def test_15_a_call_waits_for_one_of_a_borrowed_sessions_few_connections_in_the_same_way(
    limits: dict[str, Any], serve: Serve
) -> None:
    server = serve(held := Held())
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(**limits)) as session,
        AsyncPublora(
            KEY, base_url=server.base_url, session=session, timeout=1, max_retries=0
        ) as publora,
        Client(publora).still_clock() as clock,
    ):
        calls = [asyncio.create_task(publora.connections.list()) for _ in range(3)]
        for _ in calls:
            connection = await held.next()
            await clock.advance(0.875)
            connection.sendall(reply())
        assert [await outcome_of(call) for call in calls] == [ConnectionList()] * 3
    assert (len(server.heads), server.connections) == (3, 1)


async def test_15_there_are_as_many_connections_as_slots_and_no_more(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(held := Held())
    client = client_of(server, max_connections=3)
    call = asyncio.create_task(client.ask(together))
    for number in range(len(USERS)):
        connection = await held.next()
        assert len(server.heads) <= number + 3
        connection.sendall(reply())
    await call
    assert (len(server.heads), server.connections) == (len(USERS), 3)


async def test_15_there_are_as_many_slots_as_were_asked_for(serve: Serve) -> None:
    # More than aiohttp's own limit of 100 connections.
    server = serve(held := Held())
    async with AsyncPublora(KEY, base_url=server.base_url, max_connections=120) as publora:
        calls = [asyncio.create_task(publora.connections.list()) for _ in range(130)]
        waiting = [await held.next() for _ in range(120)]
        assert (len(server.heads), server.connections) == (120, 120)
        for connection in waiting:
            connection.sendall(reply())
        for _ in range(10):
            (await held.next()).sendall(reply())
        assert await asyncio.gather(*calls) == [ConnectionList()] * 130
    assert (len(server.heads), server.connections) == (130, 120)
