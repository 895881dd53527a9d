"""
The connection pool that a client and those derived from it share.

It opens an aiohttp session at its first use and belongs to that event loop and process until
that loop is closed, or the process forked; then it begins anew. It closes the session in the end.
"""

import asyncio
import logging
import os
import ssl
import threading
import warnings
import weakref
from contextlib import suppress

import aiohttp

from publora_async._http.counters import Counters, Slots
from publora_async._http.dns import on_daemon_thread
from publora_async._http.options import ClientOptions
from publora_async._http.retry import RetryBudget
from publora_async._http.straight import (
    MAX_HEADER,
    MAX_HEADERS,
    SERVER_SOFTWARE,
    Connector,
    FinalResponse,
    SoleRequest,
    let_go,
    loop_of,
)
from publora_async._http.timer import Timer
from publora_async._loops import loop_or_none, running_loop
from publora_async._version import __version__
from publora_async.errors import ClientStateError, ConfigurationError

__all__ = ["Pool"]

logger = logging.getLogger("publora_async")

_inherited: list[aiohttp.BaseConnector] = []
"""In a forked process, its parent's connections: never to be closed, nor collected, here."""


def _most_at_once(options: ClientOptions, borrowed: aiohttp.ClientSession | None) -> int:
    """Count the attempts that may be under way at once, each with a connection of its own."""
    connector = None if borrowed is None else borrowed.connector
    bounds = () if connector is None else (connector.limit, connector.limit_per_host)
    # A wait inside a borrowed connector would be counted against an attempt's time.
    return min([options.max_connections, *filter(None, bounds)])


