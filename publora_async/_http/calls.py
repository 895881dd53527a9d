"""Makes calls: each as many attempts as it takes, with backoff between them, until a deadline."""

import logging
import math
import random as random_numbers
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from publora_async._http.failures import Failure
from publora_async._http.gate import Gate
from publora_async._http.options import ClientOptions
from publora_async._http.request import USER_HEADER, Request
from publora_async._http.retry import RetryPolicy, may_repeat
from publora_async._http.session import Pool
from publora_async._http.tracing import CallSpans, Tracing
from publora_async._http.turns import Turns
from publora_async._loops import running_loop
from publora_async.errors import (
    APIStatusError,
    GaveUp,
    NotSentError,
    PubloraError,
    ResponseDecodeError,
    TransportError,
)
from publora_async.options import ClientStats

__all__ = ["Transport"]

logger = logging.getLogger("publora_async")

T = TypeVar("T")


class Transport:
    """
    Makes the calls of one client.

    Args:
        options: The client options.
        pool: The connection pool, which derived clients share.
        sleep: Waits a number of seconds between attempts. ``None``: the pool's, which ends
            early when the pool is closed.
        random: Gives numbers from 0 up to 1, for the jitter of those waits.
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
        self._budget = pool.budget
        self._tracing = Tracing(options.base_url)
        self.turns: Turns = Turns(options, pool)

    def gate(self, concurrency: int) -> Gate:
        """Make the gate of one fan-out, whose state :meth:`stats` tells."""
        return self.pool.counters.watch(Gate(concurrency, self.random))

    def stats(self) -> ClientStats:
        """Say how the client stands, and what it has done."""
        return self.pool.counters.stats(self.pool.slots, self._budget)

    async def call(self, request: Request, decode: Callable[..., T], gate: Gate | None = None) -> T:
        """
        Send *request*, with retries, and give what *decode* makes of the response.

        Args:
            request: What to send.
            decode: Reads the body of a 2xx response, strictly with ``strict=True``.
            gate: Holds the calls of a fan-out back. ``None``: nothing does.

        Raises:
            APIStatusError: Publora refused.
            TransportError: No usable response arrived.
            ResponseDecodeError: *decode* could not read the response.
            ClientStateError: The client cannot be used here, or was closed meanwhile.
        """
        if self.options.strict:
            decode = partial(decode, strict=True)
        counters = self.pool.counters
        counters.calls += 1
        if (spans := self._tracing.call(request)) is None:
            outcome = await self._outcome(request, decode, gate, None)
        else:
            outcome = await spans.call(partial(self._outcome, request, decode, gate, spans))
        if not isinstance(outcome, PubloraError):
            return outcome
        counters.failed_calls += 1
        try:
            raise request.named_in(outcome)
        finally:
            # The error holds this frame, and the frame would hold the error.
            del outcome

    async def _outcome(
        self,
        request: Request,
        decode: Callable[[bytes], T],
        gate: Gate | None,
        spans: CallSpans | None,
    ) -> T | PubloraError:
        now = running_loop().time
        deadline = now() + self.options.deadline if self.options.deadline else math.inf
        attempt = paid = 0
        error: APIStatusError | TransportError | None = None
        while True:
            session = self.pool.session()
            attempt += 1
            if gate is None:
                outcome = await self.turns.in_slot(session, request, decode, deadline, spans)
            else:
                outcome = await self.turns.at_gate(session, request, decode, deadline, gate, spans)
            _log_attempt(request, outcome, attempt)
            if not isinstance(outcome, Failure):
                self._budget.earn(paid)
                return outcome
            if over := self.pool.over():
                return over
            if error is not None and isinstance(outcome.error, NotSentError):
                error.gave_up = "gate"
                return error
            outcome.error.attempts = attempt - outcome.unsent
            if isinstance(outcome.error, ResponseDecodeError):
                return outcome.error
            error = outcome.error
            if not (outcome.repeatable and may_repeat(request, error)):
                return error
            again = self._again(error, attempt, deadline - now(), gated=gate is not None)
            if isinstance(again, str):
                error.gave_up = again
                return error
            delay, paid = again
            _tell_of_retry(request, error, attempt, delay, spans)
            await (self.sleep(delay) if gate is None else gate.backoff(self.sleep, delay))

    def _again(
        self,
        error: APIStatusError | TransportError,
        attempt: int,
        time_left: float,
        *,
        gated: bool,
    ) -> tuple[float, int] | GaveUp:
        """Give the seconds to wait before a retry and its price, or the reason to give up."""
        pause = error.retry_after if isinstance(error, APIStatusError) else None
        delay = self._retries.delay(attempt, retry_after=pause, time_left=time_left)
        if isinstance(delay, str):
            return delay
        paid = self._budget.spend(error, gated=gated)
        return (delay, paid) if paid else "budget"


def _log_attempt(request: Request, outcome: object, attempt: int) -> None:
    if not logger.isEnabledFor(logging.DEBUG):
        return
    what = "answered"
    if isinstance(outcome, Failure):
        if outcome.unsent:
            return
        what = _what_failed(outcome.error)
    user_id = request.headers.get(USER_HEADER)
    whose = f" for user {user_id}" if user_id else ""
    logger.debug("%s %s%s: %s, attempt %d", request.method, request.route, whose, what, attempt)


def _tell_of_retry(
    request: Request,
    error: APIStatusError | TransportError,
    attempt: int,
    delay: float,
    spans: CallSpans | None,
) -> None:
    logger.info(
        "%s %s: %s, attempt %d, again in %.2f s",
        *(request.method, request.route, _what_failed(error), attempt, delay),
    )
    if spans is not None:
        spans.waited("backoff", delay)


def _what_failed(error: PubloraError) -> str:
    return str(error.status) if isinstance(error, APIStatusError) else type(error).__name__
