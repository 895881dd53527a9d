"""When a sandbox listens, and where: entered in either colour, left promptly."""

from contextlib import AsyncExitStack, ExitStack
from types import TracebackType
from typing import Self

from anyio.from_thread import start_blocking_portal

from publora_async.sandbox._counts import Counts
from publora_async.sandbox._dispatch import Dispatcher
from publora_async.sandbox._routes import ROOT
from publora_async.sandbox._server import HOST, listening

__all__ = ["Lifetime"]


class Lifetime:
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
