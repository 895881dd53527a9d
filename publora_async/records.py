"""
A connection, what it is made of, and what the live check of one found.

Field names are the wire's in snake case; the rules about the service come from
https://github.com/publora/publora-api-docs/blob/main/docs/endpoints/platform-connections.md
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from publora_async._checks import aware, check_moment, plain_text
from publora_async._display.fields import AsDataclass
from publora_async._display.shown import Shown
from publora_async._introspection import AsObject, LazyModule
from publora_async._wire import ALWAYS, JSONValue, platform_name, to_wire

if TYPE_CHECKING:
    from publora_async._display import words
else:
    words = LazyModule("publora_async._display.words")

__all__ = [
    "Connection",
    "ConnectionTest",
    "LastError",
    "Platform",
    "PlatformName",
    "Row",
    "StatusName",
    "StatusSource",
    "TestStatus",
    "TestStatusName",
    "TokenStatus",
]

Row: TypeAlias = dict[str, str | bool | datetime | None]
"""One account as a flat row of a table."""

# Editors offer what is literal; type checkers take any text. Members of a StrEnum would not be
# offered between quotes.
PlatformName: TypeAlias = (
    Literal[
        "twitter", "linkedin", "instagram", "threads", "tiktok", "youtube", "facebook", "bluesky",
        "mastodon", "telegram", "pinterest",
    ]
    | str
)  # fmt: skip
"""A :class:`Platform` by its name, or any other."""

StatusName: TypeAlias = Literal["valid", "expiring_soon", "expired", "unknown"] | str
"""A :class:`TokenStatus` by its name, or any other."""

TestStatusName: TypeAlias = Literal["ok", "error"] | str
"""A :class:`TestStatus` by its name, or any other."""


class Platform(StrEnum):
    """
    The platforms that Publora connects to; it does not post to Pinterest yet.

    Equal to their text, so ``connection.platform == Platform.TWITTER`` and
    ``connection.platform == "twitter"`` mean the same, and found in any case, X by that name,
    too: ``Platform("LinkedIn")``, ``Platform("X")``. Others may come and stay plain text.
    """

    TWITTER = "twitter"
    LINKEDIN = "linkedin"
    INSTAGRAM = "instagram"
    THREADS = "threads"
    TIKTOK = "tiktok"
    YOUTUBE = "youtube"
    FACEBOOK = "facebook"
    BLUESKY = "bluesky"
    MASTODON = "mastodon"
    TELEGRAM = "telegram"
    PINTEREST = "pinterest"

    @classmethod
    def _missing_(cls, value: object) -> "Platform | None":
        if not isinstance(value, str):
            return None
        name = platform_name(value)
        return next((platform for platform in cls if platform.value == name), None)


class TokenStatus(StrEnum):
    """What Publora says of a credential's health. Others may come and stay plain text."""

    VALID = "valid"
    EXPIRING_SOON = "expiring_soon"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class StatusSource(StrEnum):
    """Where a connection's status comes from."""

    SERVICE = "service"
    """The service said so, which is authoritative: it knows of revoked credentials."""

    EXPIRY_DATE = "expiry_date"
    """The service said nothing; the expiry date was compared with the clock."""


class TestStatus(StrEnum):
    """What the live check says. Others may come and stay plain text."""

    __test__ = False  # pytest would take it for a test

    OK = "ok"
    ERROR = "error"


@attrs.frozen(kw_only=True)
class LastError(AsObject, AsDataclass):
    """
    The last error that posting to an account met.

    Attributes:
        message: What went wrong. ``None`` if the service did not say.

        occurred_at: When, in UTC. ``None`` if the service did not say.

        extra: Fields that this version does not know, as the wire spells them.

    Example:
        >>> LastError(message="Token was revoked").to_dict()
        {'message': 'Token was revoked'}
    """

    message: str | None = None
    occurred_at: datetime | None = attrs.field(default=None, validator=aware)
    extra: Mapping[str, JSONValue] = attrs.field(factory=dict, hash=False)

    def to_dict(self) -> dict[str, JSONValue]:
        """The wire's form: camel case, without what is ``None``."""
        return to_wire(self)


