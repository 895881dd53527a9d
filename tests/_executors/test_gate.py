"""Calls at the gate of a worker, which lets nobody in any more once something is wrong."""

import asyncio
import math

from still_clock import until

from publora_async._http.gate import Outcome
from publora_sync._executors.gate import GateOfWorker

FOR_EVER = math.inf


def now() -> float:
    return asyncio.get_running_loop().time()


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
