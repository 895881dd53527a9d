"""The sync client's loop thread: when it lives, whom it serves, how it ends."""

import asyncio
import contextlib
import contextvars
import gc
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from conftest import KEY
from hostile import HostileServer, reply, silence

from publora_async import AuthenticationError, ClientStateError, ConnectionList
from publora_sync import Publora
from publora_sync._bridge import Bridge, _Job


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


async def test_it_works_inside_a_running_loop() -> None:
    with HostileServer(reply()) as server, Publora(KEY, base_url=server.base_url) as publora:
        assert publora.connections.list() == ConnectionList()


def test_many_threads_share_one_loop_thread() -> None:
    with HostileServer(reply()) as server, Publora(KEY, base_url=server.base_url) as publora:
        with ThreadPoolExecutor(16) as threads:
            answers = list(threads.map(lambda _: publora.connections.list(), range(64)))
        assert answers == [ConnectionList()] * 64
        assert len(loop_threads()) == 1


def test_the_callers_context_is_seen_on_the_loop_thread() -> None:
    name = contextvars.ContextVar[str]("name")
    name.set("caller")

    async def see() -> str:
        return name.get()

    bridge = Bridge(nothing)
    assert bridge.run(see) == "caller"
    bridge.stop()


def test_a_call_from_its_own_thread_is_refused_instead_of_waiting_for_ever() -> None:
    bridge = Bridge(nothing)

    async def call_again() -> None:
        bridge.run(nothing)

    with pytest.raises(ClientStateError, match="from its own event loop"):
        bridge.run(call_again)
    bridge.stop()


def test_closing_ends_the_calls_of_other_threads() -> None:
    with HostileServer(silence) as server:
        publora = Publora(KEY, base_url=server.base_url)
        with ThreadPoolExecutor(1) as threads:
            under_way = threads.submit(publora.connections.list)
            server.asked.acquire()
            publora.close()
            error = under_way.exception()
    assert error == ClientStateError("this client was closed meanwhile")


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


def test_an_interrupt_cancels_the_request_and_the_client_works_on() -> None:
    cancelled = threading.Event()

    async def wait() -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    bridge = Bridge(nothing)
    with pytest.raises(KeyboardInterrupt):
        bridge.run(wait)
    assert cancelled.wait(10)
    assert bridge.run(asyncio.sleep, 0, "works on") == "works on"
    bridge.stop()


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


def test_an_interrupt_while_the_thread_starts_leaves_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interrupts = [KeyboardInterrupt]

    class InterruptedFuture(Future[object]):
        def result(self, timeout: float | None = None) -> object:
            if interrupts:
                raise interrupts.pop()
            return super().result(timeout)

    bridge = Bridge(nothing)
    with monkeypatch.context() as patch:
        patch.setattr("publora_sync._loop_thread.Future", InterruptedFuture)
        with pytest.raises(KeyboardInterrupt):
            bridge.run(nothing)
    for thread in loop_threads():
        thread.join(10)
    assert loop_threads() == []
    bridge.run(nothing)
    bridge.stop()


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


SCRIPT = """
import sys
from publora_sync import Publora
publora = Publora({key!r}, base_url={base_url!r})
print(len(publora.connections.list()))
{ending}
"""


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("", 0),
        ("sys.exit(3)", 3),
        ("raise SystemExit", 0),
        ("publora.me = publora", 0),
        ("def hold():\n    with publora:\n        yield\nheld = hold(); next(held)", 0),
    ],
)
def test_a_script_that_forgets_to_close_ends_clean_and_quiet(ending: str, code: int) -> None:
    with HostileServer(reply()) as server:
        script = SCRIPT.format(key=KEY, base_url=server.base_url, ending=ending)
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script],
            capture_output=True,
            check=False,
            timeout=30,
        )
    assert (done.returncode, done.stdout, done.stderr) == (code, b"0\n", b"")
