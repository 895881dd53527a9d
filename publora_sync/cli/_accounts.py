"""Accounts in the command's words: how urgent each is and why, for people and for programs."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from publora_async import Connection, ConnectionList, JSONValue, ManagedUser, TokenStatus
from publora_async._display.urgency import Urgency, urgency_of
from publora_sync.cli._formats import escape
from publora_sync.cli._shell import is_terminal
from publora_sync.cli._table import Cell, Column, Row, to_people

__all__ = [
    "FIELDS",
    "SHOWN",
    "STATUS_HELP",
    "AccountRow",
    "Owner",
    "account_rows",
    "accounts_for_people",
    "flat",
]

FIELDS = (
    *("platformId", "platform", "username", "displayName", "status", "needsReconnect"),
    *("accessTokenExpiresAt", "tokenStatus", "tokenExpiresIn", "lastSuccessfulPost"),
    *("lastError", "lastErrorAt", "subscriptionType", "profileUrl", "profileImageUrl"),
)
"""The names of an account's values in csv, which are those of JSON."""

SHOWN = ("platform", "username", "displayName", "platformId", "status", "accessTokenExpiresAt")
"""What a table of accounts shows."""

STATUS_HELP = """\
\b
What the status means:
  valid          works
  expiring soon  works, and expires within 7 days, on TikTok within 30
  expired        has to be reconnected: it is past its date, or was revoked
  unknown        Publora cannot tell; publora test ID asks the platform
  json, ndjson and csv write expiring_soon, and needsReconnect: true for
  what has expired.
"""

_COLUMNS = {
    "userId": Column("USER"),
    "who": Column("WHO"),
    "platform": Column("PLATFORM", dropped=2),
    "username": Column("HANDLE", least=18, folds=True),
    "displayName": Column("NAME", least=10, dropped=1, into="HANDLE"),
    "platformId": Column("PLATFORM ID"),
    "status": Column("STATUS"),
    "accessTokenExpiresAt": Column("EXPIRES"),
    "reason": Column("WHY", least=20),
    "lastError": Column("LAST ERROR", least=20),
}


_MARKS = {
    Urgency.EXPIRED: ("✗", "bold red"),
    Urgency.EXPIRING: ("!", "yellow"),
    Urgency.NOT_KNOWN: ("?", "dim"),
    Urgency.NONE: ("✓", "green"),
}


class Owner(NamedTuple):
    """
    The managed user whose accounts they are.

    Attributes:
        id: The user's id.
        email: ``None`` if it is not known.
        name: ``None`` if it is not known.
    """

    id: str
    email: str | None = None
    name: str | None = None

    @classmethod
    def of(cls, user: str | ManagedUser) -> "Owner":
        """Tell of a *user*, or of an id what it says."""
        if isinstance(user, str):
            return cls(user)
        return cls(user.id, user.email, user.display_name)

    def __str__(self) -> str:
        known = self.email or self.name
        return escape(f"{self.id} ({known})" if known else self.id)


class AccountRow(NamedTuple):
    """
    One account, judged.

    Attributes:
        fields: What JSON says of it: the wire's fields, and beside them ``platform``,
            ``status`` and ``needsReconnect``, and whose it is where there are many users.
        urgency: Whether it has to be reconnected.
        reason: Why, in words. Empty where it does not.
        account: The account.
        owner: Whose it is. ``None`` if that is not to be shown.
    """

    fields: Mapping[str, JSONValue]
    urgency: Urgency
    reason: str
    account: Connection
    owner: Owner | None

    def cells(self, names: Iterable[str]) -> list[Cell]:
        """Give the values of those names for a table."""
        values = flat(self.fields) | {"reason": self.reason}
        if self.owner is not None:
            values["who"] = self.owner.email or self.owner.name or self.owner.id
        return [self._cell(name, values.get(name)) for name in names]

    def _cell(self, name: str, value: object) -> Cell:
        if name == "status":
            mark, style = _MARKS[self.urgency]
            return Cell(escape(str(value).replace("_", " ")), style, mark)
        date = self.account.access_token_expires_at
        if name == "accessTokenExpiresAt" and date:
            return Cell(f"{date:%Y-%m-%d}")
        if isinstance(value, bool):
            return Cell("yes" if value else "no")
        return Cell(escape(str(value)) if value else "")


