"""A server of raw sockets on threads of its own, that answers whatever bytes a test wants."""

import asyncio
import json
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import SimpleQueue
from types import TracebackType
from typing import Self

Answer = bytes | Callable[[socket.socket], None]
"""Bytes to send on a connection that then stays open, or whatever is done with its socket."""

EMPTY_LIST = {"success": True, "connections": []}

_answered = threading.local()

CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{"
"""The beginning of an answer, and no more."""


def reply(
    body: object = EMPTY_LIST, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> bytes:
    """One whole HTTP answer; a *body* that is not bytes is sent as JSON."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"Content-Length": str(len(payload)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + payload


def user_asked_about() -> str:
    """For an answer: the managed user that its request is about; empty for none."""
    found = re.search(rb"(?i)^x-publora-user-id: *(.*)\r$", _answered.head, re.MULTILINE)
    return found[1].decode() if found else ""


def then_hang_up(sent: bytes = b"") -> Answer:
    """Send *sent* and close the connection."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_RDWR)

    return answer


def then_reset(sent: bytes = b"") -> Answer:
    """Send *sent* and reset the connection."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(sent)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    return answer


class Held:
    """Says nothing to the requests that meet it: a test answers them itself, when it likes."""

    def __init__(self) -> None:
        self._connections: SimpleQueue[socket.socket] = SimpleQueue()

    def __call__(self, connection: socket.socket) -> None:
        self._connections.put(connection)

    async def next(self) -> socket.socket:
        """Wait for the next request, and give the connection to answer it on."""
        return await asyncio.to_thread(self._connections.get, timeout=5)


class HostileServer:
    """
    Answers each request with the next of *answers*, and every one after those with the last.

    With *tls*, it speaks TLS to who begins so, and plainly to everybody else.
    Its *greeting* it sends on each connection before it is asked.

    Attributes:
        port: Where it listens, on 127.0.0.1.

        heads: The bytes of each request's head, in the order of arrival.

        bodies: The bytes of each request's body, in the same order.

        connections: How many were accepted.

        asked: Released once for each request that has arrived.

        answered: Released with each answer that was sent as it is.

        left: Released once for each connection that has ended.
    """

    def __init__(
        self, *answers: Answer, tls: ssl.SSLContext | None = None, greeting: bytes = b""
    ) -> None:
        self._answers = answers
        self._greeting = greeting
        self._tls = tls
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self.accepted = threading.Semaphore(0)
        self.asked = threading.Semaphore(0)
        self.answered = threading.Semaphore(0)
        self.left = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.origin = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.base_url = f"{self.origin}/api/v1"

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Again and again: a connection may be accepted, or get its TLS, in this very moment.
        for thread in self._threads:
            while thread.is_alive():
                self._hang_up()
                thread.join(0.05)
        self._hang_up()

    def _hang_up(self) -> None:
        for one in (self._listener, *self._open):
            # close() alone does not wake a thread that is blocked in accept() or recv().
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def is_left_alone(self) -> bool:
        """Whether every connection ends within 5 seconds without our doing: the client's."""
        talks = self._talks()
        for thread in talks:
            thread.join(5)
        return not any(thread.is_alive() for thread in talks)

    def is_left_alone_by(self, count: int) -> bool:
        """Whether just *count* connections have ended within 5 seconds, by the client's doing."""
        talks = self._talks()
        end = time.monotonic() + 5
        while sum(not thread.is_alive() for thread in talks) < count and time.monotonic() < end:
            for thread in talks:
                thread.join(0.01)
        return sum(not thread.is_alive() for thread in talks) == count

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name=target.__name__.lstrip("_"))
        with self._lock:  # whoever waits for it finds it started
            self._threads.append(thread)
            thread.start()

    def _talks(self) -> list[threading.Thread]:
        with self._lock:
            return [thread for thread in self._threads if thread.name == "talk"]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._spawn(self._talk, connection)
            self.accepted.release()

    def _talk(self, connection: socket.socket) -> None:
        try:
            if self._tls is not None and connection.recv(1, socket.MSG_PEEK) == b"\x16":
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            if self._greeting:
                connection.sendall(self._greeting)
                self.answered.release()
            while request := _read_request(connection):
                head, body = request
                with self._lock:
                    answer = self._answers[min(len(self.heads), len(self._answers) - 1)]
                    self.heads.append(head)
                    self.bodies.append(body)
                self.asked.release()
                _answered.head = head
                if isinstance(answer, bytes):
                    connection.sendall(answer)
                    self.answered.release()
                else:
                    answer(connection)
        except OSError:
            pass
        finally:
            connection.close()
            self.left.release()


def _read_request(connection: socket.socket) -> tuple[bytes, bytes] | None:
    """Read a request's head and body; nothing where the connection ends instead."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return None
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"^content-length: *(\d+)", head, re.IGNORECASE | re.MULTILINE)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n", body


def silence(connection: socket.socket) -> None:
    """Say nothing until the client gives up."""
    while connection.recv(65536):
        pass


def tunnel_to(port: int) -> Answer:
    """Be the proxy that a CONNECT asks for: agree, then pass everything on, both ways."""

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)

    def answer(connection: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", port)) as target:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(target, connection))
            back.start()
            pump(connection, target)
            back.join()

    return answer
