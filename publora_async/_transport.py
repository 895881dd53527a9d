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
from yarl import URL

from publora_async._faults import BrokenConnectionError, Failure, failure_of, too_late
from publora_async._gate import Gate, Outcome
from publora_async._pool import Pool
from publora_async._refusals import refusal
from publora_async._requests import KEY_HEADER, Request
from publora_async._retry import REPEATABLE_STATUSES, RetryBudget, RetryPolicy, parse_retry_after
from publora_async.errors import (
    APIStatusError,
    ClientStateError,
    GaveUp,
    Limit,
    NotSentError,
    PubloraError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
    Stage,
    TransportError,
)
from publora_async.options import ClientOptions, Secret

__all__ = ["Transport"]

MAX_BODY: Final = 4 * 1024 * 1024
MAX_ERROR_BODY: Final = 64 * 1024

logger = logging.getLogger("publora_async")

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


class Transport:
    """
    One client's way to the service.

    Args:
        options: What the client was told.
        pool: The connections, which derived clients share.
        sleep: Waits a number of seconds between attempts. ``None``: really.
        random: Gives numbers from 0 up to 1, for the length of those waits.
    """

    def __init__(
        self,
        options: ClientOptions,
        pool: Pool,
        *,
        sleep: Callable[[float], Awaitable[None]] | None = None,
        random: Callable[[], float] = random_numbers.random,
    ) -> None:
        self.options = options
        self.pool = pool
        self.sleep: Callable[[float], Awaitable[None]] = sleep or pool.sleep
        self.random: Callable[[], float] = random
        self._retries = RetryPolicy(options.max_retries, random)
        self._budget = RetryBudget()
        self._origin = URL(options.base_url).origin()
        self._timeout = aiohttp.ClientTimeout(
            connect=options.timeout.connect,
            sock_read=options.timeout.read,
            ceil_threshold=math.inf,
        )

    async def call(
        self, request: Request, decode: Callable[[bytes], T], gate: Gate | None = None
    ) -> T:
        """
        Ask until there is an answer, or no hope of one.

        Args:
            request: What to ask.
            decode: Reads the body of an answer of 2xx.
            gate: What holds the calls of a fan-out back. ``None``: nothing does.

        Raises:
            APIStatusError: Publora refused.
            TransportError: No usable answer arrived.
            ResponseDecodeError: *decode* could not read the answer.
            ClientStateError: The client cannot be used here, or was closed meanwhile.
        """
        self.pool.session()
        outcome = await self._outcome(request, decode, gate)
        if not isinstance(outcome, PubloraError):
            return outcome
        try:
            raise outcome
        finally:
            # The error holds this frame, and the frame would hold the error.
            del outcome

    async def _outcome(
        self, request: Request, decode: Callable[[bytes], T], gate: Gate | None
    ) -> T | PubloraError:
        now = asyncio.get_running_loop().time
        deadline = now() + self.options.deadline if self.options.deadline else math.inf
        attempt = 0
        error: APIStatusError | TransportError | None = None
        while True:
            attempt += 1
            outcome = await self._in_turn(request, decode, deadline, gate)
            if not isinstance(outcome, Failure):
                self._budget.earn(retried=attempt > 1)
                logger.debug("%s %s: answered, attempt %d", request.method, request.route, attempt)
                return outcome
            if self.pool.closed:
                return ClientStateError("this client was closed meanwhile")
            if error is not None and isinstance(outcome.error, NotSentError):
                error.gave_up = "gate"
                return error
            outcome.error.attempts = attempt - outcome.unsent
            if isinstance(outcome.error, ResponseDecodeError) or not outcome.may_repeat(request):
                return outcome.error
            error = outcome.error
            delay = self._delay(error, attempt, deadline - now())
            if isinstance(delay, str):
                error.gave_up = delay
                return error
            what = error.status if isinstance(error, APIStatusError) else type(error).__name__
            logger.info(
                "%s %s: %s, attempt %d, again in %.2f s",
                *(request.method, request.route, what, attempt, delay),
            )
            await self.sleep(delay)

    def _delay(
        self, error: APIStatusError | TransportError, attempt: int, time_left: float
    ) -> float | GaveUp:
        pause = error.retry_after if isinstance(error, APIStatusError) else None
        delay = self._retries.delay(attempt, retry_after=pause, time_left=time_left)
        return delay if isinstance(delay, str) or self._budget.spend() else "budget"

    async def _in_turn(
        self, request: Request, decode: Callable[[bytes], T], deadline: float, gate: Gate | None
    ) -> T | Failure:
        if gate is None:
            return await self._in_slot(request, decode, deadline)
        if not await gate.enter(deadline):
            return Failure(NotSentError(_HELD_BACK), repeatable=False)
        begun = asyncio.get_running_loop().time()
        outcome: T | Failure | None = None
        try:
            outcome = await self._in_slot(request, decode, deadline)
            return outcome
        finally:
            gate.leave(begun, *_tell(outcome))

    async def _in_slot(
        self, request: Request, decode: Callable[[bytes], T], deadline: float
    ) -> T | Failure:
        try:
            # The attempt's clock starts only once it holds a slot: a busy client is no fault
            # of the service's.
            async with asyncio.timeout_at(deadline if self.pool.slots.locked() else None):
                await self.pool.slots.acquire()
        except TimeoutError:
            return Failure(too_late("queue", "deadline", self.options), repeatable=False)
        try:
            return await self._attempt(request, decode, deadline)
        finally:
            self.pool.slots.release()

    async def _attempt(
        self, request: Request, decode: Callable[[bytes], T], deadline: float
    ) -> T | Failure:
        session = self.pool.session()
        hop = _Hop(self._origin, self.options.api_key)
        begun = False
        refused: Failure | None = None
        end = asyncio.get_running_loop().time() + self.options.timeout.total
        try:
            async with (
                asyncio.timeout_at(min(end, deadline)),
                session.request(
                    request.method,
                    URL(self.options.base_url + request.path, encoded=True),
                    headers=request.headers,
                    data=request.body,
                    allow_redirects=False,
                    middlewares=(hop,),
                    timeout=self._timeout,
                    ssl=self.pool.ssl_context() if self._origin.scheme == "https" else True,
                    proxy=self.options.proxy,
                ) as response,
            ):
                begun = True
                if 200 <= response.status < 300 and response.status != 206:
                    body = await _read(response, MAX_BODY)
                    if body is None:
                        error = ResponseDecodeError(f"the answer is over {MAX_BODY} bytes long")
                        return Failure(error, repeatable=False)
                    return decode(body)
                # Kept before its body is read: a 401 is one however its body breaks off.
                refused = self._refusal(response, b"")
                return self._refusal(response, await _read(response, MAX_ERROR_BODY))
        except ResponseDecodeError as error:
            # Without its traceback, whose frames hold the answer.
            return Failure(error.with_traceback(None), repeatable=False)
        except (aiohttp.ClientError, OSError, BrokenConnectionError) as error:
            limit: Limit = "deadline" if deadline < end else "timeout"
            stage = "body" if begun else hop.stage
            return refused or failure_of(error, stage, limit, self.options)

    def _refusal(self, response: aiohttp.ClientResponse, body: bytes | None) -> Failure:
        headers = response.headers
        error = refusal(
            response.status,
            body or b"",
            location=headers.get("Location"),
            retry_after=parse_retry_after(headers.getall("Retry-After", []), datetime.now(UTC)),
            key=self.options.api_key,
        )
        return Failure(error, response.status in REPEATABLE_STATUSES and body is not None)


_HELD_BACK = (
    "not sent: the service is failing, or asked for a pause, and it would be too long a wait"
)


def _tell(outcome: object) -> tuple[Outcome, float | None]:
    """What an attempt says of the service, and the pause that was asked for."""
    match outcome:
        case Failure(error=RateLimitError(retry_after=pause)):
            return Outcome.LIMITED, pause
        case None | Failure(unsent=True):
            return Outcome.UNKNOWN, None
        case Failure(error=ServerError() | TransportError()):
            return Outcome.FAILED, None
        case _:
            return Outcome.GOOD, None


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    """The decoded body; ``None``, and the connection closed, if it is over *most* bytes."""
    body = await response.content.readany()
    while len(body) <= most and (piece := await response.content.readany()):
        body += piece
    if len(body) <= most:
        return body
    response.close()
    return None
