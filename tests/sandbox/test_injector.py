"""Which requests meet which fault: the decisions alone, then as a client meets them."""

import asyncio
import socket
from typing import Any

import aiohttp
import attrs
import pytest
from sandbox_calls import LIST, LISTING, Ask, address

from publora_async.sandbox import Faults, Sandbox
from publora_async.sandbox._injector import ActiveFaults, InjectedFault
from publora_async.sandbox._routes import Reply, error_reply

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
    return [active.decide(LISTING, user_id)[1] for _ in range(requests)]


def struck(faults: Faults, *, seed: int = 0) -> set[int]:
    """Give which of a thousand requests meet a fault."""
    return {at for at, hit in enumerate(steps(faults, 1000, seed=seed)) if hit}


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
    drawn = [active.decide(LISTING, "")[0] for _ in range(1000)]
    assert drawn == [again.decide(LISTING, "")[0] for _ in range(1000)]
    assert 0.5 <= min(drawn) < 0.51
    assert 1.49 < max(drawn) < 1.5
    assert ActiveFaults(Faults(latency=0.25), seed=3).decide(LISTING, "") == (0.25, SERVED)


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
        met.append(active.decide(LISTING, "")[1])
    assert met == [SERVED] * 2 + [InjectedFault("outage", "reset")] * 3 + [SERVED] * 2


def test_the_limit_admits_exactly_so_many_requests_each_second() -> None:
    clock = Clock()
    active = ActiveFaults(Faults(rate_limit=3, clock=clock), 0)
    for second, served in ((0, 3), (0.99, 0), (1, 3), (2.5, 3), (2.75, 0), (7, 3)):
        clock.now = 1234.5 + second
        met = [active.decide(LISTING, "")[1] for _ in range(5)]
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
        Faults(calls=[LISTING], outage_requests=(1, 1), latency=0.5, rate_limit=2), 0
    )
    met = [active.decide(call, "") for call in (LISTING, TEST, "unknown", LISTING, TEST)]
    assert met == [(0.5, SERVED), (0, SERVED), (0, SERVED), (0.5, UNAVAILABLE), (0, SERVED)]


USER = Sandbox().user_ids[3]
OTHER = Sandbox().user_ids[4]


async def test_leaving_waits_for_no_latency() -> None:
    async with Sandbox(faults=Faults(latency=999)) as sandbox:
        with socket.create_connection(address(sandbox)) as client:
            client.sendall(b"GET /api/v1/platform-connections HTTP/1.1\r\nHost: x\r\n\r\n")
            while not sandbox.faulted:  # noqa: ASYNC110 - the sandbox announces no event
                await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert (sandbox.faulted, sandbox.answers) == ({(LISTING, "latency"): 1}, {})


async def test_every_request_waits_its_latency_whatever_its_answer_is(ask: Ask) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    faults = Faults(latency=0.25, outage_requests=(1, 1), sleep=sleep)
    async with Sandbox(faults=faults) as sandbox:
        assert [(await ask(sandbox, *LIST))[0] for _ in range(3)] == [200, 503, 200]
    assert waited == [0.25] * 3
    assert sandbox.faulted == {(LISTING, "latency"): 3, (LISTING, "outage"): 1}


async def test_a_window_of_requests_is_out_and_nothing_else(ask: Ask) -> None:
    async with Sandbox(faults=Faults(outage_requests=(3, 2))) as sandbox:
        asked = [await ask(sandbox, *LIST) for _ in range(8)]
    assert [status for status, _ in asked] == [200] * 3 + [503] * 2 + [200] * 3
    assert asked[3] == (503, {"error": "Service unavailable"})
    assert sandbox.requests == 8
    assert sandbox.answers == {(LISTING, 200): 6, (LISTING, 503): 2}
    assert sandbox.faulted == {(LISTING, "outage"): 2}


@pytest.mark.parametrize(
    ("retry_after", "header"), [(1, "1"), (None, None), ("tomorrow", "tomorrow")]
)
async def test_what_exceeds_the_limit_is_429(
    retry_after: int | str | None, header: str | None
) -> None:
    faults = Faults(rate_limit=2, retry_after=retry_after, clock=lambda: 0.0)
    async with Sandbox(faults=faults) as sandbox, aiohttp.ClientSession() as session:
        found = []
        for _ in range(3):
            async with session.get(sandbox.base_url + LIST[1]) as response:
                found.append((response.status, response.headers.get("Retry-After")))
    assert found == [(401, None), (401, None), (429, header)]
    assert sandbox.faulted == {(LISTING, "rate_limit"): 1}


async def test_a_faulted_request_does_not_reach_the_service(ask: Ask) -> None:
    """Nobody is created, no key is checked, and the connection is good for the next request."""
    create = {"data": {"username": "ann@b.cd"}}
    async with Sandbox(faults=Faults(error_rate=1)) as sandbox:
        assert await ask(sandbox, "POST", "/workspace/users", key="wrong", **create) == (
            500,
            {"error": "Internal server error"},
        )
        assert await ask(sandbox, "POST", "/workspace/users", **create) == (
            500,
            {"error": "Internal server error"},
        )
        sandbox.faults = None
        assert (await ask(sandbox, "POST", "/workspace/users", **create))[0] == 201
    assert (sandbox.requests, sandbox.peak_connections) == (3, 1)
    assert sandbox.faulted == {("POST /workspace/users", "error"): 2}


async def test_a_users_fault_meets_whoever_asks_for_the_user_in_whatever_way(ask: Ask) -> None:
    async with Sandbox(faults=Faults(error_users={USER: 403})) as sandbox:
        for call in (LIST, ("POST", "/test-connection/twitter-1")):
            assert await ask(sandbox, *call, user_id=USER) == (403, {"error": "Forbidden"})
        assert (await ask(sandbox, "DELETE", f"/workspace/users/{USER.upper()}"))[0] == 403
        assert (await ask(sandbox, *LIST, user_id=OTHER))[0] == 200
        assert (await ask(sandbox, *LIST))[0] == 200
        assert sandbox.requests_of == {USER: 3}
        sandbox.faults = Faults(cut_users=[OTHER], calls=["GET /workspace/users"])
        assert (await ask(sandbox, *LIST, user_id=USER))[0] == 200
        assert (await ask(sandbox, *LIST, user_id=OTHER))[0] == 200
    assert sandbox.requests_of == {USER: 3, OTHER: 1}


async def test_faults_that_are_set_begin_anew(ask: Ask) -> None:
    faults = Faults(outage_requests=(0, 1))
    sandbox = Sandbox()
    assert sandbox.faults is None
    async with sandbox:
        for _ in range(2):
            sandbox.faults = faults
            assert [(await ask(sandbox, *LIST))[0] for _ in range(2)] == [503, 200]
        assert sandbox.faults is faults


async def test_rates_hit_the_same_requests_in_every_sandbox_of_a_seed(ask: Ask) -> None:
    runs = []
    for seed in (7, 7, 8):
        async with Sandbox(seed=seed, faults=Faults(error_rate=0.5)) as sandbox:
            runs.append([(await ask(sandbox, *LIST))[0] for _ in range(32)])
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize("faults", [None, Faults()])
def test_without_faults_a_request_is_not_looked_at(faults: Faults | None) -> None:
    sandbox = Sandbox(faults=faults)
    assert sandbox._injector.idle
    assert sandbox.faults is faults
