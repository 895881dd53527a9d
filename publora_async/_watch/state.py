"""What a watch remembers, in its file; used by one thread."""

import json
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Final

import attrs

from publora_async._watch.changes import Health
from publora_async._watch.database import locked, opened
from publora_async._watch.events import Event
from publora_async._watch.judge import Verdict, at_first, judge
from publora_async._watch.looks import Known, Look, Rules
from publora_async._wire import ALWAYS, JSONValue, to_wire

__all__ = ["StateFile", "Status", "Unknown"]


_KEPT: Final = 90 * 86_400
"""Seconds for which the log keeps an event that was acknowledged."""

_COMMON: Final = (
    b'"]facebookyoutubebluesky-did:plc:mastodontelegram--100pinterestthreadstiktokinstagram-'
    b'linkedin-twitter-"unknown""expiring_soon""expired",null],["valid",null],["@'
)
"""What many accounts have in common, the most frequent last, for zlib."""

_to_json = json.JSONEncoder(separators=(",", ":")).encode


@attrs.frozen
class Unknown:
    """
    A user who could not be asked about.

    Attributes:
        user_id: Who. ``None``: the key's own account.
        since: Since when, in UTC.
        why: Why not, the last time.
    """

    user_id: str | None = attrs.field(metadata=ALWAYS)
    since: datetime
    why: str


@attrs.frozen
class Status:
    """
    How far a watch has come, as its state file says; it may be running.

    Attributes:
        round_ended: When its last round ended, in UTC. ``None``: none has.
        users: How many users that round was about.
        undelivered: The events that nobody has acknowledged yet, the oldest first.
        unknown: Who could not be asked about.
    """

    round_ended: datetime | None = attrs.field(metadata=ALWAYS)
    users: int
    undelivered: tuple[Event, ...]
    unknown: tuple[Unknown, ...]

    def to_dict(self) -> dict[str, JSONValue]:
        """Give it as JSON has it, the events in their own form."""
        return {**to_wire(self), "undelivered": [event.to_dict() for event in self.undelivered]}


