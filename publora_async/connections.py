"""The resource ``connections``: which social accounts are connected."""

import asyncio
import os
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from publora_async._checks import check_seconds
from publora_async._decoding.bodies import one
from publora_async._fan_out.fan_out import FanOut
from publora_async._fan_out.progress import Collector
from publora_async._fan_out.user_ids import Users, check_users, check_watched, user_id_of
from publora_async._http.gate import Gate
from publora_async._http.request import Request, path_part, request
from publora_async._introspection import LazyModule
from publora_async._loops import running_loop
from publora_async.answers import AsyncAnswers
from publora_async.connection_list import ConnectionList, decode_connections
from publora_async.errors import (
    APIStatusError,
    ClientStateError,
    PubloraError,
    RateLimitError,
    RequestTimeoutError,
    ResponseDecodeError,
    ServerError,
    TransportError,
)
from publora_async.managed_users import ManagedUser
from publora_async.records import Connection, ConnectionTest, PlatformName
from publora_async.snapshots import Seen, Snapshot
from publora_async.user_connections import (
    UserConnections,
    UserConnectionsList,
    UserFailed,
    UserSucceeded,
)
from publora_async.watch import AsyncWatch, Clock

if TYPE_CHECKING:
    from publora_async._http import calls
    from publora_async._watch import rounds
else:
    calls = LazyModule("publora_async._http.calls")
    rounds = LazyModule("publora_async._watch.rounds")

__all__ = ["AsyncConnections"]

_T = TypeVar("_T")