class Pool:
    """
    Connections, and the slots that bound how many are used at once.

    Args:
        options: The client options.

        borrowed: A session to use in place of a new one. Only its connector and its tracers are
            used: not its headers, cookies, middlewares or proxies. It is never closed here.

    Attributes:
        slots: Each attempt holds one.

        timer: Watches the time limits of calls and attempts.

        counters: Count what calls do.

        budget: Pays for retries. It is the pool's, because a program may derive a client for
            each call, and each of those would begin with a full budget of its own.
    """

    def __init__(self, options: ClientOptions, borrowed: aiohttp.ClientSession | None) -> None:
        if borrowed is not None and not isinstance(borrowed, aiohttp.ClientSession):
            raise ConfigurationError(
                f"session must be an aiohttp.ClientSession, not {type(borrowed).__name__}"
            )
        self.budget: RetryBudget = RetryBudget()
        self.counters: Counters = Counters()
        self.closed: bool = False
        self._most_at_once = _most_at_once(options, borrowed)
        self._ssl_context = options.ssl_context
        self._borrowed = borrowed
        self._begin()
        # For threads whose loops would begin anew at the same time.
        self._beginning = threading.Lock()

    def _begin(self) -> None:
        self.slots: Slots = Slots(self._most_at_once)
        self.timer: Timer = Timer()
        self._closing = asyncio.Event()
        self._trusting = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None
        self._explained: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: weakref.finalize[..., Pool] | None = None
        self._pid = os.getpid()

    def session(self) -> aiohttp.ClientSession:
        """
        Give the session, opened at the first call in the loop that runs then.

        Raises:
            ClientStateError: The client is closed, or belongs to another loop or process.
        """
        if self.closed:
            raise ClientStateError("this client is closed: make another one")
        if os.getpid() != self._pid:
            self._begin_after_fork()
        loop = running_loop()
        session = self._session
        if session is None or self._loop is not loop:
            with self._beginning:
                return self._open_in(loop)
        if error := self._refused(loop):
            raise error
        return session

    def over(self) -> ClientStateError | None:
        """Say why no attempt can be made any more; ``None``: one can."""
        if self.closed:
            return ClientStateError("this client was closed meanwhile")
        return self._refused(running_loop())

    def _refused(self, loop: asyncio.AbstractEventLoop) -> ClientStateError | None:
        if self._borrowed is None:
            return None
        connector = self._borrowed.connector
        if connector is None or connector.closed:
            return ClientStateError("the borrowed session is closed: make it and a client anew")
        if loop_of(connector) not in {None, loop}:
            return ClientStateError(
                "the borrowed session belongs to another event loop: make it and a client here"
            )
        return None

    def _open_in(self, loop: asyncio.AbstractEventLoop) -> aiohttp.ClientSession:
        if self._session and self._loop and self._end:
            if not self._loop.is_closed():
                raise ClientStateError(
                    "this client belongs to another event loop: make one client for each loop, "
                    "or use publora_sync, whose client serves all of them"
                )
            # Nothing can be under way in it.
            self._end.detach()
            _let_go_of(self._session)
            self._begin()
        if error := self._refused(loop):
            raise error
        self._session = session = self._open()
        self._loop = loop
        self._end = weakref.finalize(self, _left_open, session, loop, self._pid)
        # A daemon thread ends with the interpreter, and with it the sync client's loop.
        self._end.atexit = not threading.current_thread().daemon
        return session

    def explain(self, reason: str) -> None:
        """Log, once for each session and *reason*, why requests do not go past the session."""
        if reason not in self._explained:
            self._explained.add(reason)
            logger.debug("requests go through aiohttp's session, which takes longer: %s", reason)

    async def ssl_context(self) -> ssl.SSLContext:
        """Give the caller's context, or one made at first use, when SSL_CERT_FILE is surely set."""
        if self._ssl_context is not None:
            return self._ssl_context
        async with self._trusting:
            if self._ssl_context is None:
                # It reads the system's certificates, for which no event loop should stand still.
                made = on_daemon_thread(ssl.create_default_context)
                self._ssl_context = await asyncio.wrap_future(made)
            return self._ssl_context

    def _open(self) -> aiohttp.ClientSession:
        # asyncio reads into a new buffer of 256 KiB each time. glibc maps and unmaps so large a
        # one until a larger one was freed: without this, a call takes 25 % longer. As large as the
        # largest body: after 1 MiB, a list of 1,000 accounts held the loop up for 2.5 ms more.
        bytes(1 << 22)  # made, and freed at once
        connector: aiohttp.BaseConnector | None
        if self._borrowed is None:
            connector, traces = Connector(), None
        else:
            connector, traces = self._borrowed.connector, self._borrowed.trace_configs
        # Without cookies: one user's must not travel with the next user's request.
        return aiohttp.ClientSession(
            connector=connector,
            connector_owner=self._borrowed is None,
            headers={"User-Agent": f"publora-python/{__version__} {SERVER_SOFTWARE}"},
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=traces,
            request_class=SoleRequest,
            response_class=FinalResponse,
            max_line_size=MAX_HEADER,
            max_field_size=MAX_HEADER,
            max_headers=MAX_HEADERS,
        )

    def _begin_after_fork(self) -> None:
        if self._borrowed is not None:
            raise ClientStateError(
                "the borrowed session was made before a fork: make it and another client here"
            )
        if self._end is not None:
            self._end()
        self._begin()
        self.counters = Counters()
        self._beginning = threading.Lock()  # the parent's may be held for ever

    async def sleep(self, seconds: float) -> None:
        """Wait for so many seconds, or until the pool is closed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()

    async def close(self) -> None:
        """
        Close the connections, unless they are borrowed. Calls under way fail.

        To close a second time does nothing.

        Raises:
            ClientStateError: The connections belong to another event loop that is running.
        """
        if os.getpid() != self._pid or not (self._session and self._loop and self._end):
            # In a child the sockets are the parent's, too: to close them would end its calls.
            self.closed = True
            return
        if self._loop is not loop_or_none() and not self._loop.is_closed():
            raise ClientStateError("this client belongs to another event loop: close it there")
        self.closed = True
        self._end.detach()
        if self._loop.is_closed():
            _let_go_of(self._session)
            return
        self._closing.set()
        self.timer.expire_all()
        await self._session.close()


def _close_soon(connector: Connector) -> None:
    # All is closed at once; what is awaited is that the system has let go of it.
    asyncio.ensure_future(connector.close(abort_ssl=True))  # noqa: RUF006  # its futures hold it


def _let_go_of(session: aiohttp.ClientSession) -> None:
    """Close the connections of *session*, unless they are borrowed; its loop is closed."""
    connector = session.connector
    session.detach()
    if isinstance(connector, Connector):
        let_go(connector)


def _left_open(session: aiohttp.ClientSession, loop: asyncio.AbstractEventLoop, pid: int) -> None:
    """Close the connections of a pool that was dropped without being closed, and warn of it."""
    connector = session.connector
    if connector is not None and os.getpid() != pid:
        session.detach()
        # To close them here would end the parent's calls, and so may their collection.
        _inherited.append(connector)
        return
    try:
        if isinstance(connector, Connector):
            loop.call_soon_threadsafe(_close_soon, connector)
        session.detach()  # without it, aiohttp would complain of a session that nobody knows
    except RuntimeError:  # the loop is closed
        _let_go_of(session)
    warnings.warn(
        "an AsyncPublora was not closed: use it in 'async with', or await its close()",
        ResourceWarning,
        stacklevel=2,
        source=session,
    )
