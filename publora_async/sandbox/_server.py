"""A server on loopback: how it starts in either colour, counts its connections, and stops."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from types import TracebackType
from typing import Self

from aiohttp import web
from anyio.from_thread import start_blocking_portal

from publora_async.sandbox._dispatch import Dispatcher
from publora_async.sandbox._routes import ROOT

__all__ = ["LoopbackServer"]

_HOST = "127.0.0.1"
_BACKLOG = 1024
_SECONDS_TO_STOP = 0.1


class LoopbackServer:
    """
    A server that ``async with`` runs in the current event loop, ``with`` on a thread of its own.

    Args:
        dispatcher: Gives the response to each request.

        port: Where to listen, 0 for any free port.
    """

    def __init__(self, dispatcher: Dispatcher, port: int) -> None:
        self._dispatcher = dispatcher
        self._wanted_port = port
        self._port: int | None = None
        self._peak_connections = 0
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
        return f"http://{_HOST}:{self._port}{ROOT}"

    @property
    def peak_connections(self) -> int:
        """The most connections that were ever open at once."""
        return self._peak_connections

    async def __aenter__(self) -> Self:
        if self._port is not None:
            raise RuntimeError("the sandbox is running already; leave it before entering again")
        listening = _listening(self._dispatcher, self._count, self._wanted_port)
        self._port = await self._in_loop.enter_async_context(listening)
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

    def _count(self, connections: int) -> None:
        self._peak_connections = max(self._peak_connections, connections)


class _CountingServer(web.Server):
    """
    aiohttp's server, which knows its open connections here.

    Args:
        dispatcher: Gives the response to each request.

        on_connection: Called with the number of open connections whenever one is opened.
    """

    def __init__(self, dispatcher: Dispatcher, on_connection: Callable[[int], None]) -> None:
        # A request whose client is gone is cancelled, so dropping them all ends them all.
        super().__init__(dispatcher, handler_cancellation=True, access_log=None)
        self._on_connection = on_connection
        self._transports: dict[web.RequestHandler, asyncio.Transport] = {}

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._transports[handler] = transport
        self._on_connection(len(self._transports))

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        super().connection_lost(handler, exc)
        del self._transports[handler]

    async def drop_all(self) -> None:
        """End every connection at once; what is not sent yet is thrown away."""
        for transport in self._transports.values():
            transport.abort()
        await self.shutdown(_SECONDS_TO_STOP)


@asynccontextmanager
async def _listening(
    dispatcher: Dispatcher, on_connection: Callable[[int], None], port: int
) -> AsyncIterator[int]:
    """
    Serve while entered; on leaving, drop every connection and request.

    Yields:
        The port it listens on.

    Raises:
        OSError: The port cannot be had.
    """
    server = _CountingServer(dispatcher, on_connection)
    loop = asyncio.get_running_loop()
    try:
        listener = await loop.create_server(server, _HOST, port, backlog=_BACKLOG)
    except OSError as error:
        reason = f"cannot listen on {_HOST}:{port}, take another port or 0 for any free one"
        raise OSError(error.errno, f"{reason} ({error.strerror})") from error
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        await _stop_accepting(listener)
        await server.drop_all()


async def _stop_accepting(listener: asyncio.Server) -> None:
    """Close *listener*, after whatever it has accepted has become a connection to drop."""
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
