"""The resource ``connections``, without ``await``."""

from typing import TYPE_CHECKING

from publora_async import AsyncConnections, ConnectionList

if TYPE_CHECKING:
    from publora_sync._bridge import Bridge

__all__ = ["Connections"]


class Connections:
    """Asks about connected accounts. Reached as ``publora.connections``."""

    def __init__(self, connections: AsyncConnections, bridge: "Bridge") -> None:
        self._connections = connections
        self._bridge = bridge

    def list(self, *, user_id: str | None = None) -> ConnectionList:
        """
        List the connected accounts, in one answer and in the service's order.

        Args:
            user_id: A managed user to ask about; it takes a workspace key. ``None`` asks about
                the account that the key belongs to.

        Returns:
            All of them; an empty list where nothing is connected.

        Raises:
            PubloraError: Whatever :meth:`publora_async.AsyncConnections.list` raises.
        """
        return self._bridge.run(self._connections.list, user_id=user_id)
