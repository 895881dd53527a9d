"""Who may call a sync client from where: any thread, also one in which a loop is running."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest
import trio
from asking import Serve
from conftest import KEY
from hostile import reply
from processes import finished, started

from publora_async import ConnectionList
from publora_sync import Publora

CALLS: dict[str, Callable[[Publora], Any]] = {
    "list": lambda publora: publora.connections.list(),
    "list_many": lambda publora: publora.connections.list_many(["a"])[0].unwrap(),
    "iter_many": lambda publora: next(publora.connections.iter_many(["a"])).unwrap(),
}


def loop_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "publora"]


async def in_a_coroutine(call: Callable[[], object]) -> object:
    """As a notebook's cell runs, or an async web app's careless view."""
    return call()


PLACES: dict[str, Callable[[Callable[[], object]], object]] = {
    "asyncio": lambda call: asyncio.run(in_a_coroutine(call)),
    "trio": lambda call: trio.run(in_a_coroutine, call),
    "a callback of asyncio's": lambda call: asyncio.run(called_back(call)),
    "an asyncio thread": lambda call: asyncio.run(asyncio.to_thread(call)),
}


async def called_back(call: Callable[[], object]) -> object:
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    loop.call_soon(lambda: done.set_result(call()))
    return await done


@pytest.mark.filterwarnings("ignore:this call blocks the event loop")
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("call", CALLS)
def test_30_it_works_wherever_a_loop_is_running(call: str, place: str, serve: Serve) -> None:
    server = serve(reply())
    with Publora(KEY, base_url=server.base_url) as publora:
        for _ in range(2):
            assert PLACES[place](lambda: CALLS[call](publora)) == ConnectionList()
        assert CALLS[call](publora) == ConnectionList()
        assert len(loop_threads()) == 1
    assert loop_threads() == []
    assert (len(server.heads), server.connections) == (3, 1)


@pytest.mark.filterwarnings("ignore:this call blocks the event loop")
async def test_30_it_works_inside_the_tests_own_loop(serve: Serve) -> None:
    server = serve(reply())
    with Publora(KEY, base_url=server.base_url) as publora:
        assert publora.connections.list() == ConnectionList()
    assert len(server.heads) == 1


SCRIPT = """
from publora_async import ClientStateError
from publora_sync import Publora
with Publora() as publora:
    async def call_again():
        return CALL
    for _ in range(2):
        try:
            publora._bridge.run(call_again)
        except ClientStateError as error:
            print(error)
    print(len(publora.connections.list()))
"""


@pytest.mark.parametrize(
    "call", ["list()", "list_many(['a'])", "wait_for('twitter', timeout=9)", "test('twitter-1')"]
)
def test_30_from_its_own_loop_thread_it_is_an_error_and_no_deadlock(
    call: str, serve: Serve, tmp_path: Path
) -> None:
    server = serve(reply())
    with started(SCRIPT.replace("CALL", f"publora.connections.{call}"), server, tmp_path) as script:
        refused = "a sync client cannot be called from its own event loop\n"
        assert finished(script) == (0, f"{refused * 2}0\n", "")
    assert len(server.heads) == 1


def test_30_from_64_threads_at_once_it_works_with_one_loop_thread(serve: Serve) -> None:
    server = serve(reply())
    together = threading.Barrier(64)

    def ask(number: int) -> object:
        together.wait()
        return list(CALLS.values())[number % 3](publora)

    with Publora(KEY, base_url=server.base_url, max_connections=5) as publora:
        with ThreadPoolExecutor(64) as threads:
            answers = list(threads.map(ask, range(64)))
        assert answers == [ConnectionList()] * 64
        assert len(loop_threads()) == 1
    assert len(server.heads) == 64
    assert server.connections <= 5


def test_30_two_clients_have_a_loop_thread_each(serve: Serve) -> None:
    server = serve(reply())
    with (
        Publora(KEY, base_url=server.base_url) as one,
        Publora(KEY, base_url=server.base_url) as other,
    ):
        for publora in (one, other, one.with_options(deadline=5)):
            publora.connections.list()
        assert len(loop_threads()) == 2
    assert (len(server.heads), server.connections) == (3, 2)


who: ContextVar[str] = ContextVar("who")


@pytest.fixture
def seen() -> Iterator[list[str]]:
    """The context variable, as a log handler of the caller's sees it when it is called."""
    seen: list[str] = []

    class Handler(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            seen.append(who.get("nobody"))

    logger = logging.getLogger("publora_async")
    handler = Handler()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield seen
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.mark.parametrize("call", CALLS)
def test_30_the_callers_context_variables_are_seen_inside(
    call: str, serve: Serve, seen: list[str]
) -> None:
    server = serve(reply())

    def ask(name: str) -> None:
        who.set(name)
        CALLS[call](publora)

    names = ["first", "second", "first"]
    with Publora(KEY, base_url=server.base_url) as publora:
        for name in names:
            thread = threading.Thread(target=ask, args=(name,))
            thread.start()
            thread.join()
        CALLS[call](publora)
    assert [name for name in seen if name != "nobody"] == names
    assert seen[-1] == "nobody"
    assert len(server.heads) == 4
