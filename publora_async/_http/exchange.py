"""
Sends one request and waits for the head of its response, straight or through aiohttp's session.

The session takes 38 % of a call, for what is not wanted here: redirects, repeats, cookies,
netrc. But tracers and aioresponses watch it. So requests go past it only where nobody can tell.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import aiohttp
from yarl import URL

from publora_async._http.failures import BrokenConnectionError
from publora_async._http.options import ClientOptions
from publora_async._http.request import KEY_HEADER, Request
from publora_async._http.session import Pool
from publora_async._http.straight import (
    Connector,
    Response,
    Stages,
    is_sent,
    target_of,
    why_not,
)

if TYPE_CHECKING:
    import ssl

__all__ = ["Exchange"]


class Exchange:
    """
    Sends requests with the key, each once.

    Args:
        options: The client options.
        pool: The connection pool.
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

    async def send(
        self, session: aiohttp.ClientSession, request: Request, stages: Stages
    ) -> Response:
        """
        Send *request*, and wait for the head of its response.

        Args:
            session: The pool's.
            request: What to send.
            stages: Is told when the connection stands.

        Raises:
            aiohttp.ClientError, HttpProcessingError, BrokenConnectionError, OSError: No response
                arrived.
        """
        reason = why_not(session)
        if reason is None:
            connector = cast("Connector", session.connector)
            target = self._target or await self._aim(session)
            return await connector.send(
                target, lambda: self._written(request), self._timeout, stages
            )
        self._pool.explain(reason)
        return await self._send_by(session, request, stages)

    async def _aim(self, session: aiohttp.ClientSession) -> aiohttp.ClientRequest:
        self._target = target = target_of(
            self._base_url,
            session.headers,
            ssl=await self._ssl(),
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

    async def _ssl(self) -> "ssl.SSLContext | bool":
        return await self._pool.ssl_context() if self._origin.scheme == "https" else True

    async def _send_by(
        self, session: aiohttp.ClientSession, request: Request, stages: Stages
    ) -> Response:
        async def hop(
            sent: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            if sent.url.origin() == self._origin:
                sent.headers[KEY_HEADER] = self._options.api_key
            try:
                return await handler(sent)
            except aiohttp.ClientConnectorError:
                raise
            except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
                # Either of them would make aiohttp send an idempotent request a second time.
                raise BrokenConnectionError from None
            finally:
                if is_sent(sent):
                    stages.reached = "headers"

        response = await session.request(
            request.method,
            URL(self._options.base_url + request.path, encoded=True),
            headers=request.headers,
            skip_auto_headers=("Content-Type",),
            data=request.body,
            allow_redirects=False,
            middlewares=(hop,),
            timeout=self._timeout,
            ssl=await self._ssl(),
            proxy=self._options.proxy,
        )
        return Response(response.status, response.headers, response.content, response)


def _lines(headers: Mapping[str, str]) -> str:
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
