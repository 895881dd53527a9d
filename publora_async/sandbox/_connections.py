"""Which accounts are connected to whom now: those that the seed gives, and what changed since."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

import attrs

from publora_async.sandbox._accounts import Account, Form, listing_entry, result_of_test
from publora_async.sandbox._cases import reconnected
from publora_async.sandbox._clock import Schedule
from publora_async.sandbox._data import Owner, initial_accounts, new_account
from publora_async.sandbox._routes import encode

__all__ = ["AccountBook"]

_BODIES_KEPT = 2048
_FIRST_NEW_POSITION = 64


@attrs.define
class _Entry:
    account: Account
    polls_left: int = 0


class _Body(NamedTuple):
    """A listing, and from when until when it is the same."""

    data: bytes
    since: timedelta
    until: timedelta


class AccountBook:
    """
    The connected accounts of the sandbox's own account and of its managed users.

    Args:
        seed: Decides the accounts that there are at first.

        users: How many managed users have accounts at first; users created later have none.

        schedule: Tells the time.

        form: Which fields a listing has.

    Attributes:
        form: Which fields a listing has; it may be changed.
    """

    def __init__(self, seed: int, users: int, schedule: Schedule, form: Form) -> None:
        self.form: Form = form
        self._seed = seed
        self._users = users
        self._schedule = schedule
        self._changed: dict[Owner, list[_Entry]] = {}
        self._positions: Counter[Owner] = Counter()
        self._bodies: dict[tuple[Owner, Form], _Body] = {}

    def listing(self, owner: Owner) -> bytes:
        """Give the body that lists the accounts of *owner*, and count this as one poll."""
        if owner not in self._changed:
            return self._unchanged_body(owner)
        data = self._body(self.accounts(owner), self._schedule.elapsed())
        for entry in self._changed[owner]:
            entry.polls_left = max(0, entry.polls_left - 1)
        return data

    def test(self, owner: Owner, platform_id: str) -> bytes | None:
        """Give the body of a connection test, or ``None`` if *owner* has no such account."""
        account = next((a for a in self.accounts(owner) if a.platform_id == platform_id), None)
        if account is None:
            return None
        return encode(result_of_test(account, self._schedule.start, self._schedule.elapsed()))

    def accounts(self, owner: Owner) -> list[Account]:
        """Give the connected accounts of *owner*, as they are listed."""
        if owner not in self._changed:
            is_new = owner is not None and owner >= self._users
            return [] if is_new else initial_accounts(self._seed, owner)
        shown = [entry.account for entry in self._changed[owner] if entry.polls_left == 0]
        # An account that was connected again stands where it stood.
        return list({account.platform_id: account for account in shown}.values())

    def new(self, owner: Owner, platform: str) -> Account:
        """Make another account of *owner*, which is not connected yet."""
        self._positions[owner] += 1
        position = _FIRST_NEW_POSITION + self._positions[owner] - 1
        return new_account(self._seed, owner, position, platform)

    def put(self, owner: Owner, account: Account, after_polls: int = 0) -> str:
        """
        Connect *account*, in place of the one with its id if there is one.

        Args:
            owner: Who connects it.

            account: The account.

            after_polls: How many more times the owner's accounts are listed without it.

        Returns:
            Its platform id.
        """
        waiting = [entry for entry in self._changed.get(owner, ()) if entry.polls_left]
        self.replace(owner, self.accounts(owner))
        self._changed[owner] += [*waiting, _Entry(account, after_polls)]
        return account.platform_id

    def connect(self, owner: Owner, platform: str, after_polls: int) -> str:
        """Reconnect the first expired account on *platform*, or connect a new one."""
        elapsed = self._schedule.elapsed()
        expired = (
            account
            for account in self.accounts(owner)
            if account.platform == platform and account.expired(elapsed)
        )
        account = next(expired, None) or self.new(owner, platform)
        return self.put(owner, reconnected(account, elapsed), after_polls)

    def remove(self, owner: Owner, platform_id: str) -> None:
        """Disconnect an account of *owner*."""
        self._changed[owner] = [
            entry
            for entry in self._changed.get(owner) or map(_Entry, self.accounts(owner))
            if entry.account.platform_id != platform_id
        ]

    def replace(self, owner: Owner, accounts: Iterable[Account]) -> None:
        """Have *owner* have these *accounts*, and no other."""
        self._changed[owner] = [_Entry(account) for account in accounts]

    def _unchanged_body(self, owner: Owner) -> bytes:
        elapsed = self._schedule.elapsed()
        key = owner, self.form
        body = self._bodies.get(key)
        if body is None or not body.since <= elapsed < body.until:
            accounts = self.accounts(owner)
            until = min((a.same_until(elapsed) for a in accounts), default=timedelta.max)
            body = _Body(self._body(accounts, elapsed), elapsed, until)
            self._bodies.pop(key, None)
            if len(self._bodies) == _BODIES_KEPT:
                del self._bodies[next(iter(self._bodies))]
            self._bodies[key] = body
        return body.data

    def _body(self, accounts: Iterable[Account], elapsed: timedelta) -> bytes:
        start = self._schedule.start
        entries = [listing_entry(account, start, elapsed, self.form) for account in accounts]
        return encode({"success": True, "connections": entries})
