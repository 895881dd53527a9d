"""Executors for a fan-out, and a server that answers each user with what is due."""

import os
import re
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from conftest import KEY
from crowd import reply_for
from hostile import HostileServer, reply, user_asked_about

from publora_sync import Publora
from publora_sync._executors import worker

__all__ = [
    "PATIENCE",
    "USERS",
    "Scripted",
    "answering",
    "client",
    "in_turn",
    "refusal",
    "users_asked",
]

USERS = int(os.environ.get("PUBLORA_TEST_USERS", "300"))
"""About how many users real processes are made to ask; more take long, and show the same."""

PATIENCE = 100 + USERS // 25
"""Seconds for several processes to import the SDK, and perhaps Dask, and to ask about them."""

P = ParamSpec("P")
T = TypeVar("T")


def answering(connection: socket.socket) -> None:
    """Answer a user with what is due."""
    connection.sendall(reply_for(user_asked_about()))


def refusal(status: int, message: str = "no", **headers: str) -> bytes:
    """Refuse whatever is asked."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return reply({"error": message}, status=status, headers=fields)


def in_turn(*answers: bytes | None) -> Callable[[socket.socket], None]:
    """Give one answer after the other, for ``None`` what is due, and at last always that."""
    lock, left = threading.Lock(), list(answers)

    def answer(connection: socket.socket) -> None:
        with lock:
            now = left.pop(0) if left else None
        if now is None:
            answering(connection)
        else:
            connection.sendall(now)

    return answer


def users_asked(server: HostileServer) -> list[str]:
    """The user of each request, in the order of arrival."""
    found = [re.search(rb"(?i)x-publora-user-id: *(.*)\r", head) for head in server.heads]
    return [one[1].decode() for one in found if one]


@contextmanager
def client(server: HostileServer, **options: Any) -> Iterator[Publora]:  # noqa: ANN401  # as they are
    """Make a client; with it, those of workers in this process are closed."""
    with Publora(KEY, base_url=server.base_url, **options) as publora:
        try:
            yield publora
        finally:
            worker._close_all()


class Scripted(Executor):
    """
    Runs what it is given at once, or does instead what *script* says for one submission each.

    Args:
        script: An error that the future gets; ``"pending"`` for one that never begins, and
            ``"running"`` for one that never ends; a class of errors that submitting raises;
            ``None`` for what is done without a script.

    Attributes:
        chunks: Whom it was given, one list a submission.
        futures: What it gave back.
    """

    def __init__(self, script: Sequence[BaseException | type[Exception] | str | None] = ()) -> None:
        self._script = list(script)
        self.chunks: list[list[str]] = []
        self.futures: list[Future[Any]] = []

    def submit(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        what = self._script.pop(0) if self._script else None
        if isinstance(what, type):
            raise what("no more")
        (parcel,) = args
        self.chunks.append(parcel.unpacked().user_ids)  # type: ignore[attr-defined]  # a parcel
        future: Future[T] = Future()
        self.futures.append(future)
        if isinstance(what, BaseException):
            future.set_exception(what)
        elif what == "running":
            future.set_running_or_notify_cancel()
        elif what is None:
            try:
                future.set_result(call(*args, **kwargs))
            except Exception as error:  # noqa: BLE001  # as executors do
                future.set_exception(error)
        return future
