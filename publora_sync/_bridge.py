"""
The event loop that a sync client keeps on a thread of its own, and anyio's portal into it.

The thread is a daemon and opens the portal itself. anyio's ``start_blocking_portal()`` would use
a thread that the interpreter waits for: for ever, where nobody closes the client.
"""

import asyncio
import os
import sys
import threading
import weakref
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from functools import partial
from typing import Generic, ParamSpec, TypeVar

import anyio
import attrs
from anyio.from_thread import BlockingPortal

from publora_async import ClientStateError, PubloraError

__all__ = ["Bridge"]

P = ParamSpec("P")
T = TypeVar("T")

_CLOSED = "this client is closed: make another one"


@attrs.frozen
class _LoopThread:
    """What other threads know of a running loop thread."""

    thread: threading.Thread
    portal: BlockingPortal
    call_soon: Callable[[Callable[[], object]], object]
    stop: Callable[[], object]


@attrs.frozen
class _Raised:
    """
    What a call raised, handed back as a value and without the loop thread's frames.

    Those hold the portal's future, and that what was raised: a ring that only the garbage
    collector would open.
    """

    error: PubloraError


class _Job(Generic[T]):
    """One call on the loop thread, which can be cancelled before it has begun."""

    def __init__(self, call: Callable[[], Awaitable[T]]) -> None:
        self._call = call
        self._task: asyncio.Task[object] | None = None
        self._cancelled = False

    async def run(self) -> "T | _Raised":
        self._task = asyncio.current_task()
        if self._cancelled:
            raise asyncio.CancelledError
        try:
            return await self._call()
        except PubloraError as error:
            return _Raised(error.with_traceback(None))
        finally:
            self._task = None

    def cancel(self) -> None:
        self._cancelled = True
        if self._task is not None:
            self._task.cancel()


class Bridge:
    """
    A loop thread that starts with the first call, and ends with :meth:`stop` or unreachable.

    Args:
        close: Awaited on the thread before it ends.
    """

    def __init__(self, close: Callable[[], Awaitable[None]]) -> None:
        self._close = close
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._running: _LoopThread | None = None
        self._end: weakref.finalize[[], Bridge] | None = None
        self._stopped = False

    def run(self, call: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """
        Run *call* on the loop thread and wait here for what it returns or raises.

        Raises:
            ClientStateError: The client is closed, was made in another process, or is called
                from its own loop thread, which would wait for itself for ever.
        """
        running = self._loop_thread()
        job = _Job(partial(call, *args, **kwargs))
        future: Future[T | _Raised] | None = None
        try:
            future = running.portal.start_task_soon(job.run)
            outcome = _result(future)
        except BaseException as error:
            refused = future is None and isinstance(error, RuntimeError)
            if refused or isinstance(error, CancelledError):
                raise ClientStateError("this client was closed meanwhile") from None
            if future is not None and future.done():
                raise
            # Ctrl-C arrives in this thread, not in the loop's, and perhaps before there is a
            # future: the request would go on after the caller has moved on.
            running.call_soon(job.cancel)
            raise
        if not isinstance(outcome, _Raised):
            return outcome
        try:
            raise outcome.error
        finally:
            # What is raised holds this frame, and these would hold what is raised.
            del outcome, future

    def post(self, call: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """
        Have *call*, a plain function, run on the loop thread; it is not waited for.

        Raises:
            ClientStateError: As for :meth:`run`.
        """
        self._loop_thread().call_soon(partial(call, *args, **kwargs))

    def _loop_thread(self) -> _LoopThread:
        if sys.is_finalizing():
            # Daemon threads stand still by now, so the wait would never end.
            raise ClientStateError("the interpreter is exiting: close the client before")
        if os.getpid() != self._pid:
            # A fork copies the client but not its thread, so the wait would never end.
            raise ClientStateError("this client was made before a fork: make another one here")
        with self._lock:
            if self._stopped:
                raise ClientStateError(_CLOSED)
            if self._running is None:
                self._running = _start(self._close)
                # A client that was dropped, not closed, leaves no thread behind either. At exit
                # there is nothing to do: a daemon thread ends with the interpreter.
                self._end = weakref.finalize(self, self._running.stop)
                self._end.atexit = False
            if threading.current_thread() is self._running.thread:
                raise ClientStateError("a sync client cannot be called from its own event loop")
            return self._running

    def stop(self) -> None:
        """End the loop thread; calls under way fail. Again: nothing happens."""
        with self._lock:
            self._stopped = True
        if self._running is not None and self._end is not None:
            self._end()
            if not sys.is_finalizing():
                self._running.thread.join()


def _result(future: Future[T]) -> T:
    # In slices: a signal that comes just before the wait would be noticed only after it.
    while True:
        try:
            return future.result(timeout=0.25)
        except TimeoutError:
            if future.done():
                raise


def _start(close: Callable[[], Awaitable[None]]) -> _LoopThread:
    opened: Future[_LoopThread] = Future()
    thread = threading.Thread(target=_run, args=(opened, close), name="publora", daemon=True)
    try:
        thread.start()
        return opened.result()
    except KeyboardInterrupt:
        opened.add_done_callback(lambda opened: opened.exception() or opened.result().stop())
        raise
    except (OSError, RuntimeError) as error:
        raise ClientStateError(f"the client's event loop cannot start: {error}") from None


def _run(opened: "Future[_LoopThread]", close: Callable[[], Awaitable[None]]) -> None:
    try:
        anyio.run(_serve, opened, close)
    except Exception as error:
        if opened.done():
            raise
        opened.set_exception(error)


async def _serve(opened: "Future[_LoopThread]", close: Callable[[], Awaitable[None]]) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(_DaemonThreads())
    async with BlockingPortal() as portal:
        stop = partial(loop.call_soon_threadsafe, stopping.set)
        thread = threading.current_thread()
        opened.set_result(_LoopThread(thread, portal, loop.call_soon_threadsafe, stop))
        await stopping.wait()
        await close()
        await portal.stop(cancel_remaining=True)


class _DaemonThreads(ThreadPoolExecutor):
    """
    A thread for each job, which nobody waits for at the end.

    Names are looked up on the loop's executor. The usual one has the interpreter, and whoever
    closes the client, wait for a look-up that hangs.
    """

    def submit(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(call(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001  # it is raised where it is awaited
                future.set_exception(error)

        threading.Thread(target=work, daemon=True).start()
        return future
