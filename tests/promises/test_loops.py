"""One client, one event loop: every call from elsewhere is one error, and the loop unharmed."""

import asyncio
import gc
import os
import socket
import threading
import warnings
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
import trio
from asking import Serve
from conftest import KEY
from hostile import reply, silence
from leftovers import everything_shown
from trust import serving, trusting

from publora_async import (
    AsyncPublora,
    ClientStateError,
    ConnectionList,
    UserConnections,
    UserSucceeded,
)

Call = Callable[[AsyncPublora], Coroutine[Any, Any, object]]
OTHER = (
    "this client belongs to another event loop: make one client for each loop, "
    "or use publora_sync, whose client serves all of them"
)
OTHERS_ANSWERS = "these answers belong to another event loop: ask anew here"
NONE = "no asyncio event loop is running here: publora_sync needs none"


async def first_of_many(publora: AsyncPublora) -> UserConnections:
    async with publora.connections.iter_many(["a"]) as answers:
        return await anext(answers)


CALLS: dict[str, Call] = {
    "list": lambda publora: publora.connections.list(),
    "list, derived": lambda publora: publora.with_options(deadline=None).connections.list(),
    "iter_many": first_of_many,
    "list_many": lambda publora: publora.connections.list_many(["a", "b"]),
    "test": lambda publora: publora.connections.test("twitter-1"),
    "wait_for": lambda publora: publora.connections.wait_for("twitter", timeout=9),
    "users": lambda publora: publora.managed_users.list(),
    "create": lambda publora: publora.managed_users.create("a@example.com"),
    "detach": lambda publora: publora.managed_users.detach("a"),
    "connection_url": lambda publora: publora.managed_users.connection_url("a"),
    "create_api_key": lambda publora: publora.managed_users.create_api_key("a"),
}


def in_another_loop(call: Coroutine[Any, Any, object]) -> object:
    return asyncio.run(asyncio.wait_for(call, 5))  # where nothing refuses it, it waits for ever


def in_trio(call: Coroutine[Any, Any, object]) -> object:
    async def main() -> object:
        return await call

    return trio.run(main)


def in_no_loop(call: Coroutine[Any, Any, object]) -> object:
    return call.send(None)


PLACES = {"another loop": (in_another_loop, OTHER), "trio": (in_trio, NONE)} | {
    "no loop": (in_no_loop, NONE)
}


