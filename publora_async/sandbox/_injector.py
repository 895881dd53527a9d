"""Which fault each request meets, and how many met which."""

from collections import Counter, deque
from collections.abc import Mapping
from http import HTTPStatus
from typing import Literal, NamedTuple

from publora_async.sandbox._faults import Faults, OutageAnswer
from publora_async.sandbox._routes import Reply, encode, error_reply
from publora_async.sandbox._seeded_random import SeededRandom

__all__ = ["ActiveFaults", "FaultEffect", "FaultInjector", "InjectedFault"]

FaultEffect = Reply | Literal["reset", "cut"]
"""A reply in place of the service's, or whether to reset the connection or cut the body."""

_PHRASES = {status.value: status.phrase.capitalize() for status in HTTPStatus}
_SHARES = 2**53


class InjectedFault(NamedTuple):
    """
    A fault that a request meets.

    Attributes:
        kind: The name under which it is counted; the names of its settings begin with it.

        effect: What it does to the request.
    """

    kind: Literal["outage", "rate_limit", "error", "reset", "cut"]
    effect: FaultEffect


_RESET = InjectedFault("reset", "reset")
_CUT = InjectedFault("cut", "cut")


class ActiveFaults:
    """
    Decides for each request which of *faults* it meets, counting requests and seconds.

    Args:
        faults: The settings. Their windows of requests and seconds begin now.

        seed: Decides which requests a rate hits, and their latency.
    """

    def __init__(self, faults: Faults, seed: int) -> None:
        self.faults = faults
        self._seed = seed
        self._began = faults.clock()
        self._requests = 0
        self._second = 0
        self._served_in_second = 0
        self._outage = _outage(faults.outage_answer, faults.retry_after)
        self._rate_limit = InjectedFault("rate_limit", _status_reply(429, faults.retry_after))
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

    def names_user(self, user_id: str) -> bool:
        """Tell whether the faults name the managed user with *user_id*."""
        return user_id in self._by_user

    def decide(self, call: str, user_id: str) -> tuple[float, InjectedFault | None]:
        """
        Decide what happens to the next request.

        Args:
            call: The name of its route.

            user_id: The managed user that it names, empty if none.

        Returns:
            The seconds that it waits for its response, and the fault that it meets.
        """
        if self.faults.calls is not None and call not in self.faults.calls:
            return 0.0, None
        number = self._requests
        self._requests += 1
        least, most = self.faults.latency_range
        latency = least + (most - least) * self._share("latency", number) if most else 0.0
        return latency, self._fault(user_id, number)

    def _fault(self, user_id: str, number: int) -> InjectedFault | None:
        elapsed = self.faults.clock() - self._began
        if self._is_out(number, elapsed):
            return self._outage
        if self._is_over_limit(int(elapsed)):
            return self._rate_limit
        if user_id in self._by_user:
            return self._by_user[user_id]
        for rate, fault in self._by_rate:
            if rate and self._share(fault.kind, number) < rate:
                return fault
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
        """Draw a number from 0 up to 1, which no draw for another *purpose* changes."""
        return SeededRandom(purpose, self._seed, number).below(_SHARES) / _SHARES


class FaultInjector:
    """
    Applies the faults of one sandbox to its requests. They may be set from any thread.

    Args:
        seed: Decides whatever is left to chance.

    Attributes:
        faulted: How often each call met each fault.

        requests_of: How many requests there were for each managed user whom the faults
            named then.
    """

    def __init__(self, seed: int) -> None:
        self.faulted: Counter[tuple[str, str]] = Counter()
        self.requests_of: Counter[str] = Counter()
        self._seed = seed
        self._active: ActiveFaults | None = None
        self._outage: InjectedFault | None = None
        self._next: deque[InjectedFault] = deque()

    @property
    def idle(self) -> bool:
        """Whether no request can meet a fault now."""
        return self._active is None and self._outage is None and not self._next

    def set_faults(self, faults: Faults | None) -> None:
        """Replace the faults; the new ones count requests and seconds from now."""
        if faults is None or faults == Faults():
            self._active = None
        else:
            self._active = ActiveFaults(faults, self._seed)

    def start_outage(self, answer: OutageAnswer) -> None:
        """Give *answer* to every request from now on."""
        self._outage = _outage(answer, None)

    def end_outage(self) -> None:
        """Let requests through again."""
        self._outage = None

    def fail_next(
        self,
        requests: int,
        answer: OutageAnswer,
        retry_after: int | None,
        body: Mapping[str, object] | None,
    ) -> None:
        """
        Have so many *requests* fail, after those that are to fail already.

        Args:
            requests: How many.

            answer: What they get.

            retry_after: The seconds that a 429 asks to wait. ``None`` means that it asks for
                nothing.

            body: What they get as JSON. ``None`` means the usual error of that status.
        """
        fault = _RESET
        if answer != "reset":
            fault = InjectedFault("error", _status_reply(answer, retry_after, body))
        self._next.extend([fault] * requests)

    async def inject(self, call: str, user_id: str) -> FaultEffect | None:
        """
        Let the next request wait for its latency, and count the fault that it meets.

        Args:
            call: The name of the request's route.

            user_id: The managed user that it names, in lower case, empty if none.

        Returns:
            What the fault does to the request. ``None`` means that it meets none.
        """
        active, fault = self._active, self._outage
        if fault is None and self._next:
            fault = self._next.popleft()
        if active is not None:
            if active.names_user(user_id):
                self.requests_of[user_id] += 1
            latency, decided = active.decide(call, user_id)
            fault = fault or decided
            if latency:
                self.faulted[call, "latency"] += 1
                await active.faults.sleep(latency)
        if fault is None:
            return None
        self.faulted[call, fault.kind] += 1
        return fault.effect


def _outage(answer: OutageAnswer, retry_after: int | str | None) -> InjectedFault:
    return InjectedFault(
        "outage", "reset" if answer == "reset" else _status_reply(answer, retry_after)
    )


def _error(faults: Faults, status: int) -> InjectedFault:
    return InjectedFault("error", _status_reply(status, faults.retry_after))


def _status_reply(
    status: int, retry_after: int | str | None, body: Mapping[str, object] | None = None
) -> Reply:
    reply = error_reply(status, _PHRASES.get(status, f"Status {status}"))
    if body is not None:
        reply = reply._replace(body=encode(body))
    if status == 429 and retry_after is not None:
        return reply._replace(headers={"Retry-After": str(retry_after)})
    return reply
