"""Resolves host names on daemon threads, so that nothing ever waits for a name that hangs."""

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

__all__ = ["DaemonDns", "on_daemon_thread"]

P = ParamSpec("P")
T = TypeVar("T")


class DaemonDns:
    """
    Stands in for the event loop in aiohttp's resolver, which asks it for names.

    asyncio asks the system on an executor's threads, uvloop on threads of its own. The end of
    the loop or of the interpreter waits for both, but not for daemon threads.
    """

    async def getaddrinfo(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as socket's
        """Do what ``socket.getaddrinfo`` does, without blocking."""
        return await asyncio.wrap_future(on_daemon_thread(socket.getaddrinfo, *args, **kwargs))

    async def getnameinfo(self, *args: Any) -> Any:  # noqa: ANN401  # as socket's
        """Do what ``socket.getnameinfo`` does, without blocking."""
        return await asyncio.wrap_future(on_daemon_thread(socket.getnameinfo, *args))


def on_daemon_thread(call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
    """Have *call* run on a thread that nothing waits for, neither a loop's end nor an exit."""
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
