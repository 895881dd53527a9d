"""The resource ``managed_users``: who there is to act for, and their connection links."""

from typing import TYPE_CHECKING

from publora_async._decoding.bodies import (
    decode_key,
    decode_link,
    decode_nothing,
    decode_user,
    decode_users,
)
from publora_async._http.request import (
    connection_url,
    create_user,
    create_user_key,
    detach_user,
    list_users,
)
from publora_async.managed_user import ConnectionLink, ManagedUser, ManagedUserKey

if TYPE_CHECKING:
    import builtins

    from publora_async._http.calls import Transport

__all__ = ["AsyncManagedUsers"]


class AsyncManagedUsers:
    """Manages the users of a workspace; it takes a workspace key."""

    def __init__(self, transport: "Transport") -> None:
        self._transport = transport

    async def list(self) -> "builtins.list[ManagedUser]":
        """
        List the managed users, in one answer and in the service's order.

        Returns:
            All of them; an empty list where there are none.

        Raises:
            AuthenticationError: The key is missing, wrong or revoked.
            PermissionDeniedError: The key may not act for managed users.
            PubloraError: Whatever :meth:`publora_async.AsyncConnections.list` raises.
        """
        return await self._transport.call(list_users(), decode_users)

    async def create(self, email: str, display_name: str | None = None) -> ManagedUser:
        """
        Make a managed user.

        Args:
            email: The user's address, unique in Publora.
            display_name: ``None``: none.

        Raises:
            ConfigurationError: *email* or *display_name* is not text; nothing was sent.
            BadRequestError: The service finds *email* malformed.
            ConflictError: There is a user of that email; its ``code`` is ``"email_exists"``.
            AuthenticationError: The key is missing, wrong or revoked.
            PermissionDeniedError: The key may not act for managed users.
            PubloraError: Whatever :meth:`publora_async.AsyncConnections.list` raises. A request
                that may have arrived is not sent again, so after a timeout or a broken
                connection look whether it has taken effect.
        """
        return await self._transport.call(create_user(email, display_name), decode_user)

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
        await self._transport.call(detach_user(user_id), decode_nothing)

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
        request = connection_url(user_id, expires_in_days=expires_in_days, rotate=rotate)
        return await self._transport.call(request, decode_link)

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
        return await self._transport.call(create_user_key(user_id), decode_key)
