"""The sync client: the async one, driven on a thread of its own."""

import ssl
from types import EllipsisType, TracebackType
from typing import NoReturn, Self, SupportsIndex

from publora_async import AsyncPublora, ClientStats, Timeouts
from publora_async._checks import masked
from publora_async._introspection import resource
from publora_sync._bridge import Bridge
from publora_sync.connections import Connections
from publora_sync.managed_users import ManagedUsers

__all__ = ["Publora"]


class Publora:
    """
    A client of Publora, for one key and one process; any thread may use it, many at once.

    It works in scripts, notebooks and threads, whether or not an event loop is running there.
    Its own loop lives on a daemon thread, which starts at the first call and ends with the
    ``with`` block, with :meth:`close`, or when the client is dropped.

    A call blocks, so in an ``async def`` it stops everything else on that event loop. A client's
    first such call gives a ``RuntimeWarning`` (not in a notebook or an interactive shell), and
    in asyncio's debug mode the logger ``publora_async`` names each one.

    Args:
        api_key: The secret. ``None``: what ``PUBLORA_API_KEY`` holds when the client is made.

        base_url: Where the service is: https, or http on localhost or a loopback address.
            ``None``: ``PUBLORA_BASE_URL``, or else ``https://api.publora.com/api/v1``.

        timeout: The most one attempt may take, in seconds, from the moment it holds a slot to
            the last byte of the response; or its parts, as :class:`publora_async.Timeouts`.

        deadline: The most one call may take, in seconds: waiting for a slot, all attempts, and
            the waits between them. ``None``: no bound.

        max_retries: Further attempts after the first, where another may do better.

        max_connections: How many attempts may be under way at once; a call waits for its turn.

        strict: Whether one optional field of another type than documented makes the whole
            response a :class:`ResponseDecodeError`. Else the field is ``None``, its value goes to
            the record's *extra*, and a WARNING names the field.

        proxy: URL of a proxy to use for an https *base_url*. ``None``: none.

        ssl_context: Whom to trust; it has to verify certificates and host names. ``None``: the
            system's trust.

        trust_env: Whether to use the proxy that ``HTTPS_PROXY`` or ``ALL_PROXY`` names, if *proxy*
            names none.

    Attributes:
        connections: Asks about connected accounts.

        managed_users: Manages the users of a workspace.

    Raises:
        ConfigurationError: An argument, or what the environment says, cannot be used.

    Example:
        >>> with Publora() as publora:  # the key comes from PUBLORA_API_KEY
        ...     accounts = publora.connections.list()
        >>> accounts.on("LinkedIn").platform_ids
        ['linkedin-csjThlOvuz', 'linkedin-Nkjv5NihkF']
    """

    connections: Connections = resource(Connections)
    managed_users: ManagedUsers = resource(ManagedUsers)

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float | Timeouts = 30.0,
        deadline: float | None = 120.0,
        max_retries: int = 3,
        max_connections: int = 100,
        strict: bool = False,
        proxy: str | None = None,
        ssl_context: ssl.SSLContext | None = None,
        trust_env: bool = False,
    ) -> None:
        # First of all: whatever is refused below, no traceback with locals shows a secret.
        api_key, base_url, proxy = masked(api_key), masked(base_url), masked(proxy)
        client = AsyncPublora(
            api_key,
            base_url=base_url,
            timeout=timeout,
            deadline=deadline,
            max_retries=max_retries,
            max_connections=max_connections,
            strict=strict,
            proxy=proxy,
            ssl_context=ssl_context,
            trust_env=trust_env,
        )
        self._use(client, Bridge(client.close), owner=True)

    def _use(self, client: AsyncPublora, bridge: Bridge, *, owner: bool) -> None:
        self._owns_connections = owner
        self._client = client
        self._bridge = bridge
        self.connections = Connections(client.connections, bridge)
        self.managed_users = ManagedUsers(client.managed_users, bridge)

    def with_options(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float | Timeouts | None = None,
        deadline: float | EllipsisType | None = ...,
        max_retries: int | None = None,
    ) -> Self:
        """
        Make a client with other settings over the same connections, retry budget and thread.

        It lives as long as the client it was made from; closing it does nothing.

        Args:
            api_key: The secret. ``None``: unchanged, like the others.
            base_url: Where the service is.
            timeout: The most one attempt may take, in seconds, or its parts.
            deadline: The most one call may take, in seconds; ``None``: no bound. ``...``, the
                default: unchanged.
            max_retries: Further attempts after the first.

        Raises:
            ConfigurationError: One of them cannot be used.
        """
        api_key, base_url = masked(api_key), masked(base_url)
        derived = self._client.with_options(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            deadline=deadline,
            max_retries=max_retries,
        )
        other = type(self).__new__(type(self))
        other._use(derived, self._bridge, owner=False)  # noqa: SLF001  # of our own class
        return other

    def stats(self) -> ClientStats:
        """
        Say how the client stands, and what it has done since it was made.

        Any thread may ask at any moment; it costs nothing and waits for nothing.
        """
        return self._client.stats()

    @property
    def closed(self) -> bool:
        """Whether it was closed, or for a client of :meth:`with_options` what that was made of."""
        return self._bridge.stopped

    def close(self) -> None:
        """Close the connections and end the thread. Calls under way fail; again does nothing."""
        if self._owns_connections:
            self._bridge.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        # A traceback with locals shows a client whose __init__ failed, too.
        inner = repr(self._client) if "_client" in vars(self) else "<AsyncPublora not made>"
        return inner.replace("AsyncPublora", type(self).__name__, 1)

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        self._client.__reduce_ex__(protocol)
