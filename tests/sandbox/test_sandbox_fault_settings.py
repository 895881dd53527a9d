"""Faults as settings, and the decisions that follow from them, without a server."""

import math
from typing import Any

import attrs
import pytest

from publora_async.sandbox import Faults, Sandbox
from publora_async.sandbox._injector import ActiveFaults, InjectedFault
from publora_async.sandbox._routes import CALLS, Reply, error_reply

LIST = "GET /platform-connections"
TEST = "POST /test-connection/{platformId}"
ANN, BEN, CAT = "a" * 24, "b" * 24, "c" * 24

SERVED = None
RESET = InjectedFault("reset", "reset")
CUT = InjectedFault("cut", "cut")
INTERNAL = InjectedFault("error", error_reply(500, "Internal server error"))
UNAVAILABLE = InjectedFault("outage", error_reply(503, "Service unavailable"))
TOO_MANY = InjectedFault(
    "rate_limit", error_reply(429, "Too many requests")._replace(headers={"Retry-After": "1"})
)


class Clock:
    """A clock that somebody has to turn, and that began long ago."""

    def __init__(self) -> None:
        self.now = 1234.5

    def __call__(self) -> float:
        return self.now


def rated(name: str, rate: float) -> Faults:
    options: dict[str, Any] = {name: rate}
    return Faults(**options)


def steps(
    faults: Faults, requests: int, *, seed: int = 0, user_id: str = ""
) -> list[InjectedFault | None]:
    """Give what each of so many *requests* meets."""
    active = ActiveFaults(faults, seed)
    return [active.decide(LIST, user_id)[1] for _ in range(requests)]


def struck(faults: Faults, *, seed: int = 0) -> set[int]:
    """Give which of a thousand requests meet a fault."""
    return {at for at, hit in enumerate(steps(faults, 1000, seed=seed)) if hit}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latency": -0.1}, r"latency must be seconds from 0 to 86400, .* not \(-0.1, -0.1\)"),
        ({"latency": (2, 1)}, r"the lesser number first, not \(2, 1\)"),
        ({"latency": (1, 2, 3)}, "latency must be seconds"),
        ({"latency": "1"}, "latency must be seconds"),
        ({"latency": math.inf}, "latency must be seconds"),
        ({"latency": math.nan}, "latency must be seconds"),
        ({"error_rate": 1.1}, "error_rate must be a number from 0 to 1, not 1.1"),
        ({"error_rate": True}, "error_rate must be a number from 0 to 1, not True"),
        ({"reset_rate": -0.1}, "reset_rate must be a number from 0 to 1, not -0.1"),
        ({"cut_rate": math.nan}, "cut_rate must be a number from 0 to 1, not nan"),
        ({"error_status": 200}, "error_status must be a whole number from 400 to 599, not 200"),
        ({"error_users": {ANN: 600}}, "error_users must be a whole number from 400 to 599"),
        ({"error_users": {"ann": 500}}, "error_users must hold managed users' ids, not 'ann'"),
        ({"reset_users": ["ann"]}, "reset_users must hold managed users' ids, not 'ann'"),
        ({"cut_users": ANN}, "cut_users must hold managed users' ids, not 'a'"),
        ({"outage_requests": (1,)}, r"outage_requests must be two whole numbers, not \(1,\)"),
        ({"outage_requests": 5}, "outage_requests must be two whole numbers, not 5"),
        ({"outage_requests": (-1, 5)}, "outage_requests must be a whole number from 0 to"),
        ({"outage_requests": (1, 0.5)}, "outage_requests must be a whole number from 0 to"),
        ({"outage_seconds": (2, 1)}, r"outage_seconds must be seconds from 0 to inf, .* \(2, 1\)"),
        ({"outage_answer": 200}, "outage_answer must be a whole number from 400 to 599, not 200"),
        ({"outage_answer": "cut"}, "outage_answer must be a whole number from 400 to 599"),
        ({"rate_limit": 0}, "rate_limit must be a whole number from 1 to 2147483648, not 0"),
        ({"retry_after": -1}, "retry_after must be a whole number from 0"),
        ({"retry_after": 0.5}, "retry_after must be a whole number from 0"),
        ({"retry_after": "1\r\nx: y"}, "retry_after must be printable ASCII"),
        ({"calls": [LIST, "GET /x"]}, "calls must be names such as 'DELETE .*', not 'GET /x'"),
        ({"calls": LIST}, "calls must be names such as"),
    ],
)
def test_a_setting_out_of_range_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Faults(**options)


def test_settings_at_the_ends_of_their_ranges_are_taken() -> None:
    faults = Faults(
        latency=(0, 86400),
        error_rate=1,
        error_status=599,
        error_users={ANN: 400},
        outage_requests=(0, 0),
        outage_seconds=(0, math.inf),
        outage_answer="reset",
        rate_limit=1,
        retry_after="Thu, 01 Oct 2026 12:00:00 GMT",
        calls=CALLS,
    )
    assert attrs.evolve(faults) == faults != Faults()


def test_the_calls_that_faults_can_be_kept_to_are_those_of_the_service() -> None:
    assert Sandbox()._dispatcher._service._calls.keys() == set(CALLS)


def test_no_faults_hit_nobody() -> None:
    assert steps(Faults(), 100) == [SERVED] * 100


@pytest.mark.parametrize(
    ("status", "phrase"),
    [(500, "Internal server error"), (404, "Not found"), (599, "Status 599")],
)
def test_an_error_says_what_its_status_says(status: int, phrase: str) -> None:
    faults = Faults(error_rate=1, error_status=status)
    assert steps(faults, 2) == [InjectedFault("error", error_reply(status, phrase))] * 2


