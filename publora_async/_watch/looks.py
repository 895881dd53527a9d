"""What a watch goes by: its rules, a look at a user, and what is known of an account."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import attrs

from publora_async._watch.changes import Health, Kind, Packed, health_of, pack, unpack
from publora_async.connection_list import ConnectionList
from publora_async.errors import PubloraError
from publora_async.records import Connection, ConnectionTest, Platform

__all__ = ["WORSE", "Known", "Look", "Rules", "works"]

WORSE: Final = frozenset({Kind.BROKE, Kind.GONE})
"""What one would rather be sure of."""

_LEAST_DOUBT: Final = 3600.0
"""Seconds for which so much has to look worse that the service may be wrong."""

_NOT_TOLD_BY_TEST = {Platform.PINTEREST, Platform.TELEGRAM}


@attrs.frozen
class Rules:
    """
    How long a change has to be seen before it is news, and how long an account has to be calm.

    Attributes:
        every: Seconds from one round to the next.
        users: How many users a round asks about.
        within: How soon is soon. ``None``: as the service judges.
        baseline: Whether nobody is told of what is broken already.
    """

    every: float
    users: int = 1
    within: timedelta | None = None
    baseline: bool = False

    @property
    def soon(self) -> float:
        """Seconds to the second look: among few users as long as a few more are asked about."""
        share = 3 / self.users if self.users > 1 else 0.0
        return self.every * min(max(share, 1 / 20), 1 / 4)

    def patience(self, kind: Kind, *, careful: bool) -> float:
        """Seconds for which a change has to be seen."""
        if kind is Kind.SILENT:
            return 2 * self.every
        return max(self.every / 2, _LEAST_DOUBT) if careful and kind in WORSE else self.soon

    @property
    def calm(self) -> float:
        """Seconds without a change, after which an account flaps no longer."""
        return 4 * self.every


@attrs.frozen
class Look:
    """
    What one look at a user has shown.

    Attributes:
        user: The user's id; empty for the key's own account.
        at: When.
        accounts: The accounts. ``None``: nothing could be learned.
        why: Why not.
        detached: Whether the user is no longer managed.
        tests: Whether the live test found those to work that are expired by their date alone.
    """

    user: str
    at: datetime
    accounts: ConnectionList | None = None
    why: str = ""
    detached: bool = False
    tests: Mapping[str, bool | None] = attrs.field(factory=dict)

    def health_of(self, account: Connection, within: timedelta | None) -> Health:
        """Judge an account as of this look; what works has not expired."""
        health = health_of(account, within, self.at)
        works = health is Health.BROKEN and self.tests.get(account.platform_id)
        return Health.FINE if works else health

    def next_expiry(self, within: float) -> float | None:
        """
        Give when the next date will have passed, in seconds since 1970.

        Args:
            within: For how many seconds to look ahead. No date until then gives ``None``.
        """
        now = self.at.timestamp()
        dates = (account.access_token_expires_at for account in self.accounts or ())
        moments = (date.timestamp() for date in dates if date is not None)
        return min((at + 1 for at in moments if now < at < now + within), default=None)


@attrs.define
class Known:
    """
    What is known of one account.

    Attributes:
        account: How it was last seen, under the names that were told.
        told: Its health, as of the changes that were seen for long enough.
        suspects: Since when the others are seen.
        changes: When it last went to and fro.
        flapping: What was told of its health before it began to flap. ``None``: it does not.
    """

    account: Connection
    told: Health = Health.FINE
    suspects: dict[str, float] = attrs.field(factory=dict)
    changes: list[float] = attrs.field(factory=list)
    flapping: Health | None = None

    def pack(self) -> Packed:
        """Give it as JSON."""
        packed = pack(self.account)
        return [*packed, self.told, self.suspects, self.changes, self.flapping]

    @classmethod
    def unpack(cls, packed: Packed) -> "Known":
        """Read what :meth:`pack` gave."""
        *account, told, suspects, changes, flapping = packed
        before = None if flapping is None else Health(flapping)
        return cls(unpack(account), Health(told), suspects, changes, before)


def works(tested: ConnectionTest | PubloraError, account: Connection) -> bool | None:
    """Tell whether a live test found an account to work. ``None``: it says nothing of that."""
    if isinstance(tested, PubloraError):
        return None
    # Nothing tests Pinterest, and what Telegram complains of is mended in Telegram.
    return True if tested.ok else None if account.platform in _NOT_TOLD_BY_TEST else False
