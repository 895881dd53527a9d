"""The documented calls: which one a request makes, and what its reply looks like."""

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import unquote

__all__ = ["CALLS", "ROOT", "Refusal", "Reply", "Route", "encode", "error_reply", "find_route"]

ROOT = "/api/v1"

CALLS = (
    "GET /platform-connections",
    "POST /test-connection/{platformId}",
    "GET /workspace/users",
    "POST /workspace/users",
    "DELETE /workspace/users/{id}",
    "POST /workspace/users/{id}/connection-url",
    "POST /workspace/users/{id}/api-key",
)
"""The names of the documented calls: method and path, with one parameter at most in braces."""

_PATTERNS = {
    name: re.compile(re.sub(r"\{\w+\}", "([^/]*)", name.replace(" ", f" {ROOT}"))) for name in CALLS
}
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


class Route(NamedTuple):
    """
    The call that a request makes.

    Attributes:
        name: One of ``CALLS``, or ``"unknown"`` for whatever is not documented.

        parameter: What the path has in place of the braces, decoded; else empty.
    """

    name: str
    parameter: str = ""


class Reply(NamedTuple):
    """
    A response, before it is put on the wire.

    Attributes:
        status: HTTP status code.

        body: JSON text, whole or in pieces to be sent one by one.

        headers: The headers to send besides ``Content-Type``.
    """

    status: int
    body: bytes | Iterator[bytes]
    headers: Mapping[str, str] = MappingProxyType({})


class Refusal(Exception):  # noqa: N818
    """
    The service refuses a request.

    Attributes:
        reply: What it replies.
    """

    def __init__(self, status: int, error: str, code: str | None = None) -> None:
        super().__init__(error)
        self.reply = error_reply(status, error, code)


def find_route(method: str, path: str) -> Route:
    """
    Find the call that a request makes.

    Args:
        method: HTTP method.

        path: Path of the URL, percent-encoded as it came.
    """
    for name, pattern in _PATTERNS.items():
        found = pattern.fullmatch(f"{method} {path}")
        if found:
            return Route(name, *map(unquote, found.groups()))
    return Route("unknown")


def error_reply(status: int, error: str, code: str | None = None) -> Reply:
    """
    Make the reply to a request that failed.

    Args:
        status: HTTP status code.

        error: What went wrong, in a sentence.

        code: A stable error code. ``None`` where the service sends none.
    """
    return Reply(status, encode({"error": error} | ({} if code is None else {"code": code})))


def encode(data: object) -> bytes:
    """Give *data* as compact JSON in UTF-8; half a surrogate pair becomes a question mark."""
    return _ENCODER.encode(data).encode(errors="replace")
