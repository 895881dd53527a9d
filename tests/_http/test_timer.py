"""Time limits, watched by one timer."""

import asyncio
import math
from functools import partial

import pytest
from virtual_time import VirtualLoop

from publora_async._http.timer import Timer, Until


def run(main: object) -> object:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)  # type: ignore[arg-type]  # a coroutine


async def work(timer: Timer, end: float, length: float) -> str:
    """Work for so long, within a limit; tells when it ended, and how."""
    loop = asyncio.get_running_loop()
    try:
        with Until(end, timer):
            await asyncio.sleep(length)
    except TimeoutError:
        return f"out of time at {loop.time():g}"
    return f"done at {loop.time():g}"


def test_each_limit_runs_out_at_its_own_moment_whatever_their_order() -> None:
    async def main() -> list[str]:
        timer = Timer()
        asked = [(5, 9), (3, 9), (4, 1), (3, 9), (7, 6), (math.inf, 8)]
        return await asyncio.gather(*[work(timer, end, length) for end, length in asked])

    assert run(main()) == [
        "out of time at 5",
        "out of time at 3",
        "done at 1",
        "out of time at 3",
        "done at 6",
        "done at 8",
    ]


def test_all_limits_can_be_made_to_run_out_at_once() -> None:
    async def main() -> list[str]:
        timer = Timer()
        for _ in range(2):
            asyncio.get_running_loop().call_later(2, timer.expire_all)
        asked = [(5, 9), (math.inf, 9), (5, 1)]
        return await asyncio.gather(*[work(timer, end, length) for end, length in asked])

    assert run(main()) == ["out of time at 2", "out of time at 2", "done at 1"]


@pytest.mark.parametrize("expired", [True, False])
def test_a_cancellation_from_elsewhere_is_never_taken_for_a_limit(expired: bool) -> None:  # noqa: FBT001
    async def main() -> None:
        task = asyncio.create_task(work(timer := Timer(), 5, 9))
        await asyncio.sleep(1)
        if expired:
            timer.expire_all()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())


def test_what_is_raised_in_time_is_left_as_it_is() -> None:
    async def main() -> None:
        with pytest.raises(ZeroDivisionError), Until(5, Timer()):
            raise ZeroDivisionError

    run(main())


def _new_loop(name: str) -> asyncio.AbstractEventLoop:
    loop: asyncio.AbstractEventLoop = pytest.importorskip(name).new_event_loop()
    return loop


@pytest.mark.parametrize("name", ["asyncio", "uvloop"])
def test_limits_that_have_run_out_already_are_told_in_turn(name: str) -> None:
    """Where there is nothing to wait for, uvloop's alarms do not know their moment."""

    async def main() -> list[str]:
        timer, now = Timer(), asyncio.get_running_loop().time()
        ends = (now, now - 1, now - 2)
        told = await asyncio.gather(*[work(timer, end, 9) for end in ends])
        return [one.partition(" at")[0] for one in told]

    with asyncio.Runner(loop_factory=partial(_new_loop, name)) as runner:
        assert runner.run(main()) == ["out of time"] * 3


def test_a_limit_takes_a_task() -> None:
    with pytest.raises(RuntimeError), Until(5, Timer()):
        pytest.fail("there is no loop")


def test_outside_a_task_there_is_nothing_to_end() -> None:
    async def main() -> str:
        said = asyncio.get_running_loop().create_future()

        def enter() -> None:
            with pytest.raises(RuntimeError) as caught, Until(1, Timer()):
                pass
            said.set_result(str(caught.value))

        asyncio.get_running_loop().call_soon(enter)
        return str(await said)

    assert run(main()) == "a time limit takes a task"