class AsyncConnections:
    """
    Asks about connected accounts. Reached as ``publora.connections``.

    Example:
        >>> accounts = await publora.connections.list()
        >>> [account.platform_id for account in accounts.expired()]
        ['linkedin-...', 'instagram-...', 'youtube-...']
        >>> check = await publora.connections.test(accounts[0].platform_id)
        >>> check.ok, check.message
        (True, 'Connected as ...')
    """

    def __init__(self, transport: "calls.Transport") -> None:
        self._transport = transport

    async def list(self, *, user_id: str | None = None) -> ConnectionList:
        """
        List the connected accounts, in one response and in the service's order.

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
            TransportError: No usable response arrived.
            ResponseDecodeError: The response makes no sense.
            ClientStateError: The client is closed, or belongs to another loop or process.
        """
        return await self._transport.call(_listing(user_id), decode_connections)

    def iter_many(
        self,
        user_ids: Iterable[str | ManagedUser] | AsyncIterable[str | ManagedUser],
        *,
        concurrency: int = 32,
        ordered: bool = False,
    ) -> AsyncAnswers:
        """
        Ask about many managed users at once, and give each answer as it arrives.

        One user's failure is that user's ``error``. A refusal of the key itself (401, or 403
        for want of API or workspace access) ends everything: the answers before it are given,
        then it is raised. A service that is down is probed instead of asked about every user,
        and one that asks for a pause (429) is given it by all.

        Args:
            user_ids: Any iterable of ids or :class:`ManagedUser`, async ones included; it is
                read no faster than the answers are used. A user comes back as its
                answer's *user*.

            concurrency: How many users may be asked about and not yet handed out. It bounds
                tasks, sockets and memory.

            ordered: Whether the answers come in the order of *user_ids*. One that takes long
                holds back those behind it.

        Returns:
            An async iterator, which is an async context manager too.

        Raises:
            ConfigurationError: *concurrency* is no whole number above 0, or *user_ids* is one
                text; while iterating: one of them is neither an id nor a user.
            AuthenticationError: While iterating: the key is missing, wrong or revoked.
            PermissionDeniedError: While iterating: the key may not use the API, or not act for
                managed users.
            ClientStateError: While iterating: the client is closed, or belongs elsewhere.
        """
        fan_out = self._fan_out(user_ids, concurrency=concurrency, ordered=ordered)
        return AsyncAnswers(fan_out, user_ids, concurrency)

    def _fan_out(
        self, user_ids: object, *, concurrency: int, ordered: bool
    ) -> FanOut[str | ManagedUser, UserConnections]:
        check_users(user_ids, concurrency)
        gate = self._transport.gate(concurrency)
        return FanOut(partial(self._ask_for, gate=gate), ordered=ordered)

    async def _ask_for(self, who: str | ManagedUser, *, gate: Gate) -> UserConnections:
        user = who if isinstance(who, ManagedUser) else None
        user_id = user_id_of(who)
        found = await self._list_for(user_id, gate, decode_connections)
        if isinstance(found, PubloraError):
            return UserFailed(user_id, found, user)
        return UserSucceeded(user_id, found, user)

    async def _list_for(
        self, user_id: str | None, gate: Gate, decode: Callable[..., _T]
    ) -> _T | PubloraError:
        return await _one_of_many(lambda: self._transport.call(_listing(user_id), decode, gate))

    def _decoded(self, user_id: str, body: bytes) -> ConnectionList | PubloraError:
        """Read a response that came when another process asked about *user_id*."""
        try:
            return decode_connections(body, strict=self._transport.options.strict)
        except ResponseDecodeError as error:
            # Without its traceback, whose frames hold the body.
            return _listing(user_id).named_in(error.with_traceback(None))

    async def list_many(
        self,
        user_ids: Iterable[str | ManagedUser] | AsyncIterable[str | ManagedUser],
        *,
        concurrency: int = 32,
        progress: Callable[[int, int | None, int], object] | bool | None = None,
    ) -> UserConnectionsList:
        """
        Ask about many managed users at once, and give all answers together.

        As :meth:`iter_many`, but all at once and in the order of *user_ids*. Whatever ends it
        early, an interrupt included, has what was answered before as its ``results``.

        Args:
            user_ids: Any iterable of ids or :class:`ManagedUser`, async ones included.

            concurrency: How many users are asked about at once.

            progress: ``True`` draws a bar (extra: progress); a function is called with the
                number of users done, the number of all or ``None`` where *user_ids* has no
                length, and the number failed. ``None``: nothing is shown.

        Raises:
            ConfigurationError: *concurrency* or *progress* cannot be used, tqdm is missing, or
                one of *user_ids* is neither an id nor a user.
            AuthenticationError: The key is missing, wrong or revoked.
            PermissionDeniedError: The key may not use the API, or not act for managed users.
            ClientStateError: The client is closed, or belongs elsewhere.
        """
        with Collector(user_ids, progress) as collector:
            async with self.iter_many(user_ids, concurrency=concurrency) as answers:
                try:
                    while numbered := await answers.next_numbered():
                        collector.add(*numbered)
                except BaseException:
                    collector.keep(await answers.leave())
                    raise
        return collector.in_order()

    async def snapshot(
        self,
        user_ids: Iterable[str | ManagedUser] | AsyncIterable[str | ManagedUser] | None = None,
        *,
        concurrency: int = 32,
    ) -> Snapshot:
        """
        See whose accounts are how, to tell later what has changed.

        Args:
            user_ids: Any iterable of ids or :class:`ManagedUser`, async ones included. ``None``:
                the key's own account.

            concurrency: How many users are asked about at once.

        Returns:
            What was seen of whom, and of whom nothing could be learned. ``old.diff(new)`` gives
            the changes from an earlier one.

        Raises:
            ConfigurationError: *concurrency* is no whole number above 0, or one of *user_ids* is
                neither an id nor a user.
            AuthenticationError: The key is missing, wrong or revoked.
            PermissionDeniedError: The key may not use the API, or not act for managed users.
            ClientStateError: The client is closed, or belongs elsewhere.
            PubloraError: Without *user_ids*, whatever :meth:`list` raises.
        """
        if user_ids is None:
            return Snapshot({None: Seen(await self.list())})
        return Snapshot.of(await self.list_many(user_ids, concurrency=concurrency))

    def watch(
        self,
        users: Users = None,
        *,
        every: timedelta = timedelta(minutes=15),
        state: str | os.PathLike[str] | None = None,
        within: timedelta | None = None,
        concurrency: int = 32,
        baseline: bool = False,
        once: bool = False,
        clock: Clock | None = None,
    ) -> AsyncWatch:
        """
        Tell of each change once, and truthfully.

        Everyone is looked at once in a round, at about the same time of each; where a date passes
        within a round, there is a look right after it. Nothing is news before a second look has
        shown it too, a twentieth to a quarter of *every* later. That an account broke or is gone
        waits for a third of *every*, an hour at least, where so much looks worse that the service
        may be wrong, or too few others were looked at since to tell. Who cannot be asked about is
        unknown, not gone.

        Args:
            users: Ids or :class:`ManagedUser`, or a function that gives them anew for each round,
                such as ``publora.managed_users.list``. ``None``: the key's own account.

            every: How long a round takes.

            state: A file for what is known and for the events, so that they outlive the process;
                it is made for its owner only. One watch at a time may have it, and always with
                the same *users*. ``None``: all is forgotten with the watch.

            within: How soon an account has to expire to be told of. ``None``: as the service
                judges, under 7 days and on TikTok under 30.

            concurrency: How many users are asked about at once.

            baseline: Whether nothing is told of what is broken or about to expire already where
                a user is seen for the first time. That it works again is told.

            once: Whether to end after one round, which is not spread over *every*.

            clock: What tells the time, such as the sandbox's. ``None``: the computer's.

        Returns:
            An async iterator over events, which is an async context manager too.

        Raises:
            ConfigurationError: An argument cannot be used; *users* that can be read only once,
                for one. While iterating: what they give holds no ids.
            StateFileError: While iterating: *state* is broken, of a newer version, held by
                another watch, or cannot be written.
            AuthenticationError: While iterating: the key is missing, wrong or revoked.
            PermissionDeniedError: While iterating: the key may not use the API, or not act for
                managed users.
            ClientStateError: While iterating: the client is closed, or belongs elsewhere.
            PubloraError: While iterating: the users could not be listed, with *once* or for a
                reason that waiting does not mend.
        """
        check_watched(users, concurrency, every, within, state)
        work = rounds.Rounds(
            users,
            rounds.Rules(every.total_seconds(), within=within, baseline=baseline, once=once),
            ":memory:" if state is None else os.fspath(state),
            clock,
            partial(self._transport.gate, concurrency),
            partial(self._list_for, decode=decode_connections),
            lambda *asked: _one_of_many(lambda: self._test(*asked)),
            concurrency,
        )
        return AsyncWatch(work.events())

    async def test(self, platform_id: str, *, user_id: str | None = None) -> ConnectionTest:
        """
        Have Publora check one connection's credential with its platform; nothing is changed.

        Args:
            platform_id: Which connection.
            user_id: The managed user it belongs to. ``None``: the key's own account.

        Returns:
            What the platform said. A credential that does not work is a result, not an error.

        Raises:
            ConfigurationError: *platform_id* or *user_id* cannot be sent; nothing was.
            BadRequestError: The service finds *platform_id* or *user_id* malformed.
            NotFoundError: There is no such connection.
            PubloraError: Whatever :meth:`list` raises.
        """
        return await self._test(platform_id, user_id)

    def _test(
        self, platform_id: str, user_id: str | None, gate: Gate | None = None
    ) -> Awaitable[ConnectionTest]:
        part = path_part("platform_id", platform_id)
        asked = request("POST", "/test-connection/{id}", part, user_id=user_id)
        return self._transport.call(asked, one(ConnectionTest), gate)

    async def wait_for(
        self,
        platform: PlatformName,
        *,
        user_id: str | None = None,
        timeout: float,  # noqa: ASYNC109  # it is told in our own error, with what was waited for
        poll_interval: float = 5.0,
    ) -> Connection:
        """
        Wait until an account of *platform* has been connected, or connected again.

        Publora does not tell of new connections, so this lists them every *poll_interval*.
        The account waited for is one that was not there at the first look, or was expired
        then, and works now. Failures of the service or the network are waited out.

        Args:
            platform: Such as ``"linkedin"``.
            user_id: The managed user to wait for. ``None``: the key's own account.
            timeout: The most to wait, in seconds.
            poll_interval: Seconds from one look to the next.

        Raises:
            ConfigurationError: An argument cannot be used.
            RequestTimeoutError: No such account has appeared in time.
            AuthenticationError: The key is missing, wrong or revoked.
            PermissionDeniedError: The key may not do this; its ``reason`` says which of three.
            PubloraError: Whatever else :meth:`list` raises and waiting does not mend.
        """
        check_seconds("timeout", timeout)
        check_seconds("poll_interval", poll_interval)
        clock = running_loop().time
        end = clock() + timeout
        working: set[str] | None = None
        while True:
            try:
                # The last look, too, is given no longer than the wait for the next would be.
                async with asyncio.timeout_at(end + poll_interval):
                    accounts = (await self.list(user_id=user_id)).on(platform)
                healthy = [account for account in accounts if not account.needs_reconnect]
                if working is None:
                    working = {account.platform_id for account in healthy}
                for account in healthy:
                    if account.platform_id not in working:
                        return account
                failure = ""
            except (RateLimitError, ServerError, TransportError) as error:
                # It has been tried again already; the next look may fare better.
                failure = f"; the last look failed: {error.summary}"
            except TimeoutError:
                failure = "; the last look failed: it took too long"
            left = end - clock()
            if left <= 0:
                break
            await self._transport.sleep(min(poll_interval, left))
        said = f"no {platform} account was connected within {timeout:g} s{failure}"
        late = RequestTimeoutError(said, limit="timeout", seconds=timeout)
        raise _listing(user_id).named_in(late)


def _listing(user_id: str | None) -> Request:
    return request("GET", "/platform-connections", user_id=user_id)


async def _one_of_many(call: Callable[[], Awaitable[_T]]) -> _T | PubloraError:
    """Give a failure that is the one's alone that was asked about; any other is raised."""
    try:
        return await call()
    except PubloraError as error:
        refuses_key = isinstance(error, APIStatusError) and error.refuses_key
        if refuses_key or isinstance(error, ClientStateError):
            raise
        return error
