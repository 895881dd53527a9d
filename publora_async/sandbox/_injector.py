"""Which fault each request meets, and how many requests there were."""

from collections import Counter
from http import HTTPStatus
from typing import Literal, NamedTuple

import attrs

from publora_async.sandbox._faults import Faults, OutageAnswer
from publora_async.sandbox._routes import Reply, error_reply
from publora_async.sandbox._seeded_random import SeededRandom

__all__ = ["ActiveFaults", "Counts", "FaultEffect", "FaultInjector", "InjectedFault"]


@attrs.define
class Counts:
    """
    Counters, none of them ever reset.

    Attributes:
        requests: How many requests arrived.

        answers: How often each call was answered with each status.

        faulted: How often each call met each fault.

        requests_of: How often each managed user was asked for whom faults named.

        peak_connections: The most connections there ever were at once.

        in_flight: How many requests are being answered.

        peak_in_flight: The most requests that were ever being answered at once.
    """

    requests: int = 0
    answers: Counter[tuple[str, int]] = attrs.field(factory=Counter)
    faulted: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    requests_of: Counter[str] = attrs.field(factory=Counter)
    peak_connections: int = 0
    in_flight: int = 0
    peak_in_flight: int = 0

    def connected(self, connections: int) -> None:
        """Count a connection that was opened, which makes it so many *connections*."""
        self.peak_connections = max(self.peak_connections, connections)

    def arrived(self) -> None:
        """Count a request that came in."""
        self.requests += 1
        self.in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self.in_flight)

    def left(self) -> None:
        """Count a request that is done with, answered or not."""
        self.in_flight -= 1


FaultEffect = Reply | Literal["reset", "cut"]
"""What a fault does: answer in the service's place, reset the connection, or cut the answer."""

_PHRASES = {status.value: status.phrase.capitalize() for status in HTTPStatus}
_SHARES = 2**53


class InjectedFault(NamedTuple):
    """
    A fault that a request meets.

    Attributes:
        fault: What it is counted as: what the settings' names begin with.

        effect: What it does.
    """

    fault: Literal["outage", "rate_limit", "error", "reset", "cut"]
    effect: FaultEffect


_RESET = InjectedFault("reset", "reset")
_CUT = InjectedFault("cut", "cut")


class ActiveFaults:
    """
    What becomes of one request after the other under *faults*.

    Args:
        faults: What is to go wrong.

        seed: What the requests that a rate hits, and their latency, follow from.
    """

    def __init__(self, faults: Faults, seed: int) -> None:
        self.faults = faults
        self._seed = seed
        self._began = faults.clock()
        self._requests = 0
        self._second = 0
        self._served_in_second = 0
        self._outage = _outage(faults.outage_answer, faults.retry_after)
        self._rate_limit = InjectedFault("rate_limit", _refusal(429, faults.retry_after))
        self._by_user = {
            **dict.fromkeys(faults.cut_users, _CUT),
            **{user_id: _error(faults, status) for user_id, status in faults.error_users.items()},
            **dict.fromkeys(faults.reset_users, _RESET),
        }
        self._by_rate = (
            (faults.reset_rate, _RESET),
            (faults.error_rate, _error(faults, faults.error_status)),
            (faults.cut_rate, _CUT),
        )

    def concerns(self, user_id: str) -> bool:
        """Tell whether any of the faults is about the managed user with *user_id*."""
        return user_id in self._by_user

    def decide(self, call: str, user_id: str) -> tuple[float, InjectedFault | None]:
        """
        Decide about the next request.

        Args:
            call: The name of its route.

            user_id: The managed user it is about, empty if none.

        Returns:
            The seconds it waits for its answer, and the fault it meets.
        """
        if self.faults.calls is not None and call not in self.faults.calls:
            return 0.0, None
        number = self._requests
        self._requests += 1
        least, most = self.faults.latency_range
        latency = least + (most - least) * self._share("latency", number) if most else 0.0
        return latency, self._hit(user_id, number)

    def _hit(self, user_id: str, number: int) -> InjectedFault | None:
        elapsed = self.faults.clock() - self._began
        if self._is_out(number, elapsed):
            return self._outage
        if self._is_over_limit(int(elapsed)):
            return self._rate_limit
        if user_id in self._by_user:
            return self._by_user[user_id]
        for rate, hit in self._by_rate:
            if rate and self._share(hit.fault, number) < rate:
                return hit
        return None

    def _is_out(self, number: int, elapsed: float) -> bool:
        after, requests = self.faults.outage_requests or (0, 0)
        begin, end = self.faults.outage_seconds or (0, 0)
        return after <= number < after + requests or begin <= elapsed < end

    def _is_over_limit(self, second: int) -> bool:
        if self.faults.rate_limit is None:
            return False
        if second != self._second:
            self._second, self._served_in_second = second, 0
        if self._served_in_second == self.faults.rate_limit:
            return True
        self._served_in_second += 1
        return False

    def _share(self, purpose: str, number: int) -> float:
        """Draw a number from 0 to 1, without 1, that depends on nothing else that is drawn."""
        return SeededRandom(purpose, self._seed, number).below(_SHARES) / _SHARES


class FaultInjector:
    """
    The faults of one sandbox. They may be set from any thread.

    Args:
        seed: What chance follows from.

        counts: Where requests that meet a fault are counted.
    """

    def __init__(self, seed: int, counts: Counts) -> None:
        self._seed = seed
        self._counts = counts
        self._active: ActiveFaults | None = None
        self._outage: InjectedFault | None = None

    @property
    def idle(self) -> bool:
        """Whether there is nothing to go wrong."""
        return self._active is None and self._outage is None

    def set_faults(self, faults: Faults | None) -> None:
        """Let *faults* begin, in place of those before."""
        if faults is None or faults == Faults():
            self._active = None
        else:
            self._active = ActiveFaults(faults, self._seed)

    def start_outage(self, answer: OutageAnswer) -> None:
        """Give *answer* to whatever arrives from now on."""
        self._outage = _outage(answer, None)

    def end_outage(self) -> None:
        """Let requests through again."""
        self._outage = None

    async def inject(self, call: str, user_id: str) -> FaultEffect | None:
        """
        Let a request meet its fault, and give what that does to it, if there is one.

        Args:
            call: The name of the request's route.

            user_id: The managed user it is about, in lower case, empty if none.
        """
        active, hit = self._active, self._outage
        if active is not None:
            if active.concerns(user_id):
                self._counts.requests_of[user_id] += 1
            latency, fault = active.decide(call, user_id)
            hit = hit or fault
            if latency:
                self._counts.faulted[call, "latency"] += 1
                await active.faults.sleep(latency)
        if hit is None:
            return None
        self._counts.faulted[call, hit.fault] += 1
        return hit.effect


def _outage(answer: OutageAnswer, retry_after: int | str | None) -> InjectedFault:
    return InjectedFault("outage", "reset" if answer == "reset" else _refusal(answer, retry_after))


def _error(faults: Faults, status: int) -> InjectedFault:
    return InjectedFault("error", _refusal(status, faults.retry_after))


def _refusal(status: int, retry_after: int | str | None) -> Reply:
    reply = error_reply(status, _PHRASES.get(status, f"Status {status}"))
    if status == 429 and retry_after is not None:
        return reply._replace(headers={"Retry-After": str(retry_after)})
    return reply
