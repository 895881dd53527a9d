"""
Limits how hard a fan-out may hit a service that fails, or that asks for a pause.

:class:`GatePolicy` is pure: it is told the time, and says whether a request may go out.
:class:`Gate` makes calls wait for that on the event loop. Where several processes share a fan-out,
one of them has a :class:`GatePolicy` for all.
"""

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from enum import Enum
from typing import Final

from publora_async.options import GateState

__all__ = ["WINDOW", "Gate", "GatePolicy", "Outcome"]

WINDOW: Final = 20
ENOUGH: Final = 10
"""The outcomes that are remembered, and how many there must be before the gate may shut."""

SHUT_AT: Final = 0.9
"""The share of failures that shuts the gate."""

FIRST_PROBE, LAST_PROBE = 0.5, 8.0
"""Seconds before the first probe; they double with each that fails, up to the last."""

PATIENCE: Final = 30.0
"""Seconds that a shut gate holds calls back before they fail unsent."""

REOPEN_AT: Final = 4
"""Requests at once after a probe that succeeded."""

FIRST_PAUSE: Final = 0.25
"""Seconds to pause on a 429 without ``Retry-After``; they double with each in a row."""

SLOW_DOWN: Final = 0.7
"""What remains of the concurrency after a 429."""


class Outcome(Enum):
    """What an attempt says about the service."""

    GOOD = "it works, also where it refuses"
    FAILED = "5xx, or no response"
    LIMITED = "429"
    UNKNOWN = "the attempt was given up on our side"


class GatePolicy:
    """
    Decides when a request may go out.

    Args:
        concurrency: The most requests at once.
        random: Gives numbers from 0 up to 1, so that clients do not probe in step.
        processes: How many see a part of the outcomes each: as many fewer are then enough.

    Attributes:
        limit: Requests at once, for now.
        in_flight: Requests that are under way.
        closed_until: No request goes out before this moment.
    """

    def __init__(
        self, concurrency: int, random: Callable[[], float], *, processes: int = 1
    ) -> None:
        self.concurrency = concurrency
        self.random = random
        self.limit: float = concurrency
        self.closed_until: float = -math.inf
        self._threshold: float = concurrency
        self.in_flight: int = 0
        self._enough = math.ceil(ENOUGH / processes)
        self._outcomes: deque[bool] = deque(maxlen=math.ceil(WINDOW / processes))
        self._shut_at: float | None = None
        self._probing = False
        self._probe_wait = FIRST_PROBE
        self._pause = FIRST_PAUSE
        self._limited_at = -math.inf

    def wait(self, now: float) -> float | None:
        """
        Say how long a call must wait before its request may go out.

        Returns:
            0: not at all. Otherwise the seconds after which to ask this again, or sooner when an
            attempt ends. ``None``: the call must give up, because the gate has been shut for too
            long and no probe is due.
        """
        if self._shut_at is None:
            full = self.in_flight >= int(self.limit)
            return max(self.closed_until - now, math.inf if full else 0)
        patience = self._shut_at + PATIENCE - now
        if self._probing or now < self.closed_until:
            until_probe = math.inf if self._probing else self.closed_until - now
            return min(until_probe, patience) if patience > 0 else None
        return 0

    @property
    def state(self) -> GateState:
        """Whether requests are held back."""
        if self._shut_at is not None:
            return "shut"
        slowed = self.limit < self.concurrency or self._pause > FIRST_PAUSE
        return "slowed" if slowed else "open"

    def begin(self) -> None:
        """Count a request that goes out. Through a shut gate it is the probe."""
        self.in_flight += 1
        self._probing = self._shut_at is not None

    def end(self, outcome: Outcome, *, begun: float, now: float, pause: float | None) -> None:
        """
        Take in how an attempt ended.

        Args:
            outcome: What it says about the service.
            begun: When it went out.
            now: The present moment.
            pause: Seconds that the service asked for. ``None``: it did not ask.
        """
        self.end_all((outcome,), begun=begun, now=now, pause=pause)

    def end_all(
        self, outcomes: Iterable[Outcome], *, begun: float, now: float, pause: float | None
    ) -> None:
        """Take in how all attempts ended that had begun as one; the arguments are as above."""
        self.in_flight -= 1
        is_probe = self._shut_at is not None and begun > self._shut_at
        if is_probe:
            self._probing = False
        for outcome in outcomes:
            self._take_in(outcome, begun, now, pause, is_probe=is_probe)

    def _take_in(
        self, outcome: Outcome, begun: float, now: float, pause: float | None, *, is_probe: bool
    ) -> None:
        match outcome:
            case Outcome.LIMITED:
                self._slow_down(begun, now, pause)
            case Outcome.GOOD:
                self._speed_up(is_probe=is_probe)
            case Outcome.FAILED:
                self._note_failure(now, is_probe=is_probe)

    def _slow_down(self, begun: float, now: float, pause: float | None) -> None:
        self._reopen(self.limit)
        wait = self._pause if pause is None else pause
        self.closed_until = max(self.closed_until, now + wait)
        # Requests that were under way when the first 429 came say nothing new.
        if begun >= self._limited_at:
            self._limited_at = now
            self._pause = min(2 * self._pause, LAST_PROBE)
            self.limit = self._threshold = max(1.0, self.limit * SLOW_DOWN)

    def _speed_up(self, *, is_probe: bool) -> None:
        self._outcomes.append(True)
        self._pause = FIRST_PAUSE
        if is_probe:
            self._reopen(REOPEN_AT)
            return
        # As TCP does: quickly up to where it last went wrong, then with care.
        step = 1 if self.limit < self._threshold else 1 / self.limit
        self.limit = min(self.concurrency, self.limit + step)

    def _reopen(self, limit: float) -> None:
        if self._shut_at is not None:
            self._shut_at = None
            self._outcomes.clear()
            self._probe_wait = FIRST_PROBE
            self.limit = min(limit, self.concurrency)

    def _note_failure(self, now: float, *, is_probe: bool) -> None:
        self._outcomes.append(False)
        if is_probe:
            self._probe_wait = min(2 * self._probe_wait, LAST_PROBE)
        elif self._shut_at is None and self._mostly_failures():
            self._shut_at = now
        else:
            return
        self.closed_until = now + self._probe_wait * (0.5 + self.random() / 2)

    def _mostly_failures(self) -> bool:
        seen = len(self._outcomes)
        return seen >= self._enough and self._outcomes.count(False) >= SHUT_AT * seen


