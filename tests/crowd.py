"""A server that sees many users asked about at once, and what is due for each of them."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any, TypeAlias

from asking import listing
from colours import Client
from hostile import EMPTY_LIST, HostileServer, reply, user_asked_about
from ways import SIZE

from publora_async import Connection, ConnectionList, UserConnections, UserSucceeded

__all__ = [
    "Asked",
    "Crowd",
    "Round",
    "all_answered",
    "all_left",
    "answers",
    "first_answered",
    "ids_of",
    "none_answered",
    "other_tasks",
    "reply_for",
]


def ids_of(count: int) -> list[str]:
    """Make up users."""
    return [f"user-{number:04}" for number in range(count)]


def answers(user_ids: Iterable[str]) -> list[UserConnections]:
    """Say what is due for each of those users, and for no other."""
    return [
        UserSucceeded(
            user_id,
            ConnectionList([Connection(platform_id=f"twitter-{user_id}", username=user_id)]),
        )
        for user_id in user_ids
    ]


def reply_for(user_id: str) -> bytes:
    """Say the same as the service does; an empty *user_id* is the key's own account."""
    account = {"platformId": f"twitter-{user_id}", "username": user_id}
    return reply({"success": True, "connections": [account]} if user_id else EMPTY_LIST)


Asked: TypeAlias = tuple[socket.socket, str]
"""A request that waits for its answer: its connection, and the user it is about."""

Round: TypeAlias = Callable[[list[Asked]], object]
"""What is done once *size* requests are there."""


class Crowd:
    """
    Lets requests wait until *size* of them are there, then has one of *rounds* answer them.

    After the last round, whatever comes is answered at once. A request that a round does not
    answer is never answered: its connection ends when the client leaves it.
    """

    def __init__(self, size: int, *rounds: Round) -> None:
        self._size = size
        self._rounds = list(rounds)
        self._waiting: list[Asked] = []
        self._lock = threading.Lock()

    def __call__(self, connection: socket.socket) -> None:
        with self._lock:
            self._waiting.append((connection, user_asked_about()))
            if not self._rounds:
                all_answered(self._waiting)
            elif len(self._waiting) < self._size:
                return
            else:
                self._rounds.pop(0)(self._waiting)
            self._waiting = []


def all_answered(asked: list[Asked]) -> None:
    """Answer everyone, the last user first."""
    for connection, user_id in sorted(asked, key=itemgetter(1), reverse=True):
        connection.sendall(reply_for(user_id))


def first_answered(asked: list[Asked]) -> None:
    """Answer the first user in the order of their ids, and nobody else."""
    connection, user_id = min(asked, key=itemgetter(1))
    connection.sendall(reply_for(user_id))


def none_answered(_: list[Asked]) -> None:
    """Answer nobody."""


async def all_left(
    client: Client, server: HostileServer, tasks: set["asyncio.Task[Any]"], held: int = SIZE - 1
) -> int:
    """
    See that a fan-out has let go of all that it had, and that its client works on.

    Args:
        client: Who asked.
        server: Whom.
        tasks: What ran on the client's loop before.
        held: How many requests were under way and never answered.

    Returns:
        How many requests there were before this look.
    """
    for _ in range(held):
        assert await asyncio.to_thread(server.left.acquire, timeout=5), "a socket is still open"

    async def end() -> set["asyncio.Task[Any]"]:
        if rest := await other_tasks() - tasks:
            _, rest = await asyncio.wait(rest, timeout=5)
        return rest

    assert await client.on_loop(end) == set()
    requests = len(server.heads)
    assert await client.ask(listing) == ConnectionList()
    assert len(server.heads) == requests + 1
    return requests


async def other_tasks() -> set["asyncio.Task[Any]"]:
    """Give what runs on this loop besides the caller."""
    return asyncio.all_tasks() - {asyncio.current_task()}
