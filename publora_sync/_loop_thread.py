"""
A thread with an event loop, and anyio's portal into it.

The thread is a daemon and opens the portal itself. anyio's ``start_blocking_portal()`` would use
a thread that the interpreter waits for: for ever, where nobody closes the client.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from importlib.util import find_spec

import anyio
from anyio.abc import TaskStatus
from anyio.from_thread import BlockingPortal

from publora_async import ClientStateError

__all__ = ["LoopThread"]


class LoopThread:
    """
    A running event loop, for other threads to hand calls to.

    Args:
        close: Awaited before the loop ends.

    Attributes:
        calls: A task group in the portal. To start a task there takes one step to the loop's
            thread; the portal's own methods wait for a second one, for each call.

    Raises:
        ClientStateError: The system gives no thread or no loop.
    """

    def __init__(self, close: Callable[[], Awaitable[None]]) -> None:
        self._close = close
        self._opened: Future[BlockingPortal] = Future()
        self._thread = threading.Thread(target=self._run, name="publora", daemon=True)
        try:
            self._thread.start()
            _, self.calls = self._opened.result().start_task(_take_calls)
        except KeyboardInterrupt:
            self._opened.add_done_callback(self._stop_if_open)
            raise
        except (OSError, RuntimeError) as error:
            raise ClientStateError(f"the client's event loop cannot start: {error}") from None

    @property
    def is_current(self) -> bool:
        """Whether the one who asks runs on this thread."""
        return threading.current_thread() is self._thread

    @property
    def is_alive(self) -> bool:
        """Whether what was handed over may still run."""
        return self._thread.is_alive()

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

    def stop(self) -> None:
        """Have the loop end; calls under way fail."""
        if self.is_alive:  # in a child process the loop is the parent's
            with suppress(ClientStateError):  # it has ended meanwhile
                self.call_soon(self._stopping.set)

    def _stop_if_open(self, opened: "Future[BlockingPortal]") -> None:
        if opened.exception() is None:
            self.stop()

    def join(self) -> None:
        """Wait until the thread has ended."""
        self._thread.join()

    def _run(self) -> None:
        try:
            use_uvloop = find_spec("uvloop") is not None  # extra: speed
            anyio.run(self._serve, backend_options={"use_uvloop": use_uvloop})
        except Exception as error:
            if self._opened.done():
                raise
            self._opened.set_exception(error)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        async with BlockingPortal() as portal:
            self._opened.set_result(portal)
            await self._stopping.wait()
            await self._close()
            await portal.stop(cancel_remaining=True)


async def _take_calls(*, task_status: TaskStatus[asyncio.TaskGroup]) -> None:
    # asyncio's group: with anyio's a call takes a tenth longer.
    async with asyncio.TaskGroup() as calls:
        task_status.started(calls)
        await anyio.sleep_forever()
