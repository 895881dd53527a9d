"""A call that is cancelled leaves nothing behind, wherever it was and whoever cancels it."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeAlias

import aiohttp
import anyio
import attrs
import pytest
from asking import Serve, listing
from colours import Client, Question
from conftest import KEY
from hostile import CUT, reply
from leftovers import Resources
from trust import trusting

from publora_async import AsyncPublora, ConnectionList

Step: TypeAlias = Callable[[], Awaitable[object]]


async def as_a_task(ask: Step, under_way: Step) -> None:
    task = asyncio.ensure_future(ask())
    await under_way()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def by_a_timeout(ask: Step, under_way: Step) -> None:
    limit = asyncio.timeout(None)

    async def limited() -> None:
        async with limit:
            await ask()

    task = asyncio.create_task(limited())
    await under_way()
    limit.reschedule(0)
    with pytest.raises(TimeoutError):
        await task


async def by_an_anyio_scope(ask: Step, under_way: Step) -> None:
    scope = anyio.CancelScope()

    async def scoped() -> None:
        with scope:
            await ask()

    task = asyncio.create_task(scoped())
    await under_way()
    scope.cancel()
    await task
    assert scope.cancelled_caught


def many(number: int, concurrency: int) -> Question:
    def ask(publora: Any) -> Any:  # noqa: ANN401  # as any question
        users = [f"user{number}" for number in range(number)]
        return publora.connections.list_many(users, concurrency=concurrency)

    return ask


@attrs.frozen
class Place:
    """
    Where a call is when it is cancelled.

    Attributes:
        answers: What its requests have been told until then.

        origin: Where it is sent: the server that knows HTTP, or a place where it gets stuck.
    """

    answers: tuple[bytes, ...]
    question: Question = listing
    max_retries: int = 3
    origin: str = "http://127.0.0.1:{port}"


CLOSE = {"Connection": "close"}
DOWN = reply({}, status=503, headers=CLOSE)
SLOW_DOWN = reply({}, status=429, headers={"Retry-After": "50", **CLOSE})
PLACES = {
    "queue": Place((b"",), many(2, concurrency=2)),
    "connect": Place((), origin="{unanswered}"),
    "handshake": Place((), origin="https://127.0.0.1:{port}"),
    "headers": Place((b"",)),
    "half the headers": Place((b"HTTP/1.1 200 OK\r\nContent-Le",)),
    "body": Place((CUT,)),
    "body of a refusal": Place((CUT.replace(b"200", b"503"),)),
    "backoff": Place((DOWN,)),
    "pause that was asked for": Place((SLOW_DOWN,)),
    "gate": Place((DOWN,) * 10, many(20, concurrency=1), max_retries=0),
}


@pytest.mark.parametrize("cancelled", [as_a_task, by_a_timeout, by_an_anyio_scope])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("session", [None, aiohttp.ClientSession], ids=["own", "borrowed"])
async def test_18_cancelling_at_any_stage_leaves_no_task_socket_or_slot_behind(
    session: type[aiohttp.ClientSession] | None,
    place: str,
    cancelled: Callable[[Step, Step], Awaitable[None]],
    serve: Serve,
    unanswered: str,
) -> None:
    answers, question = PLACES[place].answers, PLACES[place].question
    server = serve(*answers, reply())
    origin = PLACES[place].origin.format(port=server.port, unanswered=unanswered)
    async with AsyncExitStack() as stack:
        lent = None if session is None else await stack.enter_async_context(session())
        publora = await stack.enter_async_context(
            AsyncPublora(KEY, base_url=server.base_url, session=lent, max_connections=1)
        )
        stuck = publora.with_options(
            base_url=origin, deadline=None, max_retries=PLACES[place].max_retries
        )
        before = Resources()
        async with Client(stuck).still_clock() as clock:

            async def under_way() -> None:
                for _ in answers:
                    await asyncio.to_thread(server.answered.acquire, timeout=5)
                await clock.settle()

            await cancelled(lambda: question(stuck), under_way)
            assert asyncio.all_tasks() == {asyncio.current_task()}
        assert await Resources().more_than(before) == {}
        assert await publora.with_options(deadline=5).connections.list() == ConnectionList()
    assert len(server.heads) == len(answers) + 1


LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
if find_spec("uvloop"):
    LOOPS["uvloop"] = import_module("uvloop").new_event_loop


@pytest.mark.parametrize("loop", LOOPS)
def test_18_cancelling_at_any_turn_until_the_handshake_leaves_no_socket_to_the_collector(
    loop: str, serve: Serve
) -> None:
    server = serve()
    context = trusting()

    async def cancel_after_each_number_of_turns() -> None:
        async with AsyncPublora(
            KEY, base_url=f"https://127.0.0.1:{server.port}", ssl_context=context
        ) as publora:
            turns = 0
            # Until a connection was made: how many turns that takes is the machine's business.
            while turns < 20 or not server.accepted.acquire(blocking=False):
                call = asyncio.ensure_future(publora.connections.list())
                for _ in range(turns):
                    await asyncio.sleep(0)
                call.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await call
                gc.collect()  # warns of each socket that is open still
                turns += 1

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(cancel_after_each_number_of_turns())
