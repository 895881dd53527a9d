"""One connected account, and the JSON in which the service shows it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

import attrs

from publora_async.sandbox._people import Person
from publora_async.sandbox._platforms import traits

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
        platform: Name of the platform.

        account_id: The platform id after its first hyphen.

        username: Handle as the platform writes it. ``None`` for a private Telegram channel.

        display_name: Name to show. ``None`` means the account has none.

        image_url: URL of its picture. ``None`` means it has none.

        profile_url: URL of its page. ``None`` means it has none.

        token_left: How long the token still lasted when the sandbox began, negative if it had
            expired. ``None`` means that no date is known.

        revoked: Whether the account's owner has revoked the token, whatever its date.

        status: What the token's state is called, whatever its date. ``None`` means that the date
            says.

        posted_ago: How long before the sandbox began the last post went out. ``None`` means
            never.

        failure: What went wrong with the last post that failed. ``None`` means nothing.

        failed_ago: How long before the sandbox began that was, negative if it was later.

        test_error: What a live test complains of, also while the token works. ``None`` means
            nothing.

        subscription: Subscription on X. ``None`` means none, or another platform.

        fields: Fields of its entry in a list that are as somebody has set them.
    """

    platform: str
    account_id: str
    username: str | None
    display_name: str | None
    image_url: str | None
    profile_url: str | None
    token_left: timedelta | None = None
    revoked: bool = False
    status: str | None = None
    posted_ago: timedelta | None = None
    failure: str | None = None
    failed_ago: timedelta = _HOUR
    test_error: str | None = None
    subscription: str | None = None
    fields: Mapping[str, object] = MappingProxyType({})

    @property
    def platform_id(self) -> str:
        """Publora's id of the connection."""
        return f"{self.platform}-{self.account_id}"

    def left(self, elapsed: timedelta) -> timedelta | None:
        """Give how long the token still lasts, *elapsed* after the sandbox began."""
        return None if self.token_left is None else self.token_left - elapsed

    def expired(self, elapsed: timedelta) -> bool:
        """Tell whether the token no longer works: its time is over, or its owner revoked it."""
        return self.token_status(elapsed) == "expired"

    def token_status(self, elapsed: timedelta) -> str:
        """
        Give what the service calls the token's state, such as ``"expiring_soon"``.

        Expiring soon means in less than 7 days, on TikTok 30.
        """
        if self.status is not None:
            return self.status
        left = self.left(elapsed)
        if self.revoked or (left is not None and left <= timedelta()):
            return "expired"
        if left is None:
            # Publora knows a Bluesky account by its user name.
            return "unknown" if self.platform == "bluesky" and self.username is None else "valid"
        return (
            "expiring_soon" if left < timedelta(days=traits(self.platform).soon_days) else "valid"
        )

    def token_expires_in(self, elapsed: timedelta) -> str | None:
        """Give the time left in words, such as ``"7d 3h"``. ``None`` if no date is known."""
        left = self.left(elapsed)
        if left is None:
            return None
        if left <= timedelta():
            return "expired"
        days, hours = divmod(left // _HOUR, 24)
        if days:
            return f"{days}d {hours}h"
        return f"{hours}h" if hours else "< 1h"

    def same_until(self, elapsed: timedelta) -> timedelta:
        """Give when the words for the time left, and perhaps the status, are others."""
        left = self.left(elapsed)
        if left is None or left <= timedelta():
            return timedelta.max
        if left < _HOUR:
            return elapsed + left
        # At the full hour the words are still the same.
        return elapsed + left % _HOUR + timedelta.resolution


def healthy_account(name: str, who: Person, account_id: str) -> Account:
    """Make an account of *who* on the platform *name*, without dates and with nothing wrong."""
    return Account(
        platform=name,
        account_id=account_id,
        username=traits(name).username.format(handle=who.handle, name=who.name),
        display_name=who.name,
        image_url=f"https://images.example/{name}/{who.handle}.jpg",
        profile_url=f"https://{name}.example/{who.handle}",
    )


def timestamp(moment: datetime) -> str:
    """Write *moment*, which is in UTC, as the service does: with milliseconds and a ``Z``."""
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def listing_entry(account: Account, start: datetime, elapsed: timedelta, form: Form) -> JsonObject:
    """
    Give the entry of *account* in the list of connections.

    Args:
        account: The account.

        start: When the sandbox began.

        elapsed: How long ago that is.

        form: Which fields the entry has.
    """
    expires_at = None if account.token_left is None else timestamp(start + account.token_left)
    entry: JsonObject = {
        "platformId": account.platform_id,
        "username": account.username,
        "displayName": account.display_name,
        "profileImageUrl": account.image_url,
        "profileUrl": account.profile_url,
        "accessTokenExpiresAt": expires_at,
        "tokenStatus": account.token_status(elapsed),
        **_shared_fields(account, start, elapsed),
        "subscriptionType": account.subscription,
        **account.fields,
    }
    if form == "today":
        return entry
    # The contract's form knows no null but the date's.
    name = entry["displayName"] or entry["username"]
    return {
        "platformId": account.platform_id,
        "username": entry["username"] or name,
        "displayName": name,
        "profileImageUrl": entry["profileImageUrl"] or "https://images.example/none.png",
        "accessTokenExpiresAt": entry["accessTokenExpiresAt"],
    }


def result_of_test(account: Account, start: datetime, elapsed: timedelta) -> JsonObject:
    """Give the result of testing *account*, *elapsed* after the *start*."""
    error = _test_error(account, elapsed)
    message = f"Connected as {account.username or account.display_name}"
    if account.platform == "telegram":
        message = f"Bot can post to {account.display_name or account.username}"
    return {
        "platform": account.platform,
        "platformId": account.platform_id,
        "username": account.fields.get("username", account.username),
        "status": "error" if error else "ok",
        "message": error or message,
        "permissions": traits(account.platform).permissions if not error else (),
        **_shared_fields(account, start, elapsed),
    }


def _test_error(account: Account, elapsed: timedelta) -> str | None:
    """Give why a test of *account* fails; an error is not always a lost credential."""
    if not traits(account.platform).testable:
        return f"Unknown platform: {account.platform}"
    if account.test_error is not None or not account.expired(elapsed):
        return account.test_error
    if account.platform == "telegram":
        return "Channel is unavailable"
    return "Request failed with status code 401"


def _shared_fields(account: Account, start: datetime, elapsed: timedelta) -> JsonObject:
    """Give the three fields that a list's entry and a test's result share."""
    posted_at = None if account.posted_ago is None else timestamp(start - account.posted_ago)
    error = None
    if account.failure is not None:
        error = {"message": account.failure, "occurredAt": timestamp(start - account.failed_ago)}
    fields = {
        "tokenExpiresIn": account.token_expires_in(elapsed),
        "lastSuccessfulPost": posted_at,
        "lastError": error,
    }
    return {name: account.fields.get(name, value) for name, value in fields.items()}
