"""How an account's health goes from one state to another, and what is kept of an account."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from publora_async._display.urgency import Urgency, urgency_of
from publora_async.records import Connection, TokenStatus

__all__ = ["Health", "Kind", "Packed", "health_of", "is_renamed", "pack", "steps", "unpack"]


class Health(StrEnum):
    """What is the matter with an account."""

    ABSENT = "a"
    FINE = "f"
    EXPIRING = "e"
    BROKEN = "b"
    MUTED = "m"
    """Broken since before the watch began, and nobody was told."""
    UNKNOWN = "?"


class Kind(StrEnum):
    """A change; the last two are no news."""

    APPEARED = "appeared"
    GONE = "gone"
    BROKE = "broke"
    EXPIRING = "expiring"
    RECOVERED = "recovered"
    RENAMED = "renamed"
    FLAPPING = "flapping"
    REFRESHED = "refreshed"
    """A token that was about to expire has been renewed, by itself or not."""
    SILENT = "silent"
    """The service no longer says what it thinks of the token."""


_HEALTH = {
    Urgency.EXPIRED: Health.BROKEN,
    Urgency.EXPIRING: Health.EXPIRING,
    Urgency.NOT_KNOWN: Health.UNKNOWN,
    Urgency.NONE: Health.FINE,
}

Packed: TypeAlias = list[Any]
"""JSON, read by who wrote it."""


def health_of(account: Connection, within: timedelta | None, now: datetime) -> Health:
    """Judge an account; *within* says how soon is soon, ``None``: as the service does."""
    return _HEALTH[urgency_of(account, within, now)]


def steps(before: Health, after: Health) -> list[Kind]:
    """Give the changes that lead from one health to another."""
    if before is Health.ABSENT:
        return [] if after is Health.ABSENT else [Kind.APPEARED, *steps(Health.FINE, after)]
    if after is Health.ABSENT:
        return [Kind.GONE]
    was_broken = before in {Health.BROKEN, Health.MUTED}
    if after is Health.UNKNOWN or after is before or (was_broken and after is Health.BROKEN):
        return []
    if after is Health.BROKEN:
        return [Kind.BROKE]
    told = [Kind.RECOVERED] if was_broken else []
    if after is Health.EXPIRING:
        return [*told, Kind.EXPIRING]
    return told or [Kind.REFRESHED]


def is_renamed(before: Connection, after: Connection) -> bool:
    """Tell whether an account has other names; one that is not known says nothing."""
    old, new = (before.username, before.display_name), (after.username, after.display_name)
    return any(was != name for was, name in zip(old, new, strict=True) if was and name)


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
        None if date is None else date.timestamp(),
    ]


def unpack(packed: Packed) -> Connection:
    """Read what :func:`pack` gave."""
    platform_id, username, display_name, status, date = packed
    return Connection(
        platform_id=platform_id,
        username=username,
        display_name=display_name,
        token_status=status,
        access_token_expires_at=None if date is None else datetime.fromtimestamp(date, UTC),
    )
