"""Decides which changes are news: pure, no I/O, one user at a time."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from math import inf
from random import random
from typing import Final
from zlib import crc32

import attrs

from publora_async._watch.changes import Health, Packed, health_of, is_renamed, pack, steps, unpack
from publora_async._watch.events import Event, Flapping, Renamed, reason_of
from publora_async.connection_list import ConnectionList
from publora_async.records import Connection, StatusSource, TokenStatus

__all__ = ["Known", "Look", "Rules", "Verdict", "as_told", "judge"]

_TOO_OFTEN: Final = 4
"""Changes of health to and fro after which the next one is told as flapping."""

_LEAST_DOUBT: Final = 3600.0
"""Seconds for which so much has to look worse that the service may be wrong."""

_WORSE = {Health.BROKEN, Health.ABSENT}


@attrs.frozen
class Rules:
    """
    When to look, and how long a change has to be seen before it is news.

    Attributes:
        every: Seconds from one round to the next.
        users: How many users a round asks about.
        within: How soon is soon. ``None``: as the service judges.
        baseline: Whether nobody is told of what is so already where it is first seen.
        once: Whether there is only one round.
        draw: Gives numbers from 0 up to 1.
        shift: By how much of a round everybody's moments are shifted: watches must not ask in step.
    """

    every: float
    users: int = 1
    within: timedelta | None = None
    baseline: bool = False
    once: bool = False
    draw: Callable[[], float] = random
    shift: float = attrs.field(default=attrs.Factory(lambda self: self.draw(), takes_self=True))

    @property
    def soon(self) -> float:
        """Seconds to the second look: among few users as long as a few more are asked about."""
        share = 3 / self.users if self.users > 1 else 0.0
        return self.every * min(max(share, 1 / 20), 1 / 4)

    @property
    def calm(self) -> float:
        """Seconds without a change, after which an account flaps no longer."""
        return 4 * self.every

    def patience(self, told: Health, health: Health, *, careful: bool) -> float:
        """Seconds for which an account has to be seen so before it is told."""
        if told is Health.FLAPPING:
            return self.calm
        return max(self.every / 3, _LEAST_DOUBT) if careful and health in _WORSE else self.soon

    def retry_at(self, now: float, since: float) -> float:
        """Give when to ask again where nothing has been learned since then: ever later."""
        return now + min(max(self.soon, (now - since) / 2), self.every)

    def next_round(self, user: str, now: float) -> float:
        """Give a user's moment in the next round, at about the same time of each."""
        if self.once:
            return inf
        moment = crc32(user.encode()) / 2**32 + self.shift - now / self.every
        # A moment up to a hundredth of a round ahead counts as this one.
        return now + self.every * ((moment - 0.01) % 1 + 0.01 + self.draw() / 20)


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
            ``None``: it failed.
    """

    user: str
    at: datetime
    accounts: ConnectionList | None = None
    why: str = ""
    detached: bool = False
    tests: Mapping[str, bool | None] = attrs.field(factory=dict)

    def health_of(self, account: Connection, rules: Rules) -> Health:
        """Judge an account as of this look; what works has not expired."""
        health = health_of(account, rules.within, self.at)
        works = health is Health.BROKEN and self.tests.get(account.platform_id)
        return Health.FINE if works else health

    def next_expiry(self, rules: Rules) -> float:
        """Give when to look as a date will have passed; ``inf``: none passes within a round."""
        now = self.at.timestamp()
        dates = (account.access_token_expires_at for account in self.accounts or ())
        moments = (date.timestamp() for date in dates if date is not None)
        passed = min((at + 1 for at in moments if now < at < now + rules.every), default=inf)
        return max(passed, now + rules.soon)


@attrs.define
class Known:
    """
    What is known of one account.

    Attributes:
        account: How it was when it was last seen as told, under the names that were told.
        told: Its health, as it was told.
        pending: How it is seen meanwhile: its health, and ``"r"`` behind it if it is renamed.
            Empty: as it was told.
        since: Since when it is, in seconds since 1970; 0 where nothing is pending.
        swings: How many changes of health were told, each within four rounds of the last.
        swung: When the last one was, in seconds since 1970.
    """

    account: Connection
    told: Health = Health.FINE
    pending: str = ""
    since: float = 0
    swings: int = 0
    swung: float = 0

    def pack(self) -> Packed:
        """Give it as JSON."""
        rest = [self.told, self.pending, self.since, self.swings, self.swung]
        return [*pack(self.account), *rest]

    @classmethod
    def unpack(cls, packed: Packed) -> "Known":
        """Read what :meth:`pack` gave."""
        return cls(unpack(packed[:5]), Health(packed[5]), *packed[6:])

    def as_said(self, seen: Connection, look: Look) -> Connection:
        """
        Give the account as it is *seen*, of unknown status where only its date is told now.

        By its date an account may have expired that the service keeps alive.
        """
        is_dated = seen.status_source == StatusSource.EXPIRY_DATE
        has_said = self.account.token_status is not None
        if is_dated and has_said and look.tests.get(seen.platform_id) is None:
            return attrs.evolve(seen, token_status=TokenStatus.UNKNOWN)
        return seen

    def take_in(
        self, look: Look, seen: Connection | None, health: Health, rules: Rules, *, careful: bool
    ) -> tuple[list[Event], float]:
        """Take in how it is seen; give the news, and when to look for more of them."""
        now = look.at.timestamp()
        # The clock may have been set back.
        self.since = min(self.since, now)
        if not 0 <= now - self.swung < rules.calm:
            self.swings, self.swung = 0, 0
        is_known = health is not Health.UNKNOWN
        if not is_known:
            health = Health.FINE if self.told is Health.ABSENT else self.told
            is_suspected = self.pending[:1] not in {"", Health.ABSENT, health}
            if is_suspected and now - self.since < 2 * rules.calm:
                # That nothing is known says nothing against it, though not for ever.
                return [], rules.retry_at(now, self.since)
        renamed = seen is not None and is_renamed(self.account, seen)
        view = f"{health}r" if renamed else health.value
        if view == self.told:
            self.pending, self.since = "", 0
            if is_known:
                self._keep(seen)
            return [], inf
        # That it has its old name again says nothing against the health that was suspected.
        if view not in {self.pending, self.pending.removesuffix("r")}:
            self.pending, self.since = view, now
        news_at = self.since + rules.patience(self.told, health, careful=careful)
        if news_at > now:
            return [], min(news_at, rules.retry_at(now, self.since))
        return self._tell(look, seen, health), inf

    def _tell(self, look: Look, seen: Connection | None, health: Health) -> list[Event]:
        before, now, since = self.account, look.at.timestamp(), self.since
        kinds, was_absent = steps(self.told, health), self.told is Health.ABSENT
        renamed = seen is not None and is_renamed(before, seen)
        if health is not self.told:
            self.swings, self.swung = self.swings + 1, now
            if self.swings > _TOO_OFTEN:
                kinds, health = [Flapping], Health.FLAPPING
        self.told, self.pending, self.since = health, "", 0
        self._keep(seen)
        tested = look.tests.get(before.platform_id) is not None
        return [
            kind(
                user_id=look.user or None,
                platform_id=before.platform_id,
                before=None if was_absent and kind is not Renamed else before,
                after=seen,
                since=datetime.fromtimestamp(since, UTC),
                reason=reason_of(kind, seen, detached=look.detached, tested=tested),
            )
            for kind in [*kinds, *([Renamed] if renamed else [])]
        ]

    def _keep(self, seen: Connection | None) -> None:
        """Remember how it was seen; a name that is not known now is the one that was known."""
        if seen is not None:
            username = seen.username or self.account.username
            display_name = seen.display_name or self.account.display_name
            self.account = attrs.evolve(seen, username=username, display_name=display_name)


@attrs.frozen
class Verdict:
    """
    What follows from a look.

    Attributes:
        known: What is known of the user's accounts now, by platform id.
        events: The news.
        again: When to look again, in seconds since 1970; ``inf``: in the next round.
        worse: How many accounts look worse than before.
    """

    known: dict[str, Known]
    events: list[Event]
    again: float
    worse: int = 0


def as_told(look: Look, rules: Rules) -> dict[str, Known]:
    """Give what is known where everything counts as told, just as it is seen."""
    known = {}
    for account in look.accounts or ():
        health = look.health_of(account, rules)
        told = Health.FINE if health is Health.UNKNOWN else health
        known[account.platform_id] = Known(account, told)
    return known


def judge(
    known: dict[str, Known] | None, look: Look, rules: Rules, *, is_careful: Callable[[], bool]
) -> Verdict:
    """
    Judge a look by what was known before.

    Args:
        known: What is known, by platform id; it is changed. ``None``: it is the first look.
        look: The look, which has shown something.
        rules: How long to be patient.
        is_careful: Tells whether so much looks worse at this time that it may not be so.
    """
    seen = {account.platform_id: account for account in look.accounts or ()}
    unseen = Health.FINE if known is None else Health.ABSENT
    known = as_told(look, rules) if known is None and rules.baseline else known or {}
    for i, account in seen.items():
        seen[i] = known.setdefault(i, Known(account, unseen)).as_said(account, look)
    healths = {i: look.health_of(seen[i], rules) if i in seen else Health.ABSENT for i in known}
    # One does not look worse that was first seen so, nor by a date that has passed meanwhile.
    worse = sum(
        healths[i] in _WORSE and healths[i] not in {one.told, look.health_of(one.account, rules)}
        for i, one in known.items()
    )
    there = sum(one.told is not Health.ABSENT for one in known.values())
    # Of somebody whose accounts were many, half have gone or broken at one time.
    doubtful = worse >= 3 and 2 * worse >= there and not look.detached
    careful = doubtful or (worse > 0 and is_careful())
    events, again = list[Event](), look.next_expiry(rules)
    for i, one in list(known.items()):
        # Its date alone says so where the live test failed.
        untested = look.tests.get(i, True) is None
        news, at = one.take_in(look, seen.get(i), healths[i], rules, careful=careful or untested)
        events += news
        again = min(again, at)
        if i not in seen and one.told is Health.ABSENT and not one.swings:
            del known[i]
    return Verdict(known, events, again, worse)
