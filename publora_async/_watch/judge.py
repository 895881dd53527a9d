"""Decides which changes are news: pure, no I/O, one user at a time."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import attrs

from publora_async._watch.changes import (
    Health,
    Kind,
    health_of,
    is_renamed,
    remembered,
    steps,
)
from publora_async._watch.events import KINDS, Event, Reason, reason_of
from publora_async._watch.looks import WORSE, Known, Look, Rules
from publora_async.records import Connection, StatusSource

__all__ = ["Verdict", "judge"]

TOO_OFTEN: Final = 4
"""Changes to and fro that are told of; with the next one the account flaps."""

_DOUBTED = "doubted"
"""Stands among the suspects where one is careful, for whoever looks next."""

_TO_AND_FRO = {Kind.APPEARED, Kind.GONE, Kind.BROKE, Kind.RECOVERED}
_LEADS_TO = {
    Kind.APPEARED: Health.FINE,
    Kind.GONE: Health.ABSENT,
    Kind.BROKE: Health.BROKEN,
    Kind.EXPIRING: Health.EXPIRING,
    Kind.RECOVERED: Health.FINE,
    Kind.REFRESHED: Health.FINE,
}


@attrs.define
class Verdict:
    """
    What follows from a look.

    Attributes:
        known: What is known of the user's accounts now.
        events: The news.
        again: When to look again, in seconds since 1970. ``None``: in the next round.
        worse: How many accounts have begun to look worse with this look.
    """

    known: dict[str, Known]
    events: list[Event] = attrs.field(factory=list)
    again: float | None = None
    worse: int = 0

    def look_again(self, at: float) -> None:
        """Have the user looked at at that time, or before."""
        self.again = at if self.again is None else min(self.again, at)


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
    return _Judge(known, look, rules).verdict(is_careful)


class _Judge:
    def __init__(self, known: dict[str, Known] | None, look: Look, rules: Rules) -> None:
        self._look = look
        self._rules = rules
        self._now = look.at.timestamp()
        self._seen = {account.platform_id: account for account in look.accounts or ()}
        first = known is None
        self._known: dict[str, Known] = known or {}
        for platform_id, account in self._seen.items():
            if platform_id not in self._known:
                told = self._at_first(account) if first else Health.ABSENT
                self._known[platform_id] = Known(remembered(account), told)

    def verdict(self, is_careful: Callable[[], bool]) -> Verdict:
        verdict = Verdict(self._known)
        plans = {i: self._kinds(known, self._seen.get(i)) for i, known in self._known.items()}
        worse = [i for i, kinds in plans.items() if self._is_worse(self._known[i], kinds)]
        verdict.worse = sum(not WORSE.intersection(self._known[i].suspects) for i in worse)
        there = sum(known.told is not Health.ABSENT for known in self._known.values())
        # Of somebody whose accounts were many, half have gone or broken at one time.
        doubtful = len(worse) >= 3 and 2 * len(worse) >= there and not self._look.detached
        careful = bool(worse) and (doubtful or is_careful())
        for platform_id, kinds in plans.items():
            self._settle(platform_id, kinds, verdict, careful=careful)
        return verdict

    def _is_worse(self, known: Known, kinds: list[Kind]) -> bool:
        """Tell whether an account looks worse than before; one is not that was first seen so."""
        breaks = Kind.BROKE in kinds and self._health(known.account) is not Health.BROKEN
        return breaks or Kind.GONE in kinds

    def _at_first(self, account: Connection) -> Health:
        if not self._rules.baseline:
            return Health.FINE
        health = self._health(account)
        if health is Health.UNKNOWN:
            return Health.FINE
        return Health.MUTED if health is Health.BROKEN else health

    def _health(self, account: Connection) -> Health:
        health = health_of(account, self._rules.within, self._look.at)
        works = self._look.tests.get(account.platform_id)
        return Health.FINE if health is Health.BROKEN and works else health

    def _believed(self, known: Known, account: Connection | None) -> Health:
        """Judge what is seen of one account."""
        if account is None:
            return Health.ABSENT
        # By its date an account may have expired that the service keeps alive.
        return Health.UNKNOWN if _fell_silent(known, account) else self._health(account)

    def _kinds(self, known: Known, account: Connection | None) -> list[Kind]:
        """Give the changes that this look shows of one account."""
        kinds = steps(known.told, self._believed(known, account))
        if account is not None and _fell_silent(known, account):
            kinds.append(Kind.SILENT)
        if account is not None and is_renamed(known.account, account):
            kinds.append(Kind.RENAMED)
        return kinds

    def _settle(
        self, platform_id: str, kinds: list[Kind], verdict: Verdict, *, careful: bool
    ) -> None:
        """Tell the changes of one account that are seen for long enough, and suspect the others."""
        known, account = self._known[platform_id], self._seen.get(platform_id)
        suspects: dict[str, float] = {}
        if known.suspects and self._believed(known, account) is Health.UNKNOWN:
            # That nothing is known says nothing against what was suspected.
            suspects = {kind: at for kind, at in known.suspects.items() if kind in _LEADS_TO}
        # Also when it is seen by another process, which has not seen how much looked worse.
        careful = careful or _DOUBTED in known.suspects
        waits = False
        for kind in kinds:
            first = min(known.suspects.get(kind, self._now), self._now)
            news_at = first + self._rules.patience(kind, careful=careful)
            is_old = kind in known.suspects and news_at <= self._now
            if is_old and not (waits and kind in _LEADS_TO):
                verdict.events += self._happened(known, account, kind, first)
                continue
            suspects[kind.value] = first
            waits = waits or kind in _LEADS_TO
            if kind is not Kind.SILENT:
                is_to_come = news_at > self._now
                again = min(news_at, self._now + self._rules.every)
                verdict.look_again(again if is_to_come else self._now + self._rules.soon)
        if careful and WORSE.intersection(suspects):
            suspects[_DOUBTED] = self._now
        known.suspects = suspects
        verdict.events += self._calm(known, account)
        if account is not None:
            if not any(kind in _LEADS_TO for kind in suspects):
                known.account = _taken_in(known, account)
            date = account.access_token_expires_at
            if date is not None and self._now < date.timestamp() < self._now + self._rules.every:
                verdict.look_again(date.timestamp() + 1)
        elif known.told is Health.ABSENT and not self._recent(known):
            del verdict.known[platform_id]

    def _happened(
        self, known: Known, account: Connection | None, kind: Kind, first: float
    ) -> list[Event]:
        """Take a change for true, and give the event if it is news."""
        before, told = known.account, known.told
        known.told = _LEADS_TO.get(kind, told)
        if kind is Kind.RENAMED and account is not None:
            known.account = _with_names_of(before, account)
        if kind in _TO_AND_FRO:
            known.changes = [*self._recent(known), self._now]
            if known.flapping is None and len(known.changes) > TOO_OFTEN:
                known.flapping = told
                return [self._event(Kind.FLAPPING, before, account, first)]
        if known.flapping is not None and kind is not Kind.RENAMED:
            return []
        if kind not in KINDS or (kind is Kind.RECOVERED and told is Health.MUTED):
            return []
        return [self._event(kind, before, account, first)]

    def _recent(self, known: Known) -> list[float]:
        return [at for at in known.changes if 0 <= self._now - at < 2 * self._rules.calm]

    def _calm(self, known: Known, account: Connection | None) -> list[Event]:
        """Tell how an account is that flaps no longer, if that is other than was told last."""
        if known.flapping is None or 0 <= self._now - known.changes[-1] < self._rules.calm:
            return []
        since = min(known.changes[-1], self._now)
        kinds = steps(known.flapping, known.told)
        known.flapping, known.changes = None, []
        return [self._event(kind, known.account, account, since) for kind in kinds if kind in KINDS]

    def _event(
        self, kind: Kind, before: Connection, account: Connection | None, first: float
    ) -> Event:
        reason: Reason = reason_of(kind, account, detached=self._look.detached)
        if reason == "expiry_date" and self._look.tests.get(before.platform_id) is not None:
            reason = "live_test"
        return KINDS[kind](
            user_id=self._look.user or None,
            platform_id=before.platform_id,
            before=None if kind is Kind.APPEARED else before,
            after=account,
            since=datetime.fromtimestamp(first, UTC),
            reason=reason,
        )


def _fell_silent(known: Known, account: Connection) -> bool:
    """Tell whether the service says nothing of an account's health, and did so before."""
    said_so = known.account.token_status is not None
    return said_so and account.status_source == StatusSource.EXPIRY_DATE


def _with_names_of(one: Connection, other: Connection) -> Connection:
    return attrs.evolve(
        one,
        username=other.username or one.username,
        display_name=other.display_name or one.display_name,
    )


def _taken_in(known: Known, account: Connection) -> Connection:
    """Give what is known of an account now; what is suspected of it does not count yet."""
    old, new = known.account, remembered(account)
    # A name that is not known now is the one that was known.
    named = old if Kind.RENAMED in known.suspects else _with_names_of(old, new)
    new = attrs.evolve(new, username=named.username, display_name=named.display_name)
    if Kind.SILENT in known.suspects:
        new = attrs.evolve(new, token_status=old.token_status)
    return new
