"""How an account is, how it goes from one state to another, and what is kept of it."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from publora_async._display.urgency import Urgency, urgency_of
from publora_async._watch.events import Appeared, Broke, Event, Expiring, Gone, Recovered
from publora_async.errors import PermissionDeniedError, PubloraError
from publora_async.permissions import PermissionReason
from publora_async.records import Connection, TokenStatus

__all__ = [
    "Health",
    "Packed",
    "health_of",
    "is_detached",
    "is_renamed",
    "pack",
    "steps",
    "unpack",
]


class Health(StrEnum):
    """How an account is: a letter each, as the state file has it, and none is ``r``."""

    ABSENT = "a"
    FINE = "f"
    EXPIRING = "e"
    BROKEN = "b"
    FLAPPING = "~"
    UNKNOWN = "?"


_HEALTH = {
    Urgency.EXPIRED: Health.BROKEN,
    Urgency.EXPIRING: Health.EXPIRING,
    Urgency.NOT_KNOWN: Health.UNKNOWN,
    Urgency.NONE: Health.FINE,
}

_LAST_DATE = 253_402_300_799.0
"""The last second of the year 9999; rounded up, later ones could not be read back."""

Packed: TypeAlias = list[Any]
"""JSON, read by who wrote it."""


def health_of(account: Connection, within: timedelta | None, now: datetime) -> Health:
    """Judge an account; *within* says how soon is soon, ``None``: as the service does."""
    return _HEALTH[urgency_of(account, within, now)]


def steps(before: Health, after: Health) -> list[type[Event]]:
    """Give the kinds of the events that lead from one health to another."""
    if before is Health.ABSENT:
        return [] if after is Health.ABSENT else [Appeared, *steps(Health.FINE, after)]
    if after is Health.ABSENT:
        return [Gone]
    if after in {before, Health.UNKNOWN}:
        return []
    if after is Health.BROKEN:
        return [Broke]
    told: list[type[Event]] = [Recovered] if before in {Health.BROKEN, Health.FLAPPING} else []
    return [*told, Expiring] if after is Health.EXPIRING else told


def is_renamed(before: Connection, after: Connection) -> bool:
    """Tell whether an account has other names; one that is not known says nothing."""
    old, new = (before.username, before.display_name), (after.username, after.display_name)
    return any(was != name for was, name in zip(old, new, strict=True) if was and name)


def is_detached(error: PubloraError) -> bool:
    """Tell whether the service says that a user is not managed by the key."""
    reason = error.reason if isinstance(error, PermissionDeniedError) else None
    return reason is PermissionReason.NOT_MANAGED


def pack(account: Connection) -> Packed:
    """Give what tells a change, id, names, status and date, in as little JSON as possible."""
    # Of a status that could not be read no more is known than that.
    unread = "tokenStatus" in account.extra
    date = account.access_token_expires_at
    return [
        account.platform_id,
        account.username,
        account.display_name,
        TokenStatus.UNKNOWN.value if unread else account.token_status,
        None if date is None else min(date.timestamp(), _LAST_DATE),
    ]


def unpack(packed: Packed) -> Connection:
    """Read what :func:`pack` gave."""
    *texts, date = packed
    names = ("platform_id", "username", "display_name", "token_status")
    expires_at = None if date is None else datetime.fromtimestamp(date, UTC)
    return Connection(**dict(zip(names, texts, strict=True)), access_token_expires_at=expires_at)
