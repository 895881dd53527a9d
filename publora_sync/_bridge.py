"""
The event loop that a sync client keeps on a thread of its own, and anyio's portal into it.

The thread is a daemon and opens the portal itself. anyio's ``start_blocking_portal()`` would use
a thread that the interpreter waits for: for ever, where nobody closes the client.
"""

import asyncio
import os
import threading
import weakref
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
import attrs
from anyio.from_thread import BlockingPortal

from publora_async import ClientStateError

__all__ = ["Bridge"]

P = ParamSpec("P")
T = TypeVar("T")

_CLOSED = "this client is closed: make another one"


@attrs.frozen
class _Loop:
    """What other threads know of a running loop thread."""

    portal: BlockingPortal
    thread: threading.Thread
    stop: Callable[[], object]


class Bridge:
    """
    A loop thread that starts with the first call and ends with :meth:`stop`, or unused.

    Args:
        close: Awaited on the thread before it ends.
    """

    def __init__(self, close: Callable[[], Awaitable[None]]) -> None:
        self._close = close
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._loop: _Loop | None = None
        self._end: weakref.finalize[[], Bridge] | None = None
        self._stopped = False

    def run(self, call: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """
        Run *call* on the loop thread and wait here for what it returns or raises.

        Raises:
            ClientStateError: The client is closed, was made in another process, or is called
                from its own loop thread, which would wait for itself for ever.
        """
        future = self._portal().start_task_soon(partial(call, *args, **kwargs))
        try:
            return future.result()
        except CancelledError:
            raise ClientStateError("this client was closed while it waited for an answer") from None
        except BaseException:
            # Ctrl-C arrives in this thread, not in the loop's: without the cancel the request
            # would go on after the caller has moved on.
            future.cancel()
            raise

    def _portal(self) -> BlockingPortal:
        if os.getpid() != self._pid:
            # A fork copies the client but not its thread, so the wait would never end.
            raise ClientStateError("this client was made before a fork: make another one here")
        with self._lock:
            if self._stopped:
                raise ClientStateError(_CLOSED)
            if self._loop is None:
                self._loop = _start(self._close)
                # A client that was dropped, not closed, leaves no thread behind either. At exit
                # there is nothing to do: a daemon thread ends with the interpreter.
                self._end = weakref.finalize(self, self._loop.stop)
                self._end.atexit = False
            if threading.current_thread() is self._loop.thread:
                raise ClientStateError("a sync client cannot be called from its own event loop")
            return self._loop.portal

    def stop(self) -> None:
        """End the loop thread; calls under way fail. Again: nothing happens."""
        with self._lock:
            self._stopped = True
        if self._loop is not None and self._end is not None:
            self._end()
            self._loop.thread.join()


def _start(close: Callable[[], Awaitable[None]]) -> _Loop:
    opened: Future[_Loop] = Future()
    thread = threading.Thread(
        target=anyio.run, args=(_serve, opened, close), name="publora", daemon=True
    )
    thread.start()
    return opened.result()


async def _serve(opened: "Future[_Loop]", close: Callable[[], Awaitable[None]]) -> None:
    stopping = asyncio.Event()
    stop = partial(asyncio.get_running_loop().call_soon_threadsafe, stopping.set)
    async with BlockingPortal() as portal:
        opened.set_result(_Loop(portal, threading.current_thread(), stop))
        await stopping.wait()
        await close()
        await portal.stop(cancel_remaining=True)
