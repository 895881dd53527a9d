"""What ``stats()`` tells, of clients of either colour."""

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest
from asking import failure, listing, shut_gate
from colours import Client
from conftest import KEY
from hostile import Held, HostileServer, reply
from still_clock import until

from publora_async import AsyncPublora, ClientStats
from publora_async._http.counters import Counters
from publora_async._http.gate import Gate
from publora_sync import Publora

DOWN = reply({"error": "down"}, status=503)
FRESH = ClientStats(
    slots=1,
    slots_in_use=0,
    waiting=0,
    retry_budget=500,
    gate="open",
    calls=0,
    failed_calls=0,
    attempts=0,
    failed_attempts=0,
)


@pytest.fixture(params=[AsyncPublora, Publora], ids=["async", "sync"])
def colour(request: pytest.FixtureRequest) -> type[AsyncPublora | Publora]:
    chosen: type[AsyncPublora | Publora] = request.param
    return chosen


@pytest.fixture
async def held() -> AsyncIterator[tuple[Held, HostileServer]]:
    with HostileServer(answers := Held()) as server:
        yield answers, server


async def test_calls_attempts_and_failures_are_counted_in_both_colours(
    colour: type[AsyncPublora | Publora],
) -> None:
    with HostileServer(DOWN, reply(), reply({}, status=404)) as server:
        publora = colour(KEY, base_url=server.base_url, max_connections=1)
        client = Client(publora, random=lambda: 0.0)
        assert publora.stats() == FRESH
        await client.ask(listing)
        await failure(client)
        await client.close()
    # A retry took 14, and its success has given them back.
    assert publora.stats() == ClientStats(1, 0, 0, 500, "open", 2, 1, 3, 2)


async def test_slots_are_told_while_they_are_in_use_and_waited_for(
    colour: type[AsyncPublora | Publora], held: tuple[Held, HostileServer]
) -> None:
    answers, server = held
    publora = colour(KEY, base_url=server.base_url, max_connections=1)
    client = Client(publora)
    calls = [asyncio.create_task(client.ask(listing)) for _ in range(3)]
    first = await answers.next()
    assert await until(lambda: publora.stats().waiting == 2)
    assert publora.stats() == ClientStats(1, 1, 2, 500, "open", 3, 0, 1, 0)
    first.sendall(reply())
    for _ in range(2):
        (await answers.next()).sendall(reply())
    await asyncio.gather(*calls)
    await client.close()
    assert (publora.stats().slots_in_use, publora.stats().waiting) == (0, 0)


async def test_the_gate_is_told_while_a_fan_out_is_held_back(
    colour: type[AsyncPublora | Publora], held: tuple[Held, HostileServer]
) -> None:
    answers, server = held
    publora = colour(KEY, base_url=server.base_url, max_retries=0)
    client = Client(publora, random=lambda: 1.0)
    user_ids = [f"user{number}" for number in range(30)]
    many = asyncio.create_task(
        client.ask(lambda some: some.connections.list_many(user_ids, concurrency=10))
    )
    (await answers.next()).sendall(reply({}, status=429, headers={"Retry-After": "0"}))
    assert await until(lambda: publora.stats().gate == "slowed")
    await client.close()
    await asyncio.wait([many])
    assert many.exception() is not None
    assert publora.stats().gate == "open"


async def test_a_shut_gate_is_told_until_nothing_waits_at_it(
    held: tuple[Held, HostileServer],
) -> None:
    answers, server = held
    async with AsyncPublora(KEY, base_url=server.base_url, max_retries=0) as publora:
        user_ids = [f"user{number}" for number in range(30)]
        many = asyncio.create_task(publora.connections.list_many(user_ids, concurrency=10))
        await shut_gate(answers, lambda connection: connection.sendall(DOWN))
        assert await until(lambda: publora.stats().gate == "shut")
        many.cancel()
        await asyncio.wait([many])
        assert publora.stats().gate == "open"
        assert publora.with_options(max_retries=1).stats() == publora.stats()


def test_the_gate_of_a_fan_out_that_is_gone_is_forgotten() -> None:
    counters = Counters()
    gate = counters.watch(Gate(1, random=lambda: 0.0))
    assert [known() for known in counters._gates] == [gate]
    del gate
    gc.collect()
    assert counters._gates == []
