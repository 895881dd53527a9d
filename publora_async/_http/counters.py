"""Counts what a client does, for its ``stats()``."""

import asyncio
from weakref import ref

from publora_async._http.gate import Gate
from publora_async._http.retry import RetryBudget
from publora_async.options import ClientStats, GateState

__all__ = ["Counters", "Slots"]


class Slots(asyncio.Semaphore):
    """
    Bounds how many attempts are under way at once.

    Args:
        number: The most of them.

    Attributes:
        number: The most of them.
        in_use: How many are under way.
        waiting: Calls that wait for another one's attempt to end.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number: int = number
        self.in_use: int = 0
        self.waiting: int = 0


class Counters:
    """
    What a client and those derived from it have done. Any thread may read it, one writes.

    Attributes:
        calls: Calls that were begun.
        failed_calls: Those that ended with an error of the service's, or of the way to it.
        attempts: Attempts that were begun.
        failed_attempts: Those that ended without a response that makes sense.
    """

    def __init__(self) -> None:
        self.calls: int = 0
        self.failed_calls: int = 0
        self.attempts: int = 0
        self.failed_attempts: int = 0
        self._gates: list[ref[Gate]] = []

    def watch(self, gate: Gate) -> Gate:
        """Have the state of *gate* told by :meth:`stats`, for as long as it lives."""
        self._gates.append(ref(gate, self._gates.remove))
        return gate

    def stats(self, slots: Slots, budget: RetryBudget) -> ClientStats:
        """Say how things stand now."""
        return ClientStats(
            slots=slots.number,
            slots_in_use=slots.in_use,
            waiting=slots.waiting,
            retry_budget=budget.left,
            gate=self._gate(),
            calls=self.calls,
            failed_calls=self.failed_calls,
            attempts=self.attempts,
            failed_attempts=self.failed_attempts,
        )

    def _gate(self) -> GateState:
        # A copy: gates come and go on other threads.
        states = {gate.state for known in tuple(self._gates) if (gate := known()) is not None}
        return "shut" if "shut" in states else "slowed" if "slowed" in states else "open"
