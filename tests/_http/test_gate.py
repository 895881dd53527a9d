"""Calls that wait at a fan-out's gate; its policy as a whole is shown among the promises."""

import asyncio
import math

from still_clock import until
from virtual_time import run

from publora_async._http.gate import Gate, GateOfWorker, Outcome

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


def gate_of_worker(concurrency: int = 4, *, is_probe: bool = False) -> GateOfWorker:
    return GateOfWorker(concurrency, lambda: 0.0, processes=4, is_probe=is_probe)


async def test_the_gate_of_a_worker_closes_after_its_part_of_the_failures() -> None:
    gate = gate_of_worker()
    for closed in (False, False, True):
        assert gate.enter()
        gate.leave(now(), Outcome.FAILED, None)
        assert gate.closed is closed
    assert not gate.enter()
    assert not await gate.wait_to_enter(FOR_EVER)
    assert list(gate.outcomes) == [Outcome.FAILED] * 3


async def test_the_gate_of_a_worker_closes_at_the_first_429_and_says_what_was_asked_for() -> None:
    gate = gate_of_worker()
    assert gate.enter()
    assert gate.enter()
    gate.leave(now(), Outcome.LIMITED, 7.0)
    gate.leave(now(), Outcome.LIMITED, 3.0)
    assert (gate.closed, gate.pause) == (True, 7.0)


async def test_the_gate_of_a_probe_closes_at_the_first_failure() -> None:
    gate = gate_of_worker(is_probe=True)
    assert gate.enter()
    gate.leave(now(), Outcome.UNKNOWN, None)
    assert not gate.closed
    assert gate.enter()
    gate.leave(now(), Outcome.FAILED, None)
    assert gate.closed
    assert list(gate.outcomes) == [Outcome.FAILED]


async def test_who_waits_at_a_workers_gate_waits_for_a_place_until_the_deadline() -> None:
    gate = gate_of_worker(1)
    assert gate.enter()
    assert not await gate.wait_to_enter(now() + 0.01)
    waiting = asyncio.create_task(gate.wait_to_enter(FOR_EVER))
    assert await until(lambda: gate._waiting)
    gate.leave(now(), Outcome.GOOD, None)
    assert await waiting


async def test_who_waits_before_another_attempt_is_woken_when_a_workers_gate_closes() -> None:
    gate = gate_of_worker()
    waiting = asyncio.create_task(gate.backoff(asyncio.sleep, 60.0))
    assert await until(lambda: gate._sleeping)
    assert gate.enter()
    gate.leave(now(), Outcome.LIMITED, None)
    await waiting
    await gate.backoff(asyncio.sleep, 60.0)
    assert not gate._sleeping
