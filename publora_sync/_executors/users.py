"""The users of a fan-out over workers, until each is answered."""

import math
import time
from collections import deque
from collections.abc import Iterable, Sized

import attrs

from publora_async import (
    AsyncConnections,
    ConnectionList,
    ManagedUser,
    NotSentError,
    PubloraError,
    TransportError,
    UserConnections,
    UserFailed,
    UserSucceeded,
)
from publora_async._fan_out.user_ids import user_id_of
from publora_async._fan_out.window import SLOW
from publora_async._http.options import ClientOptions
from publora_sync._executors.parcel import Found

__all__ = ["User", "Users"]


@attrs.define(eq=False)
class User:
    """
    One user to ask about.

    Attributes:
        number: Their place in the fan-out, from 0.
        user_id: Whom to ask about.
        user: What the answer names. ``None``: only an id was given.
        since: When a worker was first given this user, by the monotonic clock.
        attempts: How many were made by workers that have given the user back.
        deaths: How many workers have not come back with an answer.
        failure: What came of those attempts. ``None``: there were none.
    """

    number: int
    user_id: str
    user: ManagedUser | None
    since: float = math.inf
    attempts: int = 0
    deaths: int = 0
    failure: PubloraError | None = None

    def settled(self, found: Found, options: ClientOptions) -> Found | None:
        """
        Take in what a worker says about the user.

        Returns:
            What is found out; ``None`` if they are to be asked about again.
        """
        if isinstance(found, PubloraError):
            self.attempts += getattr(found, "attempts", 0)
            if _was_given_back(found) and self._may_be_asked_again(found, options):
                return None
        return found

    def _may_be_asked_again(self, error: PubloraError, options: ClientOptions) -> bool:
        deadline = options.deadline
        is_late = deadline is not None and time.monotonic() - self.since >= deadline
        if isinstance(error, NotSentError):
            return not is_late
        self.failure = error
        if is_late or self.attempts > options.max_retries:
            # It has one, as _was_given_back has seen.
            error.gave_up = "deadline" if is_late else "retries"  # type: ignore[attr-defined]
            return False
        return True

    def lost(self, error: BaseException) -> Found | None:
        """
        Take in that a worker has died of *error*, or been given up.

        Returns:
            What is to be said of the user; ``None`` if they are to be asked about once more.
        """
        # Dask has itself given them to so many workers more by then.
        self.deaths += 1 + getattr(error, "allowed_failures", 0)
        if self.deaths == 1:
            return None
        return TransportError(f"nobody knows: the workers that asked died ({type(error).__name__})")

    def answer(self, found: Found, connections: AsyncConnections) -> UserConnections:
        """Make what was *found* the user's answer; *connections* knows how to read it."""
        if isinstance(found, bytes):
            found = connections._decoded(self.user_id, found)  # noqa: SLF001  # of the other half
        if isinstance(found, ConnectionList):
            return UserSucceeded(self.user_id, found, self.user)
        if self.attempts:
            found.attempts = self.attempts  # type: ignore[attr-defined]  # it was a request's
        return UserFailed(self.user_id, found, self.user)


def _was_given_back(error: PubloraError) -> bool:
    return isinstance(error, NotSentError) or getattr(error, "gave_up", None) == "gate"


class Users:
    """
    Those who wait to be asked about: read as they are needed, and given back by workers.

    Args:
        user_ids: Whom the fan-out is about.

    Attributes:
        patience: Seconds to wait for news before the next is read, where reading takes long.
            ``None``: no hurry.
    """

    def __init__(self, user_ids: Iterable[str | ManagedUser]) -> None:
        self._source = iter(user_ids)
        self._total = len(user_ids) if isinstance(user_ids, Sized) else None
        self._read = 0
        self._at_end = False
        self._again: deque[User] = deque()
        self.patience: float | None = None

    @property
    def are_over(self) -> bool:
        """Whether nobody waits."""
        return self._at_end and not self._again

    @property
    def were_given_back(self) -> bool:
        """Whether somebody waits to be asked about again."""
        return bool(self._again)

    def give_back(self, user: User) -> None:
        """Have one asked about again, before any other."""
        self._again.append(user)

    def stop(self) -> None:
        """Forget all who wait."""
        self._at_end = True
        self._again.clear()

    def take(self, most: int, workers: int) -> tuple[list[User], Exception | None]:
        """
        Take users for one chunk.

        Args:
            most: How many at most.
            workers: How many ask; towards the end, none is given all that is left.

        Returns:
            The users, and what reading them has raised after those. ``None``: nothing.
        """
        self.patience = None
        if self._again:
            return [self._again.popleft() for _ in range(min(most, len(self._again)))], None
        if self._total is not None:
            most = min(most, max(1, math.ceil((self._total - self._read) / (2 * workers))))
        taken: list[User] = []
        begun = time.monotonic()
        try:
            while len(taken) < most and not self._at_end:
                who = next(self._source)
                user = who if isinstance(who, ManagedUser) else None
                taken.append(User(self._read, user_id_of(who), user))
                self._read += 1
                took = time.monotonic() - begun
                if self._total is None and took > SLOW:  # else it was this process's doing
                    self.patience = took
                    break
        except StopIteration:
            self._at_end = True
        except Exception as error:  # noqa: BLE001  # raised once all answers are handed out
            self._at_end = True
            return taken, error
        return taken, None
