"""A fan-out that is not seen through: whatever ends it, nothing more is asked, and all let go."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asking import ClientOf, Serve
from colours import Client
from conftest import KEY
from crowd import (
    Asked,
    Crowd,
    all_left,
    answers,
    first_answered,
    ids_of,
    none_answered,
    other_tasks,
)
from ways import ITER_WAYS, SIZE, WAYS, Way

from publora_async import AsyncPublora, ClientStateError, UserConnections
from publora_sync import Publora

every_way = pytest.mark.parametrize("way", WAYS, ids=str)
USERS = ids_of(100)


def raise_zero_division() -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("way", ITER_WAYS, ids=str)
async def test_34_leaving_the_loop_ends_the_asking(
    way: Way, serve: Serve, client_of: ClientOf
) -> None:
    seen: list[UserConnections] = []
    server = serve(Crowd(SIZE, first_answered))
    client = client_of(server)
    tasks = await client.on_loop(other_tasks)
    await client.ask(way.ask(USERS, seen, step=lambda: True))
    assert seen == answers(USERS[:1])
    assert await all_left(client, server, tasks) == SIZE


@every_way
async def test_34_an_exception_in_the_consumer_ends_the_asking(
    way: Way, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(Crowd(SIZE, first_answered))
    client = client_of(server)
    tasks = await client.on_loop(other_tasks)
    with pytest.raises(ZeroDivisionError):
        await client.ask(way.ask(USERS, [], step=raise_zero_division))
    assert await all_left(client, server, tasks) == SIZE


class UnusualError(BaseException):
    """One that is no :class:`Exception`, as are Ctrl-C and a cancellation."""


@pytest.mark.parametrize("error", [ZeroDivisionError, UnusualError, asyncio.CancelledError])
@every_way
async def test_34_an_error_of_the_ids_ends_the_asking_and_is_raised(
    way: Way, error: type[BaseException], serve: Serve, client_of: ClientOf
) -> None:
    def ids() -> Iterator[str]:
        yield from USERS[:SIZE]
        raise error

    seen: list[UserConnections] = []
    server = serve(Crowd(SIZE, first_answered))
    client = client_of(server)
    tasks = await client.on_loop(other_tasks)
    with pytest.raises(error):
        await client.ask(way.ask(ids(), seen))
    assert seen == answers(USERS[:1] if way.method == "iter_many" else [])
    assert await all_left(client, server, tasks) == SIZE


@pytest.mark.parametrize("way", ITER_WAYS, ids=str)
async def test_34_a_closed_iterator_has_let_go_and_gives_nothing_more(
    way: Way, serve: Serve, client_of: ClientOf
) -> None:
    async def ask_async(publora: AsyncPublora) -> None:
        async with way.iterate(publora, USERS) as found:
            seen.append(await anext(found))
        assert await other_tasks() == tasks
        await found.aclose()
        seen.extend([answer async for answer in found])

    def ask(publora: Any) -> Any:  # noqa: ANN401  # either colour
        if isinstance(publora, AsyncPublora):
            return ask_async(publora)
        with way.iterate(publora, USERS) as found:
            seen.append(next(found))
        found.close()
        return seen.extend(found)

    seen: list[UserConnections] = []
    server = serve(Crowd(SIZE, first_answered))
    client = client_of(server)
    tasks = await client.on_loop(other_tasks)
    await client.ask(ask)
    assert seen == answers(USERS[:1])
    assert await all_left(client, server, tasks) == SIZE


@pytest.mark.parametrize("stop", [asyncio.CancelledError, TimeoutError])
@every_way
async def test_34_a_cancelled_consumer_ends_the_asking(
    way: Way, stop: type[BaseException], serve: Serve
) -> None:
    async def ask() -> None:
        async with limit:
            await client.ask(way.ask(USERS, []))

    server = serve(Crowd(SIZE, none_answered))
    limit = asyncio.timeout(None)
    async with AsyncPublora(KEY, base_url=server.base_url) as publora:
        client = Client(publora)
        asking = asyncio.create_task(ask())
        for _ in range(SIZE):
            await asyncio.to_thread(server.asked.acquire)
        if stop is TimeoutError:
            limit.reschedule(0)
        else:
            asking.cancel()
        with pytest.raises(stop):
            await asking
        assert await all_left(client, server, set(), held=SIZE) == SIZE


def _interrupt(_: list[Asked]) -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


@pytest.fixture
async def loop_factory() -> type[asyncio.AbstractEventLoop]:
    """The loop that the suite runs on, for a test that has to be the main thread's own."""
    return type(asyncio.get_running_loop())


@pytest.mark.parametrize("colour", [AsyncPublora, Publora])
@every_way
def test_34_ctrl_c_ends_the_asking_and_the_client_works_on(
    way: Way,
    colour: type[AsyncPublora | Publora],
    serve: Serve,
    loop_factory: type[asyncio.AbstractEventLoop],
) -> None:
    def ask() -> None:
        asked = way.ask(USERS, [])(publora)
        if asked is not None:
            runner.run(asked)

    server = serve(Crowd(SIZE, _interrupt))
    publora = colour(KEY, base_url=server.base_url)
    client = Client(publora)
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        tasks = runner.run(client.on_loop(other_tasks))
        with pytest.raises(KeyboardInterrupt):
            ask()
        assert runner.run(all_left(client, server, tasks, held=SIZE)) == SIZE
        runner.run(client.close())


@every_way
async def test_34_closing_the_client_ends_the_asking(
    way: Way, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(Crowd(SIZE, none_answered))
    client = client_of(server)
    asking = asyncio.create_task(client.ask(way.ask(USERS, [])))
    for _ in range(SIZE):
        await asyncio.to_thread(server.asked.acquire)
    await client.close()
    with pytest.raises(ClientStateError, match=r"^this client was closed meanwhile$"):
        await asking
    assert len(server.heads) == SIZE
