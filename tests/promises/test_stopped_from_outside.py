"""A fan-out that is cancelled, interrupted or closed asks nothing more, and lets go of all."""

import asyncio
import signal
import threading

import pytest
from asking import ClientOf, Serve
from capabilities import needs_signals
from colours import Client
from conftest import KEY
from crowd import (
    Asked,
    Crowd,
    all_left,
    ids_of,
    none_answered,
    other_tasks,
)
from ways import ITER_WAYS, SIZE, WAYS, Way

from publora_async import AsyncPublora, ClientStateError, UserConnections
from publora_sync import Publora

every_way = pytest.mark.parametrize("way", WAYS, ids=str)
USERS = ids_of(100)


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


@needs_signals
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


@pytest.mark.parametrize("colour", [AsyncPublora, Publora])
@pytest.mark.parametrize("way", ITER_WAYS, ids=str)
def test_34_an_interrupted_iterator_that_is_kept_has_let_go_and_gives_nothing_more(
    way: Way,
    colour: type[AsyncPublora | Publora],
    serve: Serve,
    loop_factory: type[asyncio.AbstractEventLoop],
) -> None:
    async def step() -> UserConnections | None:
        return await anext(found, None)

    def ask() -> object:
        return runner.run(step()) if isinstance(publora, AsyncPublora) else next(found, None)

    server = serve(Crowd(SIZE, _interrupt))
    publora = colour(KEY, base_url=server.base_url)
    client = Client(publora)
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        tasks = runner.run(client.on_loop(other_tasks))
        found = way.iterate(publora, USERS)
        with pytest.raises(KeyboardInterrupt):
            ask()
        assert runner.run(all_left(client, server, tasks, held=SIZE)) == SIZE
        assert ask() is None
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
