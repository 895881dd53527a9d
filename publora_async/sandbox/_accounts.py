"""One connected account, and the JSON in which the service shows it."""

from datetime import datetime, timedelta
from typing import Literal

import attrs

from publora_async.sandbox._people import Person
from publora_async.sandbox._platforms import PLATFORMS

__all__ = [
    "Account",
    "Form",
    "JsonObject",
    "healthy_account",
    "listing_entry",
    "result_of_test",
    "timestamp",
]

Form = Literal["today", "contract"]
JsonObject = dict[str, object]

_HOUR = timedelta(hours=1)


@attrs.frozen(kw_only=True)
class Account:
    """
    One social account that somebody has connected.

    Attributes:
        platform: A key of ``PLATFORMS``.

        account_id: The platform id after its first hyphen.

        username: Handle as the platform writes it. ``None`` for a private Telegram channel.

        display_name: Name to show. ``None`` means the account has none.

        image_url: URL of its picture. ``None`` means it has none.

        profile_url: URL of its page. ``None`` means it has none.

        token_left: How long the token still lasts, negative once it has expired. ``None`` means
            that no date is known.

        revoked: Whether the account's owner has revoked the token, whatever its date.

        posted_ago: How long ago the last post went out. ``None`` means never.

        failure: What went wrong with the last post that failed. ``None`` means nothing.

        failed_ago: How long ago that was.

        subscription: Subscription on X. ``None`` means none, or another platform.
    """

    platform: str
    account_id: str
    username: str | None
    display_name: str | None
    image_url: str | None
    profile_url: str | None
    token_left: timedelta | None = None
    revoked: bool = False
    posted_ago: timedelta | None = None
    failure: str | None = None
    failed_ago: timedelta = _HOUR
    subscription: str | None = None

    @property
    def platform_id(self) -> str:
        """Publora's id of the connection."""
        return f"{self.platform}-{self.account_id}"

    @property
    def expired(self) -> bool:
        """Whether the token no longer works: its time is over, or its owner has revoked it."""
        return self.revoked or (self.token_left is not None and self.token_left <= timedelta())

    @property
    def token_status(self) -> str:
        """
        What the service calls the token's state, such as ``"expiring_soon"``.

        Expiring soon means in less than 7 days, on TikTok 30.
        """
        platform = PLATFORMS[self.platform]
        if self.expired:
            return "expired"
        if self.token_left is None:
            return platform.undated_status
        return "expiring_soon" if self.token_left < timedelta(days=platform.soon_days) else "valid"

    @property
    def token_expires_in(self) -> str | None:
        """The time left in words, such as ``"7d 3h"``. ``None`` if no date is known."""
        if self.token_left is None:
            return None
        if self.token_left <= timedelta():
            return "expired"
        days, hours = divmod(self.token_left // _HOUR, 24)
        if days:
            return f"{days}d {hours}h"
        return f"{hours}h" if hours else "< 1h"


def healthy_account(name: str, who: Person, account_id: str) -> Account:
    """Make an account of *who* on the platform *name*, without dates and with nothing wrong."""
    return Account(
        platform=name,
        account_id=account_id,
        username=PLATFORMS[name].username.format(handle=who.handle, name=who.name),
        display_name=who.name,
        image_url=f"https://images.example/{name}/{who.handle}.jpg",
        profile_url=f"https://{name}.example/{who.handle}",
    )


def timestamp(moment: datetime) -> str:
    """Write *moment*, which is in UTC, as the service does: with milliseconds and a ``Z``."""
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def listing_entry(account: Account, now: datetime, form: Form) -> JsonObject:
    """Give the entry of *account* in the list of connections."""
    expires_at = None if account.token_left is None else timestamp(now + account.token_left)
    if form == "contract":
        # The contract's form knows no null but the date's.
        name = account.display_name or account.username
        return {
            "platformId": account.platform_id,
            "username": account.username or name,
            "displayName": name,
            "profileImageUrl": account.image_url or "https://images.example/none.png",
            "accessTokenExpiresAt": expires_at,
        }
    return {
        "platformId": account.platform_id,
        "username": account.username,
        "displayName": account.display_name,
        "profileImageUrl": account.image_url,
        "profileUrl": account.profile_url,
        "accessTokenExpiresAt": expires_at,
        "tokenStatus": account.token_status,
        **_shared_fields(account, now),
        "subscriptionType": account.subscription,
    }


def result_of_test(account: Account, now: datetime) -> JsonObject:
    """Give the result of testing *account*."""
    if not account.expired:
        message = "Connection is working"
    elif account.revoked:
        message = "Access was revoked on the platform. Reconnect the account."
    else:
        message = "Access token has expired. Reconnect the account."
    return {
        "platform": account.platform,
        "platformId": account.platform_id,
        "username": account.username,
        "status": "error" if account.expired else "ok",
        "message": message,
        "permissions": PLATFORMS[account.platform].permissions if not account.expired else (),
        **_shared_fields(account, now),
    }


def _shared_fields(account: Account, now: datetime) -> JsonObject:
    """Give the three fields that a list's entry and a test's result share."""
    posted_at = None if account.posted_ago is None else timestamp(now - account.posted_ago)
    error = None
    if account.failure is not None:
        error = {"message": account.failure, "occurredAt": timestamp(now - account.failed_ago)}
    return {
        "tokenExpiresIn": account.token_expires_in,
        "lastSuccessfulPost": posted_at,
        "lastError": error,
    }
