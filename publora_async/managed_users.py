"""The resource ``managed_users``, and the records of what it gives."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, TypeAlias, overload

import attrs

from publora_async._checks import aware, check_count, check_header_value, check_text, masked
from publora_async._decoding.bodies import decode_success, many, one
from publora_async._display import users
from publora_async._display.frames import Kind
from publora_async._display.lists import Framed
from publora_async._display.shown import Shown
from publora_async._http.request import path_part, request
from publora_async._introspection import AsList, AsObject, LazyModule
from publora_async._wire import JSONValue, named, to_wire
from publora_async.errors import ConfigurationError
from publora_async.secret import Secret

if TYPE_CHECKING:
    from publora_async._display import words
    from publora_async._http import calls
else:
    words = LazyModule("publora_async._display.words")
    calls = LazyModule("publora_async._http.calls")

__all__ = [
    "AsyncManagedUsers",
    "AttachedUser",
    "ConnectionLink",
    "ManagedUser",
    "ManagedUserKey",
    "ManagedUserList",
    "UserRow",
]


_MAX_USERS = 250_000
_MAX_LISTING = 64 * 1024 * 1024

UserRow: TypeAlias = dict[str, str | int | datetime | None]
"""One managed user as a flat row of a table."""


def _masked(url: str) -> str:
    """Show where a link leads, and not what is behind: whoever has that can connect accounts."""
    site = re.match(r"https?://[\w.:-]+(?=[/?#]|$)", url)
    return f"{site[0]}/***" if site else "***"


def _masked_repr(url: str | None) -> str:
    return repr(None if url is None else _masked(url))


@attrs.frozen(kw_only=True)
class ManagedUser(AsObject, Shown):
    """
    A user of the workspace that the key belongs to.

    Attributes:
        id: What to pass as *user_id*. The wire calls it ``_id``.

        email: The wire calls it ``username``.

        display_name: ``None`` if none was given.

        role: ``"managed"``, as far as is known. ``None`` if the service did not say.

        daily_posts_left: How many posts are left today; not enforced. ``None`` if not known.

        connections_page_url: The link for connecting accounts, where one was made; ``repr`` shows
            its site only. ``None`` otherwise.

        connections_page_token_expires_at: When that link lapses, in UTC. ``None`` without one.

        extra: Fields that this version does not know, as the wire spells them.

    Example:
        >>> user = ManagedUser(id="6626a1f5e4b0c91a2d3f4567", email="ada@example.com")
        >>> user.to_dict()
        {'_id': '6626a1f5e4b0c91a2d3f4567', 'username': 'ada@example.com'}
    """

    id: str = attrs.field(metadata=named("_id"))
    email: str | None = attrs.field(default=None, metadata=named("username"))
    display_name: str | None = None
    role: str | None = None
    daily_posts_left: int | None = None
    connections_page_url: str | None = attrs.field(default=None, repr=_masked_repr)
    connections_page_token_expires_at: datetime | None = attrs.field(default=None, validator=aware)
    extra: Mapping[str, JSONValue] = attrs.field(factory=dict, hash=False)

    def to_dict(self) -> dict[str, JSONValue]:
        """The wire's form: camel case, without what is ``None``."""
        return to_wire(self)

    def to_row(self) -> UserRow:
        """
        The user as a flat row in snake case, for tables.

        Left out are *extra*, and *connections_page_url*: whoever sees it can connect accounts.
        """
        return {
            "user_id": self.id,
            "email": self.email,
            "display_name": self.display_name,
            "role": self.role,
            "daily_posts_left": self.daily_posts_left,
            "connections_page_token_expires_at": self.connections_page_token_expires_at,
        }

    def _table(self, now: datetime, _most: int, /) -> "words.Table":
        return users.user_card(self.to_row(), now)


def _to_tuple(users: Iterable[ManagedUser]) -> tuple[ManagedUser, ...]:
    return tuple(users)


