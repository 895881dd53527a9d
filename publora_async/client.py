"""The client: settings, lifetime, resources."""

import ssl
from types import EllipsisType, TracebackType
from typing import TYPE_CHECKING, NoReturn, Self, SupportsIndex

import attrs

from publora_async._checks import masked
from publora_async._http.calls import Transport
from publora_async._http.options import ClientOptions, show_log
from publora_async._http.session import Pool
from publora_async._http.urls import environment_proxy
from publora_async._introspection import LazyModule, resource
from publora_async.connections import AsyncConnections
from publora_async.managed_users import AsyncManagedUsers
from publora_async.options import ClientStats, Timeouts

if TYPE_CHECKING:
    import aiohttp
else:
    aiohttp = LazyModule("aiohttp")

__all__ = ["AsyncPublora"]


class AsyncPublora:
    """
    A client of Publora, for one key and one event loop at a time.

    It opens its first connection at the first call, and is closed by ``async with`` or
    :meth:`close`. Calls may be made from many tasks at once. After its event loop has been
    closed, and in a forked process, it begins anew on connections of its own; while the loop
    is alive, calls from another one are refused.

    Args:
        api_key: The secret. ``None``: what ``PUBLORA_API_KEY`` holds when the client is made.

        base_url: Where the service is: https, or http on localhost or a loopback address.
            ``None``: ``PUBLORA_BASE_URL``, or else ``https://api.publora.com/api/v1``.

        timeout: The most one attempt may take, in seconds, from the moment it holds a slot to
            the last byte of the response; or its parts, as :class:`Timeouts`.

        deadline: The most one call may take, in seconds: waiting for a slot, all attempts, and
            the waits between them. ``None``: no bound.

        max_retries: Further attempts after the first, where another may do better.

        max_connections: How many attempts may be under way at once; a call waits for its turn.
            A borrowed *session* that has fewer connections bounds them, too.

        strict: Whether one optional field of another type than documented makes the whole
            response a :class:`ResponseDecodeError`. Else the field is ``None``, its value goes to
            the record's *extra*, and a WARNING names the field.

        proxy: URL of a proxy to use for an https *base_url*. ``None``: none.

        ssl_context: Whom to trust; it has to verify certificates and host names. ``None``: the
            system's trust.

        trust_env: Whether to use the proxy that ``HTTPS_PROXY`` or ``ALL_PROXY`` names, if *proxy*
            names none.

        session: A session whose connections and tracing to use instead of our own. It is never
            closed here, and none of its headers, cookies or middlewares are used. Only our own
            connections are looked at for having been closed before each use. ``None``: our own.

    Attributes:
        connections: Asks about connected accounts.

        managed_users: Manages the users of a workspace.

    Raises:
        ConfigurationError: An argument, or what the environment says, cannot be used.

    Example:
        >>> async with AsyncPublora() as publora:  # the key comes from PUBLORA_API_KEY
        ...     accounts = await publora.connections.list()
        >>> accounts.on("LinkedIn").platform_ids
        ['linkedin-csjThlOvuz', 'linkedin-Nkjv5NihkF']
    """

    connections: AsyncConnections = resource(AsyncConnections)
    managed_users: AsyncManagedUsers = resource(AsyncManagedUsers)

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
        session: "aiohttp.ClientSession | None" = None,
    ) -> None:
        # First of all: whatever is refused below, no traceback with locals shows a secret.
        api_key, base_url, proxy = masked(api_key), masked(base_url), masked(proxy)
        show_log()
        options = ClientOptions(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            deadline=deadline,
            max_retries=max_retries,
            max_connections=max_connections,
            strict=strict,
            proxy=proxy,
            ssl_context=ssl_context,
        )
        if trust_env and proxy is None:
            options = attrs.evolve(options, proxy=environment_proxy(options.base_url))
        self._use(Transport(options, Pool(options, session)), owner=True)

    def _use(self, transport: Transport, *, owner: bool) -> None:
        self._owns_connections = owner
        self._transport = transport
        self.connections = AsyncConnections(transport)
        self.managed_users = AsyncManagedUsers(transport)

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
        Make a client with other settings over the same connections and the same retry budget.

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
        mine = self._transport
        old = mine.options
        options = attrs.evolve(
            old,
            api_key=old.api_key if api_key is None else api_key,
            base_url=old.base_url if base_url is None else base_url,
            timeout=old.timeout if timeout is None else timeout,
            deadline=old.deadline if deadline is ... else deadline,
            max_retries=old.max_retries if max_retries is None else max_retries,
        )
        other = type(self).__new__(type(self))
        transport = type(mine)(options, mine.pool, sleep=mine.sleep, random=mine.random)
        other._use(transport, owner=False)  # noqa: SLF001  # of our own class
        return other

    def stats(self) -> ClientStats:
        """
        Say how the client stands, and what it has done since it was made.

        Any thread may ask at any moment; it costs nothing and waits for nothing.
        """
        return self._transport.stats()

    @property
    def closed(self) -> bool:
        """Whether it was closed, or for a client of :meth:`with_options` what that was made of."""
        return self._transport.pool.closed

    async def close(self) -> None:
        """Close the connections. Calls under way fail; closing again does nothing."""
        if self._owns_connections:
            await self._transport.pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        # A traceback with locals shows a client whose __init__ failed, too.
        where = self._transport.options.base_url if "_transport" in vars(self) else "not made"
        return f"<{type(self).__name__} {where}>"

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        raise TypeError(
            "a client is neither pickled nor copied, its key and connections stay in this "
            "process: make one where it is needed"
        )
