"""Attempts that wait for a slot; at the gate they are shown waiting among the promises."""

import asyncio

from conftest import KEY
from hostile import Held, HostileServer, reply
from still_clock import until

from publora_async import AsyncPublora, ConnectionList


async def test_an_attempt_waits_for_a_slot_and_takes_its_place_once_there_is_one() -> None:
    with HostileServer(held := Held()) as server:
        async with AsyncPublora(KEY, base_url=server.base_url, max_connections=1) as publora:
            calls = [asyncio.create_task(publora.connections.list()) for _ in range(2)]
            first = await held.next()
            assert await until(lambda: publora.stats().waiting == 1)
            assert len(server.heads) == 1
            first.sendall(reply())
            (await held.next()).sendall(reply())
            assert await asyncio.gather(*calls) == [ConnectionList(()), ConnectionList(())]


async def test_one_that_is_cancelled_while_it_waits_takes_no_slot() -> None:
    with HostileServer(held := Held()) as server:
        async with AsyncPublora(KEY, base_url=server.base_url, max_connections=1) as publora:
            under_way = asyncio.create_task(publora.connections.list())
            connection = await held.next()
            waiting = asyncio.create_task(publora.connections.list())
            assert await until(lambda: publora.stats().waiting == 1)
            waiting.cancel()
            await asyncio.wait([waiting])
            connection.sendall(reply())
            assert await under_way == ConnectionList(())
            assert (publora.stats().slots_in_use, publora.stats().waiting) == (0, 0)
