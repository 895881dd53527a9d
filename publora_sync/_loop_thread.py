"""
A thread with an event loop, and anyio's portal into it.

The thread is a daemon and opens the portal itself. anyio's ``start_blocking_portal()`` would use
a thread that the interpreter waits for: for ever, where nobody closes the client.
"""

import _thread
import asyncio
import os
import select
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from types import BuiltinFunctionType
from typing import Any

import anyio
from anyio.from_thread import BlockingPortal

from publora_async import ClientStateError

__all__ = ["LoopThread", "threads_are_green"]

_INSTANT = 0.1
"""Seconds that a thread which has ended may take to be gone from the system."""


class LoopThread:
    """
    An event loop that runs on a thread of its own, for other threads to hand calls to.

    Args:
        close: Awaited before the loop ends.

    Attributes:
        calls: A task group in the portal, there once :meth:`open` has returned. To start a task
            in it takes one step to the loop's thread; the portal's own methods wait for a
            second one, for each call.
    """

    calls: asyncio.TaskGroup
    _loop: asyncio.AbstractEventLoop
    _starter_id: int

    def __init__(self, close: Callable[[], Awaitable[None]]) -> None:
        self._close = close
        self._started = False
        self._claimed = threading.Lock()
        self._thread: threading.Thread | None = None
        self._runs = False
        self._pid = os.getpid()
        self._opened = False
        self._failure: str | None = None
        # Held until the loop runs, or cannot.
        self._opening = threading.Lock()
        self._opening.acquire()
        self._stopped = False
        self._stopping = asyncio.Event()

    def open(self) -> None:
        """
        Start the thread, unless it has been started, and wait until its loop runs.

        An interrupt ends the waiting only: the next call finds the loop running.

        Raises:
            ClientStateError: The system gives no thread or no loop.
        """
        if self._opened:
            return
        try:
            # No lock: whoever is interrupted while holding one would keep others waiting for ever.
            if not self._started:
                # start() waits with a lock, which an interrupt could leave locked. No interrupt
                # reaches a thread that is not the main one.
                thread = threading.Thread(target=self._run, name="publora", daemon=True)
                _thread.start_new_thread(self._start, (thread,))
                self._started = True
        except RuntimeError as error:
            raise _cannot_start(error) from None
        while not self._opened and self._failure is None:
            if self._opening.acquire(timeout=0.25):
                self._opening.release()
        if self._failure is not None:
            raise _cannot_start(self._failure)

    @property
    def is_current(self) -> bool:
        """Whether the one who asks runs on this thread."""
        return threading.current_thread() is self._thread

    @property
    def is_alive(self) -> bool:
        """Whether what was handed over may still run; in a child process it may not."""
        # Before 3.13, a thread that is interrupted in asking another whether it is alive takes
        # that one for ended from then on.
        return self._runs and os.getpid() == self._pid

    def call_soon(self, call: Callable[..., object], *args: object) -> None:
        """
        Have *call* run on the loop's thread, with the context variables of this one.

        Raises:
            ClientStateError: The loop is closed.
        """
        try:
            self._loop.call_soon_threadsafe(call, *args)
        except RuntimeError:
            raise ClientStateError("this client was closed meanwhile") from None

    def call_if_alive(self, call: Callable[[], object]) -> None:
        """Do so if the loop runs, or nothing. Takes no lock: it is for finalizers."""
        if self._opened and self.is_alive:
            with suppress(ClientStateError):  # it has ended meanwhile
                self.call_soon(call)

    def stop(self) -> None:
        """Have the loop end, even one that does not run yet; calls under way fail."""
        self._stopped = True
        self.call_if_alive(self._stopping.set)

    def join(self) -> None:
        """Wait until the thread has ended, for the system, too."""
        if self._thread is None:
            return
        self._thread.join()
        for native_id in (self._starter_id, self._thread.native_id):
            _wait_for_end(f"/proc/self/task/{native_id}")

    def _start(self, thread: threading.Thread) -> None:
        self._starter_id = threading.get_native_id()
        try:
            thread.start()
        except RuntimeError as error:
            self._failure = str(error)
            with suppress(RuntimeError):  # another call has met the same
                self._opening.release()

    def _run(self) -> None:
        if not self._claimed.acquire(blocking=False):
            return  # another call has started one, too
        self._thread = threading.current_thread()
        self._runs = True
        try:
            green = threads_are_green()
            use_uvloop = not green and find_spec("uvloop") is not None  # extra: speed
            anyio.run(self._serve, backend_options={"use_uvloop": use_uvloop})
        except Exception as error:
            if self._opened:
                raise
            self._failure = str(error)
            self._opening.release()
        finally:
            self._runs = False

    async def _serve(self) -> None:
        self._loop = loop = asyncio.get_running_loop()
        loop.getaddrinfo = partial(_numeric_first, loop.getaddrinfo)  # type: ignore[method-assign]
        # asyncio's group: with anyio's a call takes a tenth longer.
        async with BlockingPortal() as portal, asyncio.TaskGroup() as self.calls:
            self._opened = True
            self._opening.release()
            if not self._stopped:
                await self._stopping.wait()
            await self._close()
            await portal.stop(cancel_remaining=True)


def _wait_for_end(entry: str) -> None:
    """
    Wait until a thread that has ended is gone from the system, which takes another instant.

    Until then CPython warns of every fork.

    Args:
        entry: Where Linux lists it. Other systems list it nowhere.
    """
    end = time.monotonic() + _INSTANT
    while os.path.exists(entry) and time.monotonic() < end:  # noqa: PTH110  # a thousand a second
        time.sleep(0.001)


def threads_are_green() -> bool:
    """
    Tell whether gevent or eventlet has put threads of its own in the place of the system's.

    All of those share one thread of the system's, which uvloop would keep for itself while it
    waits: the process would stand still. asyncio's loop waits by what they have put in, too.

    Raises:
        RuntimeError: They have done so by halves.
    """
    if type(threading.get_ident) is BuiltinFunctionType:
        return False
    if type(select.select) is BuiltinFunctionType:
        raise RuntimeError("its thread is gevent's or eventlet's, but select is not: patch all")
    return True


async def _numeric_first(
    otherwise: Callable[..., Awaitable[list[tuple[Any, ...]]]],
    host: str,
    port: int,
    **options: int,
) -> list[tuple[Any, ...]]:
    """
    Take an address for what it is, instead of looking it up.

    uvloop does so for each connection, on four threads of libuv's that never end. With them,
    CPython warns of every fork, also after the client was closed.
    """
    try:
        flags = options.get("flags", 0) | socket.AI_NUMERICHOST
        return list(socket.getaddrinfo(host, port, **{**options, "flags": flags}))
    except OSError:
        return await otherwise(host, port, **options)


def _cannot_start(why: object) -> ClientStateError:
    return ClientStateError(f"the client's event loop cannot start: {why}")
