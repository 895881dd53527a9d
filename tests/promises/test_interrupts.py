"""Ctrl-C while a sync client waits: the request ends at the server, and the client works on."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from types import FrameType
from typing import Any, Self

import pytest
from asking import Serve
from capabilities import needs_signals
from conftest import KEY
from hostile import CUT, reply, silence

from publora_async import ConnectionList
from publora_sync import Publora

pytestmark = needs_signals


class Interrupted:
    """
    Answers that interrupt the process and then wait for the client to leave.

    Attributes:
        left: How long after the last interrupt each of those connections ended, in seconds.
    """

    def __init__(self) -> None:
        self.left: list[float] = []
        self._last = 0.0

    def after(self, sent: bytes = b"") -> Callable[[socket.socket], None]:
        """Send *sent* first."""

        def answer(connection: socket.socket) -> None:
            connection.sendall(sent)
            self._last = time.monotonic()
            os.kill(os.getpid(), signal.SIGINT)
            try:
                silence(connection)
            finally:  # whether it was closed or reset
                self.left.append(time.monotonic() - self._last)

        return answer


@pytest.fixture
def interrupted() -> Iterator[Interrupted]:
    """Interrupts such as a terminal sends."""
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert threading.current_thread() is threading.main_thread()
    interrupted = Interrupted()
    yield interrupted
    # Two seconds where half a one is promised: the machine may be busy.
    assert all(seconds < 2 for seconds in interrupted.left)


CALLS: dict[str, Callable[[Publora], Any]] = {
    "list": lambda publora: publora.connections.list(),
    "list, derived": lambda publora: publora.with_options(deadline=None).connections.list(),
    "test": lambda publora: publora.connections.test("twitter-1"),
    "wait_for": lambda publora: publora.connections.wait_for("twitter", timeout=99),
    "users": lambda publora: publora.managed_users.list(),
    "iter_many": lambda publora: next(publora.connections.iter_many(["a", "b"], concurrency=1)),
    "list_many": lambda publora: publora.connections.list_many(["a", "b"], concurrency=1),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("sent", [b"", CUT], ids=["headers", "body"])
def test_28_ctrl_c_cancels_the_request_at_the_server_and_the_client_works_on(
    sent: bytes, call: str, serve: Serve, interrupted: Interrupted
) -> None:
    server = serve(reply(), interrupted.after(sent), reply())
    with Publora(KEY, base_url=server.base_url) as publora:
        publora.connections.list()
        with pytest.raises(KeyboardInterrupt):
            CALLS[call](publora)
        assert server.is_left_alone_by(1)
        assert publora.connections.list() == ConnectionList()
        assert (len(server.heads), server.connections, len(interrupted.left)) == (3, 2, 1)


def test_28_ctrl_c_in_a_fan_out_ends_every_request_under_way(
    serve: Serve, interrupted: Interrupted
) -> None:
    server = serve(silence, silence, silence, interrupted.after(), reply())
    with Publora(KEY, base_url=server.base_url) as publora:
        answers = publora.connections.iter_many(map(str, range(1000)), concurrency=4)
        with pytest.raises(KeyboardInterrupt):
            next(answers)
        assert server.is_left_alone_by(4)
        assert list(answers) == []
        assert publora.connections.list() == ConnectionList()
        assert (len(server.heads), server.connections) == (5, 5)


def test_28_ctrl_c_between_two_looks_ends_the_waiting(serve: Serve) -> None:
    def answer_then_interrupt(connection: socket.socket) -> None:
        connection.sendall(reply())
        os.kill(os.getpid(), signal.SIGINT)

    server = serve(answer_then_interrupt, reply())
    with Publora(KEY, base_url=server.base_url) as publora:
        with pytest.raises(KeyboardInterrupt):
            publora.connections.wait_for("twitter", timeout=99, poll_interval=99)
        assert publora.connections.list() == ConnectionList()
    assert len(server.heads) == 2


def test_28_ctrl_c_in_one_call_leaves_another_threads_alone(
    serve: Serve, interrupted: Interrupted
) -> None:
    cancelled = threading.Event()

    def answer_late(connection: socket.socket) -> None:
        cancelled.wait()
        connection.sendall(reply())

    server = serve(answer_late, interrupted.after())
    answers: list[ConnectionList] = []
    with Publora(KEY, base_url=server.base_url) as publora:
        other = threading.Thread(target=lambda: answers.append(publora.connections.list()))
        other.start()
        server.asked.acquire()
        with pytest.raises(KeyboardInterrupt):
            publora.connections.list()
        assert server.is_left_alone_by(1)
        cancelled.set()
        other.join()
    assert answers == [ConnectionList()]
    assert len(server.heads) == 2


class InterruptAt:
    """
    Interrupts a block at one of the moments in which it runs a line of the sync package.

    Or one of :mod:`threading`, whose own locks are none of ours to let go of.

    Args:
        moment: Which one, from 1.

    Attributes:
        came: Whether the block got as far.
    """

    def __init__(self, moment: int) -> None:
        self.came = False
        self._left = moment

    def __enter__(self) -> Self:
        self._before = sys.gettrace()
        sys.settrace(self._enter)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _enter(self, frame: FrameType, _: str, __: object) -> Callable[..., Any] | None:
        path = frame.f_code.co_filename
        return self._step if "/publora_sync/" in path or path == threading.__file__ else None

    def _step(self, _: FrameType, event: str, __: object) -> Callable[..., Any]:
        if event in {"line", "return"} and not self.came:
            self._left -= 1
            if self._left == 0:
                self.came = True
                raise KeyboardInterrupt
        return self._step


def interrupted_at(moment: int, call: Callable[[Publora], object], publora: Publora) -> InterruptAt:
    """Make the call; on a thread of its own, as CPython 3.11 goes on in the ``except`` it cut."""
    with InterruptAt(moment) as interrupt, suppress(KeyboardInterrupt):
        call(publora)
    return interrupt


# One that comes in a finalizer is CPython's to report.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("used", [False, True], ids=["first call", "later call"])
@pytest.mark.parametrize("call", ["list", "iter_many", "list_many"])
def test_30a_an_interrupt_at_any_moment_of_a_call_leaves_a_client_that_works(
    call: str,
    used: bool,  # noqa: FBT001  # a table column
    serve: Serve,
) -> None:
    server = serve(reply())
    for moment in count(1):
        with Publora(KEY, base_url=server.base_url) as publora:
            if used:
                publora.connections.list()
            with ThreadPoolExecutor(1) as threads:
                interrupt = threads.submit(interrupted_at, moment, CALLS[call], publora).result(20)
            with ThreadPoolExecutor(1) as threads:
                answer = threads.submit(publora.connections.list)
                assert answer.result(20) == ConnectionList()
        assert not [one for one in threading.enumerate() if one.name == "publora"]
        if not interrupt.came:
            break
    assert moment > 30