class StateFile:
    """
    What is known of all users, the log of events, and which of them were delivered.

    Args:
        path: The file; made if it does not exist. ``":memory:"``: none.
        only_read: Whether to look at a file that a watch may be writing to.

    Raises:
        StateFileError: The file is broken, of a newer version, or another watch has it.
    """

    def __init__(self, path: str, *, only_read: bool = False) -> None:
        with ExitStack() as opening:
            if not only_read:
                opening.enter_context(closing(locked(path)))
            self._database = opening.enter_context(closing(opened(path, only_read=only_read)))
            self._opened = opening.pop_all()
        # Whom it was looked at of late, how many accounts had begun to look worse, and of how many.
        self._looks: deque[tuple[str, int, int]] = deque(maxlen=50)

    def enter(self, users: Iterable[str]) -> list[str]:
        """Note that these users belong to this round; give those that were not noted yet."""
        note = "INSERT OR IGNORE INTO listed VALUES (?)"
        with self._transaction():
            return [user for user in users if self._database.execute(note, (user,)).rowcount]

    def unlisted(self) -> list[str]:
        """Give up to 100 users of earlier rounds that do not belong to this one, and note them."""
        found = self._database.execute(
            "SELECT user FROM users WHERE user NOT IN (SELECT user FROM listed) LIMIT 100"
        ).fetchall()
        return self.enter(user for (user,) in found)

    def due(self, until: float, now: float, every: float) -> list[str]:
        """Give up to 100 users who are due *until* then, or by now; they are no longer due then."""
        # A clock that was set back must not have anybody wait until it has come so far again.
        moments = (min(until, now), now + every + 1)
        found = self._database.execute(
            "SELECT user FROM users WHERE again <= ? OR again > ? LIMIT 100", moments
        ).fetchall()
        with self._transaction():
            self._database.executemany("UPDATE users SET again = NULL WHERE user = ?", found)
        return [user for (user,) in found]

    def next_due(self) -> float | None:
        """Give when the next user is due."""
        (at,) = self._database.execute("SELECT MIN(again) FROM users").fetchone()
        return None if at is None else float(at)

    def take_in(self, looks: Iterable[Look], rules: Rules, *, forget: bool = False) -> int:
        """
        Keep what *looks* have shown and the events that follow, all at once.

        Args:
            looks: The looks.
            rules: How to judge them.
            forget: Whether nothing more is to be known of these users, unless they are detached.

        Returns:
            How many events there are now that nobody has acknowledged.
        """
        with self._transaction():
            for look in looks:
                self._take_in(look, rules, forget=forget)
            return self._waiting()

    def _take_in(self, look: Look, rules: Rules, *, forget: bool) -> None:
        columns = "SELECT accounts, again, unknown FROM users WHERE user = ?"
        row = self._database.execute(columns, (look.user,)).fetchone()
        packed, again, unknown = row or (None, None, None)
        if forget and not look.detached and (look.accounts is not None or packed is None):
            self._forget(look.user)
            return
        if look.accounts is None:
            now = look.at.timestamp()
            since = now if unknown is None else min(unknown, now)
            again = now + min(max(rules.soon, now - since), rules.every)
            self._write(look.user, packed, again, since, look.why)
            return
        text = None if packed is None else zlib.decompressobj(-15, _COMMON).decompress(packed)
        told = at_first(look, rules)
        verdict, new = Verdict(told, again=look.next_expiry(rules.every)), _text(told)
        is_fine = rules.baseline or all(one.told is Health.FINE for one in told.values())
        if text == new or (text is None and is_fine):
            # As most of the time, everything is as it was told: there is nothing to judge.
            self._looks.append((look.user, 0, max(len(told), 1)))
        else:
            verdict = self._judge(None if text is None else _known(text), look, rules)
            new = _text(verdict.known)
        for event in verdict.events:
            self._database.execute(
                "INSERT OR IGNORE INTO events (id, body) VALUES (?, ?)",
                (event.id, json.dumps(event.to_dict())),
            )
        if look.detached and not verdict.known:
            self._forget(look.user)
        elif (new, verdict.again, None) != (text, again, unknown):
            self._write(look.user, _packed(new), verdict.again, None, None)

    def _judge(self, known: dict[str, Known] | None, look: Look, rules: Rules) -> Verdict:
        is_second = any(one.suspects for one in (known or {}).values())
        is_careful = partial(self._others_are_worse, look.user, rules)
        verdict = judge(known, look, rules, is_careful=is_careful)
        if not is_second:
            self._looks.append((look.user, verdict.worse, max(len(verdict.known), 1)))
        return verdict

    def _others_are_worse(self, user: str, rules: Rules) -> bool:
        """Tell whether half of what others have looks worse too, or nobody knows yet."""
        count = max(2, round(rules.users * rules.soon / rules.every))
        others = [one for one in self._looks if one[0] != user][-count:]
        if len(others) < 2:
            return rules.users > 2
        return 2 * sum(worse for _, worse, _ in others) >= sum(had for _, _, had in others)

    def _forget(self, user: str) -> None:
        self._database.execute("DELETE FROM users WHERE user = ?", (user,))

    def _write(self, *row: object) -> None:
        self._database.execute("INSERT OR REPLACE INTO users VALUES (?, ?, ?, ?, ?)", row)

    def fact(self, name: str) -> float | None:
        """Give a number that was set. ``None``: none was."""
        row = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else float(row[0])

    def begin_round(self, at: float) -> None:
        """Note when a round begins; nobody belongs to it yet."""
        with self._transaction():
            self._database.execute("DELETE FROM listed")
            self._set(began=at)

    def end_round(self, at: float, users: int, next_begins: float) -> None:
        """Note when a round ends, how many users it was about, and when the next one begins."""
        with self._transaction():
            self._set(ended=at, users=users, began=next_begins)
            self._database.execute("DELETE FROM events WHERE acknowledged < ?", (at - _KEPT,))

    def _set(self, **facts: float) -> None:
        self._database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())

    def undelivered(self, most: int = 100) -> list[Event]:
        """Give the first events that nobody has acknowledged, the oldest first; -1: all."""
        found = self._database.execute(
            "SELECT body FROM events WHERE acknowledged IS NULL ORDER BY number LIMIT ?", (most,)
        )
        return [Event.from_dict(json.loads(body)) for (body,) in found]

    def acknowledge(self, event: Event, at: float) -> None:
        """Note that an event has been received."""
        mark = "UPDATE events SET acknowledged = ? WHERE id = ?"
        self._database.execute(mark, (at, event.id))

    def status(self) -> Status:
        """Tell how far the watch has come."""
        ended = self.fact("ended")
        found = self._database.execute(
            "SELECT user, unknown, why FROM users WHERE unknown IS NOT NULL ORDER BY unknown"
        )
        return Status(
            round_ended=None if ended is None else datetime.fromtimestamp(ended, UTC),
            users=int(self.fact("users") or 0),
            undelivered=tuple(self.undelivered(most=-1)),
            unknown=tuple(
                Unknown(user or None, datetime.fromtimestamp(since, UTC), why)
                for user, since, why in found
            ),
        )

    def _waiting(self) -> int:
        count = "SELECT COUNT(*) FROM events WHERE acknowledged IS NULL"
        return int(self._database.execute(count).fetchone()[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the file, and let another watch have it."""
        self._opened.close()


def _text(known: dict[str, Known]) -> bytes:
    return _to_json([one.pack() for one in known.values()]).encode()


def _known(text: bytes) -> dict[str, Known]:
    return {one.account.platform_id: one for one in map(Known.unpack, json.loads(text))}


def _packed(text: bytes) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -12, 5, zlib.Z_DEFAULT_STRATEGY, _COMMON)
    return squeezer.compress(text) + squeezer.flush()
