"""One fan-out, spread over the workers of an executor in chunks."""

import logging
import math
import time
from concurrent.futures import BrokenExecutor, Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final

from publora_async import (
    AsyncConnections,
    ClientStateError,
    ConfigurationError,
    UserConnections,
)
from publora_async._http.gate import GatePolicy
from publora_sync._bridge import Bridge
from publora_sync._executors.gate import GateOfWorker
from publora_sync._executors.parcel import Found, Parcel, Report
from publora_sync._executors.plan import ChunkSize, Flight, Plan
from publora_sync._executors.results import Results
from publora_sync._executors.users import User, Users
from publora_sync._executors.worker import ask, ask_all, mistake_of

__all__ = ["Spread"]

logger = logging.getLogger("publora_async")

SLICE: Final = 0.25
"""Seconds of waiting after which a closed client, or a signal, is noticed."""

LAST: Final = 1.0
"""Seconds that chunks under way have to report what they found, once the run has failed."""

_NO_REPORT: Final = Report(found=[], outcomes=(), pause=None, error=None)


class Spread:
    """
    Gives chunks of users to workers, and takes in what they report.

    It is the gate of the whole fan-out: a worker that meets a failing service, or one that asks
    for a pause, gives back whom it has not asked about, and is told when to go on.

    Args:
        plan: How the fan-out is spread.
        users: Whom it is about.
        connections: What asks in this process, where no worker can.
        bridge: What runs that.
    """

    def __init__(
        self, plan: Plan, users: Users, connections: AsyncConnections, bridge: Bridge
    ) -> None:
        self._plan = plan
        self._users = users
        self._connections = connections
        self._bridge = bridge
        transport = connections._transport  # noqa: SLF001  # as the async half of this client
        self._random = transport.random
        self._policy = GatePolicy(plan.concurrency, transport.random)
        self._free = plan.workers
        self._flights: dict[Future[Parcel[Report]], Flight] = {}
        self._news: SimpleQueue[Future[Parcel[Report]]] = SimpleQueue()
        self._results = Results(connections, ordered=plan.ordered)
        self._size = ChunkSize()
        self._resume_at = -1
        self._error: Exception | None = None
        self._end = math.inf
        self._stopped = self._broken = False

    def next(self) -> tuple[int, UserConnections] | None:
        """
        Wait for the next answer; it has its user's number. ``None``: all is over.

        Raises:
            Exception: What ended everything, once every answer before it has been given.
        """
        ready = self._results.ready
        if not ready or len(ready) <= self._resume_at or not self._news.empty():
            self._advance()
        if ready:
            return self._results.hand_out()
        if self._error is None:
            return None
        error, self._error = self._error, None
        try:
            raise error
        finally:
            # The error holds this frame, and the frame would hold the error.
            del error

    def cancel(self) -> None:
        """Give out no more chunks, and cancel those that have not begun."""
        self._stopped = True
        self._users.stop()
        flights = list(self._flights)
        self._flights.clear()
        for future in flights:
            future.cancel()

    def leave(self) -> list[tuple[int, UserConnections]]:
        """Do so, and give the answers that have arrived and that was handed out last."""
        self._collect()
        self.cancel()
        self._error = None
        return self._results.leave()

    def _advance(self) -> None:
        while not self._stopped:
            self._collect()
            wait = self._dispatch()
            self._results.release(all_of_them=self._error is not None and not self._flights)
            if self._results.ready or (self._users.are_over and not self._flights):
                return
            self._await_news(math.inf if wait is None else time.monotonic() + wait)
            if time.monotonic() >= self._end:
                self.cancel()
        self._results.release(all_of_them=True)

    def _await_news(self, end: float) -> None:
        while not self._stopped:
            if self._bridge.stopped:
                raise ClientStateError("this client was closed meanwhile")
            left = min(SLICE, max(0.0, min(end, self._end) - time.monotonic()))
            with suppress(Empty):
                self._take(self._news.get(timeout=left))
                return
            if left < SLICE:
                return

    def _collect(self) -> None:
        with suppress(Empty):
            while True:
                self._take(self._news.get_nowait())

    def _dispatch(self) -> float | None:
        """Give out chunks, and say after how many seconds to do so again, if nothing comes."""
        self._resume_at = -1
        while self._free and not self._stopped and not self._users.are_over:
            now = time.monotonic()
            wait = self._policy.wait(now)
            too_long = self._policy.closed_until - now >= (self._plan.options.deadline or math.inf)
            held_back = wait is None or too_long
            if wait and not too_long:
                return wait
            concurrency = self._concurrency()
            size = self._size.of(concurrency)
            # Else the consumer does not keep up: memory is bounded, and nobody is run ahead of.
            has_room = len(self._results) <= self._plan.workers * size
            if not self._users.were_given_back and not has_room:
                self._resume_at = len(self._results.ready) // 2
                return None
            most = 1 if self._policy.state == "shut" and not held_back else size
            users, error = self._users.take(most, self._plan.workers)
            if users and held_back:
                self._hold_back(users)
            elif users:
                self._submit(users, concurrency, now, is_full=len(users) == size)
            if error is not None:
                self._fail(error)
            if held_back or self._users.patience is not None:
                return self._users.patience
        return None

    def _concurrency(self) -> int:
        return max(1, int(self._policy.limit / (1 if self._broken else self._plan.workers)))

    def _submit(self, users: list[User], concurrency: int, now: float, *, is_full: bool) -> None:
        is_probe = self._policy.state == "shut"
        for user in users:
            user.since = min(user.since, now)
        self._free -= 1
        flight = Flight(users, now, is_full)
        self._policy.begin()
        if not self._broken:
            parcel = Parcel(self._plan.chunk(users, concurrency, now, is_probe=is_probe))
            try:
                future = self._plan.executor.submit(ask, parcel)
            except BrokenExecutor:
                self._broken = True
                logger.warning("the executor is broken: its work goes on in this process")
            except Exception as error:  # noqa: BLE001  # whatever an engine raises
                said = f"the executor takes no work: {type(error).__name__}: {error}"
                self._fail(ClientStateError(said))
                return
            else:
                self._flights[future] = flight
                future.add_done_callback(self._news.put)
                return
        gate = GateOfWorker(concurrency, self._random, processes=1, is_probe=is_probe)
        self._absorb(flight, self._ask_here(users, gate))

    def _ask_here(self, users: list[User], gate: GateOfWorker) -> Report:
        ids = [user.user_id for user in users]
        return self._bridge.run(ask_all, self._connections, ids, gate)

    def _hold_back(self, users: list[User]) -> None:
        """Answer users who will not be asked about, as one process does behind a shut gate."""
        for user in users:
            if user.failure is not None:
                self._results.put(user, user.failure)
        rest = [user for user in users if user.failure is None]
        gate = GateOfWorker(self._plan.concurrency, self._random, processes=1)
        gate.closed = True
        for at, found in self._ask_here(rest, gate).found:
            self._results.put(rest[at], found)

    def _take(self, future: "Future[Parcel[Report]]") -> None:
        flight = self._flights.pop(future, None)
        if flight is None:  # it was cancelled
            return
        error = BrokenExecutor("cancelled") if future.cancelled() else future.exception()
        if error is None:
            try:
                self._absorb(flight, future.result().unpacked())
            except ConfigurationError as another_version:
                self._fail(another_version)
            return
        self._landed(flight, _NO_REPORT)
        if mistake := mistake_of(error):
            self._fail(mistake)
        else:
            for user in flight.users:
                self._settle(user, user.lost(error))

    def _landed(self, flight: Flight, report: Report) -> None:
        self._free += 1
        now = time.monotonic()
        self._policy.end_all(report.outcomes, begun=flight.begun, now=now, pause=report.pause)
        self._size.took(now - flight.begun, is_full=flight.is_full)

    def _absorb(self, flight: Flight, report: Report) -> None:
        self._landed(flight, report)
        for at, found in report.found:
            user = flight.users[at]
            self._settle(user, user.settled(found, self._plan.options))
        if report.error is not None:
            self._fail(report.error)

    def _settle(self, user: User, found: Found | None) -> None:
        if found is not None:
            self._results.put(user, found)
        elif self._error is None:
            self._users.give_back(user)

    def _fail(self, error: Exception) -> None:
        """End with *error*, once the chunks under way have said what they found, or soon."""
        if self._error is None:
            self._error, self._end = error, time.monotonic() + LAST
        self._users.stop()