def accounts_for_people(
    rows: Sequence[AccountRow], names: Sequence[str], *, grouped: bool = True
) -> str:
    """
    Show the values of those *names*, as a table if stdout is a terminal, else as aligned text.

    Args:
        rows: The accounts.
        names: Of which values.
        grouped: Whether a table has the accounts of each user below the user. The text has the
            user in front then.
    """
    if "userId" in names:
        grouped = False
    elif grouped and not is_terminal(sys.stdout):
        grouped = False
        if any(row.owner for row in rows):
            names = ("userId", *names)
    return to_people(
        [_COLUMNS.get(name) or Column(name.upper()) for name in names],
        [Row(row.cells(names), str(row.owner) if grouped and row.owner else "") for row in rows],
    )


def account_rows(
    accounts: ConnectionList,
    now: datetime,
    *,
    within: timedelta | None = None,
    owner: Owner | None = None,
) -> list[AccountRow]:
    """
    Judge all *accounts*.

    Args:
        accounts: The accounts of one user.
        now: The moment to judge by, aware.
        within: How soon an account has to expire to be urgent. ``None``: as Publora judges.
        owner: Whose they are. ``None`` if that is not to be shown.
    """
    return [_judged(account, now, within, owner) for account in accounts]


def _judged(
    account: Connection, now: datetime, within: timedelta | None, owner: Owner | None
) -> AccountRow:
    status, urgency = account.status_at(now), urgency_of(account, within, now)
    whose: dict[str, JSONValue] = {}
    if owner is not None:
        whose["userId"] = owner.id
    ours: dict[str, JSONValue] = {
        "platform": account.platform,
        "status": status,
        "needsReconnect": status == TokenStatus.EXPIRED,
    }
    return AccountRow(
        # Twice: in front, and over a field of that name that the service may send.
        fields={**whose, **account.to_dict(), **ours, **whose},
        urgency=urgency,
        reason=_reason(account, urgency, now),
        account=account,
        owner=owner,
    )


def _reason(account: Connection, urgency: Urgency, now: datetime) -> str:
    if urgency is Urgency.NONE:
        return ""
    date = account.access_token_expires_at
    if urgency is Urgency.EXPIRED and date is not None and date <= now:
        return f"expired {_span(now - date)} ago"
    if urgency is Urgency.EXPIRING and date is not None and date > now:
        return f"expires in {_span(date - now)}"
    if urgency is Urgency.NOT_KNOWN:
        return "Publora cannot tell"
    error = account.last_error
    cause = f"; last error: {error.message}" if error and error.message else ""
    return f"Publora says so{cause}"


def _span(time: timedelta) -> str:
    """Say how long *time* is, in the largest unit of which there are at least two."""
    for unit, length in (("days", timedelta(days=1)), ("hours", timedelta(hours=1))):
        if time >= 2 * length:
            return f"{time // length} {unit}"
    return f"{time // timedelta(minutes=1)} min"


def flat(fields: Mapping[str, JSONValue]) -> dict[str, JSONValue]:
    """
    Give *fields* without nested ones.

    ``lastError`` is its message then, ``lastErrorAt`` its time, and ``error`` its message.
    """
    plain = dict(fields)
    if isinstance(last := fields.get("lastError"), Mapping):
        plain |= {"lastError": last.get("message"), "lastErrorAt": last.get("occurredAt")}
    if isinstance(error := fields.get("error"), Mapping):
        plain["error"] = error.get("message")
    return plain
