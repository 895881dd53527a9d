"""Who has which connections now: the drawn ones, and what was connected since."""

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
    The connections of the account and of its managed users.

    Args:
        seed: What the connections follow from.

        users: How many managed users have drawn connections; those made later have none.

        now: When the sandbox takes it to be.

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
        """Answer ``platform-connections`` for *owner*, and count it as one poll."""
        changes = self._changes.get(owner)
        if changes is None:
            return self._unchanged_body(owner)
        body = self._body(owner)
        for change in changes:
            change.polls_left = max(0, change.polls_left - 1)
        return body

    def test(self, owner: Owner, platform_id: str) -> bytes | None:
        """Answer ``test-connection``, or give ``None`` if *owner* has no such account."""
        account = self._of(owner).get(platform_id)
        return None if account is None else encode(result_of_test(account, self._now))

    def connect(self, owner: Owner, platform: str, after_polls: int) -> str:
        """
        Connect an account of *platform*: the first expired one anew, else a new one.

        Args:
            owner: Whose account.

            platform: A name out of ``PLATFORMS``.

            after_polls: How many more listings do not show it yet.

        Returns:
            Its platform id.
        """
        changes = self._changes.setdefault(owner, [])
        expired = (
            account
            for account in self._of(owner).values()
            if account.platform == platform and account.expired
        )
        account = next(expired, None)
        if account is None:
            position = _FIRST_NEW_POSITION + len(changes)
            account = new_account(self._seed, owner, position, platform)
        changes.append(_Change(reconnected(account), after_polls))
        return account.platform_id

    def _of(self, owner: Owner) -> dict[str, Account]:
        """Give the accounts that are connected to *owner* now, by platform id."""
        drawn = (
            []
            if owner is not None and owner >= self._users
            else initial_accounts(self._seed, owner)
        )
        changed = [c.account for c in self._changes.get(owner, ()) if c.polls_left == 0]
        return {account.platform_id: account for account in drawn + changed}

    def _body(self, owner: Owner) -> bytes:
        shown = [listing_entry(a, self._now, self._form) for a in self._of(owner).values()]
        return encode({"success": True, "connections": shown})