@pytest.mark.parametrize("lent", [False, True], ids=["own", "borrowed"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("call", CALLS)
def test_25_a_call_from_elsewhere_is_one_error_that_names_the_cause(
    call: str,
    place: str,
    lent: bool,  # noqa: FBT001  # a table column
    serve: Serve,
) -> None:
    server = serve(reply())
    go, message = PLACES[place]

    async def make() -> tuple[AsyncPublora, aiohttp.ClientSession | None]:
        session = aiohttp.ClientSession() if lent else None
        return AsyncPublora(KEY, base_url=server.base_url, session=session), session

    with asyncio.Runner() as first:
        publora, session = first.run(make())
        first.run(publora.connections.list())
        with pytest.raises(ClientStateError) as caught:
            go(CALLS[call](publora))
        assert caught.value == ClientStateError(message)
        assert caught.value.__cause__ is None
        assert KEY not in everything_shown(caught.value)
        assert first.run(publora.connections.list()) == ConnectionList()
        first.run(publora.close())
        if session is not None:
            first.run(session.close())
    assert (len(server.heads), server.connections) == (2, 1)


def test_25_the_session_is_made_inside_the_running_loop(serve: Serve) -> None:
    server = serve(reply())
    publora = AsyncPublora(KEY, base_url=server.base_url)
    for go in (in_trio, in_no_loop):
        with pytest.raises(ClientStateError, match=f"^{NONE}$"):
            go(publora.connections.list())
    with asyncio.Runner() as runner:
        runner.get_loop().set_debug(True)  # then asyncio looks who calls from where
        assert runner.run(publora.connections.list()) == ConnectionList()
        runner.run(publora.close())
    assert (len(server.heads), server.connections) == (1, 1)


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("derived", [False, True], ids=["itself", "derived"])
@pytest.mark.parametrize("end", ["begun anew", "closed", "dropped"])
def test_25_a_client_whose_loop_is_closed_begins_anew_and_leaves_nothing_in_the_old_one(
    end: str,
    derived: bool,  # noqa: FBT001  # a table column
    secure: bool,  # noqa: FBT001
    serve: Serve,
) -> None:
    server = serve(reply(), tls=serving() if secure else None)
    base_url = server.base_url.replace("http:", "https:" if secure else "http:")
    publora = AsyncPublora(KEY, base_url=base_url, ssl_context=trusting())
    asked = publora.with_options(deadline=9) if derived else publora
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(2):
            assert asyncio.run(asked.connections.list()) == ConnectionList()
        if end == "begun anew":
            assert asyncio.run(in_one_loop(asked, publora)) == ConnectionList()
        elif end == "closed":
            asyncio.run(publora.close())
        del asked, publora
        gc.collect()
        assert server.is_left_alone()
    expected = ["an AsyncPublora was not closed"] if end == "dropped" else []
    assert [str(one.message).partition(":")[0] for one in told] == expected
    assert len(server.heads) == server.connections == 2 + (end == "begun anew")


async def in_one_loop(asked: AsyncPublora, owner: AsyncPublora) -> ConnectionList:
    async with owner:
        return await asked.connections.list()


def test_25_a_client_begins_anew_in_every_loop_of_uvloops(serve: Serve) -> None:
    uvloop = pytest.importorskip("uvloop")
    server = serve(reply(headers={"Connection": "close"}))
    publora = AsyncPublora(KEY, base_url=server.base_url)
    for _ in range(2):
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            assert runner.run(publora.connections.list()) == ConnectionList()
    asyncio.run(publora.close())
    assert len(server.heads) == 2


def test_25_a_call_that_its_loop_has_left_hanging_holds_nothing_in_the_next(serve: Serve) -> None:
    server = serve(silence, reply())
    publora = AsyncPublora(KEY, base_url=server.base_url, max_connections=1)
    loop = asyncio.new_event_loop()
    hanging = loop.create_task(publora.connections.list())
    hanging._log_destroy_pending = False  # type: ignore[attr-defined]  # it is meant
    loop.run_until_complete(asyncio.to_thread(server.asked.acquire))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    assert asyncio.run(in_one_loop(publora, publora)) == ConnectionList()
    assert (len(server.heads), server.connections) == (2, 2)


def test_25_of_two_threads_that_begin_anew_at_once_one_is_refused(serve: Serve) -> None:
    server = serve(reply())
    publora = AsyncPublora(KEY, base_url=server.base_url)
    asyncio.run(publora.connections.list())
    both_here = threading.Barrier(2)

    async def ask() -> BaseException | None:
        both_here.wait(9)
        try:
            await publora.connections.list()
        except ClientStateError as error:
            return error
        finally:
            both_here.wait(9)  # until then, both loops are alive
        return None

    with ThreadPoolExecutor(2) as threads:
        outcomes = [threads.submit(asyncio.run, ask()) for _ in range(2)]
    errors = [outcome.result() for outcome in outcomes]
    assert sorted(errors, key=bool) == [None, ClientStateError(OTHER)]
    asyncio.run(publora.close())
    assert (len(server.heads), server.connections) == (2, 2)


async def test_25_a_call_from_another_threads_loop_leaves_the_calls_in_flight_alone(
    serve: Serve,
) -> None:
    refused = threading.Event()

    def answer_late(connection: socket.socket) -> None:
        refused.wait()
        connection.sendall(reply())

    server = serve(answer_late)
    async with AsyncPublora(KEY, base_url=server.base_url) as publora:
        under_way = asyncio.create_task(publora.connections.list())
        await asyncio.to_thread(server.asked.acquire)
        for call in (*CALLS.values(), AsyncPublora.close):
            with pytest.raises(
                ClientStateError, match=r"^this client belongs to another event loop"
            ):
                await asyncio.to_thread(asyncio.run, call(publora))
        refused.set()
        assert await under_way == ConnectionList()
    assert (len(server.heads), server.connections) == (1, 1)


@pytest.mark.parametrize("place", PLACES)
def test_25_answers_begun_in_one_loop_are_not_continued_elsewhere(place: str, serve: Serve) -> None:
    server = serve(reply())
    go, _ = PLACES[place]
    message = NONE if place != "another loop" else OTHERS_ANSWERS
    with asyncio.Runner() as first:
        publora = AsyncPublora(KEY, base_url=server.base_url)
        answers = publora.connections.iter_many(["a", "b"], concurrency=1)
        assert first.run(answers.next_numbered()) == (0, UserSucceeded("a", ConnectionList()))
        for _ in range(2):
            with pytest.raises(ClientStateError, match=f"^{message}$"):
                go(answers.next_numbered())
        with suppress(StopIteration):
            go(answers.aclose())
        assert first.run(answers.next_numbered()) == (1, UserSucceeded("b", ConnectionList()))
        assert first.run(answers.next_numbered()) is None
        first.run(publora.close())
    assert (len(server.heads), server.connections) == (2, 1)


async def test_25_a_borrowed_session_of_the_parents_is_not_used_in_a_child(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(reply())
    async with (
        aiohttp.ClientSession() as session,
        AsyncPublora(KEY, base_url=server.base_url, session=session) as publora,
    ):
        await publora.connections.list()
        with monkeypatch.context() as child:
            child.setattr(os, "getpid", lambda: -1)
            with pytest.raises(ClientStateError, match=r"^the borrowed session was made before a"):
                await publora.connections.list()
        await publora.connections.list()
    assert (len(server.heads), server.connections) == (2, 1)


@pytest.mark.parametrize("method", ["list", "list_many"])
@pytest.mark.parametrize("retries", [0, 3])
async def test_25_a_borrowed_session_that_is_closed_is_one_error(
    retries: int, method: str, serve: Serve
) -> None:
    server = serve(reply())
    ids = () if method == "list" else (["a", "b"],)
    for used in (False, True):
        session = aiohttp.ClientSession()
        async with AsyncPublora(
            KEY, base_url=server.base_url, session=session, max_retries=retries
        ) as publora:
            if used:
                await publora.connections.list()
            await session.close()
            with pytest.raises(ClientStateError, match=r"^the borrowed session is closed: make it"):
                await getattr(publora.connections, method)(*ids)
    assert len(server.heads) == 1


@pytest.mark.parametrize("retries", [0, 3])
async def test_25_a_borrowed_session_that_is_closed_during_a_call_is_that_error_too(
    retries: int, serve: Serve
) -> None:
    server = serve(silence)
    session = aiohttp.ClientSession()
    async with AsyncPublora(
        KEY, base_url=server.base_url, session=session, max_retries=retries, max_connections=1
    ) as publora:
        calls = [asyncio.create_task(publora.connections.list()) for _ in range(2)]
        await asyncio.to_thread(server.asked.acquire)
        await session.close()
        for call in calls:
            with pytest.raises(ClientStateError, match=r"^the borrowed session is closed: make it"):
                await call
    assert len(server.heads) == 1


@pytest.mark.parametrize("alive", [False, True])
def test_25_a_borrowed_session_of_another_loop_is_one_error(
    alive: bool,  # noqa: FBT001  # a table column
    serve: Serve,
) -> None:
    server = serve(reply())

    async def make() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    async def ask(session: aiohttp.ClientSession) -> None:
        async with AsyncPublora(KEY, base_url=server.base_url, session=session) as publora:
            for _ in range(2):
                with pytest.raises(ClientStateError, match=r"^the borrowed session belongs to an"):
                    await publora.connections.list()

    owner = asyncio.new_event_loop()
    session = owner.run_until_complete(make())
    if not alive:
        owner.close()
    asyncio.run(ask(session))
    asyncio.run(session.close())
    owner.close()
    assert server.heads == []
