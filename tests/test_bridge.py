"""The sync client's loop thread: when it lives, whom it serves, how it ends."""

import asyncio
import contextlib
import gc
import logging
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import KEY
from hostile import HostileServer, reply

from publora_async import AuthenticationError, ClientStateError, ConnectionList
from publora_sync import Publora
from publora_sync._bridge import Bridge, _Job
from publora_sync._loop_thread import LoopThread


def loop_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "publora"]


async def nothing() -> None:
    pass


def test_the_thread_starts_with_the_first_call_and_ends_with_the_client() -> None:
    with HostileServer(reply()) as server:
        with Publora(KEY, base_url=server.base_url) as publora:
            assert loop_threads() == []
            assert publora.connections.list() == ConnectionList()
            (thread,) = loop_threads()
            assert thread.daemon
        assert loop_threads() == []


def test_a_dropped_client_leaves_no_thread_behind() -> None:
    with HostileServer(reply()) as server:
        publora = Publora(KEY, base_url=server.base_url)
        connections = publora.connections
        del publora
        assert connections.list() == ConnectionList()
        (thread,) = loop_threads()
        del connections
        gc.collect()
        thread.join(10)
        assert not thread.is_alive()


def test_a_client_that_raised_is_not_kept_by_its_own_errors() -> None:
    with HostileServer(reply({}, status=401)) as server:
        publora = Publora(KEY, base_url=server.base_url)
        gc.disable()
        try:
            with contextlib.suppress(AuthenticationError):
                publora.connections.list()
            (thread,) = loop_threads()
            del publora
            thread.join(10)
            assert not thread.is_alive()
        finally:
            gc.enable()


def test_closing_ends_what_would_wait_on() -> None:
    bridge = Bridge(nothing)
    started = threading.Event()

    async def wait() -> None:
        started.set()
        await asyncio.Event().wait()

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(bridge.run, wait)
        started.wait()
        bridge.stop()
        with pytest.raises(ClientStateError, match="closed meanwhile"):
            waiting.result()


class SecondSlice:
    """A lock that is free in the second slice of the wait for it."""

    def __init__(self) -> None:
        self._free = iter([False, True])

    def acquire(self, timeout: float) -> bool:
        assert timeout < 1
        return next(self._free)


def test_a_call_that_takes_more_than_one_slice_of_the_waiting_is_waited_for() -> None:
    bridge = Bridge(nothing)
    job = _Job(nothing)
    job._under_way = SecondSlice()  # type: ignore[assignment]
    job.wait(bridge._started())
    bridge.stop()


def test_a_call_that_the_thread_can_no_longer_make_is_not_waited_for() -> None:
    bridge = Bridge(nothing)
    loop_thread = bridge._started()
    bridge.stop()
    with pytest.raises(ClientStateError, match="closed meanwhile"):
        _Job(nothing).wait(loop_thread)
    with pytest.raises(ClientStateError, match="closed meanwhile"):
        loop_thread.call_soon(print)
    loop_thread.stop()


def test_a_call_from_its_own_thread_is_refused_instead_of_waiting_for_ever() -> None:
    bridge = Bridge(nothing)

    async def call_again() -> None:
        bridge.run(nothing)

    with pytest.raises(ClientStateError, match="from its own event loop"):
        bridge.run(call_again)
    bridge.stop()


def test_a_call_that_comes_after_the_last_one_was_cancelled_fails() -> None:
    job = _Job(nothing)
    bridge = Bridge(nothing)
    loop_thread = bridge._started()
    bridge.stop()
    job.begin(loop_thread.calls)
    job.wait(loop_thread)
    with pytest.raises(ClientStateError, match="closed meanwhile"):
        job.result()


def test_a_call_that_runs_out_of_time_by_itself_is_not_waited_for_again() -> None:
    bridge = Bridge(nothing)

    async def run_out_of_it() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        bridge.run(run_out_of_it)
    bridge.stop()


def test_an_interrupt_before_the_call_has_begun_keeps_it_from_beginning() -> None:
    begun = threading.Event()
    bridge = Bridge(nothing)

    async def begin() -> None:
        begun.set()

    loop_thread = bridge._started()
    job = _Job(begin)
    loop_thread.call_soon(job.cancel)
    loop_thread.call_soon(job.begin, loop_thread.calls)
    job.wait(loop_thread)
    with pytest.raises(ClientStateError):
        job.result()
    assert not begun.is_set()
    bridge.stop()


def test_closing_does_not_wait_for_a_name_look_up_that_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, released = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> None:
        begun.set()
        released.wait()
        raise OSError("released")

    monkeypatch.setattr("socket.getaddrinfo", hang)
    publora = Publora(KEY, base_url="https://publora.example")
    with ThreadPoolExecutor(1) as threads:
        under_way = threads.submit(publora.connections.list)
        begun.wait()
        publora.close()
        assert isinstance(under_way.exception(), ClientStateError)
        assert not released.is_set()
        released.set()


