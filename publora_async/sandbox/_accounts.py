"""One connected account, and how the service tells of it."""

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
        platform: A name out of ``PLATFORMS``.

        account_id: The platform id after its first hyphen.

        username: Handle as the platform spells it. ``None`` for a private Telegram channel.

        display_name: Name for people. ``None`` where the account has none.

        image_url: Where its picture is. ``None`` where it has none.

        profile_url: Where its page is. ``None`` where it has none.

        left: How long the token still lasts, negative once it is over. ``None`` means that
            no date is known.

        revoked: Whether the account's owner has withdrawn the token, whatever its date.

        posted_ago: How long ago the last post went out. ``None`` means never.

        failure: What went wrong with the last post that failed. ``None`` means nothing.

        failed_ago: How long ago that was.

        tier: Subscription on X. ``None`` means none, or another platform.
    """

    platform: str
    account_id: str
    username: str | None
    display_name: str | None
    image_url: str | None
    profile_url: str | None
    left: timedelta | None = None
    revoked: bool = False
    posted_ago: timedelta | None = None
    failure: str | None = None
    failed_ago: timedelta = _HOUR
    tier: str | None = None

    @property
    def platform_id(self) -> str:
        """The id by which Publora knows the connection."""
        return f"{self.platform}-{self.account_id}"

    @property
    def expired(self) -> bool:
        """Whether the token is of no use any more, by its date or by its owner's will."""
        return self.revoked or (self.left is not None and self.left <= timedelta())

    @property
    def token_status(self) -> str:
        """What the service says of the token: ``expiring_soon`` under 7 days, TikTok 30."""
        platform = PLATFORMS[self.platform]
        if self.expired:
            return "expired"
        if self.left is None:
            return platform.undated
        return "expiring_soon" if self.left < timedelta(days=platform.soon) else "valid"

    @property
    def token_expires_in(self) -> str | None:
        """The time left in words, such as ``"7d 3h"``. ``None`` if no date is known."""
        if self.left is None:
            return None
        if self.left <= timedelta():
            return "expired"
        days, hours = divmod(self.left // _HOUR, 24)
        if days:
            return f"{days}d {hours}h"
        return f"{hours}h" if hours else "< 1h"


def healthy_account(name: str, who: Person, account_id: str) -> Account:
    """Give an account of *who* on the platform *name*, without dates and with nothing wrong."""
    return Account(
        platform=name,
        account_id=account_id,
        username=PLATFORMS[name].username.format(handle=who.handle, name=who.name),
        display_name=who.name,
        image_url=f"https://images.example/{name}/{who.handle}.jpg",
        profile_url=f"https://{name}.example/{who.handle}",
    )


def timestamp(moment: datetime) -> str:
    """Spell *moment*, which is in UTC, as the service does: with milliseconds and a ``Z``."""
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def listing_entry(account: Account, now: datetime, form: Form) -> JsonObject:
    """Give *account* as ``platform-connections`` lists it."""
    expires_at = None if account.left is None else timestamp(now + account.left)
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
        **_history(account, now),
        "subscriptionType": account.tier,
    }


def result_of_test(account: Account, now: datetime) -> JsonObject:
    """Give *account* as ``test-connection`` answers for it."""
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
        **_history(account, now),
    }


def _history(account: Account, now: datetime) -> JsonObject:
    """Give the three fields that a listing and a test share."""
    posted_at = None if account.posted_ago is None else timestamp(now - account.posted_ago)
    error = None
    if account.failure is not None:
        error = {"message": account.failure, "occurredAt": timestamp(now - account.failed_ago)}
    return {
        "tokenExpiresIn": account.token_expires_in,
        "lastSuccessfulPost": posted_at,
        "lastError": error,
    }