@attrs.frozen(kw_only=True)
class Connection(AsObject, AsDataclass, Shown):
    """
    One social account connected to a Publora account or to a managed user.

    Attributes:
        platform_id: Publora's id of the connection, such as ``"telegram--1001234567890"``.
            Pass it on as it is when creating a post.

        username: Handle on the platform, with or without its ``@``, as Publora stored it.
            ``None`` where the account has none (a private Telegram channel).

        display_name: Name shown on the platform. ``None`` if not known.

        profile_image_url: ``None`` if not known.

        access_token_expires_at: When the credential lapses, in UTC. ``None`` means that no
            date is known, which is not a fault.

        profile_url: The account's page on the platform. ``None`` if not known.

        token_status: The service's word on the credential, usually equal to a :class:`TokenStatus`.
            ``None`` if it said nothing; :attr:`status` then goes by the date.

        token_expires_in: Time left, for people to read (``"7d 3h"``). ``None`` without a date.

        last_successful_post: When a post last went out, in UTC. ``None`` if none did.

        last_error: What the last failed post met. ``None`` if none failed.

        subscription_type: Paid tier on X, such as ``"Premium"``. ``None`` elsewhere.

        extra: Fields that this version does not know, as the wire spells them.

    Example:
        >>> account = Connection(platform_id="telegram--1001234567890", token_status="expired")
        >>> account.platform, account.account_id, account.needs_reconnect
        ('telegram', '-1001234567890', True)
    """

    platform_id: str
    username: str | None = attrs.field(default=None, metadata=ALWAYS)
    display_name: str | None = attrs.field(default=None, metadata=ALWAYS)
    profile_image_url: str | None = attrs.field(default=None, metadata=ALWAYS)
    access_token_expires_at: datetime | None = attrs.field(
        default=None, metadata=ALWAYS, validator=aware
    )
    profile_url: str | None = None
    token_status: StatusName | None = None
    token_expires_in: str | None = None
    last_successful_post: datetime | None = attrs.field(default=None, validator=aware)
    last_error: LastError | None = None
    subscription_type: str | None = None
    extra: Mapping[str, JSONValue] = attrs.field(factory=dict, hash=False)

    @property
    def platform(self) -> PlatformName:
        """What *platform_id* says before its first hyphen, such as ``"telegram"``."""
        # partition, not split: Telegram ids begin with a hyphen of their own.
        return self.platform_id.partition("-")[0]

    @property
    def account_id(self) -> str:
        """What *platform_id* says after its first hyphen, such as ``"-1001234567890"``."""
        return self.platform_id.partition("-")[2]

    @property
    def status(self) -> StatusName:
        """Health of the credential now; see :meth:`status_at`."""
        return self.status_at(datetime.now(UTC))

    def status_at(self, now: datetime) -> StatusName:
        """
        Health of the credential as plain text, usually equal to a :class:`TokenStatus`.

        The service's *token_status* where there is one, whatever the date says. Else the
        contract's rule: past its date it is expired, without a date it does not expire, and
        the last 7 days (30 on TikTok) before the date count as expiring soon. It is unknown where
        what the service sent for the one that counts could not be read, and is in *extra*.

        Args:
            now: The moment to judge by, aware.

        Raises:
            ConfigurationError: *now* is no datetime, or has no time zone.
        """
        moment = check_moment("now", now)
        if self.token_status is not None:
            return plain_text(self.token_status)
        if "tokenStatus" in self.extra:
            return TokenStatus.UNKNOWN.value
        if self.access_token_expires_at is None:
            unread = "accessTokenExpiresAt" in self.extra
            return (TokenStatus.UNKNOWN if unread else TokenStatus.VALID).value
        left = self.access_token_expires_at - moment
        if left < timedelta(0):
            return TokenStatus.EXPIRED.value
        soon = timedelta(days=30 if self.platform == Platform.TIKTOK else 7)
        return (TokenStatus.EXPIRING_SOON if left < soon else TokenStatus.VALID).value

    @property
    def status_source(self) -> Literal["service", "expiry_date"] | str:
        """The :class:`StatusSource` of :attr:`status`, as plain text like that."""
        is_said = self.token_status is not None or "tokenStatus" in self.extra
        return "service" if is_said else "expiry_date"

    @property
    def needs_reconnect(self) -> bool:
        """Whether the account's owner has to connect it again before anything can be posted."""
        return self.status == TokenStatus.EXPIRED

    def to_dict(self) -> dict[str, JSONValue]:
        """
        The wire's form: camel case, times as ``...Z``.

        The contract's five fields always, the others when they are not ``None``, all of
        *extra*. Decoding it again gives an equal record.
        """
        return to_wire(self)

    def to_row(self, *, now: datetime | None = None) -> Row:
        """
        The account as a flat row in snake case, for tables; *extra* is left out.

        Args:
            now: The moment to judge *status* by, aware. ``None``: the present one.

        Raises:
            ConfigurationError: *now* is no datetime, or has no time zone.
        """
        error = self.last_error or LastError()
        status = self.status_at(check_moment("now", now))
        return {
            "platform_id": self.platform_id,
            "platform": self.platform,
            "account_id": self.account_id,
            "username": self.username,
            "display_name": self.display_name,
            "status": status,
            "status_source": self.status_source,
            "needs_reconnect": status == TokenStatus.EXPIRED,
            "access_token_expires_at": self.access_token_expires_at,
            "token_expires_in": self.token_expires_in,
            "last_successful_post": self.last_successful_post,
            "last_error": error.message,
            "last_error_at": error.occurred_at,
            "subscription_type": self.subscription_type,
            "profile_url": self.profile_url,
            "profile_image_url": self.profile_image_url,
        }

    def _table(self, now: datetime, _most: int, /) -> "words.Table":
        from publora_async._display.accounts import account_card

        return account_card(self.to_row(now=now), now)


