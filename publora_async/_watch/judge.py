"""Decides which changes are news: pure, no I/O, one user at a time."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import attrs

from publora_async._watch.changes import Health, Kind, is_renamed, steps
from publora_async._watch.events import KINDS, Event, reason_of
from publora_async._watch.looks import WORSE, Known, Look, Rules
from publora_async.records import Connection, StatusSource

__all__ = ["Verdict", "at_first", "judge"]

TOO_OFTEN: Final = 4
"""Changes to and fro that are told of; with the next one the account flaps."""

_DOUBTED = "doubted"
"""Stands among the suspects where one is careful, for whoever looks next."""

_TO_AND_FRO = {Kind.APPEARED, Kind.GONE, Kind.BROKE, Kind.RECOVERED}
_OF_HEALTH = {Kind.BROKE, Kind.EXPIRING, Kind.RECOVERED, Kind.REFRESHED}
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
        worse: How many accounts look worse than before.
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
    seen = {account.platform_id: account for account in look.accounts or ()}
    first = at_first(look, rules) if known is None and rules.baseline else {}
    told = Health.FINE if known is None else Health.ABSENT
    verdict = Verdict({} if known is None else known, again=look.next_expiry(rules.every))
    for i, account in seen.items():
        if i not in verdict.known:
            verdict.known[i] = first.get(i) or Known(account, told)
    accounts = [_Judged(known, seen.get(i), look, rules) for i, known in verdict.known.items()]
    worse = [one for one in accounts if one.is_worse]
    verdict.worse = len(worse)
    there = sum(one.known.told is not Health.ABSENT for one in accounts)
    # Of somebody whose accounts were many, half have gone or broken at one time.
    doubtful = len(worse) >= 3 and 2 * len(worse) >= there and not look.detached
    careful = bool(worse) and (doubtful or is_careful())
    for one in accounts:
        one.settle(verdict, careful=careful)
    return verdict


def at_first(look: Look, rules: Rules) -> dict[str, Known]:
    """Give what is known of what is first seen and not to be told of, by platform id."""
    known = {}
    for account in look.accounts or ():
        health = look.health_of(account, rules.within)
        told = {Health.UNKNOWN: Health.FINE, Health.BROKEN: Health.MUTED}.get(health, health)
        known[account.platform_id] = Known(account, told)
    return known


class _Judged:
    """One account: what was known of it, and what a look shows."""

    def __init__(self, known: Known, seen: Connection | None, look: Look, rules: Rules) -> None:
        self.known = known
        self._seen = seen
        self._look = look
        self._rules = rules
        self._now = look.at.timestamp()
        self._health = Health.ABSENT if seen is None else look.health_of(seen, rules.within)
        is_silent = seen is not None and _fell_silent(known.account, seen)
        if is_silent:
            # By its date an account may have expired that the service keeps alive.
            self._health = Health.UNKNOWN
        self._kinds = steps(known.told, self._health)
        if is_silent:
            self._kinds.append(Kind.SILENT)
        if seen is not None and is_renamed(known.account, seen):
            self._kinds.append(Kind.RENAMED)

    @property
    def is_worse(self) -> bool:
        """Whether it looks worse than before; one does not that was first seen so."""
        if Kind.BROKE in self._kinds:
            before = self._look.health_of(self.known.account, self._rules.within)
            return before is not Health.BROKEN
        return Kind.GONE in self._kinds

    def settle(self, verdict: Verdict, *, careful: bool) -> None:
        """Tell the changes that are seen for long enough, and suspect the others."""
        known, seen, suspects = self.known, self._seen, dict[str, float]()
        if self._health is Health.UNKNOWN:
            # That nothing is known says nothing against what was suspected.
            suspects = {kind: at for kind, at in known.suspects.items() if kind in _OF_HEALTH}
        # Also when it is seen by another process, which has not seen how much looked worse.
        careful = careful or _DOUBTED in known.suspects
        for kind in self._kinds:
            first = min(known.suspects.get(kind, self._now), self._now)
            news_at = first + self._rules.patience(kind, careful=careful)
            if news_at <= self._now:
                verdict.events += self._happened(kind, first)
                continue
            suspects[kind.value] = first
            if kind is not Kind.SILENT:
                verdict.look_again(min(news_at, self._now + self._rules.every))
        if careful and WORSE.intersection(suspects):
            suspects[_DOUBTED] = self._now
        known.suspects = suspects
        verdict.events += self._calm()
        if seen is None:
            if known.told is Health.ABSENT and not self._recent():
                del verdict.known[known.account.platform_id]
        elif not suspects:
            # A name that is not known now is the one that was known.
            known.account = _named(seen, seen, known.account)

    def _happened(self, kind: Kind, first: float) -> list[Event]:
        """Take a change for true, and give the event if it is news."""
        known, before, told = self.known, self.known.account, self.known.told
        known.told = _LEADS_TO.get(kind, told)
        if kind is Kind.RENAMED and self._seen is not None:
            known.account = _named(before, self._seen, before)
        if kind is Kind.SILENT and self._seen is not None:
            # Whatever else is suspected: from now on it is judged by its date.
            known.account = _named(self._seen, before, self._seen)
        if kind in _TO_AND_FRO:
            known.changes = [*self._recent(), self._now]
            if known.flapping is None and len(known.changes) > TOO_OFTEN:
                known.flapping = told
                return [self._event(Kind.FLAPPING, before, first)]
        if known.flapping is not None and kind is not Kind.RENAMED:
            return []
        if kind not in KINDS or (kind is Kind.RECOVERED and told is Health.MUTED):
            return []
        return [self._event(kind, before, first)]

    def _recent(self) -> list[float]:
        span = 2 * self._rules.calm
        return [at for at in self.known.changes if 0 <= self._now - at < span]

    def _calm(self) -> list[Event]:
        """Tell how an account is that flaps no longer, if that is other than was told last."""
        known = self.known
        if known.flapping is None or 0 <= self._now - known.changes[-1] < self._rules.calm:
            return []
        since = min(known.changes[-1], self._now)
        kinds = steps(known.flapping, known.told)
        known.flapping, known.changes = None, []
        return [self._event(kind, known.account, since) for kind in kinds if kind in KINDS]

    def _event(self, kind: Kind, before: Connection, first: float) -> Event:
        return KINDS[kind](
            user_id=self._look.user or None,
            platform_id=before.platform_id,
            before=None if kind is Kind.APPEARED else before,
            after=self._seen,
            since=datetime.fromtimestamp(first, UTC),
            reason=reason_of(
                kind,
                self._seen,
                detached=self._look.detached,
                tested=self._look.tests.get(before.platform_id) is not None,
            ),
        )


def _fell_silent(known: Connection, seen: Connection) -> bool:
    """Tell whether the service says nothing of an account's health, and did so before."""
    return known.token_status is not None and seen.status_source == StatusSource.EXPIRY_DATE


def _named(account: Connection, first: Connection, then: Connection) -> Connection:
    """Give an account under the names of the *first*, or where they are not known, of *then*."""
    username, name = first.username or then.username, first.display_name or then.display_name
    if (account.username, account.display_name) == (username, name):
        return account
    return attrs.evolve(account, username=username, display_name=name)
