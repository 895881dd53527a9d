"""How a fan-out is cut into chunks."""

from concurrent.futures import Executor
from uuid import uuid4

import attrs

from publora_async._http.options import ClientOptions
from publora_sync._executors.parcel import Chunk, Settings
from publora_sync._executors.users import User

__all__ = ["ChunkSize", "Flight", "Plan"]

FEWEST_ROUNDS, MOST_ROUNDS = 4, 32
"""How many users a chunk has for each that is asked about at once."""

SHORT, LONG = 0.25, 1.0
"""Seconds that a chunk may take: with a shorter one the next are larger, with a longer smaller."""


@attrs.frozen
class Plan:
    """
    How a fan-out is spread over workers.

    Attributes:
        executor: Who runs it.
        options: Those of the client whose fan-out it is.
        settings: What the workers' clients are made of.
        workers: How many chunks there may be at once.
        concurrency: How many users may be asked about at once, by all of them.
        ordered: Whether answers come in the order of the users.
    """

    executor: Executor
    options: ClientOptions
    settings: Settings
    workers: int
    concurrency: int
    ordered: bool

    def chunk(self, users: list[User], concurrency: int, now: float, *, is_probe: bool) -> Chunk:
        """
        Make a chunk of *users*.

        Args:
            users: Whom it is about. Those who were given back have less time and fewer retries.
            concurrency: How many at once.
            now: The present moment, by the monotonic clock.
            is_probe: Whether it is to find out whether the service is back.
        """
        options = self.options
        left = options.deadline
        if left is not None:
            left = max(0.001, left + min(user.since for user in users) - now)
        return Chunk(
            name=uuid4().hex,
            settings=self.settings,
            timeout=options.timeout,
            deadline=left,
            max_retries=max(0, options.max_retries - max(user.attempts for user in users)),
            user_ids=[user.user_id for user in users],
            concurrency=concurrency,
            workers=self.workers,
            is_probe=is_probe,
        )


@attrs.frozen(eq=False)
class Flight:
    """
    A chunk that is under way.

    Attributes:
        users: Whom it is about.
        begun: When it was given out, by the monotonic clock.
        is_full: Whether it is as large as one may be.
    """

    users: list[User]
    begun: float
    is_full: bool


class ChunkSize:
    """How large chunks are: so that each takes about half a second, and few are at a loss."""

    def __init__(self) -> None:
        self._rounds = FEWEST_ROUNDS

    def of(self, concurrency: int) -> int:
        """Give the number of users for a worker that asks about so many at once."""
        return self._rounds * concurrency

    def took(self, seconds: float, *, is_full: bool) -> None:
        """Take in how long a chunk has taken, and whether it was as large as it may be."""
        if seconds > LONG:
            self._rounds = max(FEWEST_ROUNDS, self._rounds // 2)
        elif is_full and seconds < SHORT:
            self._rounds = min(MOST_ROUNDS, 2 * self._rounds)
