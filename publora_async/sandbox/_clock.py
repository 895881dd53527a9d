"""The time in a sandbox: a clock that tests can move, and the changes that it brings about."""

import asyncio
import heapq
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count

import attrs

__all__ = ["Clock", "Schedule", "in_utc"]

_logger = logging.getLogger("publora_async.sandbox")


def in_utc(name: str, moment: datetime) -> datetime:
    """
    Give *moment* in UTC.

    Raises:
        ValueError: It has no time zone; the message calls it *name*.
    """
    if moment.utcoffset() is None:
        raise ValueError(f"{name} must be an aware datetime; give it a time zone, such as UTC")
    return moment.astimezone(UTC)


@attrs.frozen(eq=False)
class _Sleeper:
    until: datetime
    loop: asyncio.AbstractEventLoop
    moved: asyncio.Event


class Clock:
    """
    A clock that can be set and moved, from any thread.

    A sandbox judges tokens by it. Code under test that waits by it, with ``await
    clock.sleep(...)``, goes on as soon as the clock has come so far, however it was moved.

    .. code-block:: python

        clock = Clock(datetime(2026, 10, 1, tzinfo=UTC))
        with Sandbox(clock=clock) as sandbox:
            sandbox.connect("linkedin", expires_in=timedelta(days=10))
            clock.advance(timedelta(days=5))  # it is expiring soon now

    Args:
        start: What it shows at first, aware. It then stands still until it is moved. ``None``
            means the real time, which passes by itself.

        skip_sleep: Whether the clock jumps to the end of a sleep instead of waiting for it. Of
            several sleeps, the one that ends first is skipped first.

    Raises:
        ValueError: *start* has no time zone.
    """

    def __init__(self, start: datetime | None = None, *, skip_sleep: bool = False) -> None:
        self._start = None if start is None else in_utc("start", start)
        self._skip_sleep = skip_sleep
        self._ahead = timedelta()
        self._sleepers: list[_Sleeper] = []
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Clock({self.now().isoformat()})"

    def now(self) -> datetime:
        """Give the time that it shows, in UTC."""
        return self._unmoved() + self._ahead

    def set(self, moment: datetime) -> None:
        """
        Have it show *moment*, before or after what it shows now.

        Raises:
            ValueError: *moment* has no time zone.
        """
        moment = in_utc("moment", moment)
        with self._lock:
            self._ahead = moment - self._unmoved()
        self._wake()

    def advance(self, by: timedelta) -> None:
        """Move it forward, or back if *by* is negative."""
        with self._lock:
            self._ahead += by
        self._wake()

    async def sleep(self, seconds: float) -> None:
        """Wait until it has gone on by so many *seconds*."""
        loop = asyncio.get_running_loop()
        until = self.now() + timedelta(seconds=seconds)
        sleeper = _Sleeper(until, loop, asyncio.Event())
        with self._lock:
            self._sleepers.append(sleeper)
        try:
            # Whoever else begins to sleep in this turn of the loop may be the first to wake.
            await asyncio.sleep(0)
            await self._wait(sleeper)
        finally:
            with self._lock:
                self._sleepers.remove(sleeper)
            self._wake()

    async def _wait(self, sleeper: _Sleeper) -> None:
        while True:
            sleeper.moved.clear()
            left = (sleeper.until - self.now()).total_seconds()
            if left <= 0:
                return
            if self._skip_sleep and sleeper is self._first():
                self.set(sleeper.until)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(None if self._start else left):
                    await sleeper.moved.wait()

    def _first(self) -> _Sleeper:
        with self._lock:
            return min(self._sleepers, key=lambda sleeper: sleeper.until)

    def _wake(self) -> None:
        """Have everyone who sleeps look at the clock."""
        with self._lock:
            for sleeper in self._sleepers:
                # The loop of one that was never cancelled may be closed.
                with suppress(RuntimeError):
                    sleeper.loop.call_soon_threadsafe(sleeper.moved.set)

    def _unmoved(self) -> datetime:
        return self._start or datetime.now(UTC)


class Schedule:
    """
    Carries out the changes of a sandbox that are due, before anything else is done in it.

    Args:
        clock: Tells the time.

    Attributes:
        start: What the clock showed at first.
    """

    def __init__(self, clock: Clock) -> None:
        self.start: datetime = clock.now()
        self._clock = clock
        self._lock = threading.RLock()
        self._due: list[tuple[datetime, int, Callable[[], object]]] = []
        self._numbers = count()
        self._as_of: datetime | None = None
        self._failures: list[Exception] = []

    def now(self) -> datetime:
        """Give the time, which for a change that is late is the one at which it was due."""
        return self._as_of or self._clock.now()

    def elapsed(self) -> timedelta:
        """Give how much time has passed since the start."""
        return self.now() - self.start

    def add(self, moment: datetime, change: Callable[[], object]) -> None:
        """Have *change* called once the clock has reached *moment*."""
        with self._lock:
            heapq.heappush(self._due, (moment, next(self._numbers), change))

    @contextmanager
    def up_to_date(self) -> Iterator[None]:
        """Keep other threads out, with all changes carried out that are due."""
        with self._lock:
            if self._as_of is None:
                self._catch_up()
            yield

    def raise_failures(self) -> None:
        """
        Raise what changes have raised since the last time.

        Raises:
            ExceptionGroup: Some have.
        """
        failures, self._failures = self._failures, []
        if failures:
            raise ExceptionGroup("what was scheduled in the sandbox failed", failures)

    def _catch_up(self) -> None:
        try:
            while self._due and self._due[0][0] <= self._clock.now():
                self._as_of, _, change = heapq.heappop(self._due)
                try:
                    change()
                except Exception as error:
                    _logger.exception("a change of %s failed", self._as_of)
                    self._failures.append(error)
        finally:
            self._as_of = None
