"""What a watch remembers, in its file; used by one thread."""

import json
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import attrs

from publora_async._watch.database import locked, opened
from publora_async._watch.events import Event
from publora_async._watch.judge import judge
from publora_async._watch.looks import Known, Look, Rules

if TYPE_CHECKING:
    import sqlite3

__all__ = ["StateFile", "Status"]


_KEPT: Final = 90 * 86_400
"""Seconds for which the log keeps an event that was acknowledged."""

_COMMON: Final = (
    b'"]facebookyoutubebluesky-did:plc:mastodontelegram--100pinterestthreadstiktokinstagram-'
    b'linkedin-twitter-"unknown""expiring_soon""expired",null],["valid",null],["@'
)
"""What many accounts have in common, the most frequent last, for zlib."""


@attrs.frozen
class Status:
    """
    How far a watch has come, as its state file says; it may be running.

    Attributes:
        round_ended: When its last round ended, in UTC. ``None``: none has.

        users: How many users that round was about.

        unknown: Since when, in UTC, users could not be asked about, and why; ``None`` is the
            key's own account.

        undelivered: How many events nobody has acknowledged yet.
    """

    round_ended: datetime | None
    users: int
    unknown: Mapping[str | None, tuple[datetime, str]]
    undelivered: int


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
        self._lock: sqlite3.Connection | None = None if only_read else locked(path)
        try:
            self._database = opened(path, only_read=only_read)
        except BaseException:
            self._unlock()
            raise
        # When something began to look worse: how many accounts, and of how many.
        self._worse: deque[tuple[float, int, int]] = deque(maxlen=50)

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

    def due(self, now: float, every: float) -> list[str]:
        """Give up to 100 users who are to be looked at again; they are no longer due then."""
        # A clock that was set back must not have anybody wait until it has come so far again.
        found = self._database.execute(
            "SELECT user FROM users WHERE again <= ? OR again > ? LIMIT 100", (now, now + every)
        ).fetchall()
        with self._transaction():
            self._database.executemany("UPDATE users SET again = NULL WHERE user = ?", found)
        return [user for (user,) in found]

    def next_due(self) -> float | None:
        """Give when the next user is due."""
        (at,) = self._database.execute("SELECT MIN(again) FROM users").fetchone()
        return None if at is None else float(at)

    def take_in(self, looks: Iterable[Look], rules: Rules, unlisted: set[str]) -> int:
        """
        Keep what *looks* have shown and the events that follow, all at once.

        Args:
            looks: The looks.
            rules: How to judge them.
            unlisted: Of whom nothing more is to be known, unless they are detached.

        Returns:
            How many events there are now that nobody has acknowledged.
        """
        with self._transaction():
            for look in looks:
                self._take_in(look, rules, forget=look.user in unlisted)
            return self._waiting()

    def _take_in(self, look: Look, rules: Rules, *, forget: bool) -> None:
        row = self._database.execute("SELECT * FROM users WHERE user = ?", (look.user,)).fetchone()
        _, packed, again, unknown, _ = row or (look.user, None, None, None, None)
        now = look.at.timestamp()
        if forget and not look.detached and (look.accounts is not None or packed is None):
            self._database.execute("DELETE FROM users WHERE user = ?", (look.user,))
            return
        if look.accounts is None:
            since = now if unknown is None else min(unknown, now)
            again = now + min(max(rules.soon, now - since), rules.every)
            self._write((look.user, packed, again, since, look.why))
            return
        text = None if packed is None else zlib.decompressobj(-15, _COMMON).decompress(packed)
        known = None if text is None else _known(text)
        had = len(known or ())
        suspicions = [at for one in (known or {}).values() for at in one.suspects.values()]
        began = min(suspicions, default=now)
        worse_since = partial(self._is_worse, began, now, rules.soon)
        verdict = judge(known, look, rules, is_careful=worse_since)
        if not suspicions:
            self._worse.append((now, verdict.worse, max(had, 1)))
        for event in verdict.events:
            self._database.execute(
                "INSERT OR IGNORE INTO events (id, body) VALUES (?, ?)",
                (event.id, json.dumps(event.to_dict())),
            )
        if look.detached and not verdict.known:
            self._database.execute("DELETE FROM users WHERE user = ?", (look.user,))
            return
        new = _text(verdict.known)
        # Most of the time there is nothing to write.
        if (new, verdict.again, None) != (text, again, unknown):
            self._write((look.user, _packed(new), verdict.again, None, None))

    def _is_worse(self, began: float, now: float, soon: float) -> bool:
        """Tell whether half of what was looked at around a suspicion looks worse, too."""
        spans = (began - soon, began), (began, now + 1e-6)
        looks = [[one for one in self._worse if a < one[0] < b] for a, b in spans]
        return any(
            len(ones) >= 2 and 2 * sum(one[1] for one in ones) >= sum(one[2] for one in ones)
            for ones in looks
        )

    def _write(self, row: tuple[object, ...]) -> None:
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

    def end_round(self, at: float, users: int) -> None:
        """Note when a round ends and how many users were listed for it, and shorten the log."""
        with self._transaction():
            self._set(ended=at, users=users)
            copy = (
                "INSERT OR REPLACE INTO facts SELECT 'completed', value FROM facts WHERE name = ?"
            )
            self._database.execute(copy, ("began",))
            self._database.execute("DELETE FROM events WHERE acknowledged < ?", (at - _KEPT,))

    def _set(self, **facts: float) -> None:
        self._database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())

    def undelivered(self) -> list[Event]:
        """Give the first 100 events that nobody has acknowledged, the oldest first."""
        found = self._database.execute(
            "SELECT body FROM events WHERE acknowledged IS NULL ORDER BY number LIMIT 100"
        )
        return [Event.from_dict(json.loads(body)) for (body,) in found]

    def acknowledge(self, event: Event, at: float) -> None:
        """Note that an event has been received."""
        mark = "UPDATE events SET acknowledged = ? WHERE id = ?"
        self._database.execute(mark, (at, event.id))

    def status(self) -> Status:
        """Tell how far the watch has come."""
        ended, users = self.fact("ended"), self.fact("users")
        found = self._database.execute(
            "SELECT user, unknown, why FROM users WHERE unknown IS NOT NULL ORDER BY unknown"
        )
        return Status(
            None if ended is None else datetime.fromtimestamp(ended, UTC),
            int(users or 0),
            {user or None: (datetime.fromtimestamp(at, UTC), why) for user, at, why in found},
            self._waiting(),
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
        self._database.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()


def _text(known: dict[str, Known]) -> bytes:
    return json.dumps([one.pack() for one in known.values()], separators=(",", ":")).encode()


def _known(text: bytes) -> dict[str, Known]:
    return {one.account.platform_id: one for one in map(Known.unpack, json.loads(text))}


def _packed(text: bytes) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, _COMMON)
    return squeezer.compress(text) + squeezer.flush()
