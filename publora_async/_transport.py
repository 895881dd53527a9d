"""
From a request to what its answer says: slots, attempts, deadlines.

An attempt hands its failure back as a value, and the call raises it once every ``except`` block
is left: aiohttp's exceptions hold the request with its headers, so none of them may become the
``__context__`` of what a user sees.
"""

import asyncio
import logging
import math
import random as random_numbers
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

import aiohttp
import attrs
from aiohttp.http_exceptions import ContentEncodingError
from yarl import URL

from publora_async._pool import Pool
from publora_async._retry import REPEATABLE_STATUSES, RetryPolicy, parse_retry_after
from publora_async._wire import KEY_HEADER, Request, refusal
from publora_async.errors import (
    APIStatusError,
    ClientStateError,
    Limit,
    RequestTimeoutError,
    ResponseDecodeError,
    Stage,
    TransportError,
)
from publora_async.options import ClientOptions, Secret

__all__ = ["Transport"]

MAX_BODY: Final = 4 * 1024 * 1024
MAX_ERROR_BODY: Final = 64 * 1024

logger = logging.getLogger("publora_async")

T = TypeVar("T")


@attrs.frozen
class _Failure:
    """How an attempt ended that gave nothing, and whether another one may do better."""

    error: APIStatusError | TransportError | ResponseDecodeError
    repeatable: bool


class _BrokenError(Exception):
    """A connection died. Unlike aiohttp's own errors, this one does not make it ask again."""


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
            raise _BrokenError from None

    @property
    def stage(self) -> Stage:
        """How far the attempt came, short of the body."""
        sent = self._request is not None and self._request.response is not None
        return "headers" if sent else "connect"


