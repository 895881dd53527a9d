"""How soon somebody has to look after a connection."""

from datetime import datetime, timedelta
from enum import IntEnum

from publora_async._checks import check_duration, check_moment
from publora_async.records import Connection, TokenStatus

__all__ = ["Urgency", "by_urgency", "check_horizon", "urgency_of"]


class Urgency(IntEnum):
    """What a connection needs, the most urgent first."""

    EXPIRED = 0
    EXPIRING = 1
    NOT_KNOWN = 2
    NONE = 3


def urgency_of(connection: Connection, within: timedelta | None, now: datetime) -> Urgency:
    """
    Judge a connection.

    Args:
        connection: Which.
        within: How soon counts as expiring. ``None``: what the service calls soon.
        now: The moment to judge by, aware.
    """
    status = connection.status_at(now)
    date = connection.access_token_expires_at
    if status == TokenStatus.EXPIRED:
        return Urgency.EXPIRED
    soon = status == TokenStatus.EXPIRING_SOON
    # A date that has passed says nothing where the service holds the credential for good.
    if within is not None and date is not None and date >= now:
        soon = date - now <= within
    if soon:
        return Urgency.EXPIRING
    known = status in {TokenStatus.VALID, TokenStatus.EXPIRING_SOON}
    return Urgency.NONE if known else Urgency.NOT_KNOWN


def by_urgency(
    connection: Connection, within: timedelta | None, now: datetime
) -> tuple[Urgency, bool, datetime]:
    """Give the key that sorts connections: among those of one urgency, by date, none last."""
    date = connection.access_token_expires_at
    return urgency_of(connection, within, now), date is None, date or now


def check_horizon(within: timedelta | None, now: datetime | None) -> datetime:
    """
    Return the moment to judge by: *now*, or the present one for ``None``.

    Raises:
        ConfigurationError: *within* is no duration or negative, or *now* is no aware datetime.
    """
    if within is not None:
        check_duration("within", within)
    return check_moment("now", now)
