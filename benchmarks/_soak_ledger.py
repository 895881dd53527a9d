"""What the soak asks, what came of it, and what a process holds."""

import asyncio
import gc
import os
import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from publora_async import ConnectionList, PubloraError, UserConnections

__all__ = ["Ledger", "Unit", "footprint", "plan"]

_UNITS = {
    "singles": (10, 6),
    "iter_many": (150, 4),
    "list_many": (100, 3),
    "left": (100, 2),
    "cancelled": (40, 2),
    "own client": (50, 1),
    "closed": (40, 1),
    "thread": (50, 1),
}
"""How many users each kind of unit asks about, and how often it comes, as a share of all."""


@attrs.frozen
class Unit:
    """
    Some calls that belong together.

    Attributes:
        kind: How they are made.
        user_ids: About whom.
        chance: A number from 0 to 1, for whatever is left to chance.
    """

    kind: str
    user_ids: Sequence[str]
    chance: float


def plan(calls: int, seed: int) -> Iterator[Unit]:
    """Make up units of so many calls together, each about a user of its own."""
    numbers = random.Random(seed)  # noqa: S311  # the same each time is the point
    weights = [weight for _, weight in _UNITS.values()]
    asked = 0
    while asked < calls:
        (kind,) = numbers.choices(list(_UNITS), weights)
        users = min(_UNITS[kind][0], calls - asked)
        user_ids = [f"user-{number}" for number in range(asked, asked + users)]
        asked += users
        yield Unit(kind, user_ids, numbers.random())


class Ledger:
    """
    Takes in what came of each call. From any thread.

    Attributes:
        outcomes: How many calls ended how: answered, by the class of error, or not seen through.
        foreign: What came under another's id; to be empty.
    """

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.foreign: list[str] = []
        self._lock = threading.Lock()

    def see(self, user_id: str, came: ConnectionList | PubloraError | None) -> None:
        """Take in what came of a call about that user."""
        if not isinstance(came, ConnectionList):
            self.count(type(came).__name__)
            return
        self.count("answered")
        if list(came.platform_ids) != [f"twitter-{user_id}", f"linkedin-{user_id}"]:
            self.foreign.append(f"{user_id} was answered with {came.platform_ids}")

    def see_all(self, unit: Unit, answers: Sequence[UserConnections], *, ordered: bool) -> None:
        """Take in a fan-out that was seen through."""
        given = [answer.user_id for answer in answers]
        if (given if ordered else sorted(given)) != (
            unit.user_ids if ordered else sorted(unit.user_ids)
        ):
            self.foreign.append(f"{given} were answered in place of {unit.user_ids}")
        for answer in answers:
            self.see(answer.user_id, answer.connections or answer.error)

    def count(self, outcome: str, calls: int = 1) -> None:
        """Take in calls that ended in that way."""
        with self._lock:
            self.outcomes[outcome] += calls


def footprint() -> dict[str, int]:
    """Say what this process holds; Linux tells."""
    gc.collect()
    tasks = (one for one in gc.get_objects() if isinstance(one, asyncio.Task))
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
        "tasks": sum(not task.done() for task in tasks),
        "memory": pages * os.sysconf("SC_PAGE_SIZE"),
    }
