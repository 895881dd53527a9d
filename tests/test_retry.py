"""What is worth another attempt, after how long, and what Retry-After asks for."""

from datetime import UTC, datetime, timedelta
from math import inf

import pytest

from publora_async._retry import REPEATABLE_STATUSES, RetryBudget, RetryPolicy, parse_retry_after
from publora_async.errors import GaveUp

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)


def test_the_statuses_worth_a_retry_are_429_and_the_passing_faults() -> None:
    assert set(REPEATABLE_STATUSES) == {429, 500, 502, 503, 504}


@pytest.mark.parametrize(
    ("attempt", "most"),
    [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 8.0), (6, 8.0), (10_000, 8.0)],
)
@pytest.mark.parametrize("drawn", [0.0, 0.25, 0.999])
def test_a_delay_is_drawn_from_nothing_to_a_doubling_bound(
    attempt: int, most: float, drawn: float
) -> None:
    policy = RetryPolicy(10_000, lambda: drawn)
    assert policy.delay(attempt, retry_after=None, time_left=inf) == drawn * most


@pytest.mark.parametrize(
    ("attempt", "retry_after", "time_left", "answer"),
    [
        (3, None, inf, 1.0),
        (4, None, inf, "retries"),
        (4, 0.0, inf, "retries"),
        (1, None, 0.26, 0.25),
        (1, None, 0.25, "deadline"),
        (1, None, 0.0, "deadline"),
        (1, None, -1.0, "deadline"),
        (1, 0.0, inf, 0.25),
        (1, 60.0, inf, 60.0),
        (1, 60.1, inf, "retry_after"),
        (1, 61.0, 30.0, "retry_after"),
        (1, 5.0, 5.1, 5.0),
        (1, 5.0, 5.0, "deadline"),
        (1, 0.0, 0.0, "deadline"),
    ],
)
def test_no_wait_is_begun_that_is_too_long_or_one_too_many(
    attempt: int, retry_after: float | None, time_left: float, answer: float | GaveUp
) -> None:
    policy = RetryPolicy(3, lambda: 0.5)
    assert policy.delay(attempt, retry_after=retry_after, time_left=time_left) == answer


def test_without_retries_the_first_failure_is_the_last() -> None:
    policy = RetryPolicy(0, lambda: 0.5)
    assert policy.delay(1, retry_after=None, time_left=inf) == "retries"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7\t", 7.0),
        ("007", 7.0),
        ("999999999", 999_999_999.0),
        ("Thu, 01 Oct 2026 12:00:30 GMT", 30.0),
        ("Thu, 01 Oct 2026 12:00:00 GMT", 0.0),
        ("Thu, 01 Oct 2026 11:59:59 GMT", 0.0),
        ("Thursday, 01-Oct-26 12:00:30 GMT", 30.0),
        ("Thu, 08 Oct 2026 12:00:00 GMT", 604_800.0),
    ],
)
def test_digits_are_seconds_and_a_date_is_the_time_until_then(value: str, seconds: float) -> None:
    assert parse_retry_after([value], NOW) == seconds


def test_the_time_until_a_date_does_not_depend_on_the_clocks_time_zone() -> None:
    now = NOW.astimezone(tz=None) + timedelta(seconds=10)
    assert parse_retry_after(["Thu, 01 Oct 2026 12:00:30 GMT"], now) == 20.0


@pytest.mark.parametrize(
    "values",
    [
        *([], [""], [" "], ["5", "5"], ["5, 5"], ["5;6"]),
        *(["-1"], ["+1"], ["1.5"], ["1e3"], ["0x10"], ["1_0"], ["nan"], ["inf"], ["soon"]),
        *(["9" * 400], ["٣"], ["²"], ["\ud800"], ["5\n5"], ["5\x00"]),
        *(["GMT"], ["later GMT"], ["Thu, 99 Oct 2026 12:00:30 GMT"], [", GMT"]),
        *(["Thu, 01 Oct 10000 12:00:30 GMT"], ["Thu, 01 Oct 2026 99:99:99 GMT"]),
        *(["Thu, 01 Oct 2026 12:00:30 +0000"], ["2026-10-01T12:00:30Z"]),
        ["Thu, 01 Oct " + "9" * 400 + " 12:00:30 GMT"],
        ["Thu, 01 Oct " + "9" * 5000 + " 12:00:30 GMT"],
    ],
)
def test_anything_else_counts_as_absent(values: list[str]) -> None:
    assert parse_retry_after(values, NOW) is None


def test_an_outage_buys_a_hundred_retries_and_successes_buy_them_back() -> None:
    budget = RetryBudget()
    assert sum(budget.spend() for _ in range(5000)) == 100
    for _ in range(5):
        assert not budget.spend()
        budget.earn(retried=False)
    assert budget.spend()
    assert not budget.spend()
    budget.earn(retried=True)
    assert budget.spend()


def test_more_than_full_the_budget_does_not_get() -> None:
    budget = RetryBudget()
    for _ in range(10):
        budget.earn(retried=True)
    assert sum(budget.spend() for _ in range(200)) == 100
