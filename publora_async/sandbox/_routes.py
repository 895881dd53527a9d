"""The documented calls, and the replies to them."""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import unquote

__all__ = [
    "CALLS",
    "ROOT",
    "UNKNOWN",
    "Refusal",
    "Reply",
    "Route",
    "encode",
    "error_reply",
    "find_route",
]

ROOT = "/api/v1"


class Route(NamedTuple):
    """
    A call.

    Attributes:
        name: Method and path template, such as ``"GET /workspace/users"``.

        parameter: What stands where the template has braces, decoded; else empty.
    """

    name: str
    parameter: str = ""


CALLS = frozenset(
    {
        "GET /platform-connections",
        "POST /test-connection/{platformId}",
        "GET /workspace/users",
        "POST /workspace/users",
        "DELETE /workspace/users/{id}",
        "POST /workspace/users/{id}/connection-url",
        "POST /workspace/users/{id}/api-key",
    }
)
"""The names of the documented calls."""

UNKNOWN = Route("unknown")
"""Whatever is not documented."""


def find_route(method: str, path: str) -> Route:
    """
    Give the call that *method* and *path* make.

    Args:
        method: HTTP method.

        path: Path of the URL, percent-encoded as it came.
    """
    match method, path.removeprefix(ROOT).split("/") if path.startswith(ROOT) else []:
        case "GET", ["", "platform-connections"]:
            return Route("GET /platform-connections")
        case "POST", ["", "test-connection", platform_id]:
            return Route("POST /test-connection/{platformId}", unquote(platform_id))
        case "GET" | "POST", ["", "workspace", "users"]:
            return Route(f"{method} /workspace/users")
        case "DELETE", ["", "workspace", "users", user_id]:
            return Route("DELETE /workspace/users/{id}", unquote(user_id))
        case "POST", ["", "workspace", "users", user_id, "connection-url" | "api-key" as what]:
            return Route(f"POST /workspace/users/{{id}}/{what}", unquote(user_id))
    return UNKNOWN


_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


class Reply(NamedTuple):
    """
    One answer, before it is put on the wire.

    Attributes:
        status: HTTP status code.

        body: JSON text, whole or in pieces to be sent one by one.

        headers: What to send beside the content's type.
    """

    status: int
    body: bytes | Iterator[bytes]
    headers: Mapping[str, str] = MappingProxyType({})


class Refusal(Exception):  # noqa: N818
    """
    The service says no.

    Attributes:
        reply: What it says.
    """

    def __init__(self, status: int, error: str, code: str | None = None) -> None:
        super().__init__(error)
        self.reply = error_reply(status, error, code)


def error_reply(status: int, error: str, code: str | None = None) -> Reply:
    """
    Give the reply of a call that failed.

    Args:
        status: HTTP status code.

        error: What went wrong, in a sentence.

        code: A stable error code. ``None`` where the service sends none.
    """
    return Reply(status, encode({"error": error} | ({} if code is None else {"code": code})))


def encode(data: object) -> bytes:
    """Give *data* as compact JSON in UTF-8; half a surrogate pair becomes a question mark."""
    return _ENCODER.encode(data).encode(errors="replace")