@pytest.mark.parametrize(
    ("retry_after", "headers"),
    [
        (None, {}),
        (0, {"Retry-After": "0"}),
        (90, {"Retry-After": "90"}),
        ("x", {"Retry-After": "x"}),
    ],
)
@pytest.mark.parametrize(
    "options",
    [
        {"error_rate": 1, "error_status": 429},
        {"error_users": {ANN: 429}},
        {"outage_requests": (0, 9), "outage_answer": 429},
    ],
)
def test_any_429_says_when_to_try_again(
    options: dict[str, Any], retry_after: int | str | None, headers: dict[str, str]
) -> None:
    [hit] = steps(Faults(**options, retry_after=retry_after), 1, user_id=ANN)
    assert hit is not None
    assert isinstance(hit.effect, Reply)
    assert (hit.effect.status, hit.effect.headers) == (429, headers)


@pytest.mark.parametrize("name", ["error_rate", "reset_rate", "cut_rate"])
def test_what_a_rate_hits_follows_from_the_seed(name: str) -> None:
    faults = rated(name, 0.2)
    assert struck(faults) == struck(faults)
    assert struck(faults) != struck(faults, seed=1)
    assert 170 < len(struck(faults)) < 230
    assert len(struck(rated(name, 1))) == 1000


def test_a_rate_hits_the_same_requests_whatever_else_is_set() -> None:
    some = struck(Faults(error_rate=0.2))
    assert some == struck(Faults(error_rate=0.2, latency=(1, 2), rate_limit=1000, cut_users=[ANN]))
    assert some < struck(Faults(error_rate=0.3))
    both = steps(Faults(error_rate=0.2, reset_rate=0.2), 1000)
    assert {at for at, hit in enumerate(both) if hit == RESET} == struck(Faults(reset_rate=0.2))
    assert {at for at, hit in enumerate(both) if hit} == some | struck(Faults(reset_rate=0.2))


def test_latency_is_drawn_from_its_range() -> None:
    active, again = (ActiveFaults(Faults(latency=(0.5, 1.5)), seed=3) for _ in range(2))
    drawn = [active.decide(LIST, "")[0] for _ in range(1000)]
    assert drawn == [again.decide(LIST, "")[0] for _ in range(1000)]
    assert 0.5 <= min(drawn) < 0.51
    assert 1.49 < max(drawn) < 1.5
    assert ActiveFaults(Faults(latency=0.25), seed=3).decide(LIST, "") == (0.25, SERVED)


def test_a_user_meets_the_same_fault_every_time() -> None:
    faults = Faults(error_users={ANN.upper(): 403}, reset_users=[BEN.upper()], cut_users=[CAT])
    forbidden = InjectedFault("error", error_reply(403, "Forbidden"))
    for user_id, hit in ((ANN, forbidden), (BEN, RESET), (CAT, CUT), ("d" * 24, None), ("", None)):
        assert steps(faults, 9, user_id=user_id) == [hit] * 9


def test_an_outage_hits_exactly_the_requests_of_its_window() -> None:
    assert steps(Faults(outage_requests=(3, 2)), 8) == (
        [SERVED] * 3 + [UNAVAILABLE] * 2 + [SERVED] * 3
    )


def test_an_outage_lasts_as_many_seconds_as_its_window() -> None:
    clock = Clock()
    active = ActiveFaults(Faults(outage_seconds=(2, 5.5), outage_answer="reset", clock=clock), 0)
    met = []
    for second in (0, 1.99, 2, 3, 5.49, 5.5, 9):
        clock.now = 1234.5 + second
        met.append(active.decide(LIST, "")[1])
    assert met == [SERVED] * 2 + [InjectedFault("outage", "reset")] * 3 + [SERVED] * 2


def test_the_limit_admits_exactly_so_many_requests_each_second() -> None:
    clock = Clock()
    active = ActiveFaults(Faults(rate_limit=3, clock=clock), 0)
    for second, served in ((0, 3), (0.99, 0), (1, 3), (2.5, 3), (2.75, 0), (7, 3)):
        clock.now = 1234.5 + second
        met = [active.decide(LIST, "")[1] for _ in range(5)]
        assert met == [SERVED] * served + [TOO_MANY] * (5 - served)


def test_of_several_faults_a_request_meets_the_first_in_order() -> None:
    """Outage, limit, the user's own, then reset, error and cut by rate."""
    faults = Faults(
        outage_requests=(0, 1),
        rate_limit=1,
        cut_users=[ANN],
        reset_rate=1,
        error_rate=1,
        cut_rate=1,
        clock=Clock(),
    )
    assert steps(faults, 3, user_id=ANN) == [UNAVAILABLE, CUT, TOO_MANY]
    assert steps(faults, 2, user_id=BEN) == [UNAVAILABLE, RESET]
    assert steps(attrs.evolve(faults, reset_rate=0), 2, user_id=BEN) == [UNAVAILABLE, INTERNAL]


def test_other_calls_meet_nothing_and_count_for_nothing() -> None:
    active = ActiveFaults(
        Faults(calls=[LIST], outage_requests=(1, 1), latency=0.5, rate_limit=2), 0
    )
    met = [active.decide(call, "") for call in (LIST, TEST, "unknown", LIST, TEST)]
    assert met == [(0.5, SERVED), (0, SERVED), (0, SERVED), (0.5, UNAVAILABLE), (0, SERVED)]
