"""The resource ``connections``, without ``await``."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import Executor
from datetime import timedelta
from functools import partial

from publora_async import (
    AsyncConnections,
    Clock,
    ConfigurationError,
    Connection,
    ConnectionList,
    ConnectionTest,
    ManagedUser,
    PlatformName,
    Snapshot,
    UserConnectionsList,
)
from publora_async._fan_out.progress import Collector
from publora_sync._bridge import Bridge
from publora_sync.answers import Answers
from publora_sync.watch import Watch

__all__ = ["Connections"]


class Connections:
    """
    Asks about connected accounts. Reached as ``publora.connections``.

    Example:
        >>> accounts = publora.connections.list()
        >>> [account.platform_id for account in accounts.expired()]
        ['linkedin-...', 'instagram-...', 'youtube-...']
        >>> check = publora.connections.test(accounts[0].platform_id)
        >>> check.ok, check.message
        (True, 'Connected as ...')
    """

    def __init__(self, connections: AsyncConnections, bridge: Bridge) -> None:
        self._connections = connections
        self._bridge = bridge

    def list(self, *, user_id: str | None = None) -> ConnectionList:
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
            ClientStateError: The client is closed, or belongs to another process.
        """
        return self._bridge.run(self._connections.list, user_id=user_id)

    def iter_many(
        self,
        user_ids: Iterable[str | ManagedUser],
        *,
        concurrency: int = 32,
        ordered: bool = False,
        executor: Executor | None = None,
        workers: int | None = None,
        send_key: bool = False,
    ) -> Answers:
        """
        Ask about many managed users at once, and give each answer as it arrives.

        One user's failure is that user's ``error``. A refusal of the key itself (401, or 403
        for want of API or workspace access) ends everything: the answers before it are given,
        then it is raised. A service that is down is probed instead of asked about every user,
        and one that asks for a pause (429) is given it by all.

        Args:
            user_ids: Any iterable of ids or :class:`ManagedUser`; it is
                read no faster than the answers are used. A user comes back as its
                answer's *user*.

            concurrency: How many users may be asked about and not yet handed out. It bounds
                tasks, sockets and memory.

            ordered: Whether the answers come in the order of *user_ids*. One that takes long
                holds back those behind it.

            executor: Who runs it in processes of its own, here or on other machines: a
                ``ProcessPoolExecutor``, loky's, or Dask's ``client.get_executor()``. Each process
                makes a client, with the key of its own environment. ``None``: this client does.
                A :class:`ConfigurationError` says what cannot be: no executor, no *workers*,
                more of them than *concurrency*, or one that has another version of the SDK.

            workers: How many tasks *executor* runs at once. *concurrency* and the retry budget
                are totals, of which each has its share. ``None``: there is no *executor*.

            send_key: Whether the key travels to *executor* with each task, for workers whose
                environment has none.

        Returns:
            An iterator, which is a context manager too.

        Raises:
            ConfigurationError: *concurrency* is no whole number above 0, or *user_ids* is one
                text; while iterating: one of them is neither an id nor a user.
            AuthenticationError: While iterating: the key is missing, wrong or revoked.
            PermissionDeniedError: While iterating: the key may not use the API, or not act for
                managed users.
            ClientStateError: While iterating: the client is closed, or belongs elsewhere.
        """
        if executor is not None:
            from publora_sync._executors.answers import answers_by

            return answers_by(
                executor,
                user_ids,
                self._connections,
                self._bridge,
                workers=workers,
                concurrency=concurrency,
                ordered=ordered,
                send_key=send_key,
            )
        if workers is not None or send_key:
            raise ConfigurationError("workers and send_key go with an executor: name it, too")
        fan_out = self._connections._fan_out(  # noqa: SLF001  # what both colours drive
            user_ids, concurrency=concurrency, ordered=ordered
        )
        return Answers(fan_out, user_ids, concurrency, self._bridge)

    def list_many(
        self,
        user_ids: Iterable[str | ManagedUser],
        *,
        concurrency: int = 32,
        progress: Callable[[int, int | None, int], object] | bool | None = None,
        executor: Executor | None = None,
        workers: int | None = None,
        send_key: bool = False,
    ) -> UserConnectionsList:
        """
        Ask about many managed users at once, and give all answers together.

        As :meth:`iter_many`, but all at once and in the order of *user_ids*. Whatever ends it
        early, an interrupt included, has what was answered before as its ``results``.

        Args:
            user_ids: Any iterable of ids or :class:`ManagedUser`.

            concurrency: How many users are asked about at once.

            progress: ``True`` draws a bar (extra: progress); a function is called with the
                number of users done, the number of all or ``None`` where *user_ids* has no
                length, and the number failed. ``None``: nothing is shown.

            executor: Who runs it in processes of its own; as for :meth:`iter_many`. ``None``: this
                client does.

            workers: How many tasks *executor* runs at once. ``None``: there is no *executor*.

            send_key: Whether the key travels to *executor* with each task.

        Raises:
            ConfigurationError: *concurrency* or *progress* cannot be used, tqdm is missing, or
                one of *user_ids* is neither an id nor a user.
            AuthenticationError: The key is missing, wrong or revoked.
            PermissionDeniedError: The key may not use the API, or not act for managed users.
            ClientStateError: The client is closed, or belongs elsewhere.
        """
        with Collector(user_ids, progress) as collector:
            answers = self.iter_many(
                user_ids,
                concurrency=concurrency,
                executor=executor,
                workers=workers,
                send_key=send_key,
            )
            _collect(answers, collector)
        return collector.in_order()

    def snapshot(
        self, user_ids: Iterable[str | ManagedUser] | None = None, *, concurrency: int = 32
    ) -> Snapshot:
        """
        See whose accounts are how, to tell later what has changed.

        Args:
            user_ids: Any iterable of ids or :class:`ManagedUser`. ``None``:
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
            return self._bridge.run(self._connections.snapshot)
        return Snapshot.of(self.list_many(user_ids, concurrency=concurrency))

    def watch(
        self,
        users: Iterable[str | ManagedUser]
        | Callable[[], Iterable[str | ManagedUser] | Awaitable[Iterable[str | ManagedUser]]]
        | None = None,
        *,
        every: timedelta = timedelta(minutes=15),
        state: str | os.PathLike[str] | None = None,
        within: timedelta | None = None,
        concurrency: int = 32,
        baseline: bool = False,
        once: bool = False,
        clock: Clock | None = None,
    ) -> Watch:
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
            An iterator over events, which is a context manager too.

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
        watch = self._connections.watch(
            partial(_anew, users) if callable(users) else users,
            every=every,
            state=state,
            within=within,
            concurrency=concurrency,
            baseline=baseline,
            once=once,
            clock=clock,
        )
        return Watch(watch, self._bridge)

    def test(self, platform_id: str, *, user_id: str | None = None) -> ConnectionTest:
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
        return self._bridge.run(self._connections.test, platform_id, user_id=user_id)

    def wait_for(
        self,
        platform: PlatformName,
        *,
        user_id: str | None = None,
        timeout: float,
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
        return self._bridge.run(
            self._connections.wait_for,
            platform,
            user_id=user_id,
            timeout=timeout,
            poll_interval=poll_interval,
        )


async def _anew(
    users: Callable[[], Iterable[str | ManagedUser] | Awaitable[Iterable[str | ManagedUser]]],
) -> Iterable[str | ManagedUser]:
    # Not on the loop's thread: it may well call this client.
    many = await asyncio.to_thread(users)
    if isinstance(many, Awaitable):
        many = await many
    # A generator, too, may call this client.
    return await asyncio.to_thread(list, many) if isinstance(many, Iterator) else many


def _collect(answers: Answers, collector: Collector) -> None:
    with answers:
        try:
            while numbered := answers.next_numbered():
                collector.add(*numbered)
        except BaseException:
            collector.keep(answers.leave())
            raise
