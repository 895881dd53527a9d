"""Which documented call a request is."""

from typing import NamedTuple
from urllib.parse import unquote

__all__ = ["CALLS", "ROOT", "UNKNOWN", "Route", "find_route"]

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
