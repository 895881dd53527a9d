"""The resource ``connections``: which social accounts are connected."""

from typing import TYPE_CHECKING

from publora_async._decode import decode_connections
from publora_async._wire import list_connections
from publora_async.connection_list import ConnectionList

if TYPE_CHECKING:
    from publora_async._transport import Transport

__all__ = ["AsyncConnections"]


class AsyncConnections:
    """Asks about connected accounts. Reached as ``publora.connections``."""

    def __init__(self, transport: "Transport") -> None:
        self._transport = transport

    async def list(self, *, user_id: str | None = None) -> ConnectionList:
        """
        List the connected accounts, in one answer and in the service's order.

        Args:
            user_id: A managed user to ask about; it takes a workspace key. ``None`` asks about
                the account that the key belongs to.

        Returns:
            All of them; an empty list where nothing is connected.

        Raises:
            ConfigurationError: *user_id* cannot travel in a header; nothing was sent.
            BadRequestError: The service finds *user_id* malformed.
            AuthenticationError: The key is missing, wrong or revoked.
            PermissionDeniedError: The key may not do this; its ``reason`` says which of three.
            RateLimitError: Too many requests, and retries did not help.
            ServerError: The service failed, and retries did not help.
            RequestTimeoutError: The deadline, or every attempt's time, ran out.
            TransportError: No usable answer arrived.
            ResponseDecodeError: The answer makes no sense.
            ClientStateError: The client is closed, or belongs to another loop or process.
        """
        return await self._transport.call(list_connections(user_id), decode_connections)
