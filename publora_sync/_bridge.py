"""From a plain call to the coroutine that does the work, on an event loop of the client's own."""

import asyncio
import inspect
import logging
import os
import sys
import threading
import warnings
import weakref
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Generic, ParamSpec, TypeVar

from publora_async import ClientStateError, PubloraError
from publora_async._loops import loop_or_none
from publora_sync._loop_thread import LoopThread, threads_are_green

__all__ = ["Bridge"]

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger("publora_async")


class _Job(Generic[T]):
    """One call, between the thread that waits for it and the loop's, where it runs."""

    _value: T

    def __init__(self, call: Callable[[], Awaitable[T]]) -> None:
        self._call = call
        self._task: asyncio.Task[object] | None = None
        self._cancelled = False
        self._error: BaseException | None = None
        # Held until the call is over: to wait for a lock takes a third of what a Future takes.
        self._under_way = threading.Lock()
        self._under_way.acquire()

    def begin(self, calls: asyncio.TaskGroup) -> None:
        """Start the call as one of *calls*. On the loop's thread."""
        running = self._run()
        try:
            calls.create_task(running)
        except RuntimeError:  # the group has ended with the client
            running.close()
            self._error = _closed_meanwhile()
            self._under_way.release()

    async def _run(self) -> None:
        self._task = asyncio.current_task()
        try:
            if self._cancelled:
                raise asyncio.CancelledError  # noqa: TRY301  # as if it had come a moment later
            self._value = await self._call()
        except PubloraError as error:
            # Without the loop thread's frames: they hold this job, and that what was raised, a
            # ring that only the garbage collector would open.
            self._error = error.with_traceback(None)
        except asyncio.CancelledError:
            self._error = _closed_meanwhile()
        except BaseException as error:  # noqa: BLE001  # it is raised where the call came from
            self._error = error
        finally:
            self._task = None
            self._under_way.release()

    def cancel(self) -> None:
        """Give up, begun or not. On the loop's thread."""
        self._cancelled = True
        if self._task is not None:
            self._task.cancel()

    def wait(self, loop_thread: LoopThread) -> None:
        """
        Wait until the call is over.

        Raises:
            ClientStateError: The thread has ended before.
        """
        # In slices: a signal that comes just before the wait would be noticed only after it.
        while not self._under_way.acquire(timeout=0.25):
            if not loop_thread.is_alive:
                raise _closed_meanwhile()

    def result(self) -> T:
        """Give what the call has returned, or raise what it has raised."""
        if self._error is None:
            return self._value
        error, self._error = self._error, None
        try:
            raise error
        finally:
            # What is raised holds this frame, and the frame would hold what is raised.
            del error


def _closed_meanwhile() -> ClientStateError:
    return ClientStateError("this client was closed meanwhile")


class Bridge:
    """
    Runs coroutines for plain callers; its thread starts with the first call.

    The thread ends with :meth:`stop`, or when the bridge is dropped.

    Args:
        close: Awaited on the thread before it ends.

    Attributes:
        stopped: Whether :meth:`stop` has been called.
    """

    def __init__(self, close: Callable[[], Awaitable[None]]) -> None:
        self._close = close
        # One for each process, as a fork copies no threads. And no lock around them: a signal
        # handler that calls while this thread is in the middle of a call would wait for itself.
        self._loop_threads: dict[int, LoopThread] = {}
        self.stopped: bool = False
        self._has_warned = False

    def run(self, call: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """
        Run *call* on the loop thread and wait here for what it returns or raises.

        Raises:
            ClientStateError: The client is closed, or is called from its own loop thread, which
                would wait for itself for ever.
        """
        loop_thread = self._started()
        blocked = loop_or_none()
        # Of green threads, asyncio takes each for the one that its loop runs on.
        if blocked is not None and not threads_are_green():
            self._tell_that_it_blocks(blocked)
        job = _Job(partial(call, *args, **kwargs))
        try:
            loop_thread.call_soon(job.begin, loop_thread.calls)
            job.wait(loop_thread)
        except BaseException:
            # Ctrl-C arrives in this thread, not in the loop's: the request would go on after
            # the caller has moved on.
            with suppress(ClientStateError):
                loop_thread.call_soon(job.cancel)
            raise
        return job.result()

    def _tell_that_it_blocks(self, loop: asyncio.AbstractEventLoop) -> None:
        """Log it in *loop*'s debug mode; warn of a client's first such call, but in a shell."""
        message = (
            "this call blocks the event loop that runs here: await a publora_async.AsyncPublora "
            "instead, or call from another thread, as asyncio.to_thread does"
        )
        level = _frames_to_caller()
        if loop.get_debug():
            logger.warning(message, stacklevel=level)
        # Interactive shells have ps1, IPython and so Jupyter's notebooks too, where a loop always
        # runs; in marimo's one runs as well.
        is_marimo = getattr(sys.modules.get("marimo"), "running_in_notebook", bool)()
        if not self._has_warned and not is_marimo and not hasattr(sys, "ps1"):
            self._has_warned = True
            warnings.warn(message, RuntimeWarning, stacklevel=level)

    def post(self, call: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """
        Have *call*, a plain function, run on the loop thread; it is not waited for.

        Raises:
            ClientStateError: As for :meth:`run`.
        """
        self._started().call_soon(partial(call, *args, **kwargs))

    def when_dropped(self, owner: T, call: Callable[[], object], /) -> "weakref.finalize[[], T]":
        """
        Have *call* run on the loop thread once *owner* is dropped.

        Whoever drops it takes no lock, starts nothing and waits for nothing: it may be the
        garbage collector, on any thread and in the middle of a call.

        Raises:
            ClientStateError: As for :meth:`run`.
        """
        return _when_dropped(owner, partial(self._started().call_if_alive, call))

    def _started(self) -> LoopThread:
        if sys.is_finalizing():
            # Daemon threads stand still by now, so the wait would never end.
            raise ClientStateError("the interpreter is exiting: close the client before")
        pid = os.getpid()
        loop_thread = self._loop_threads.get(pid)
        if loop_thread is None:
            new = LoopThread(self._close)
            # A client that was dropped, not closed, leaves no thread behind either.
            _when_dropped(self, new.stop)
            loop_thread = self._loop_threads.setdefault(pid, new)
        # Not before the thread can be found: stop() would miss one that starts meanwhile.
        if self.stopped:
            raise ClientStateError("this client is closed: make another one")
        if loop_thread.is_current:
            raise ClientStateError("a sync client cannot be called from its own event loop")
        try:
            loop_thread.open()
        except ClientStateError:
            if self._loop_threads.get(pid) is loop_thread:
                del self._loop_threads[pid]  # the next call starts another
            raise
        return loop_thread

    def stop(self) -> None:
        """End the loop thread; calls under way fail. Again: nothing happens."""
        self.stopped = True
        loop_thread = self._loop_threads.get(os.getpid())
        if loop_thread is not None:
            loop_thread.stop()
            if not sys.is_finalizing():
                loop_thread.join()


def _when_dropped(owner: T, call: Callable[[], object]) -> "weakref.finalize[[], T]":
    finalizer = weakref.finalize(owner, call)
    # At exit there is nothing to do: a daemon thread ends with the interpreter.
    finalizer.atexit = False
    return finalizer


def _frames_to_caller() -> int:
    """Count how many frames above the one that asks the user's own code is."""
    count, frame = 0, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith("publora_sync."):
        count, frame = count + 1, frame.f_back
    return count
