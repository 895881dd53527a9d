"""What a fan-out comes to where a service is down or asks for a pause; in virtual time, mostly."""

import asyncio
from collections.abc import Callable

import pytest
from virtual_time import Service, connections, limited, outage, run, sometimes

from publora_async import (
    APIStatusError,
    AsyncPublora,
    NotSentError,
    ServerError,
    UserConnectionsList,
)
from publora_async._http import gate
from publora_async._http.gate import Gate, GatePolicy, Outcome
from publora_async.sandbox import Faults, Sandbox

USERS = [f"user{number}" for number in range(5000)]
Refuse = Callable[[float, int], APIStatusError | None]


def fan_out(refuse: Refuse, concurrency: int) -> tuple[UserConnectionsList, int]:
    """Ask about 5,000 users in virtual time; gives the answers and the number of requests."""

    async def ask() -> tuple[UserConnectionsList, int]:
        service = Service(refuse)
        answers = await connections(service).list_many(USERS, concurrency=concurrency)
        return answers, len(service.requests)

    return run(ask())


@pytest.mark.parametrize("concurrency", [10, 50])
@pytest.mark.parametrize(
    ("refuse", "served_at_least", "requests_at_most"),
    [
        pytest.param(lambda: lambda *_: None, 5000, 5000, id="healthy"),
        pytest.param(lambda: outage(0, 1e9), 0, 65, id="total outage"),
        pytest.param(lambda: outage(2, 5), 5000, 5060, id="3 s outage"),
        pytest.param(lambda: outage(2, 12), 4999, 5060, id="10 s outage"),
        pytest.param(lambda: sometimes(0.2), 4985, 6300, id="20 % failures"),
        pytest.param(lambda: limited(200, 1.0), 5000, 5400, id="limit with Retry-After"),
        pytest.param(lambda: limited(200, None), 5000, 5450, id="limit without Retry-After"),
    ],
)
def test_24_5000_users_of_a_service_in_trouble(
    refuse: Callable[[], Refuse], served_at_least: int, requests_at_most: int, concurrency: int
) -> None:
    answers, requests = fan_out(refuse(), concurrency)
    assert [answer.user_id for answer in answers] == USERS
    assert len(answers.succeeded) >= served_at_least
    assert requests <= requests_at_most


def test_24_users_held_back_were_not_asked_about_and_the_others_keep_their_error() -> None:
    answers, requests = fan_out(outage(0, 1e9), 32)
    errors = [answer.error for answer in answers]
    unasked = [error for error in errors if isinstance(error, NotSentError)]
    assert unasked == [unasked[0]] * (5000 - 32)
    assert unasked[0].attempts == 0
    assert str(unasked[0]).startswith("not sent: ")
    asked = [error for error in errors if isinstance(error, ServerError)]
    assert {error.gave_up for error in asked} == {"gate"}
    assert sum(error.attempts for error in asked) == requests


def test_24_after_patience_one_probe_at_a_time_still_finds_out_that_the_service_is_back() -> None:
    async def ask() -> tuple[int, int]:
        service = Service(outage(0, 45))
        resource = connections(service)
        served = 0
        async for answer in resource.iter_many(USERS[:200], concurrency=10):
            served += answer.error is None
            await asyncio.sleep(0.5)  # the consumer takes its time: this is virtual
        return served, len(service.requests)

    served, requests = run(ask())
    assert served >= 100
    assert requests <= 200 + 30


OUTCOMES = {
    "G": Outcome.GOOD,
    "F": Outcome.FAILED,
    "L": Outcome.LIMITED,
    "U": Outcome.UNKNOWN,
}


def policy(concurrency: int = 10) -> GatePolicy:
    return GatePolicy(concurrency, lambda: 1.0)


def shut(gate: GatePolicy, now: float = 0.0) -> None:
    for _ in range(10):
        gate.begin()
    for _ in range(10):
        gate.end(Outcome.FAILED, begun=now, now=now, pause=None)


