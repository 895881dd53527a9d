"""What a watch remembers, in its file; used by one thread."""

import json
import zlib
from collections.abc import Iterable
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from publora_async._watch.database import check, connected, locked, migrate, usable
from publora_async._watch.events import Event
from publora_async._watch.judge import Known, Look, Rules, Verdict, as_told, judge
from publora_async._wire import time_text

__all__ = ["StateFile", "status_of"]

_KEPT: Final = 90 * 86_400
"""Seconds for which the log keeps an event that was acknowledged."""

_RECENT: Final = 50
"""How many users' last looks are remembered, to tell whether it is the service that is wrong."""

_MISSING: Final = 2
"""In how many lists in a row a user has to be missing to be forgotten."""

_COMMON: Final = (
    b"facebookyoutubebluesky-did:plc:mastodontelegram--100pinterestthreadstiktokinstagram-linkedin"
    b'-twitter-"unknown","expiring_soon","expired",null,"b","e","valid",null,"f","",0,0,0],["@'
)
"""
What many accounts have in common, the most frequent last, for zlib.

Files are written with it: another one needs a migration.
"""

_to_json = json.JSONEncoder(separators=(",", ":")).encode


class StateFile:
    """
    What is known of all users, the log of events, and which of them were delivered.

    Args:
        path: The file. ``":memory:"``: none.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._opened = ExitStack()
        # Of the last users: when they were looked at, how many accounts looked worse, of how many.
        self._recent: dict[str, tuple[float, int, int]] = {}

    def open(self, *, only_read: bool = False) -> None:
        """
        Open it, for a watch or to be read beside one; for a watch it is made if need be.

        Raises:
            StateFileError: Another watch has it.
            ValueError: It is no watch's, or of a newer version.
            OSError: It cannot be made.
            sqlite3.Error: It is broken, or cannot be read or written.
        """
        if not only_read:
            self._opened.enter_context(closing(locked(self._path)))
        database = connected(self._path, only_read=only_read)
        self._database = self._opened.enter_context(closing(database))
        version = check(database)
        if not only_read:
            migrate(database, version)

    def close(self) -> None:
        """Close it, and let another watch have it."""
        self._opened.close()

    def enter(self, users: Iterable[str]) -> None:
        """Note that these users belong to the next round; who is new is due at once."""
        rows = [(user,) for user in users]
        with self._database:
            self._database.executemany("INSERT OR IGNORE INTO listed VALUES (?)", rows)
            self._database.executemany("INSERT OR IGNORE INTO users (user) VALUES (?)", rows)

    def begin_round(self, now: float, rules: Rules, *, are_all_entered: bool = True) -> int:
        """
        Begin a round; give how many users there are to look at.

        Args:
            now: When.
            rules: For how long the next looks may be set.
            are_all_entered: Whether the list was had as a whole; else nobody is missing from it.
        """
        run = self._database.execute
        with self._database:
            run("UPDATE users SET missing = 0 WHERE missing AND user IN listed")
            if are_all_entered:
                (listed,) = run("SELECT COUNT(*) FROM listed").fetchone()
                (before,) = run("SELECT users FROM rounds").fetchone()
                run("UPDATE rounds SET users = ?", (listed,))
                # Where more than half are missing, the list may be at fault; the next is believed.
                if 2 * listed >= before:
                    run("UPDATE users SET missing = missing + 1 WHERE user NOT IN listed")
            run("DELETE FROM listed")
            # A single round is about everybody at once. In others nobody waits until a clock that
            # was set back has come so far again.
            latest = 0 if rules.once else now + 1.1 * rules.every
            run("UPDATE users SET again = 0 WHERE again > ?", (latest,))
            return int(run("SELECT COUNT(*) FROM users").fetchone()[0])

    def end_round(self, now: float) -> None:
        """Note when a round ends, and drop what the log keeps no longer."""
        with self._database:
            self._database.execute("DELETE FROM events WHERE acknowledged < ?", (now - _KEPT,))
            self._database.execute("UPDATE rounds SET ended = ?", (now,))

    def next_due(self, most: int) -> list[tuple[float, str]]:
        """Give when users are due, and who, the first before the others."""
        query = "SELECT again, user FROM users ORDER BY again LIMIT ?"
        return self._database.execute(query, (most,)).fetchall()

    def take_in(self, looks: Iterable[Look], rules: Rules) -> None:
        """Keep what *looks* have shown and the events that follow, all at once."""
        with self._database:
            for look in looks:
                self._take_in(look, rules)

    def _take_in(self, look: Look, rules: Rules) -> None:
        query = "SELECT accounts, unknown, missing FROM users WHERE user = ?"
        packed, unknown, missing = self._database.execute(query, (look.user,)).fetchone()
        now = look.at.timestamp()
        since = min(unknown or now, now)
        is_learned = look.accounts is not None or packed is None or now - since > rules.calm
        if missing >= _MISSING and is_learned and not look.detached:
            self._forget(look.user)
        elif look.accounts is None:
            self._write(packed, rules.retry_at(now, since), since, look.why, look.user)
        else:
            text = None if packed is None else zlib.decompressobj(-15, _COMMON).decompress(packed)
            verdict = self._judge(text, look, rules)
            self._database.executemany(
                "INSERT OR IGNORE INTO events (id, body) VALUES (?, ?)",
                [(event.id, json.dumps(event.to_dict())) for event in verdict.events],
            )
            if look.detached and not verdict.known:
                self._forget(look.user)
                return
            new = _text(verdict.known)
            again = min(verdict.again, rules.next_round(look.user, now))
            self._write(packed if new == text else _packed(new), again, None, None, look.user)

    def _judge(self, text: bytes | None, look: Look, rules: Rules) -> Verdict:
        as_seen, now = as_told(look, rules), look.at.timestamp()
        if text == _text(as_seen) or (text is None and rules.baseline):
            # As most of the time, everything is as it was told: there is nothing to judge.
            verdict = Verdict(as_seen, [], look.next_expiry(rules))
        else:
            known = None if text is None else _known(text)
            since = min((one.since for one in (known or {}).values() if one.pending), default=now)
            is_careful = partial(self._others_are_worse, look.user, since, rules)
            verdict = judge(known, look, rules, is_careful=is_careful)
        self._recent.pop(look.user, None)
        self._recent[look.user] = (now, verdict.worse, max(len(verdict.known), 1))
        if len(self._recent) > _RECENT:
            del self._recent[next(iter(self._recent))]
        return verdict

    def _others_are_worse(self, user: str, since: float, rules: Rules) -> bool:
        """Tell whether a third of what others have looks worse since then, or nobody knows yet."""
        others = [
            (worse, had)
            for who, (at, worse, had) in self._recent.items()
            if who != user and (at >= since or rules.once)
        ]
        if len(others) < min(2, rules.users - 1):
            return rules.users > 2
        return 3 * sum(worse for worse, _ in others) >= sum(had for _, had in others) > 0

    def _forget(self, user: str) -> None:
        self._database.execute("DELETE FROM users WHERE user = ?", (user,))

    def _write(self, *row: object) -> None:
        update = "UPDATE users SET accounts = ?, again = ?, unknown = ?, why = ? WHERE user = ?"
        self._database.execute(update, row)

    def undelivered(self, most: int = 100) -> list[Event]:
        """Give the first events that nobody has acknowledged, the oldest first; -1: all."""
        found = self._database.execute(
            "SELECT body FROM events WHERE acknowledged IS NULL ORDER BY number LIMIT ?", (most,)
        )
        return [Event.from_dict(json.loads(body)) for (body,) in found]

    def acknowledge(self, event: Event, at: float) -> None:
        """Note that an event has been received."""
        mark = "UPDATE events SET acknowledged = ? WHERE id = ?"
        with self._database:
            self._database.execute(mark, (at, event.id))

    def status(self) -> dict[str, Any]:
        """Tell how far the watch has come, as JSON has it."""
        ended, users = self._database.execute("SELECT ended, users FROM rounds").fetchone()
        found = self._database.execute(
            "SELECT user, unknown, why FROM users WHERE unknown IS NOT NULL ORDER BY unknown"
        )
        return {
            "roundEnded": None if ended is None else _time_text(ended),
            "users": users,
            "undelivered": [event.to_dict() for event in self.undelivered(most=-1)],
            "unknown": [
                {"userId": user or None, "since": _time_text(since), "why": why}
                for user, since, why in found
            ],
        }


def status_of(path: str) -> dict[str, Any]:
    """
    Tell how far a watch over a file has come; it may be running.

    Raises:
        StateFileError: The file is broken, of a newer version, or cannot be read.
    """
    file = StateFile(path)
    with usable(path), closing(file):
        file.open(only_read=True)
        return file.status()


def _text(known: dict[str, Known]) -> bytes:
    return _to_json([one.pack() for one in known.values()]).encode()


def _known(text: bytes) -> dict[str, Known]:
    return {one.account.platform_id: one for one in map(Known.unpack, json.loads(text))}


def _packed(text: bytes) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -12, 5, zlib.Z_DEFAULT_STRATEGY, _COMMON)
    return squeezer.compress(text) + squeezer.flush()


def _time_text(moment: float) -> str:
    return time_text(datetime.fromtimestamp(moment, UTC))
