"""The resource ``managed_users``, without ``await``."""

from publora_async import (
    AsyncManagedUsers,
    AttachedUser,
    ConnectionLink,
    ManagedUser,
    ManagedUserKey,
    ManagedUserList,
)
from publora_async._checks import masked
from publora_sync._bridge import Bridge

__all__ = ["ManagedUsers"]


class ManagedUsers:
    """
    Manages the users of a workspace; it takes a workspace key.

    Example:
        >>> user = publora.managed_users.create("ada@example.com", "Ada")
        >>> link = publora.managed_users.connection_url(user.id)
        >>> print(f"Dear {user.display_name}, please connect your accounts at {link.url}")
        Dear Ada, please connect your accounts at https://app.publora.com/connections/...
    """

    def __init__(self, managed_users: AsyncManagedUsers, bridge: Bridge) -> None:
        self._managed_users = managed_users
        self._bridge = bridge

    def list(self) -> ManagedUserList:
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
        return self._bridge.run(self._managed_users.list)

    def create(self, email: str, display_name: str | None = None) -> ManagedUser:
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
        return self._bridge.run(self._managed_users.create, email, display_name)

    def attach(
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
        return self._bridge.run(
            self._managed_users.attach,
            user_access_token=user_access_token,
            email=email,
            user_id=user_id,
        )

    def detach(self, user_id: str) -> None:
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
        self._bridge.run(self._managed_users.detach, user_id)

    def connection_url(
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
        return self._bridge.run(
            self._managed_users.connection_url,
            user_id,
            expires_in_days=expires_in_days,
            rotate=rotate,
        )

    def create_api_key(self, user_id: str) -> ManagedUserKey:
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
        return self._bridge.run(self._managed_users.create_api_key, user_id)
