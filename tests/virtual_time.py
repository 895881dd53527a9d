"""An event loop whose clock jumps instead of waiting, and a service that lives on it."""

import asyncio
import random
import selectors
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, TypeVar

import attrs
from seams import attempt_by

from publora_async import APIStatusError, RateLimitError, ServerError
from publora_async._http.calls import Transport
from publora_async._http.counters import Counters, Slots
from publora_async._http.failures import Failure
from publora_async._http.options import ClientOptions
from publora_async._http.retry import REPEATABLE_STATUSES, RetryBudget
from publora_async._http.timer import Timer
from publora_async.connections import AsyncConnections

T = TypeVar("T")


class _Clock(selectors.DefaultSelector):
    """A selector that never waits: the time it was to wait has passed at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits, and nothing will ever happen")
        self.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on which an hour passes in no time."""

    def __init__(self) -> None:
        self._virtual = _Clock()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run on a loop whose time is virtual and begins at 0."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)


@attrs.define
class Service:
    """
    Answers after *latency* seconds what *refuse* says, ``None`` for a good answer.

    Attributes:
        refuse: Is told the time and the number of the request.

        requests: When each request was sent.
    """

    refuse: Callable[[float, int], APIStatusError | None]
    latency: float = 0.05
    requests: list[float] = attrs.field(factory=list, init=False)

    async def answer(self) -> APIStatusError | None:
        now = asyncio.get_running_loop().time()
        self.requests.append(now)
        refusal = self.refuse(now, len(self.requests))
        await asyncio.sleep(self.latency)
        return refusal


class _SimulatedAttempts:
    """Asks a simulated service in place of a real one."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def make(
        self, _session: object, _request: object, decode: Callable[[bytes], T], _deadline: float
    ) -> T | Failure:
        refusal = await self._service.answer()
        if refusal is None:
            return decode(b'{"success": true, "connections": []}')
        return Failure(refusal, refusal.status in REPEATABLE_STATUSES)


def connections(service: Service) -> AsyncConnections:
    """The resource, with the real calls, retries, budget and gate, over *service*."""
    numbers = random.Random(0)  # noqa: S311  # the same each time is the point
    options = ClientOptions(api_key="k", base_url="http://localhost")
    pool = SimpleNamespace(
        session=lambda: None,
        slots=Slots(100),
        counters=Counters(),
        budget=RetryBudget(),
        sleep=asyncio.sleep,
        timer=Timer(),
        over=lambda: None,
    )
    transport = Transport(options, pool, random=numbers.random)  # type: ignore[arg-type]  # all it looks at
    attempt_by(transport, _SimulatedAttempts(service))
    return AsyncConnections(transport)


def outage(begin: float, end: float) -> Callable[[float, int], APIStatusError | None]:
    """A service that answers 500 from *begin* to *end*."""
    return lambda now, _: ServerError(500, "down") if begin <= now < end else None


def sometimes(share: float) -> Callable[[float, int], APIStatusError | None]:
    """A service that answers 500 to a *share* of the requests, at random."""
    numbers = random.Random(1)  # noqa: S311  # the same each time is the point
    return lambda _, __: ServerError(500, "chance") if numbers.random() < share else None


def limited(
    per_second: int, retry_after: float | None
) -> Callable[[float, int], APIStatusError | None]:
    """A service that takes so many requests in each second, and answers 429 to the others."""
    seen: dict[int, int] = {}

    def refuse(now: float, _: int) -> APIStatusError | None:
        second = int(now)
        seen[second] = seen.get(second, 0) + 1
        if seen[second] <= per_second:
            return None
        return RateLimitError(429, "slow down", retry_after=retry_after)

    return refuse
