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
    "POST /workspace/users/attach",
    "DELETE /workspace/users/{id}",
    "POST /workspace/users/{id}/connection-url",
    "POST /workspace/users/{id}/api-key",
)
"""The names of the documented calls: method and path, with one parameter at most in braces."""

_PATTERNS = {
    name: re.compile(re.sub(r"\{\w+\}", "([^/]*)", name.replace(" ", f" {ROOT}"))) for name in CALLS
}
_LONGEST_QUOTE = 200
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


class Route(NamedTuple):
    """
    The call that a request makes.

    Attributes:
        name: One of ``CALLS``, or ``"unknown"`` for whatever is not documented.

        parameter: What the path has in place of the braces, decoded; else empty. Of whatever
            is not documented, the method and the path.
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

    def __init__(self, status: int, error: str, code: str | None = None, **details: object) -> None:
        super().__init__(error)
        self.reply = error_reply(status, error, code, **details)


def find_route(method: str, path: str) -> Route:
    """
    Find the call that a request makes.

    Args:
        method: HTTP method. HEAD makes the call that GET makes.

        path: Path of the URL, percent-encoded as it came.
    """
    asked = "GET" if method == "HEAD" else method
    for name, pattern in _PATTERNS.items():
        found = pattern.fullmatch(f"{asked} {path}")
        if found:
            return Route(name, *map(unquote, found.groups()))
    return Route("unknown", f"{method} {path}"[:_LONGEST_QUOTE])


def error_reply(status: int, error: str, code: str | None = None, **details: object) -> Reply:
    """
    Make the reply to a request that failed.

    Args:
        status: HTTP status code.

        error: What went wrong, in a sentence.

        code: A stable error code. ``None`` where the service sends none.

        details: What else it says.
    """
    stable = {} if code is None else {"code": code}
    return Reply(status, encode({"error": error, **stable, **details}))


def encode(data: object) -> bytes:
    """Give *data* as compact JSON in UTF-8; half a surrogate pair becomes a question mark."""
    return _ENCODER.encode(data).encode(errors="replace")
