"""The accounts that a test wants: what it says of them, made into accounts."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from attrs import evolve

from publora_async.sandbox._accounts import Account
from publora_async.sandbox._clock import in_utc
from publora_async.sandbox._platforms import traits
from publora_async.sandbox._routes import encode

__all__ = ["expired_now", "from_fields", "platform_id_of", "reconnected", "renamed", "with_case"]

_PLATFORM_ID = re.compile(r"[a-z0-9]+-[^\s/?#\x00-\x1f\x7f]+")
_JUDGED_BY_DATE = ("valid", "expiring_soon", "expired")
_TOKEN_FIELDS = ("accessTokenExpiresAt", "tokenStatus", "tokenExpiresIn")
_EXPIRED_FOR = timedelta(days=1)


def with_case(
    account: Account,
    elapsed: timedelta,
    status: str | None,
    expires_in: timedelta | None,
    last_error: str | None,
    test_error: str | None = None,
) -> Account:
    """
    Give *account* the state that a test wants.

    Args:
        account: The account.

        elapsed: How long ago the sandbox began.

        status: The status that it has now. ``None`` means the one that its date gives it.

        expires_in: How long its token still lasts. ``None`` means as long as *status* needs.

        last_error: What went wrong with its last post. ``None`` means nothing.

        test_error: What a live test complains of. ``None`` means nothing but the token.

    Raises:
        ValueError: No account on the platform can be in that state.
    """
    platform = traits(account.platform)
    if expires_in is None and platform.token_days is not None:
        spans = {"expired": -_EXPIRED_FOR, "expiring_soon": timedelta(days=platform.soon_days) / 2}
        expires_in = spans.get(status or "", timedelta(days=platform.token_days))
    elif expires_in is not None and platform.token_days is None:
        raise ValueError(f"{account.platform} accounts have no expiry date: leave expires_in out")
    account = evolve(
        account,
        token_left=None if expires_in is None else elapsed + expires_in,
        revoked=status == "expired" and (expires_in is None or expires_in > timedelta()),
        status=None if status in _JUDGED_BY_DATE else status,
        failure=last_error,
        failed_ago=-elapsed,
        test_error=test_error,
    )
    actual = account.token_status(elapsed)
    if status is not None and status != actual:
        raise ValueError(f"such a {account.platform} account is {actual}, it cannot be {status}")
    return account


def expired_now(account: Account, elapsed: timedelta, last_error: str | None) -> Account:
    """Have the token of *account* expire, or be revoked where the platform knows no date."""
    undated = account.token_left is None
    return evolve(
        account,
        token_left=None if undated else elapsed,
        revoked=undated,
        status=None,
        failure=last_error or account.failure,
        failed_ago=-elapsed if last_error else account.failed_ago,
        fields=_without(account.fields, *_TOKEN_FIELDS),
    )


def reconnected(account: Account, elapsed: timedelta) -> Account:
    """Give *account* a new token, *elapsed* after the sandbox began, with nothing wrong."""
    days = traits(account.platform).token_days
    return evolve(
        account,
        token_left=None if days is None else elapsed + timedelta(days=days),
        revoked=False,
        status=None,
        failure=None,
        fields=_without(account.fields, *_TOKEN_FIELDS, "lastError"),
    )


def renamed(account: Account, username: str, display_name: str) -> Account:
    """Give *account* other names."""
    return evolve(
        account,
        username=username,
        display_name=display_name,
        fields=_without(account.fields, "username", "displayName"),
    )


def from_fields(model: Account, start: datetime, fields: Mapping[str, object]) -> Account:
    """
    Make the account that a list shall show with these *fields*.

    Args:
        model: What it has of the fields that are left out.

        start: When the sandbox began.

        fields: Fields of a connection as the service spells them, its ``platformId`` at least.

    Raises:
        ValueError: ``platformId`` or ``accessTokenExpiresAt`` is malformed.

        TypeError: JSON has no such value.
    """
    encode(dict(fields))
    platform_id = platform_id_of(fields)
    name, _, account_id = platform_id.partition("-")
    account = evolve(model, platform=name, account_id=account_id, fields=dict(fields))
    status = fields.get("tokenStatus")
    if isinstance(status, str):
        account = evolve(account, status=status)
    if "accessTokenExpiresAt" not in fields:
        return account
    text = fields["accessTokenExpiresAt"]
    if text is None:
        return evolve(account, token_left=None)
    moment = in_utc("accessTokenExpiresAt", datetime.fromisoformat(str(text)))
    return evolve(account, token_left=moment - start)


def platform_id_of(fields: Mapping[str, object]) -> str:
    """
    Give the ``platformId`` among *fields*.

    Raises:
        ValueError: There is none, or it is malformed.
    """
    platform_id = fields.get("platformId")
    if not isinstance(platform_id, str) or not _PLATFORM_ID.fullmatch(platform_id):
        raise ValueError(f"platformId must be such as 'linkedin-Tz4NqVnrPU', not {platform_id!r}")
    return platform_id


def _without(fields: Mapping[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name not in names}
