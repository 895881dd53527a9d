"""The thread with the sync client's event loop: how it starts, how it ends."""

import _thread
import asyncio
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from capabilities import needs_signals
from conftest import KEY
from hostile import HostileServer, reply

from publora_async import ClientStateError, ConnectionList
from publora_sync import Publora
from publora_sync._bridge import Bridge
from publora_sync._loop_thread import LoopThread, _wait_for_end, threads_are_green


def loop_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "publora"]


@pytest.fixture(autouse=True)
def _starters_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let coverage see the threads that start others: it knows those of ``threading`` alone."""
    start = threading.Thread.start
    monkeypatch.setattr(
        _thread,
        "start_new_thread",
        lambda run, arguments: start(threading.Thread(target=run, args=arguments)),
    )


async def nothing() -> None:
    pass


def test_its_loop_runs_until_it_is_stopped_and_what_closes_is_awaited_before() -> None:
    closed: list[bool] = []

    async def close() -> None:
        closed.append(asyncio.get_running_loop().is_running())

    loop_thread = LoopThread(close)
    loop_thread.open()
    assert loop_thread.is_alive
    assert not loop_thread.is_current
    loop_thread.stop()
    loop_thread.join()
    assert not loop_thread.is_alive
    assert closed == [True]


def test_what_is_called_there_sees_the_callers_context_variables() -> None:
    name: ContextVar[str] = ContextVar("name")
    seen: Future[tuple[bool, str]] = Future()
    loop_thread = LoopThread(nothing)
    loop_thread.open()
    name.set("zoe")
    loop_thread.call_soon(lambda: seen.set_result((loop_thread.is_current, name.get())))
    assert seen.result(10) == (True, "zoe")
    loop_thread.stop()
    loop_thread.join()


def test_its_loop_looks_up_names_and_takes_addresses_for_what_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[object] = []
    getaddrinfo = socket.getaddrinfo

    def note(*args: Any, **options: Any) -> object:  # noqa: ANN401  # as socket's
        asked.append(threading.current_thread())
        return getaddrinfo(*args, **options)

    async def resolve(name: str) -> object:
        return await asyncio.get_running_loop().getaddrinfo(name, 80, type=socket.SOCK_STREAM)

    monkeypatch.setattr(socket, "getaddrinfo", note)
    bridge = Bridge(nothing)
    expected = getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
    assert bridge.run(resolve, "127.0.0.1") == expected
    assert asked == loop_threads()
    assert expected[0] in bridge.run(resolve, "localhost")  # type: ignore[operator]
    bridge.stop()


def test_what_is_called_after_its_end_is_refused() -> None:
    loop_thread = LoopThread(nothing)
    loop_thread.open()
    loop_thread.stop()
    loop_thread.join()
    with pytest.raises(ClientStateError, match="closed meanwhile"):
        loop_thread.call_soon(print)


def test_a_finalizer_leaves_a_loop_whose_thread_is_not_of_this_process_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: list[bool] = []
    loop_thread = LoopThread(nothing)
    loop_thread.call_if_alive(lambda: called.append(False))
    loop_thread.open()
    with monkeypatch.context() as child:
        child.setattr(LoopThread, "is_alive", False)
        loop_thread.call_if_alive(lambda: called.append(False))
    loop_thread.call_if_alive(lambda: called.append(True))
    loop_thread.stop()
    loop_thread.join()
    assert called == [True]


def test_a_thread_that_has_ended_or_ends_meanwhile_may_be_stopped_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bridge = Bridge(nothing)
    loop_thread = bridge._started()
    bridge.stop()
    loop_thread.stop()
    assert not loop_thread.is_alive
    monkeypatch.setattr(LoopThread, "is_alive", True)
    loop_thread.stop()


def test_a_loop_that_cannot_start_is_an_error_and_not_a_wait_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    bridge = Bridge(nothing)
    with monkeypatch.context() as patch:
        patch.setattr("publora_sync._loop_thread.anyio.run", fail)
        for _ in range(2):
            with pytest.raises(ClientStateError, match=r"cannot start: .*Too many open files"):
                bridge.run(nothing)
    bridge.run(nothing)
    bridge.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_goes_wrong_when_the_thread_ends_is_not_hidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda hook: seen.append(hook.exc_type))

    async def fail() -> None:
        raise ZeroDivisionError

    bridge = Bridge(fail)
    bridge.run(nothing)
    bridge.stop()
    assert seen in ([ExceptionGroup], [ZeroDivisionError])


@pytest.mark.parametrize("start", ["threading.Thread.start", "_thread.start_new_thread"])
def test_a_thread_that_the_system_does_not_give_is_an_error_and_the_next_call_tries_again(
    start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    bridge = Bridge(nothing)
    with monkeypatch.context() as patch:
        patch.setattr(start, fail)
        with pytest.raises(ClientStateError, match=r"cannot start: can't start new thread$"):
            bridge.run(nothing)
    bridge.run(nothing)
    bridge.stop()


@pytest.fixture
def before_the_loop_runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Callable[[], object]]]:
    """What to do on the loop's thread before its loop runs."""
    steps: list[Callable[[], object]] = []
    run = anyio.run

    def do_then_run(*args: Any, **kwargs: Any) -> object:  # noqa: ANN401  # anyio's
        for step in steps:
            step()
        return run(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr("publora_sync._loop_thread.anyio.run", do_then_run)
        yield steps


class Interruption:
    """
    A signal to the main thread, once that waits for the loop.

    Attributes:
        over: To be set when it has been noticed; the loop runs only then.
    """

    def __init__(self, bridge: Bridge, number: signal.Signals) -> None:
        self.over = threading.Event()
        self._bridge = bridge
        self._number = number

    def __call__(self) -> None:
        (loop_thread,) = self._bridge._loop_threads.values()
        while not loop_thread._started:
            pass  # an instant, in which the main thread goes on
        signal.pthread_kill(threading.main_thread().ident or 0, self._number)
        self.over.wait(10)


@needs_signals
def test_an_interrupt_while_the_thread_starts_leaves_a_client_that_works(
    before_the_loop_runs: list[Callable[[], object]],
) -> None:
    with HostileServer(reply()) as server, Publora(KEY, base_url=server.base_url) as publora:
        interruption = Interruption(publora._bridge, signal.SIGINT)
        before_the_loop_runs.append(interruption)
        with pytest.raises(KeyboardInterrupt):
            publora.connections.list()
        interruption.over.set()
        assert publora.connections.list() == ConnectionList()
        assert len(loop_threads()) == 1
    assert loop_threads() == []


@needs_signals
def test_a_client_closed_after_such_an_interrupt_leaves_no_thread(
    before_the_loop_runs: list[Callable[[], object]],
) -> None:
    closed: list[bool] = []

    async def close() -> None:
        closed.append(True)

    bridge = Bridge(close)
    interruption = Interruption(bridge, signal.SIGINT)
    before_the_loop_runs.append(interruption)
    with pytest.raises(KeyboardInterrupt):
        bridge.run(nothing)
    threading.Timer(0, interruption.over.set).start()
    bridge.stop()
    assert loop_threads() == []
    assert closed == [True]


@needs_signals
def test_a_signal_handler_may_call_while_the_interrupted_call_waits_for_the_thread(
    before_the_loop_runs: list[Callable[[], object]],
) -> None:
    bridge = Bridge(nothing)
    handled: list[bool] = []
    interruption = Interruption(bridge, signal.SIGUSR1)
    before_the_loop_runs.append(interruption)

    def handle(*_: object) -> None:
        interruption.over.set()
        bridge.run(nothing)
        handled.append(True)

    old = signal.signal(signal.SIGUSR1, handle)
    try:
        bridge.run(nothing)
    finally:
        signal.signal(signal.SIGUSR1, old)
    assert handled == [True]
    assert len(loop_threads()) == 1
    bridge.stop()


def test_a_signal_handler_may_call_while_the_interrupted_call_starts_the_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bridge = Bridge(nothing)
    loops: list[object] = []
    handlers = [lambda: bridge.run(note)]
    start = _thread.start_new_thread

    async def note() -> None:
        loops.append(asyncio.get_running_loop())

    def start_late(run: Callable[..., object], arguments: tuple[object, ...]) -> int:
        if handlers:
            handlers.pop()()
        return start(run, arguments)

    monkeypatch.setattr(_thread, "start_new_thread", start_late)
    bridge.run(note)
    assert len(loops) == 2
    assert len(set(loops)) == 1
    bridge.stop()
    assert loop_threads() == []


class LateLock:
    """
    A lock that is not free in the first slice of the wait for it.

    Attributes:
        waited_for: Whether that slice is over.
    """

    def __init__(self, lock: threading.Lock) -> None:
        self.waited_for = threading.Event()
        self._lock = lock
        self.release = lock.release

    def acquire(self, timeout: float) -> bool:
        assert timeout < 1
        if self.waited_for.is_set():
            return self._lock.acquire(timeout=timeout)
        self.waited_for.set()
        return False


def test_a_loop_that_takes_more_than_one_slice_of_the_waiting_is_waited_for(
    before_the_loop_runs: list[Callable[[], object]],
) -> None:
    loop_thread = LoopThread(nothing)
    lock = LateLock(loop_thread._opening)
    loop_thread._opening = lock  # type: ignore[assignment]
    before_the_loop_runs.append(partial(lock.waited_for.wait, 10))
    loop_thread.open()
    assert loop_thread.is_alive
    loop_thread.stop()
    loop_thread.join()


def test_a_thread_that_is_stopped_before_it_starts_closes_and_ends_when_it_does() -> None:
    closed: list[bool] = []

    async def close() -> None:
        closed.append(True)

    loop_thread = LoopThread(close)
    loop_thread.stop()
    loop_thread.join()
    loop_thread.open()
    loop_thread.join()
    assert closed == [True]
    assert not loop_thread.is_alive


def test_a_thread_that_the_system_still_lists_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = tmp_path / "thread"
    entry.touch()
    monkeypatch.setattr(time, "sleep", lambda _: entry.unlink())
    _wait_for_end(str(entry))
    assert not entry.exists()


def test_a_thread_that_the_system_lists_for_ever_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: sum(slept))
    monkeypatch.setattr(time, "sleep", slept.append)
    _wait_for_end(str(tmp_path))
    assert 0 < sum(slept) < 1


def test_threads_of_gevents_or_eventlets_are_told_from_the_systems(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    get_ident, wait = threading.get_ident, select.select
    assert not threads_are_green()
    monkeypatch.setattr(threading, "get_ident", partial(get_ident))
    with pytest.raises(RuntimeError, match="gevent's or eventlet's, but select is not: patch all"):
        threads_are_green()
    monkeypatch.setattr(select, "select", partial(wait))
    assert threads_are_green()