@attrs.frozen(repr=False)
class ManagedUserList(AsList, Framed, Sequence[ManagedUser]):
    """
    An immutable sequence of managed users, in the service's order.

    In a notebook it shows itself as a table.

    Example:
        >>> users = ManagedUserList([ManagedUser(id="6626a1f5e4b0c91a2d3f4567", email="a@b.org")])
        >>> [user.email for user in users]
        ['a@b.org']
    """

    _item: ClassVar = ManagedUser
    _COLUMNS: ClassVar[Mapping[str, Kind]] = {
        **dict.fromkeys(ManagedUser(id="").to_row(), "text"),
        "daily_posts_left": "number",
        "connections_page_token_expires_at": "time",
    }

    _users: tuple[ManagedUser, ...] = attrs.field(default=(), converter=_to_tuple)

    @overload
    def __getitem__(self, index: int) -> ManagedUser: ...
    @overload
    def __getitem__(self, index: slice) -> "ManagedUserList": ...
    def __getitem__(self, index: int | slice) -> "ManagedUser | ManagedUserList":
        if isinstance(index, slice):
            return ManagedUserList(self._users[index])
        return self._users[index]

    def __len__(self) -> int:
        return len(self._users)

    def __iter__(self) -> Iterator[ManagedUser]:
        return iter(self._users)

    def __repr__(self) -> str:
        return f"<ManagedUserList of {len(self)}>"

    def to_records(self) -> list[UserRow]:
        """Each user as a flat row in snake case, see :meth:`ManagedUser.to_row`."""
        return [user.to_row() for user in self]

    def _rows(self, _now: datetime) -> Sequence[Mapping[str, object]]:
        return self.to_records()

    def _table(self, now: datetime, most: int, /) -> "words.Table":
        return users.user_table([user.to_row() for user in self[:most]], len(self), now)


@attrs.frozen(kw_only=True)
class AttachedUser(AsObject, Shown):
    """
    A user with a Publora account, who has been taken into the workspace.

    Attributes:
        user: The managed user that they are now.

        already_in_workspace: Whether they were before. ``None`` if the service did not say.

        extra: Fields that this version does not know, as the wire spells them.

    Example:
        >>> attached = AttachedUser(user=ManagedUser(id="6626a1f5e4b0c91a2d3f4567"))
        >>> print(f"{attached.user.id} is one of ours now")
        6626a1f5e4b0c91a2d3f4567 is one of ours now
    """

    user: ManagedUser
    already_in_workspace: bool | None = None
    extra: Mapping[str, JSONValue] = attrs.field(factory=dict, hash=False)

    def _table(self, now: datetime, _most: int, /) -> "words.Table":
        return users.user_card(self.user.to_row(), now)


@attrs.frozen(kw_only=True)
class ConnectionLink(AsObject, Shown):
    """
    A link with which a managed user connects accounts in a browser.

    Attributes:
        url: Send it to the user, and to nobody else; ``repr`` shows its site only.

        token_expires_at: When it lapses, in UTC. ``None`` if the service did not say.

        extra: Fields that this version does not know, as the wire spells them.

    Example:
        >>> link = ConnectionLink(url="https://app.publora.com/connections/f73b72057aa0c49f")
        >>> print(f"Connect your accounts at {link.url}")
        Connect your accounts at https://app.publora.com/connections/f73b72057aa0c49f
    """

    url: str = attrs.field(repr=_masked_repr)
    token_expires_at: datetime | None = attrs.field(default=None, validator=aware)
    extra: Mapping[str, JSONValue] = attrs.field(factory=dict, hash=False)

    def _table(self, now: datetime, _most: int, /) -> "words.Table":
        return users.link_card(_masked(self.url), self.token_expires_at, now)


