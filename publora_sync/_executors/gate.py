"""The gate of one process among those that share a fan-out."""

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable

from publora_async._http.gate import WINDOW, Gate, GatePolicy, Outcome

__all__ = ["GateOfWorker"]


class GateOfWorker(Gate):
    """
    The gate of one process among those that share a fan-out.

    Once the service fails or asks for a pause it lets nobody in any more, and nobody waits:
    whoever gave the work decides when it goes on.

    Args:
        concurrency: The most requests at once.
        random: Gives numbers from 0 up to 1.
        processes: How many share the fan-out.
        is_probe: Whether one failure is enough.

    Attributes:
        closed: Whether nobody is let in any more.
        outcomes: How the last attempts ended, as many as the policy for all takes from one.
        pause: Seconds that the service asked for. ``None``: it did not ask.
    """

    def __init__(
        self,
        concurrency: int,
        random: Callable[[], float],
        *,
        processes: int,
        is_probe: bool = False,
    ) -> None:
        super().__init__(concurrency, random)
        self.policy = GatePolicy(concurrency, random, processes=processes)
        self.closed: bool = False
        self.outcomes: deque[Outcome] = deque(maxlen=math.ceil(WINDOW / processes))
        self.pause: float | None = None
        self._is_probe = is_probe
        self._sleeping: set[asyncio.Future[None]] = set()

    def enter(self) -> bool:
        """Let a request out if it may go now."""
        return not self.closed and super().enter()

    async def wait_to_enter(self, deadline: float) -> bool:
        """Wait until a request may go out: for a place, never for a service that is down."""
        loop = asyncio.get_running_loop()
        while not self.enter():
            if self.closed or loop.time() >= deadline:
                return False
            await self._changed(deadline)
        return True

    def leave(self, begun: float, outcome: Outcome, pause: float | None) -> None:
        """Take in how an attempt ended, and close if that is a reason to."""
        if outcome is not Outcome.UNKNOWN:
            self.outcomes.append(outcome)
        if pause is not None:
            self.pause = max(self.pause or 0.0, pause)
        super().leave(begun, outcome, pause)
        failed_as_probe = self._is_probe and outcome is Outcome.FAILED
        if outcome is Outcome.LIMITED or failed_as_probe or self.policy.state == "shut":
            self.closed = True
            for sleep in self._sleeping:
                sleep.cancel()

    async def backoff(self, sleep: Callable[[float], Awaitable[None]], seconds: float) -> None:
        """Let a call wait before its next attempt, or until there will be none."""
        if self.closed:
            return
        sleeping = asyncio.ensure_future(sleep(seconds))
        self._sleeping.add(sleeping)
        try:
            await asyncio.wait([sleeping])
        finally:
            self._sleeping.remove(sleeping)
            sleeping.cancel()