@pytest.mark.parametrize(
    ("before", "last", "is_shut"),
    [
        ("", "F" * 9, False),
        ("", "F" * 10, True),
        ("", "GFFFFFFFF", False),
        ("", "GFFFFFFFFF", True),
        ("", "GGFFFFFFFF", False),
        ("", "FFFFFGGFFFFF", False),
        ("", "FFFGGFFFFFFFFFFFFFFF", True),
        ("", "FFFGGGFFFFFFFFFFFFFF", False),
        ("G" * 100, "GG" + "F" * 18, True),
        ("G" * 100, "GGG" + "F" * 17, False),
        ("F" * 8, "U" * 12, False),
        ("F" * 9, "U" * 12 + "F", True),
        ("F" * 9, "L" * 12, False),
    ],
)
def test_24_the_gate_shuts_when_90_percent_of_the_last_20_outcomes_failed_10_at_least(
    before: str,
    last: str,
    is_shut: bool,  # noqa: FBT001  # a table column
) -> None:
    gate = policy()
    for number, outcome in enumerate(before + last):
        assert gate.wait(number) == 0
        gate.begin()
        gate.end(OUTCOMES[outcome], begun=number, now=number, pause=0)
    # A shut gate lets one request out at a time, and none at once.
    assert (gate.wait(len(before + last) - 1) != 0) == is_shut


def test_24_a_probe_that_is_given_up_leaves_its_place_to_the_next() -> None:
    gate = policy()
    shut(gate)
    gate.begin()
    gate.end(Outcome.UNKNOWN, begun=0.5, now=0.6, pause=None)
    assert gate.wait(0.6) == 0


def test_24_pauses_without_retry_after_double_until_something_succeeds() -> None:
    gate = policy()
    pauses = []
    for now in (0.0, 10.0, 20.0):
        gate.begin()
        gate.end(Outcome.LIMITED, begun=now, now=now, pause=None)
        pauses.append(gate.wait(now))
    assert pauses == [0.25, 0.5, 1]
    gate.begin()
    gate.end(Outcome.GOOD, begun=30, now=30, pause=None)
    gate.begin()
    gate.end(Outcome.LIMITED, begun=31, now=31, pause=None)
    assert gate.wait(31) == 0.25


def test_24_a_limited_answer_to_a_probe_shows_that_the_service_is_alive() -> None:
    gate = policy()
    shut(gate)
    gate.begin()
    gate.end(Outcome.LIMITED, begun=0.5, now=0.6, pause=2)
    assert (gate.wait(0.6), gate.wait(2.6)) == (2, 0)


def test_24_a_pause_that_goes_past_the_deadline_is_not_begun() -> None:
    async def ask() -> bool:
        gate = Gate(10, lambda: 1.0)
        assert await gate.wait_to_enter(100)
        gate.leave(0, Outcome.LIMITED, 50)
        return await gate.wait_to_enter(40)

    assert not run(ask())


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the gate thirty times faster, so that patience takes one second."""
    for name in ("FIRST_PROBE", "LAST_PROBE", "PATIENCE", "FIRST_PAUSE"):
        monkeypatch.setattr(gate, name, getattr(gate, name) / 30)


@pytest.mark.usefixtures("_hurried")
async def test_24_a_real_outage_in_the_middle_loses_nobody_and_costs_few_requests() -> None:
    faults = Faults(outage_seconds=(0.3, 0.5))
    async with Sandbox(users=3000, faults=faults) as sandbox:
        async with AsyncPublora(sandbox.api_key, base_url=sandbox.base_url) as publora:
            answers = await publora.connections.list_many(sandbox.user_ids)
        assert len(answers.succeeded) >= 0.99 * 3000
        assert sandbox.requests <= 1.03 * 3000


async def test_24_a_real_request_limit_is_kept_to_by_all() -> None:
    async with Sandbox(users=150, faults=Faults(rate_limit=100, retry_after=1)) as sandbox:
        async with AsyncPublora(sandbox.api_key, base_url=sandbox.base_url) as publora:
            answers = await publora.connections.list_many(sandbox.user_ids, concurrency=8)
        assert len(answers.succeeded) == 150
        assert sandbox.requests <= 150 + 3 * 8
