"""The answers of a fan-out over an executor, as :class:`publora_sync.Answers`."""

import os
import threading
from collections.abc import Iterable
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from publora_async import (
    AsyncConnections,
    ClientStateError,
    ConfigurationError,
    ManagedUser,
    UserConnections,
)
from publora_async._checks import check_count
from publora_async._fan_out.user_ids import check_users
from publora_sync._bridge import Bridge
from publora_sync._executors.parcel import settings_of
from publora_sync._executors.plan import Plan
from publora_sync._executors.spread import Spread
from publora_sync._executors.users import Users
from publora_sync.answers import Answers

if TYPE_CHECKING:
    import weakref

__all__ = ["ExecutorAnswers", "answers_by"]


class ExecutorAnswers(Answers):
    """
    An iterator over answers that workers find, one chunk at a time.

    Leaving it early cancels the chunks that have not begun, and waits for no other.

    Args:
        spread: What gives the chunks out.
        bridge: On its thread they are cancelled once the iterator is dropped.
    """

    def __init__(self, spread: Spread, bridge: Bridge) -> None:
        self._spread = spread
        self._bridge = bridge
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._cancel: weakref.finalize[[], Answers] | None = None

    def next_numbered(self) -> tuple[int, UserConnections] | None:
        """Give the next answer with its user's number, from 0; ``None`` when all is over."""
        if os.getpid() != self._pid:
            raise ClientStateError("these answers were begun before a fork: ask anew here")
        with self._lock:
            try:
                if self._bridge.stopped:
                    raise ClientStateError("this client is closed: make another one")  # noqa: TRY301
                numbered = self._spread.next()
                # Only now: the first chunk makes a pool of processes fork, and that is best done
                # before there is a thread.
                if self._cancel is None:
                    self._cancel = self._bridge.when_dropped(self, self._spread.cancel)
            except BaseException:
                self._spread.cancel()
                raise
            return numbered

    def leave(self) -> list[tuple[int, UserConnections]]:
        """Stop, and give the answers that arrived last, handed out or not, with their numbers."""
        return self._spread.leave() if os.getpid() == self._pid else []


def answers_by(
    executor: Executor,
    user_ids: Iterable[str | ManagedUser],
    connections: AsyncConnections,
    bridge: Bridge,
    *,
    workers: int | None,
    concurrency: int,
    ordered: bool,
    send_key: bool,
) -> ExecutorAnswers:
    """
    Ask about *user_ids* by *executor*; the arguments are those of the sync ``iter_many``.

    Raises:
        ConfigurationError: One of them cannot be used.
    """
    check_users(user_ids, concurrency)
    if not callable(getattr(executor, "submit", None)):
        raise ConfigurationError(
            f"executor must be a concurrent.futures.Executor, not {type(executor).__name__}"
        )
    if workers is None:
        raise ConfigurationError("say how many tasks the executor runs at once: workers=4")
    check_count("workers", workers)
    options = connections._transport.options  # noqa: SLF001  # as the async half of this client
    concurrency = min(concurrency, options.max_connections)
    if concurrency < workers:
        raise ConfigurationError(
            f"concurrency and max_connections are for all workers together: they must be "
            f"{workers} or more, not {concurrency}"
        )
    settings = settings_of(options, send_key=send_key)
    plan = Plan(executor, options, settings, workers, concurrency, ordered=ordered)
    return ExecutorAnswers(Spread(plan, Users(user_ids), connections, bridge), bridge)
