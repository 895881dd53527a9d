"""A server on loopback: entered in either colour, left promptly, its connections counted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from types import TracebackType
from typing import Self

from aiohttp import web
from anyio.from_thread import start_blocking_portal

from publora_async.sandbox._dispatch import Dispatcher
from publora_async.sandbox._injector import Counts
from publora_async.sandbox._routes import ROOT

__all__ = ["HOST", "LoopbackServer", "listening"]

HOST = "127.0.0.1"

_BACKLOG = 1024
_SECONDS_TO_STOP = 0.1


class _CountingServer(web.Server):
    """aiohttp's server, that counts its connections and can drop them all."""

    def __init__(self, dispatcher: Dispatcher, counts: Counts) -> None:
        # A request whose client is gone is cancelled, so dropping them all ends them all.
        super().__init__(dispatcher, handler_cancellation=True, access_log=None)
        self._counts = counts
        self._transports: dict[web.RequestHandler, asyncio.Transport] = {}

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._transports[handler] = transport
        self._counts.connected(len(self._transports))

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        super().connection_lost(handler, exc)
        del self._transports[handler]

    async def drop_all(self) -> None:
        """End every connection, whatever is still to be written to it."""
        for transport in self._transports.values():
            transport.abort()
        await self.shutdown(_SECONDS_TO_STOP)


@asynccontextmanager
async def listening(dispatcher: Dispatcher, counts: Counts, port: int) -> AsyncIterator[int]:
    """
    Serve while entered; on leaving, drop every connection and request.

    Args:
        dispatcher: What answers the requests.

        counts: Where connections are counted.

        port: Where to listen, 0 for any free port.

    Yields:
        The port it listens on.

    Raises:
        OSError: The port cannot be had.
    """
    connections = _CountingServer(dispatcher, counts)
    loop = asyncio.get_running_loop()
    try:
        listener = await loop.create_server(connections, HOST, port, backlog=_BACKLOG)
    except OSError as error:
        reason = f"cannot listen on {HOST}:{port}, take another port or 0 for any free one"
        raise OSError(error.errno, f"{reason} ({error.strerror})") from error
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        await _stop_accepting(listener)
        await connections.drop_all()


async def _stop_accepting(listener: asyncio.Server) -> None:
    """Close *listener*, once whatever it has accepted is a connection that can be dropped."""
    # asyncio accepts in a callback and connects in a task some turns later; a server closed
    # in between leaks the socket. So stop accepting first, where the loop has readers to
    # remove; the others (uvloop, Windows' own) connect whatever they accept by themselves.
    with suppress(NotImplementedError):
        asyncio.get_running_loop().remove_reader(listener.sockets[0].fileno())
    await _let_callbacks_run()
    listener.close()
    await _let_callbacks_run()


async def _let_callbacks_run() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


class LoopbackServer:
    """
    A server that ``async with`` runs in the current event loop, ``with`` on a thread of its own.

    Args:
        dispatcher: What answers the requests.

        counts: Where connections are counted.

        port: Where to listen, 0 for any free port.
    """

    def __init__(self, dispatcher: Dispatcher, counts: Counts, port: int) -> None:
        self._dispatcher = dispatcher
        self._counts = counts
        self._wanted_port = port
        self._port: int | None = None
        self._in_loop = AsyncExitStack()
        self._on_thread = ExitStack()

    @property
    def base_url(self) -> str:
        """
        What the calls' paths are appended to, such as ``http://127.0.0.1:8787/api/v1``.

        Raises:
            RuntimeError: The sandbox is not running.
        """
        if self._port is None:
            raise RuntimeError("the sandbox is not running; enter it with `with` or `async with`")
        return f"http://{HOST}:{self._port}{ROOT}"

    async def __aenter__(self) -> Self:
        if self._port is not None:
            raise RuntimeError("the sandbox is running already; leave it before entering again")
        server = listening(self._dispatcher, self._counts, self._wanted_port)
        self._port = await self._in_loop.enter_async_context(server)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._port = None
        await self._in_loop.aclose()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal())
            stack.enter_context(portal.wrap_async_context_manager(self))
            self._on_thread = stack.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._on_thread.close()
