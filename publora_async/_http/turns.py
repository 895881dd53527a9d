"""Has an attempt wait for its turn: for a slot, and in a fan-out for the gate before that."""

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from publora_async._http.attempt import Attempts
from publora_async._http.failures import Failure, too_late
from publora_async._http.gate import Gate, Outcome
from publora_async._http.options import ClientOptions
from publora_async._http.request import Request
from publora_async._http.session import Pool
from publora_async._http.timer import Until
from publora_async._http.tracing import CallSpans
from publora_async.errors import NotSentError, RateLimitError, ServerError, TransportError

if TYPE_CHECKING:
    import aiohttp

__all__ = ["Turns"]

T = TypeVar("T")


class Turns:
    """
    Makes attempts, each when it is its turn.

    Args:
        options: The client options.
        pool: The connection pool, whose slots are waited for.

    Attributes:
        attempts: Makes them.
    """

    def __init__(self, options: ClientOptions, pool: Pool) -> None:
        self._options = options
        self._pool = pool
        self.attempts: Attempts = Attempts(options, pool)

    async def at_gate(
        self,
        session: "aiohttp.ClientSession",
        request: Request,
        decode: Callable[[bytes], T],
        deadline: float,
        gate: Gate,
        spans: CallSpans | None,
    ) -> T | Failure:
        """
        Make an attempt of a fan-out once *gate* lets it out; otherwise as :meth:`in_slot`.

        Args:
            session: The pool's.
            request: What to send.
            decode: Reads the body of a 2xx response.
            deadline: When the call must end, by the loop's clock.
            gate: The fan-out's.
            spans: The call's. ``None``: nobody traces it.
        """
        if not gate.enter() and not await self._waited(gate, deadline, spans):
            return Failure(NotSentError(_HELD_BACK), repeatable=False)
        begun = asyncio.get_running_loop().time()
        outcome: T | Failure | None = None
        try:
            outcome = await self.in_slot(session, request, decode, deadline, spans)
            return outcome
        finally:
            gate.leave(begun, *_gate_report(outcome))

    async def _waited(self, gate: Gate, deadline: float, spans: CallSpans | None) -> bool:
        try:
            with _timed("gate", spans), Until(math.inf, self._pool.timer):
                return await gate.wait_to_enter(deadline)
        except TimeoutError:  # the client was closed
            return False

    async def in_slot(
        self,
        session: "aiohttp.ClientSession",
        request: Request,
        decode: Callable[[bytes], T],
        deadline: float,
        spans: CallSpans | None,
    ) -> T | Failure:
        """
        Make an attempt once there is a slot.

        Args:
            session: The pool's.
            request: What to send.
            decode: Reads the body of a 2xx response.
            deadline: When the call must end, by the loop's clock.
            spans: The call's. ``None``: nobody traces it.
        """
        # The attempt's clock starts only once it holds a slot: a busy client is no fault of the
        # service's.
        slots = self._pool.slots
        if slots.locked():
            slots.waiting += 1
            try:
                with _timed("slot", spans), Until(deadline, self._pool.timer):
                    await slots.acquire()
            except TimeoutError:
                return Failure(too_late("queue", "deadline", self._options), repeatable=False)
            finally:
                slots.waiting -= 1
        else:
            await slots.acquire()
        counters = self._pool.counters
        counters.attempts += 1
        slots.in_use += 1
        try:
            make = self.attempts.make
            if spans is None:
                outcome = await make(session, request, decode, deadline)
            else:
                outcome = await spans.attempt(partial(make, session, request, decode, deadline))
            counters.failed_attempts += isinstance(outcome, Failure)
            return outcome
        finally:
            slots.in_use -= 1
            slots.release()


@contextmanager
def _timed(what: str, spans: CallSpans | None) -> Iterator[None]:
    begun = asyncio.get_running_loop().time()
    try:
        yield
    finally:
        if spans is not None:
            spans.waited(what, asyncio.get_running_loop().time() - begun)


_HELD_BACK = (
    "not sent: the service is failing, or asked for a pause, and it would be too long a wait"
)


def _gate_report(outcome: object) -> tuple[Outcome, float | None]:
    """Say, for the gate, how an attempt ended and which pause the service asked for."""
    if outcome is not None and not isinstance(outcome, Failure):
        return Outcome.GOOD, None
    match outcome:
        case Failure(error=RateLimitError(retry_after=pause)):
            return Outcome.LIMITED, pause
        case None | Failure(unsent=True):
            return Outcome.UNKNOWN, None
        case Failure(error=ServerError() | TransportError()):
            return Outcome.FAILED, None
        case _:
            return Outcome.GOOD, None
