"""What needs somebody's attention, and what first."""

from datetime import UTC, datetime, timedelta

import pytest

from publora_async import ConfigurationError, Connection
from publora_async._display.urgency import Urgency, by_urgency, check_horizon, urgency_of

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def account(status: str | None, days: float | None = None) -> Connection:
    date = None if days is None else NOW + timedelta(days=days)
    return Connection(platform_id="x-1", token_status=status, access_token_expires_at=date)


@pytest.mark.parametrize(
    ("connection", "within", "urgency"),
    [
        (account("expired"), None, Urgency.EXPIRED),
        (account(None, -1), 9 * DAY, Urgency.EXPIRED),
        (account(None, 1), None, Urgency.EXPIRING),
        (account("expiring_soon", 9), None, Urgency.EXPIRING),
        (account("expiring_soon", 9), DAY, Urgency.NONE),
        (account("valid", 9), 9 * DAY, Urgency.EXPIRING),
        (account("valid", 9), None, Urgency.NONE),
        (account("unknown"), None, Urgency.NOT_KNOWN),
        (account("revoked", 1), None, Urgency.NOT_KNOWN),
        (account("unknown", 1), DAY, Urgency.EXPIRING),
        (account(None), None, Urgency.NONE),
    ],
)
def test_urgency_goes_by_the_status_and_by_how_soon_is_soon(
    connection: Connection, within: timedelta | None, urgency: Urgency
) -> None:
    assert urgency_of(connection, within, NOW) is urgency


def test_among_those_of_one_urgency_the_earliest_date_comes_first_and_none_last() -> None:
    by_hand = [
        account("expired", -9),
        account("expired", -1),
        account("expired"),
        account("expiring_soon", 1),
        account(None, 2),
        account("expiring_soon"),
        account("unknown", 3),
        account("revoked"),
        account("valid", 60),
        account(None),
    ]
    shuffled = by_hand[::-2] + by_hand[::2]
    assert sorted(shuffled, key=lambda some: by_urgency(some, None, NOW)) == by_hand


def test_the_moment_to_judge_by_is_given_or_the_present_one() -> None:
    assert check_horizon(DAY, NOW) is NOW
    before = datetime.now(UTC)
    assert before <= check_horizon(None, None) <= datetime.now(UTC)


def test_a_span_below_nothing_and_a_moment_without_a_zone_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"^within must not be negative"):
        check_horizon(-DAY, NOW)
    with pytest.raises(ConfigurationError, match=r"^now must have a time zone"):
        check_horizon(None, NOW.replace(tzinfo=None))
