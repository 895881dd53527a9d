"""The aiohttp session that a client and those derived from it share: which loop, until when."""

import asyncio
import math
import os
import ssl
from contextlib import suppress
from typing import Any

import aiohttp

from publora_async._look_ups import LookUps
from publora_async._retry import RetryBudget
from publora_async._timer import Timer
from publora_async.errors import ClientStateError, ConfigurationError
from publora_async.options import ClientOptions

__all__ = ["Pool"]


class _Connector(aiohttp.TCPConnector):
    """aiohttp's connector, but for connections on which something has arrived unasked."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # the name is aiohttp's
    ) -> Any:  # noqa: ANN401  # aiohttp does not export the type
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol = connection.protocol
            if protocol is None or not protocol.should_close:
                return connection
            # A late answer would pass for the answer to the next request: another user's data.
            connection.close()


def _slots(options: ClientOptions, borrowed: aiohttp.ClientSession | None) -> int:
    """How many attempts may be under way at once, each with a connection of its own."""
    connector = None if borrowed is None else borrowed.connector
    bounds = () if connector is None else (connector.limit, connector.limit_per_host)
    # A wait inside a borrowed connector would be counted against an attempt's time.
    return min([options.max_connections, *filter(None, bounds)])


class Pool:
    """
    Connections and the slots that bound them, opened at first use inside the running loop.

    Args:
        options: How many attempts may be under way at once, and whom to trust.

        borrowed: A session whose connections are used. Only its connector and its tracing are:
            not its headers, cookies, middlewares or proxies. It is never closed here.

    Attributes:
        slots: Held for the length of an attempt.

        budget: What retries are paid from. Here, or a client made for each call, with a deadline
            of its own, would come with a full budget each time.
    """

    def __init__(self, options: ClientOptions, borrowed: aiohttp.ClientSession | None) -> None:
        if borrowed is not None and not isinstance(borrowed, aiohttp.ClientSession):
            raise ConfigurationError(
                f"session must be an aiohttp.ClientSession, not {type(borrowed).__name__}"
            )
        self.slots: asyncio.Semaphore = asyncio.Semaphore(_slots(options, borrowed))
        self.budget: RetryBudget = RetryBudget()
        self.timer: Timer = Timer()
        self.closed: bool = False
        self._closing = asyncio.Event()
        self._ssl_context = options.ssl_context
        self._borrowed = borrowed
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = os.getpid()

    def session(self) -> aiohttp.ClientSession:
        """
        The session to ask with.

        Raises:
            ClientStateError: The client is closed, or belongs to another loop or process.
        """
        if self.closed:
            raise ClientStateError("this client is closed: make another one")
        if os.getpid() != self._pid:
            raise ClientStateError("this client was made before a fork: make another one here")
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        if loop is None:
            raise ClientStateError("no asyncio event loop is running here: publora_sync needs none")
        if self._session is None:
            self._session = self._open()
            self._loop = loop
        if loop is not self._loop:
            raise ClientStateError(
                "this client belongs to another event loop: make one client for each loop"
            )
        return self._session

    def ssl_context(self) -> ssl.SSLContext:
        """The caller's context, or one made at first use, when SSL_CERT_FILE is surely set."""
        if self._ssl_context is None:
            self._ssl_context = ssl.create_default_context()
        return self._ssl_context

    def _open(self) -> aiohttp.ClientSession:
        # asyncio reads into a new buffer of 256 KiB each time. glibc maps and unmaps so large a
        # one until a larger one was freed: without this, a call takes 25 % longer.
        bytes(1 << 20)  # made, and freed at once
        if self._borrowed is None:
            # limit=0: the slots bound the connections, and waiting for one is not counted
            # against an attempt's time. An infinite threshold keeps timeouts unrounded.
            connector: aiohttp.BaseConnector = _Connector(
                limit=0,
                timeout_ceil_threshold=math.inf,
                resolver=aiohttp.ThreadedResolver(LookUps()),  # type: ignore[arg-type]  # all it asks of a loop
            )
            traces = None
        elif self._borrowed.connector is None:
            raise ClientStateError("the borrowed session is closed: make another client")
        else:
            connector, traces = self._borrowed.connector, self._borrowed.trace_configs
        # Without cookies: one user's must not travel with the next user's request.
        return aiohttp.ClientSession(
            connector=connector,
            connector_owner=self._borrowed is None,
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=traces,
        )

    async def sleep(self, seconds: float) -> None:
        """Wait so long, or until the pool is closed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()

    async def close(self) -> None:
        """
        Close the connections that are ours; calls under way fail. Again: nothing happens.

        Raises:
            ClientStateError: The connections belong to another event loop that is running.
        """
        if os.getpid() != self._pid:
            # The sockets are the parent's, too: to close them here would end its calls.
            return
        if self._session is None or self._loop is None:
            self.closed = True
            return
        if self._loop is not asyncio.get_running_loop() and not self._loop.is_closed():
            raise ClientStateError("this client belongs to another event loop: close it there")
        self.closed = True
        self._closing.set()
        self.timer.expire_all()
        await self._session.close()