@attrs.frozen(kw_only=True)
class ManagedUserKey(Shown):
    """
    An API key of a managed user's own. The service shows it this once.

    It cannot be pickled, as it holds a secret: ``str(key.api_key)`` is the text to store.

    Attributes:
        api_key: The secret; ``repr`` shows ``***``.

        user_id: Whose it is. ``None`` if the service did not say.

        message: The service's remark on it. ``None`` if it made none.

        extra: Fields that this version does not know, as the wire spells them.

    Example:
        >>> key = ManagedUserKey(api_key=Secret("sk_made.up"))
        >>> key.api_key, str(key.api_key)
        (***, 'sk_made.up')
    """

    api_key: Secret
    user_id: str | None = None
    message: str | None = None
    extra: Mapping[str, JSONValue] = attrs.field(factory=dict, hash=False)

    def _table(self, _now: datetime, _most: int, /) -> "words.Table":
        return users.key_card(self.user_id, self.message)


class AsyncManagedUsers:
    """
    Manages the users of a workspace; it takes a workspace key.

    Example:
        >>> user = await publora.managed_users.create("ada@example.com", "Ada")
        >>> link = await publora.managed_users.connection_url(user.id)
        >>> print(f"Dear {user.display_name}, please connect your accounts at {link.url}")
        Dear Ada, please connect your accounts at https://app.publora.com/connections/...
    """

    def __init__(self, transport: "calls.Transport") -> None:
        self._transport = transport

    async def list(self) -> ManagedUserList:
        """
        List the managed users, in one response and in the service's order.

        At most 250,000 users and 64 MiB are read. Whoever has more keeps their ids:
        ``connections.iter_many`` takes ids from anywhere.

        Returns:
            All of them; an empty list where there are none.

        Raises:
            AuthenticationError: The key is missing, wrong or revoked.
            PermissionDeniedError: The key may not act for managed users.
            PubloraError: Whatever :meth:`publora_async.AsyncConnections.list` raises.
        """
        # The service has no paging, and a large agency has tens of thousands.
        found = await self._transport.call(
            request("GET", "/workspace/users", max_body=_MAX_LISTING),
            many(ManagedUser, "users", max_items=_MAX_USERS),
        )
        return ManagedUserList(found)

    async def create(self, email: str, display_name: str | None = None) -> ManagedUser:
        """
        Make a managed user.

        Args:
            email: The user's address, unique in Publora.
            display_name: ``None``: none.

        Raises:
            ConfigurationError: *email* or *display_name* is not text; nothing was sent.
            BadRequestError: The service finds *email* malformed.
            ConflictError: There is a user of that email; its ``code`` is ``"email_exists"``, and
                its ``details`` have the ``userId``, the ``reason``, and whether that user is
                ``attachable``.
            AuthenticationError: The key is missing, wrong or revoked.
            PermissionDeniedError: The key may not act for managed users.
            PubloraError: Whatever :meth:`publora_async.AsyncConnections.list` raises. A request
                that may have arrived is not sent again, so after a timeout or a broken
                connection look whether it has taken effect.
        """
        body = {"username": check_text("email", email)}
        if display_name is not None:
            body["displayName"] = check_text("display_name", display_name)
        return await self._transport.call(
            request("POST", "/workspace/users", body=body, writes=True), one(ManagedUser, "user")
        )

    async def attach(
        self,
        *,
        user_access_token: str,
        email: str | None = None,
        user_id: str | None = None,
    ) -> AttachedUser:
        """
        Take a user who has a Publora account already into the workspace, with their consent.

        It is safe to repeat, so it is retried like what only reads: a user who is in the
        workspace already is given back as they are.

        Args:
            user_access_token: What the user consents with. It is a secret of theirs, and shown
                nowhere.
            email: The address of their account. ``None``: *user_id* says whose.
            user_id: The id of their account, such as the ``userId`` in the ``details`` of a
                ConflictError of :meth:`create`. ``None``: *email* says whose.

        Raises:
            ConfigurationError: Neither *email* nor *user_id* is given, or an argument cannot be
                sent; nothing was.
            APIStatusError: The service refuses, and ``code`` says why. About the user:
                ``"user_not_found"``, ``"identifier_mismatch"``, ``"user_inactive"``,
                ``"cannot_attach_self"``, ``"user_is_workspace_owner"``,
                ``"user_in_another_workspace"`` or ``"user_has_active_subscription"``; about the
                token: ``"attach_consent_required"``, ``"invalid_attach_consent"`` or
                ``"attach_consent_mismatch"``; about the plan: ``"CHANNEL_LIMIT_REACHED"``.
            AuthenticationError: The key is missing, wrong or revoked.
            PermissionDeniedError: The key may not act for managed users.
            PubloraError: Whatever :meth:`publora_async.AsyncConnections.list` raises.
        """
        user_access_token = masked(user_access_token) or ""
        body = {}
        if email is not None:
            body["email"] = check_text("email", email)
        if user_id is not None:
            body["userId"] = check_header_value("user_id", user_id)
        if not body:
            raise ConfigurationError("say whom to attach: give email or user_id")
        return await self._transport.call(
            request("POST", "/workspace/users/attach", user_token=user_access_token, body=body),
            one(AttachedUser),
        )

    async def detach(self, user_id: str) -> None:
        """
        Take a managed user out of the workspace. No account is deleted or disconnected.

        Args:
            user_id: Whom.

        Raises:
            ConfigurationError: *user_id* cannot be sent; nothing was.
            NotFoundError: The key manages no such user.
            AuthenticationError: The key is missing, wrong or revoked.
            PermissionDeniedError: The key may not act for managed users.
            PubloraError: Whatever :meth:`publora_async.AsyncConnections.list` raises. A request
                that may have arrived is not sent again, so after a timeout or a broken
                connection look whether it has taken effect.
        """
        part = path_part("user_id", check_header_value("user_id", user_id))
        await self._transport.call(
            request("DELETE", "/workspace/users/{id}", part, writes=True), decode_success
        )

    async def connection_url(
        self, user_id: str, *, expires_in_days: int = 90, rotate: bool = False
    ) -> ConnectionLink:
        """
        Get the link with which a managed user connects accounts in a browser.

        Args:
            user_id: Whose accounts.
            expires_in_days: For how many days a new link works.
            rotate: Whether to make a new link even if there is one; the old one then fails.

        Raises:
            ConfigurationError: An argument cannot be sent; nothing was.
            NotFoundError: The key manages no such user.
            AuthenticationError: The key is missing, wrong or revoked.
            PermissionDeniedError: The key may not act for managed users.
            PubloraError: Whatever :meth:`publora_async.AsyncConnections.list` raises. A request
                that may have arrived is not sent again, so after a timeout or a broken
                connection look whether it has taken effect.
        """
        body = {"expiresInDays": check_count("expires_in_days", expires_in_days), "rotate": rotate}
        if not isinstance(rotate, bool):
            raise ConfigurationError("rotate must be True or False: a new link ends the old one")
        part = path_part("user_id", check_header_value("user_id", user_id))
        return await self._transport.call(
            request("POST", "/workspace/users/{id}/connection-url", part, body=body, writes=True),
            one(ConnectionLink),
        )

    async def create_api_key(self, user_id: str) -> ManagedUserKey:
        """
        Make an API key of a managed user's own. The service shows it this once.

        Args:
            user_id: Whose key.

        Returns:
            The key; its ``repr`` is masked.

        Raises:
            ConfigurationError: *user_id* cannot be sent; nothing was.
            NotFoundError: The key manages no such user.
            AuthenticationError: The key is missing, wrong or revoked.
            PermissionDeniedError: The key may not act for managed users.
            PubloraError: Whatever :meth:`publora_async.AsyncConnections.list` raises. A request
                that may have arrived is not sent again, so after a timeout or a broken
                connection look whether it has taken effect.
        """
        part = path_part("user_id", check_header_value("user_id", user_id))
        return await self._transport.call(
            request("POST", "/workspace/users/{id}/api-key", part, writes=True), one(ManagedUserKey)
        )