def test_a_loop_that_another_call_has_seen_fail_is_given_up_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bridge = Bridge(nothing)

    def fail(_: LoopThread) -> None:
        bridge._loop_threads.clear()
        raise ClientStateError("as the other call")

    with monkeypatch.context() as patch:
        patch.setattr(LoopThread, "open", fail)
        with pytest.raises(ClientStateError, match="as the other call"):
            bridge.run(nothing)
    bridge.run(nothing)
    bridge.stop()


class Owner:
    """Something to drop."""


def test_what_is_due_when_an_owner_is_dropped_is_called_from_any_thread() -> None:
    bridge, called = Bridge(nothing), threading.Semaphore(0)
    owners, others = [Owner()], [Owner()]
    for owner in (owners, others):
        bridge.when_dropped(owner[0], called.release)
    del owner
    loop_thread = bridge._started()
    with ThreadPoolExecutor(1) as threads:
        threads.submit(owners.clear).result(10)
        loop_thread.call_soon(others.clear)
        assert called.acquire(timeout=10)
        assert called.acquire(timeout=10)
    bridge.stop()


def test_an_owner_that_outlives_the_thread_is_dropped_quietly() -> None:
    bridge, called = Bridge(nothing), threading.Event()
    owner = Owner()
    bridge.when_dropped(owner, called.set)
    bridge.stop()
    del owner
    assert loop_threads() == []
    assert not called.is_set()


def test_at_exit_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    bridge = Bridge(nothing)
    bridge.run(nothing)
    (thread,) = loop_threads()
    with monkeypatch.context() as patch:
        patch.setattr("publora_sync._bridge.sys.is_finalizing", lambda: True)
        with pytest.raises(ClientStateError, match="interpreter is exiting"):
            bridge.run(nothing)
        bridge.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_a_child_process_neither_goes_on_with_its_parents_answers_nor_ends_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with HostileServer(reply()) as server, Publora(KEY, base_url=server.base_url) as publora:
        answers = publora.connections.iter_many(["a", "b"], concurrency=1)
        others = publora.connections.iter_many(["c"])
        next(answers)
        with monkeypatch.context() as child:
            child.setattr("os.getpid", lambda: -1)
            with pytest.raises(ClientStateError, match="begun before a fork"):
                next(answers)
            answers.close()
            del others
        assert [answer.user_id for answer in answers] == ["b"]
    assert len(server.heads) == 2


ANSWERED_TWICE = """
async def ask_twice(publora):
    publora.connections.list()
    publora.connections.list_many(["a"])
"""


async def ask_twice(publora: Publora) -> None:
    """Call in a coroutine, from a file that has a name of its own."""
    names: dict[str, Any] = {"__name__": "webapp"}
    exec(compile(ANSWERED_TWICE, "webapp.py", "exec"), names)  # noqa: S102  # written above
    await names["ask_twice"](publora)


@pytest.fixture
def publora() -> Iterator[Publora]:
    """Give a client that is answered."""
    with HostileServer(reply()) as server, Publora(KEY, base_url=server.base_url) as publora:
        yield publora


def blocking(caught: Iterable[warnings.WarningMessage]) -> list[tuple[str, int]]:
    """Where each warning says that a loop is blocked."""
    caught = list(caught)
    for one in caught:
        assert one.category is RuntimeWarning
        assert "blocks the event loop" in str(one.message)
    return [(one.filename, one.lineno) for one in caught]


async def test_the_first_call_that_blocks_an_event_loop_warns_where_it_is_made(
    publora: Publora,
) -> None:
    other = publora.with_options(deadline=5)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await ask_twice(publora)
        await ask_twice(other)
    assert blocking(caught) == [("webapp.py", 3)]


async def test_in_debug_mode_every_call_that_blocks_is_logged_where_it_is_made(
    publora: Publora, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "publora_async")
    asyncio.get_running_loop().set_debug(True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await ask_twice(publora)
    assert blocking(caught) == [("webapp.py", 3)]
    said = [one for one in caplog.records if one.name == "publora_async"]
    lines = [one.lineno for one in said]
    assert (lines[0], {*lines}) == (3, {3, 4})
    for one in said:
        assert (one.levelname, one.pathname) == ("WARNING", "webapp.py")
        assert "asyncio.to_thread" in one.getMessage()


async def test_in_an_interactive_shell_nothing_warns(
    publora: Publora, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in IPython and in notebooks, where a loop always runs."""
    monkeypatch.setattr(sys, "ps1", "In : ", raising=False)
    await ask_twice(publora)


@pytest.mark.parametrize("in_notebook", [True, False])
async def test_in_a_notebook_of_marimo_nothing_warns(
    publora: Publora,
    monkeypatch: pytest.MonkeyPatch,
    in_notebook: bool,  # noqa: FBT001  # a column
) -> None:
    """A program can import marimo without being one of its notebooks."""
    marimo = SimpleNamespace(running_in_notebook=lambda: in_notebook)
    monkeypatch.setitem(sys.modules, "marimo", marimo)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await ask_twice(publora)
    assert len(caught) == (0 if in_notebook else 1)


async def test_a_call_in_a_thread_of_its_own_blocks_no_loop(publora: Publora) -> None:
    asyncio.get_running_loop().set_debug(True)
    assert await asyncio.to_thread(publora.connections.list) == ConnectionList()
