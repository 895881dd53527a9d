"""
A request on the wire, and the head of its answer: straight over a connection, or by a session.

aiohttp's session takes 38 % of a call, for what is not wanted here: redirects, repeats, cookies,
netrc. But others look on there, such as tracers and aioresponses. So it is gone past only where
nobody can tell, and with an aiohttp that this was tested with.
"""

import asyncio
import math
from collections.abc import Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import aiohttp
from yarl import URL

from publora_async._http.failures import BrokenConnectionError
from publora_async._http.options import ClientOptions
from publora_async._http.request import KEY_HEADER, Request
from publora_async._http.session import Connector, Pool

if TYPE_CHECKING:
    import ssl

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from multidict import CIMultiDictProxy

    from publora_async.errors import Stage

__all__ = ["Answer", "Exchange", "Progress"]

_IS_KNOWN: Final = aiohttp.__version__.startswith("3.14.")


class Progress:
    """How far an attempt has come."""

    __slots__ = ("stage",)

    def __init__(self) -> None:
        self.stage: Stage = "connect"


class Answer(NamedTuple):
    """
    The head of an answer.

    Attributes:
        status: HTTP status code.
        headers: The answer's.
        content: Its body, still to be read.
        connection: To be released; it serves again if all of *content* was read by then.
    """

    status: int
    headers: "CIMultiDictProxy[str]"
    content: aiohttp.StreamReader
    connection: "Connection | aiohttp.ClientResponse"


class Exchange:
    """
    Sends requests with the key, each once.

    Args:
        options: What the client was told.
        pool: The connections.
    """

    def __init__(self, options: ClientOptions, pool: Pool) -> None:
        self._options = options
        self._pool = pool
        self._base_url = URL(options.base_url, encoded=True)
        self._origin = self._base_url.origin()
        self._timeout = aiohttp.ClientTimeout(
            connect=options.timeout.connect,
            sock_read=options.timeout.read,
            ceil_threshold=math.inf,
        )
        self._target: aiohttp.ClientRequest | None = None
        self._path = self._headers = ""

    async def answer(self, request: Request, progress: Progress) -> Answer:
        """
        Send *request*, and wait for the head of its answer.

        Raises:
            ClientStateError: The client cannot be used here.
            aiohttp.ClientError, aiohttp.http.HttpProcessingError, BrokenConnectionError, OSError:
                There is none.
        """
        session = self._pool.session()
        connector = session.connector
        if isinstance(connector, Connector) and not _is_watched(session):
            return await self._ask_straight(connector, request, progress)
        return await self._ask_by(session, request, progress)

    async def _ask_straight(
        self, connector: Connector, request: Request, progress: Progress
    ) -> Answer:
        target = self._target or self._aim()
        try:
            connection = await connector.connect(target, [], self._timeout)
        except TimeoutError:
            raise aiohttp.ConnectionTimeoutError from None
        progress.stage = "headers"
        try:
            # What the connector gives is connected.
            protocol = cast("ResponseHandler", connection.protocol)
            transport = cast("asyncio.Transport", protocol.transport)
            protocol.set_response_params(
                read_until_eof=True,
                read_timeout=self._timeout.sock_read,
                timeout_ceil_threshold=math.inf,
            )
            # At once: no frame that a traceback shows is to hold what has the key in it.
            transport.write(self._written(request))
            protocol.start_timeout()
            head, content = await protocol.read()
            while 100 <= head.code <= 199 and head.code != 101:  # there is more to come
                head, content = await protocol.read()
        except BaseException:
            connection.close()
            raise
        return Answer(head.code, head.headers, content, connection)

    def _aim(self) -> aiohttp.ClientRequest:
        """Make the request that tells the connector where to, and us which headers all share."""
        self._target = target = aiohttp.ClientRequest(
            "GET",
            self._base_url,
            skip_auto_headers=("Accept",),
            loop=asyncio.get_running_loop(),
            ssl=self._ssl(),
            proxy=None if self._options.proxy is None else URL(self._options.proxy),
        )
        self._path = self._base_url.raw_path.rstrip("/")
        self._headers = _lines(target.headers)
        return target

    def _written(self, request: Request) -> bytes:
        body = request.body or b""
        length = "" if request.method == "GET" else f"Content-Length: {len(body)}\r\n"
        head = (
            f"{request.method} {self._path}{request.path} HTTP/1.1\r\n"
            f"{self._headers}{_lines(request.headers)}{length}"
            f"{KEY_HEADER}: {self._options.api_key}\r\n\r\n"
        )
        return head.encode("ascii") + body

    def _ssl(self) -> "ssl.SSLContext | bool":
        return self._pool.ssl_context() if self._origin.scheme == "https" else True

    async def _ask_by(
        self, session: aiohttp.ClientSession, request: Request, progress: Progress
    ) -> Answer:
        async def hop(
            asked: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            if asked.url.origin() == self._origin:
                asked.headers[KEY_HEADER] = self._options.api_key
            try:
                return await handler(asked)
            except aiohttp.ClientConnectorError:
                raise
            except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
                # Either of them would make aiohttp send an idempotent request a second time.
                raise BrokenConnectionError from None
            finally:
                if asked.response is not None:
                    progress.stage = "headers"

        response = await session.request(
            request.method,
            URL(self._options.base_url + request.path, encoded=True),
            headers=request.headers,
            skip_auto_headers=("Content-Type",),
            data=request.body,
            allow_redirects=False,
            middlewares=(hop,),
            timeout=self._timeout,
            ssl=self._ssl(),
            proxy=self._options.proxy,
        )
        return Answer(response.status, response.headers, response.content, response)


def _lines(headers: Mapping[str, str]) -> str:
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()])


def _is_watched(session: aiohttp.ClientSession) -> bool:
    """Whether somebody looks on at what *session* does, or would do it otherwise."""
    # Looked up each time: aioresponses puts a function of its own there for a test's length.
    request = getattr(aiohttp.ClientSession, "_request", None)
    is_aiohttps = type(request) is FunctionType and request.__globals__ is vars(aiohttp.client)
    return not (_IS_KNOWN and is_aiohttps) or bool(session.trace_configs)