class Transport:
    """
    One client's way to the service.

    Args:
        options: What the client was told.
        pool: The connections, which derived clients share.
        sleep: Waits a number of seconds between attempts.
        random: Gives numbers from 0 up to 1, for the length of those waits.
    """

    def __init__(
        self,
        options: ClientOptions,
        pool: Pool,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Callable[[], float] = random_numbers.random,
    ) -> None:
        self.options = options
        self.pool = pool
        self._sleep = sleep
        self._retries = RetryPolicy(options.max_retries, random)
        self._origin = URL(options.base_url).origin()
        self._timeout = aiohttp.ClientTimeout(
            connect=options.timeout.connect,
            sock_read=options.timeout.read,
            ceil_threshold=math.inf,
        )

    async def call(self, request: Request, decode: Callable[[bytes], T]) -> T:
        """
        Ask until there is an answer, or no hope of one.

        Args:
            request: What to ask.
            decode: Reads the body of an answer of 2xx.

        Raises:
            APIStatusError: Publora refused.
            TransportError: No usable answer arrived.
            ResponseDecodeError: *decode* could not read the answer.
            ClientStateError: The client cannot be used here, or was closed meanwhile.
        """
        self.pool.session()
        now = asyncio.get_running_loop().time
        deadline = now() + self.options.deadline if self.options.deadline else math.inf
        attempt = 0
        while True:
            attempt += 1
            outcome = await self._in_slot(request, decode, deadline)
            if not isinstance(outcome, _Failure):
                logger.debug("%s %s: answered, attempt %d", request.method, request.path, attempt)
                return outcome
            if self.pool.closed:
                raise ClientStateError("this client was closed while it waited for an answer")
            error = outcome.error
            error.attempts = attempt
            if isinstance(error, ResponseDecodeError) or not outcome.repeatable:
                raise error
            asked = error.retry_after if isinstance(error, APIStatusError) else None
            delay = self._retries.delay(attempt, retry_after=asked, time_left=deadline - now())
            if isinstance(delay, str):
                error.gave_up = delay
                raise error
            what = error.status if isinstance(error, APIStatusError) else type(error).__name__
            logger.info(
                "%s %s: %s, attempt %d, again in %.2f s",
                *(request.method, request.path, what, attempt, delay),
            )
            await self._sleep(delay)

    async def _in_slot(
        self, request: Request, decode: Callable[[bytes], T], deadline: float
    ) -> T | _Failure:
        try:
            # The attempt's clock starts only once it holds a slot: a busy client is no fault
            # of the service's.
            async with asyncio.timeout_at(deadline if self.pool.slots.locked() else None):
                await self.pool.slots.acquire()
        except TimeoutError:
            return _Failure(self._too_late("queue", "deadline"), repeatable=False)
        try:
            return await self._attempt(request, decode, deadline)
        finally:
            self.pool.slots.release()

    async def _attempt(
        self, request: Request, decode: Callable[[bytes], T], deadline: float
    ) -> T | _Failure:
        session = self.pool.session()
        hop = _Hop(self._origin, self.options.api_key)
        begun = False
        refused: _Failure | None = None
        end = asyncio.get_running_loop().time() + self.options.timeout.total
        try:
            async with (
                asyncio.timeout_at(min(end, deadline)),
                session.request(
                    request.method,
                    URL(self.options.base_url + request.path, encoded=True),
                    headers=request.headers,
                    allow_redirects=False,
                    middlewares=(hop,),
                    timeout=self._timeout,
                    ssl=self.pool.ssl_context() if self._origin.scheme == "https" else True,
                    proxy=self.options.proxy,
                ) as response,
            ):
                begun = True
                if 200 <= response.status < 300:
                    body = await _read(response, MAX_BODY)
                    return _too_large() if body is None else decode(body)
                # Kept before its body is read: a 401 is one however its body breaks off.
                refused = self._refusal(response, b"")
                refused = self._refusal(response, await _read(response, MAX_ERROR_BODY))
                return refused
        except ResponseDecodeError as error:
            # Without its traceback, whose frames hold the answer.
            return _Failure(error.with_traceback(None), repeatable=False)
        except (aiohttp.ClientError, OSError, _BrokenError) as error:
            limit: Limit = "deadline" if deadline < end else "timeout"
            return refused or self._unanswered(error, "body" if begun else hop.stage, limit)

    def _refusal(self, response: aiohttp.ClientResponse, body: bytes | None) -> _Failure:
        headers = response.headers
        error = refusal(
            response.status,
            body or b"",
            location=headers.get("Location"),
            retry_after=parse_retry_after(headers.getall("Retry-After", []), datetime.now(UTC)),
            key=self.options.api_key,
        )
        return _Failure(error, response.status in REPEATABLE_STATUSES and body is not None)

    def _unanswered(self, error: Exception, stage: Stage, limit: Limit) -> _Failure:
        match error:
            case aiohttp.ConnectionTimeoutError():
                return _Failure(self._too_late(stage, "connect"), repeatable=True)
            case aiohttp.SocketTimeoutError():
                return _Failure(self._too_late(stage, "read"), repeatable=True)
            case TimeoutError():
                return _Failure(self._too_late(stage, limit), repeatable=limit != "deadline")
            case _:
                message, repeatable = _explain(error)
                return _Failure(TransportError(message, stage), repeatable)

    def _too_late(self, stage: Stage, limit: Limit) -> RequestTimeoutError:
        timeout = self.options.timeout
        limits = {"connect": timeout.connect, "read": timeout.read, "timeout": timeout.total}
        seconds = limits.get(limit, self.options.deadline) or math.inf
        message = f"the {limit} of {seconds:g} s ran out {_DOING[stage]}"
        return RequestTimeoutError(message, stage, limit=limit, seconds=seconds)


_DOING: dict[Stage, str] = {
    "queue": "while waiting for a free connection: max_connections calls are under way",
    "connect": "while connecting",
    "headers": "while waiting for the answer",
    "body": "while reading the answer",
}


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    """The decoded body; ``None``, and the connection closed, if it is over *most* bytes."""
    body = await response.content.readany()
    while len(body) <= most and (piece := await response.content.readany()):
        body += piece
    if len(body) <= most:
        return body
    response.close()
    return None


def _too_large() -> _Failure:
    error = ResponseDecodeError(f"the answer is larger than {MAX_BODY} bytes, which none should be")
    return _Failure(error, repeatable=False)


def _explain(error: Exception) -> tuple[str, bool]:
    """What went wrong below HTTP, without a word of the request; and whether it may pass."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"{error.host} cannot be trusted: {error.certificate_error}", False
        case aiohttp.ClientSSLError():
            return f"no secure connection to {error.host}: {error.os_error.strerror}", False
        case aiohttp.ClientConnectorError():
            reason = error.os_error.strerror
            return f"cannot connect to {error.host}:{error.port}: {reason}", True
        case aiohttp.ClientHttpProxyError():
            return f"the proxy refused to connect: HTTP {error.status}", False
        case aiohttp.ClientResponseError():
            return "what answered does not speak HTTP: check base_url", False
        case aiohttp.ClientPayloadError() if isinstance(error.__cause__, ContentEncodingError):
            return "the answer's compression is broken", False
        case _:
            return "the connection broke before the answer was whole", True
