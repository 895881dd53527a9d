"""
A service that fails in every way it can, in a process of its own.

``python -m benchmarks._faulty SEED`` prints where it is. When its input ends it prints, as JSON,
how often it did what, and ends. Each good answer names the user that it is about.
"""

import asyncio
import gzip
import json
import random
import re
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Literal, TypeAlias

import attrs

__all__ = ["FOLLOWED", "OUTAGE", "PERIOD"]

PERIOD: Final = 20.0
OUTAGE: Final = 1.0
"""Every so many seconds there is an outage of that length, in which all is answered 503."""

FOLLOWED: Final = "FOLLOWED A REDIRECT"
"""What must not be counted."""


def _reply(status: int, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + body


def _accounts(user_id: str) -> bytes:
    accounts = [
        {"platformId": f"{platform}-{user_id}", "username": user_id}
        for platform in ("twitter", "linkedin")
    ]
    return _reply(200, json.dumps({"success": True, "connections": accounts}).encode())


def _refusal(status: int, *headers: str, error: str = "no") -> bytes:
    return _reply(status, json.dumps({"error": error}).encode(), *headers)


def _drip(answer: bytes) -> Sequence[bytes | float]:
    """A tenth of the answer at once, then a byte every 20 ms: longer than anybody waits."""
    at_once = len(answer) // 10
    pieces: list[bytes | float] = [answer[:at_once]]
    for byte in answer[at_once:]:
        pieces += [0.02, bytes([byte])]
    return pieces


Pieces: TypeAlias = Sequence[bytes | float]
"""What is sent; a number is a pause in seconds."""


@attrs.frozen
class _Deed:
    """
    What may become of a request.

    Attributes:
        weight: How often it does, as a share of all weights.
        pieces: Makes what is sent of the good answer.
        end: What becomes of the connection then.
    """

    weight: float
    pieces: Callable[[bytes], Pieces]
    end: Literal["stays", "is closed", "is reset"] = "stays"


def _says(*pieces: bytes) -> Callable[[bytes], Pieces]:
    return lambda _: pieces


_BOMB = _reply(200, gzip.compress(bytes(5_000_000)), "Content-Encoding: gzip")
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_GARBAGE = random.Random(0).randbytes(500)  # noqa: S311  # the same each time is the point
_PAGE = "Content-Type: text/html"
_UNASKED = _accounts("somebody-else")

_DEEDS = {
    "good": _Deed(78, lambda good: [good]),
    "good, slow": _Deed(4, lambda good: [0.05, good]),
    "good, in pieces": _Deed(2, lambda good: [good[:20], 0.001, good[20:99], 0.001, good[99:]]),
    "good, then unasked": _Deed(1, lambda good: [good + _UNASKED]),
    "late": _Deed(0.4, lambda good: [1.5, good]),
    "never": _Deed(0.2, lambda _: [5.0]),
    "dripped": _Deed(0.4, _drip),
    "reset": _Deed(1, _says(), "is reset"),
    "reset in the body": _Deed(0.5, lambda good: [good[:-5]], "is reset"),
    "hung up": _Deed(1, _says(), "is closed"),
    "cut in the head": _Deed(0.5, lambda good: [good[:20]], "is closed"),
    "cut in the body": _Deed(1, lambda good: [good[:-5]], "is closed"),
    "cut in a chunk": _Deed(0.5, _says(_CHUNKED, b'40\r\n{"success": tr'), "is closed"),
    "garbage": _Deed(0.5, _says(_GARBAGE), "is closed"),
    "garbage in a chunk": _Deed(0.3, _says(_CHUNKED, b"what?\r\n", _GARBAGE), "is closed"),
    "a page": _Deed(0.5, _says(_reply(200, b"<html>", _PAGE))),
    "another shape": _Deed(0.5, _says(_reply(200, b'{"success": true, "connections": 5}'))),
    "a bomb": _Deed(0.2, _says(_BOMB)),
    "a redirect": _Deed(0.5, _says(_refusal(302, "Location: /elsewhere"))),
    "400": _Deed(0.3, _says(_refusal(400))),
    "403": _Deed(0.3, _says(_refusal(403, error="User is not managed by key"))),
    "404": _Deed(0.3, _says(_refusal(404))),
    "429": _Deed(0.2, _says(_refusal(429))),
    "429 for now": _Deed(0.5, _says(_refusal(429, "Retry-After: 0"))),
    "429 for an hour": _Deed(0.1, _says(_refusal(429, "Retry-After: 3600"))),
    "429 for nonsense": _Deed(0.1, _says(_refusal(429, "Retry-After: -nan"))),
    "500": _Deed(1, _says(_refusal(500))),
    "502": _Deed(0.5, _says(_reply(502, b"<html>", _PAGE))),
    "503 for now": _Deed(0.5, _says(_refusal(503, "Retry-After: 0"))),
    "504, closed": _Deed(0.5, _says(_refusal(504, "Connection: close")), "is closed"),
}
_WEIGHTS = [deed.weight for deed in _DEEDS.values()]


class _Faulty:
    """Does something at random to each request."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # the same each time is the point
        self._begun = time.monotonic()
        self.done: Counter[str] = Counter()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it."""
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if not await self._answer(head.decode(), writer):
                    break
        writer.close()

    async def _answer(self, head: str, writer: asyncio.StreamWriter) -> bool:
        found = re.search(r"(?im)^x-publora-user-id: *(\S*)", head)
        deed = self._choose(head)
        for piece in deed.pieces(_accounts(found[1] if found else "")):
            if isinstance(piece, bytes):
                writer.write(piece)
                await writer.drain()
            else:
                await asyncio.sleep(piece)
                if writer.is_closing():
                    return False
        if deed.end == "is reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        return deed.end == "stays"

    def _choose(self, head: str) -> _Deed:
        if head.startswith("GET /elsewhere"):
            name, deed = FOLLOWED, _Deed(0, _says(_refusal(404)))
        elif (time.monotonic() - self._begun) % PERIOD > PERIOD - OUTAGE:
            name, deed = "503 in an outage", _Deed(0, _says(_refusal(503)))
        else:
            ((name, deed),) = self._random.choices(list(_DEEDS.items()), _WEIGHTS)
        self.done[name] += 1
        return deed


async def _serve(seed: int) -> None:
    faulty = _Faulty(seed)
    server = await asyncio.start_server(faulty.talk, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v1", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(faulty.done), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
