"""Whom a fan-out asks about: what may be given, checked."""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from datetime import timedelta
from typing import TypeAlias

from publora_async._checks import check_count, check_duration, plain_text
from publora_async.errors import ConfigurationError
from publora_async.managed_users import ManagedUser

__all__ = ["Many", "Users", "check_users", "check_watched", "in_chunks", "user_id_of"]


Many: TypeAlias = Iterable[str | ManagedUser] | AsyncIterable[str | ManagedUser]
"""Whom to ask about."""

Users: TypeAlias = Many | Callable[[], Many | Awaitable[Many]] | None
"""The same, or what gives them anew each time; ``None``: the key's own account."""

_OWN = ""
"""Stands for the key's own account, which has no user id."""


def check_users(user_ids: object, concurrency: int) -> None:
    """
    Refuse what no fan-out can begin with.

    Raises:
        ConfigurationError: *concurrency* is no whole number above 0, or *user_ids* is one text.
    """
    if isinstance(user_ids, str):
        raise ConfigurationError("user_ids must be several ids: [user_id] asks about one user")
    check_count("concurrency", concurrency)


def check_watched(
    users: object, concurrency: int, every: timedelta, within: timedelta | None, state: object
) -> None:
    """
    Refuse what no watch can begin with.

    Raises:
        ConfigurationError: *concurrency* is no whole number above 0; *users* is one text, can
            be read only once, or cannot be read at all; *every* or *within* is no duration;
            *state* is an empty text.
    """
    check_users(users, concurrency)
    if not (users is None or callable(users)):
        _check_many(users)
    if check_duration("every", every) == timedelta(0):
        raise ConfigurationError("every must be more than nothing, such as 15 minutes")
    if within is not None:
        check_duration("within", within)
    if state == "":
        raise ConfigurationError("state must name a file, or be None: then all is forgotten")
    if isinstance(users, Iterator | AsyncIterator):
        raise ConfigurationError(
            "users can be read only once: give a list, or a function that gives them anew"
        )


def _check_many(users: object) -> None:
    """
    Refuse what holds no ids.

    Raises:
        ConfigurationError: *users* is one text, or cannot be read at all.
    """
    if isinstance(users, str) or not isinstance(users, Iterable | AsyncIterable):
        raise ConfigurationError(
            f"users must be ids, or a function that gives them, not {type(users).__name__}"
        )


def user_id_of(who: str | ManagedUser) -> str:
    """
    Give the id to ask about.

    Raises:
        ConfigurationError: *who* is neither an id nor a user.
    """
    user_id = who.id if isinstance(who, ManagedUser) else who
    if not isinstance(user_id, str):
        # A mistake in the program, not a user's failure: None would ask about the key's owner.
        raise ConfigurationError(
            f"user_ids must hold user ids or ManagedUsers, not {type(who).__name__}"
        )
    return plain_text(user_id)


async def in_chunks(users: Users, size: int) -> AsyncIterator[list[str]]:
    """
    Give the ids, so many at a time; an empty one stands for the key's own account.

    Raises:
        ConfigurationError: What should give them does not, or one of them is no id.
    """
    if users is None:
        yield [_OWN]
        return
    many = users() if callable(users) else users
    many = await many if isinstance(many, Awaitable) else many
    _check_many(many)
    chunk = []
    async for who in _each(many):
        chunk.append(user_id_of(who))
        if not (chunk[-1] and chunk[-1].isprintable()):
            # The empty one would be taken for the key's own account.
            raise ConfigurationError(f"users must hold user ids, and {chunk[-1]!r} is none")
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


async def _each(many: Many) -> AsyncIterator[str | ManagedUser]:
    if isinstance(many, AsyncIterable):
        async for who in many:
            yield who
    else:
        for who in many:
            yield who