class Gate:
    """
    Makes the calls of one fan-out, on one event loop, wait for a :class:`GatePolicy`.

    Args:
        concurrency: The most requests at once.
        random: Gives numbers from 0 up to 1.
    """

    def __init__(self, concurrency: int, random: Callable[[], float]) -> None:
        self.policy: GatePolicy = GatePolicy(concurrency, random)
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def state(self) -> GateState:
        """Whether its calls are held back; a fan-out that is over has none."""
        # A copy, as any thread may ask. One that was cancelled stays there until the next leave().
        waits = any(not waiting.done() for waiting in self._waiting.copy())
        return self.policy.state if self.policy.in_flight or waits else "open"

    def enter(self) -> bool:
        """Let a request out if it may go now. Its attempt then ends with one :meth:`leave`."""
        may = self.policy.wait(asyncio.get_running_loop().time()) == 0
        if may:
            self.policy.begin()
        return may

    async def wait_to_enter(self, deadline: float) -> bool:
        """
        Wait until a request may go out. Its attempt then ends with one :meth:`leave`.

        Args:
            deadline: The latest moment to wait until, by the loop's clock.

        Returns:
            Whether it may. If not, the deadline or the gate's patience is over.
        """
        loop = asyncio.get_running_loop()
        while not self.enter():
            wait = self.policy.wait(loop.time())
            if wait is None or max(loop.time(), self.policy.closed_until) >= deadline:
                return False
            await self._changed(min(loop.time() + wait, deadline))
        return True

    def leave(self, begun: float, outcome: Outcome, pause: float | None) -> None:
        """Tell the policy how an attempt ended, and wake the calls that wait for that."""
        now = asyncio.get_running_loop().time()
        self.policy.end(outcome, begun=begun, now=now, pause=pause)
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    async def backoff(self, sleep: Callable[[float], Awaitable[None]], seconds: float) -> None:
        """Let a call that has left wait before its next attempt, by *sleep*."""
        await sleep(seconds)

    async def _changed(self, until: float) -> None:
        """Wait until an attempt ends, or the moment *until* comes."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout_at(until):
                await waiting
        except TimeoutError:
            pass
