"""Which accounts are connected to whom now: those that the seed gives, and those added since."""

from datetime import datetime
from functools import lru_cache

import attrs

from publora_async.sandbox._accounts import Account, Form, listing_entry, result_of_test
from publora_async.sandbox._data import Owner, initial_accounts, new_account, reconnected
from publora_async.sandbox._routes import encode

__all__ = ["AccountBook"]

_BODIES_KEPT = 2048
_FIRST_NEW_POSITION = 64


@attrs.define
class _Change:
    account: Account
    polls_left: int


class AccountBook:
    """
    The connected accounts of the sandbox's own account and of its managed users.

    Args:
        seed: Decides the accounts that there are at first.

        users: How many managed users have accounts at first; users created later have none.

        now: The time that all dates are counted from.

        form: Which fields a listing has.
    """

    def __init__(self, seed: int, users: int, now: datetime, form: Form) -> None:
        self._seed = seed
        self._users = users
        self._now = now
        self._form: Form = form
        self._changes: dict[Owner, list[_Change]] = {}
        self._unchanged_body = lru_cache(_BODIES_KEPT)(self._body)

    def listing(self, owner: Owner) -> bytes:
        """Give the body that lists the accounts of *owner*, and count this as one poll."""
        changes = self._changes.get(owner)
        if changes is None:
            return self._unchanged_body(owner)
        body = self._body(owner)
        for change in changes:
            change.polls_left = max(0, change.polls_left - 1)
        return body

    def test(self, owner: Owner, platform_id: str) -> bytes | None:
        """Give the body of a connection test, or ``None`` if *owner* has no such account."""
        account = self._accounts_of(owner).get(platform_id)
        return None if account is None else encode(result_of_test(account, self._now))

    def connect(self, owner: Owner, platform: str, after_polls: int) -> str:
        """
        Reconnect the first expired account on *platform*, or connect a new one.

        Args:
            owner: Who connects it.

            platform: A key of ``PLATFORMS``.

            after_polls: How many more times the owner's accounts are listed without it.

        Returns:
            Its platform id.
        """
        changes = self._changes.setdefault(owner, [])
        expired = (
            account
            for account in self._accounts_of(owner).values()
            if account.platform == platform and account.expired
        )
        account = next(expired, None)
        if account is None:
            position = _FIRST_NEW_POSITION + len(changes)
            account = new_account(self._seed, owner, position, platform)
        changes.append(_Change(reconnected(account), after_polls))
        return account.platform_id

    def _accounts_of(self, owner: Owner) -> dict[str, Account]:
        """Give the connected accounts of *owner* by platform id."""
        is_new = owner is not None and owner >= self._users
        initial = [] if is_new else initial_accounts(self._seed, owner)
        changed = [c.account for c in self._changes.get(owner, ()) if c.polls_left == 0]
        return {account.platform_id: account for account in initial + changed}

    def _body(self, owner: Owner) -> bytes:
        entries = [
            listing_entry(a, self._now, self._form) for a in self._accounts_of(owner).values()
        ]
        return encode({"success": True, "connections": entries})
