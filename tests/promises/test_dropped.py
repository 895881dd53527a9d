"""A client that is dropped without being closed: one warning that names it, and nothing left."""

import asyncio
import gc
import warnings
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest
from asking import Serve
from conftest import KEY
from hostile import HostileServer, reply
from processes import LOOPS, finished, started

from publora_async import AsyncPublora, ConnectionList
from publora_sync import Publora

TOLD = "an AsyncPublora was not closed: use it in 'async with', or await its close()"


@contextmanager
def warned() -> Iterator[list[str]]:
    """What ResourceWarnings say until the end of the block, when all that was dropped is gone."""
    told: list[str] = []
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        yield told
        gc.collect()
        told += [str(one.message) for one in seen if one.category is ResourceWarning]


def not_of_the_loops_own(told: list[str]) -> list[str]:
    """Without what asyncio and uvloop say of what outlives its loop, which nobody else can."""
    own = ("unclosed transport ", "unclosed resource ", "unclosed <socket.socket ", "Enable trace")
    return [one for one in told if not one.startswith(own)]


async def drop(publora: AsyncPublora) -> None:
    del publora


async def drop_in_a_ring(publora: AsyncPublora) -> None:
    publora.ring = publora  # type: ignore[attr-defined]


async def drop_in_another_thread(publora: AsyncPublora) -> None:
    clients = [publora]
    del publora
    await asyncio.to_thread(clients.clear)


async def drop_after_a_derived_one(publora: AsyncPublora) -> None:
    derived = publora.with_options(deadline=5)
    del publora
    gc.collect()
    assert await derived.connections.list() == ConnectionList()


WAYS = [
    drop,
    drop_in_a_ring,
    drop_in_another_thread,
    drop_after_a_derived_one,
]


@pytest.mark.parametrize("way", WAYS)
async def test_26_a_client_dropped_unclosed_gives_one_warning_that_names_our_class(
    way: Callable[[AsyncPublora], Coroutine[None, None, None]], serve: Serve
) -> None:
    server = serve(reply())
    with warned() as told:
        publora = AsyncPublora(KEY, base_url=server.base_url)
        await asyncio.gather(*(publora.connections.list() for _ in range(3)))
        dropped = way(publora)
        del publora
        await dropped
    assert told == [TOLD]
    assert await asyncio.to_thread(server.is_left_alone)
    assert server.connections == 3


async def test_26_one_dropped_over_a_borrowed_session_leaves_the_session_alone(
    serve: Serve,
) -> None:
    server = serve(reply())
    async with aiohttp.ClientSession() as session:
        with warned() as told:
            publora = AsyncPublora(KEY, base_url=server.base_url, session=session)
            await publora.connections.list()
            del publora
        assert told == [TOLD]
        async with AsyncPublora(KEY, base_url=server.base_url, session=session) as publora:
            await publora.connections.list()
    assert (len(server.heads), server.connections) == (2, 1)


@pytest.mark.parametrize("lent", [False, True], ids=["own", "borrowed"])
async def test_26_what_was_closed_or_never_used_gives_no_warning(
    lent: bool,  # noqa: FBT001  # a table column
    serve: Serve,
) -> None:
    server = serve(reply())
    async with aiohttp.ClientSession() as session:
        with warned() as told:
            AsyncPublora(KEY, session=session if lent else None).with_options(deadline=5)
            async with AsyncPublora(
                KEY, base_url=server.base_url, session=session if lent else None
            ) as publora:
                await publora.connections.list()
            del publora
        assert told == []


def test_26_one_dropped_after_its_loop_was_closed_gives_that_warning_too(serve: Serve) -> None:
    server = serve(reply())
    with warned() as told:
        publora = AsyncPublora(KEY, base_url=server.base_url)
        asyncio.run(publora.connections.list())
        del publora
    assert not_of_the_loops_own(told) == [TOLD]


def test_26_one_dropped_between_two_runs_of_its_loop_is_released_in_the_second(
    serve: Serve,
) -> None:
    server = serve(reply())
    with asyncio.Runner() as runner:
        with warned() as told:
            publora = AsyncPublora(KEY, base_url=server.base_url)
            runner.run(publora.connections.list())
            del publora
        assert told == [TOLD]
        runner.run(asyncio.to_thread(server.is_left_alone))
    assert server.connections == 1


def test_26_a_sync_client_dropped_unclosed_ends_quietly(serve: Serve) -> None:
    server = serve(reply())
    with warned() as told:
        publora = Publora(KEY, base_url=server.base_url)
        publora.connections.list()
        del publora
        gc.collect()
        assert server.is_left_alone()
    assert told == []


SCRIPT = """
from publora_async import AsyncPublora
publora = AsyncPublora()
print(len(run(publora.connections.list())))
"""


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize(
    "end", ["", "publora.me = publora", "sys.publora = publora", "del publora"]
)
def test_26_one_that_lives_until_the_exit_is_warned_of_where_warnings_are_shown(
    end: str, loop: str, serve: Serve, tmp_path: Path
) -> None:
    server: HostileServer = serve(reply())
    with started(SCRIPT + end, server, tmp_path, loop=loop, warn="default") as script:
        code, output, errors = finished(script)
    assert (code, output) == (0, "0\n")
    told = [line.partition("ResourceWarning: ")[2] for line in errors.splitlines()]
    assert not_of_the_loops_own([one for one in told if one]) == [TOLD]


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("end", ["", "publora.me = publora", "del publora"])
def test_26_and_nothing_is_said_where_they_are_not(
    end: str, loop: str, serve: Serve, tmp_path: Path
) -> None:
    server = serve(reply())
    ignore = "ignore::ResourceWarning"
    with started(SCRIPT + end, server, tmp_path, loop=loop, warn=ignore) as script:
        assert finished(script) == (0, "0\n", "")
    assert len(server.heads) == 1