@attrs.frozen(kw_only=True)
class ConnectionTest(AsObject, Shown):
    """
    What the platform itself says of a connection's credential.

    Attributes:
        platform_id: Which connection was checked.

        status: Usually a :class:`TestStatus`. An ``"error"`` is a result, not an exception.

        platform: Such as ``"linkedin"``. ``None`` if the service did not say.

        username: Handle on the platform. ``None`` where the account has none.

        message: What the platform said. ``None`` if nothing.

        permissions: What the credential may do. Empty if the service did not say.

        token_expires_in: Time left, for people to read (``"7d 3h"``). ``None`` without a date.

        last_successful_post: When a post last went out, in UTC. ``None`` if none did.

        last_error: What the last failed post met. ``None`` if none failed.

        extra: Fields that this version does not know, as the wire spells them.

    Example:
        >>> ConnectionTest(platform_id="twitter-123", status="error", message="Revoked").ok
        False
    """

    __test__ = False  # pytest would take it for a test

    platform_id: str
    status: TestStatusName
    platform: PlatformName | None = None
    username: str | None = None
    message: str | None = None
    permissions: tuple[str, ...] = ()
    token_expires_in: str | None = None
    last_successful_post: datetime | None = attrs.field(default=None, validator=aware)
    last_error: LastError | None = None
    extra: Mapping[str, JSONValue] = attrs.field(factory=dict, hash=False)

    @property
    def ok(self) -> bool:
        """Whether the credential works."""
        return self.status == TestStatus.OK

    def _table(self, now: datetime, _most: int, /) -> "words.Table":
        from publora_async._display.words import Cell, card, health, moment

        error = self.last_error or LastError()
        return card(
            f"test of {self.platform_id}",
            {
                "Result": health(self.status, self.message or ""),
                "Handle": Cell(self.username or ""),
                "Permissions": Cell(", ".join(self.permissions)),
                "Expires in": Cell(self.token_expires_in or ""),
                "Last post": moment(self.last_successful_post, now),
                "Last error": Cell(error.message or "", moment(error.occurred_at, now).note),
            },
        )

    def to_dict(self) -> dict[str, JSONValue]:
        """The wire's form: camel case, without what is ``None``."""
        return to_wire(self)
