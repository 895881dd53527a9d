"""The thread with the sync client's event loop: how it starts, how it ends."""

import asyncio
import threading
from concurrent.futures import Future
from contextvars import ContextVar

import pytest

from publora_async import ClientStateError
from publora_sync._bridge import Bridge
from publora_sync._loop_thread import LoopThread


def loop_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "publora"]


async def nothing() -> None:
    pass


def test_its_loop_runs_until_it_is_stopped_and_what_closes_is_awaited_before() -> None:
    closed: list[bool] = []

    async def close() -> None:
        closed.append(asyncio.get_running_loop().is_running())

    loop_thread = LoopThread(close)
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
    name.set("zoe")
    loop_thread.call_soon(lambda: seen.set_result((loop_thread.is_current, name.get())))
    assert seen.result(10) == (True, "zoe")
    loop_thread.stop()
    loop_thread.join()


def test_what_is_called_after_its_end_is_refused() -> None:
    loop_thread = LoopThread(nothing)
    loop_thread.stop()
    loop_thread.join()
    with pytest.raises(ClientStateError, match="closed meanwhile"):
        loop_thread.call_soon(print)


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


@pytest.mark.parametrize("starts", [True, False])
def test_an_interrupt_while_the_thread_starts_leaves_no_thread(
    starts: bool,  # noqa: FBT001  # a table column
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interrupts = [KeyboardInterrupt]

    def fail(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    class InterruptedFuture(Future[object]):
        def result(self, timeout: float | None = None) -> object:
            if interrupts:
                raise interrupts.pop()
            return super().result(timeout)

    bridge = Bridge(nothing)
    with monkeypatch.context() as patch:
        patch.setattr("publora_sync._loop_thread.Future", InterruptedFuture)
        if not starts:
            patch.setattr("publora_sync._loop_thread.anyio.run", fail)
        with pytest.raises(KeyboardInterrupt):
            bridge.run(nothing)
    for thread in loop_threads():
        thread.join(10)
    assert loop_threads() == []
    bridge.run(nothing)
    bridge.stop()
