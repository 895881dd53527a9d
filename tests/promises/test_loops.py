"""One client, one event loop: every call from elsewhere is one error, and the loop unharmed."""

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
import trio
from asking import Serve
from conftest import KEY
from hostile import reply
from leftovers import everything_shown

from publora_async import AsyncPublora, ClientStateError, ConnectionList, UserConnections

Call = Callable[[AsyncPublora], Coroutine[Any, Any, object]]
OTHER = "this client belongs to another event loop: make one client for each loop"
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


def test_25_a_client_whose_loop_is_closed_says_so_in_the_next(serve: Serve) -> None:
    server = serve(reply(headers={"Connection": "close"}))
    publora = AsyncPublora(KEY, base_url=server.base_url)
    asyncio.run(publora.connections.list())
    for _ in range(2):
        with pytest.raises(ClientStateError, match=f"^{OTHER}$"):
            asyncio.run(publora.connections.list())
    asyncio.run(publora.close())
    assert len(server.heads) == 1


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
        assert first.run(answers.next_numbered()) == (0, UserConnections("a", ConnectionList()))
        for _ in range(2):
            with pytest.raises(ClientStateError, match=f"^{message}$"):
                go(answers.next_numbered())
        with suppress(StopIteration):
            go(answers.aclose())
        assert first.run(answers.next_numbered()) == (1, UserConnections("b", ConnectionList()))
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
