"""Calls that wait at a fan-out's gate; its policy as a whole is shown among the promises."""

import asyncio
import math

from still_clock import until
from virtual_time import run

from publora_async._http.gate import Gate, Outcome

FOR_EVER = math.inf


def gate_of(concurrency: int) -> Gate:
    return Gate(concurrency, random=lambda: 0.0)


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_it_lets_in_as_many_as_its_limit() -> None:
    gate = gate_of(2)
    assert [gate.enter() for _ in range(3)] == [True, True, False]
    gate.leave(now(), Outcome.GOOD, None)
    assert gate.enter()


async def test_one_that_leaves_wakes_one_that_waits() -> None:
    gate = gate_of(1)
    assert gate.enter()
    waiting = asyncio.create_task(gate.wait_to_enter(FOR_EVER))
    assert await until(lambda: gate._waiting)
    gate.leave(now(), Outcome.UNKNOWN, None)
    assert await waiting
    assert not gate.enter()


async def test_one_that_is_cancelled_while_it_waits_takes_no_place() -> None:
    gate = gate_of(1)
    assert gate.enter()
    waiting = asyncio.create_task(gate.wait_to_enter(FOR_EVER))
    assert await until(lambda: gate._waiting)
    waiting.cancel()
    gate.leave(now(), Outcome.GOOD, None)
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert gate.enter()


def test_a_pause_is_waited_out_and_not_begun_where_it_goes_past_the_deadline() -> None:
    async def pause() -> tuple[bool, float, bool, float]:
        gate = gate_of(4)
        assert gate.enter()
        gate.leave(now(), Outcome.LIMITED, 7.0)
        too_late = await gate.wait_to_enter(6.0), now()
        return *too_late, await gate.wait_to_enter(FOR_EVER), now()

    assert run(pause()) == (False, 0.0, True, 7.0)


def test_a_wait_without_news_ends_at_the_deadline() -> None:
    async def wait() -> tuple[bool, float]:
        gate = gate_of(1)
        assert gate.enter()
        return await gate.wait_to_enter(5.0), now()

    assert run(wait()) == (False, 5.0)
