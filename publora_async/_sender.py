"""
One attempt: one request is sent, and its answer read.

A failure is handed back as a value, to be raised once every ``except`` block is left: aiohttp's
exceptions hold the request with its headers, so none of them may become the ``__context__`` of
what a user sees.
"""

import asyncio
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

import aiohttp
from yarl import URL

from publora_async._faults import BrokenConnectionError, Failure, failure_of
from publora_async._pool import Pool
from publora_async._refusals import refusal
from publora_async._requests import KEY_HEADER, Request
from publora_async._retry import REPEATABLE_STATUSES, parse_retry_after
from publora_async._timer import Until
from publora_async.errors import Limit, ResponseDecodeError, Stage
from publora_async.options import ClientOptions
from publora_async.secret import Secret

__all__ = ["MAX_BODY", "MAX_ERROR_BODY", "Sender"]

MAX_BODY: Final = 4 * 1024 * 1024
MAX_ERROR_BODY: Final = 64 * 1024

T = TypeVar("T")


class _Hop:
    """The middleware of one attempt: adds the key, and remembers how far the attempt came."""

    def __init__(self, origin: URL, key: Secret) -> None:
        self._origin = origin
        self._key = key
        self._request: aiohttp.ClientRequest | None = None

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        self._request = request
        if request.url.origin() == self._origin:
            request.headers[KEY_HEADER] = self._key
        try:
            return await handler(request)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
            # Either of them would make aiohttp send an idempotent request a second time.
            raise BrokenConnectionError from None

    @property
    def stage(self) -> Stage:
        """How far the attempt came, short of the body."""
        sent = self._request is not None and self._request.response is not None
        return "headers" if sent else "connect"


class Sender:
    """
    Makes single attempts.

    Args:
        options: What the client was told.
        pool: The connections.
    """

    def __init__(self, options: ClientOptions, pool: Pool) -> None:
        self._options = options
        self._pool = pool
        self._origin = URL(options.base_url).origin()
        self._is_tls = self._origin.scheme == "https"
        self._timeout = aiohttp.ClientTimeout(
            connect=options.timeout.connect,
            sock_read=options.timeout.read,
            ceil_threshold=math.inf,
        )

    async def send(
        self, request: Request, decode: Callable[[bytes], T], deadline: float
    ) -> T | Failure:
        """
        Make one attempt.

        Args:
            request: What to ask.
            decode: Reads the body of an answer of 2xx.
            deadline: The latest moment to be at it, by the loop's clock.

        Returns:
            What *decode* made of the answer, or how the attempt failed.

        Raises:
            ClientStateError: The client cannot be used here.
        """
        session = self._pool.session()
        hop = _Hop(self._origin, self._options.api_key)
        begun = False
        refused: Failure | None = None
        end = asyncio.get_running_loop().time() + self._options.timeout.total
        try:
            with Until(min(end, deadline), self._pool.timer):
                async with session.request(
                    request.method,
                    URL(self._options.base_url + request.path, encoded=True),
                    headers=request.headers,
                    data=request.body,
                    allow_redirects=False,
                    middlewares=(hop,),
                    timeout=self._timeout,
                    ssl=self._pool.ssl_context() if self._is_tls else True,
                    proxy=self._options.proxy,
                ) as response:
                    begun = True
                    if 200 <= response.status < 300 and response.status != 206:
                        body = await _read(response, MAX_BODY)
                        return _too_long() if body is None else decode(body)
                    # Kept before its body is read: a 401 is one however its body breaks off.
                    refused = self._refusal(response, b"")
                    return self._refusal(response, await _read(response, MAX_ERROR_BODY))
        except ResponseDecodeError as error:
            # Without its traceback, whose frames hold the answer.
            return Failure(error.with_traceback(None), repeatable=False)
        except (aiohttp.ClientError, OSError, BrokenConnectionError) as error:
            limit: Limit = "deadline" if deadline < end else "timeout"
            stage = "body" if begun else hop.stage
            return refused or failure_of(error, stage, limit, self._options)

    def _refusal(self, response: aiohttp.ClientResponse, body: bytes | None) -> Failure:
        headers = response.headers
        error = refusal(
            response.status,
            body or b"",
            location=headers.get("Location"),
            retry_after=parse_retry_after(headers.getall("Retry-After", []), datetime.now(UTC)),
            key=self._options.api_key,
        )
        return Failure(error, response.status in REPEATABLE_STATUSES and body is not None)


def _too_long() -> Failure:
    error = ResponseDecodeError(f"the answer is over {MAX_BODY} bytes long")
    return Failure(error, repeatable=False)


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    """The decoded body; ``None``, and the connection closed, if it is over *most* bytes."""
    content = response.content
    body = await content.readany()
    while len(body) <= most and not content.at_eof():
        body += await content.readany()
    if len(body) <= most:
        return body
    response.close()
    return None
