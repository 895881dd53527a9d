"""From a call to a request, no I/O."""

import json
from urllib.parse import quote

import attrs

from publora_async.errors import ConfigurationError
from publora_async.options import check_count
from publora_async.secret import check_header_value

__all__ = [
    "KEY_HEADER",
    "Request",
    "connection_url",
    "create_user",
    "create_user_key",
    "detach_user",
    "list_connections",
    "list_users",
    "test_connection",
]

KEY_HEADER = "x-publora-key"
USER_HEADER = "x-publora-user-id"


@attrs.define(kw_only=True)
class Request:
    """
    What to ask, but for the key, which only the transport adds.

    Attributes:
        route: The path with ``{id}`` in place of ids; what logs show.

        path: What follows the base URL, percent-encoded.

        headers: Those that this request needs beside the key.

        body: What to send along. ``None``: nothing.

        writes: Whether it changes something, so that it must not be sent a second time once
            the first may have arrived.
    """

    method: str
    route: str
    path: str
    headers: dict[str, str]
    body: bytes | None = None
    writes: bool = False


def list_connections(user_id: str | None) -> Request:
    """
    Ask for the connections of *user_id*, or of the key's own account for ``None``.

    Raises:
        ConfigurationError: *user_id* cannot travel in a header.
    """
    if user_id is None:
        return _LIST_OWN
    return _request("GET", "/platform-connections", user_id=user_id)


def test_connection(platform_id: str, user_id: str | None) -> Request:
    """
    Ask for the live check of one connection; it changes nothing.

    Raises:
        ConfigurationError: *platform_id* or *user_id* cannot be sent.
    """
    part = _path_part("platform_id", platform_id)
    return _request("POST", "/test-connection/{id}", part, user_id=user_id)


def list_users() -> Request:
    """Ask for the managed users."""
    return _request("GET", "/workspace/users")


def create_user(email: str, display_name: str | None) -> Request:
    """
    Ask for a new managed user.

    Raises:
        ConfigurationError: *email* or *display_name* is not text.
    """
    body = {"username": _text("email", email)}
    if display_name is not None:
        body["displayName"] = _text("display_name", display_name)
    return _request("POST", "/workspace/users", body=body, writes=True)


def detach_user(user_id: str) -> Request:
    """
    Ask that a managed user leave the workspace.

    Raises:
        ConfigurationError: *user_id* cannot be sent.
    """
    part = _path_part("user_id", user_id)
    return _request("DELETE", "/workspace/users/{id}", part, writes=True)


def connection_url(user_id: str, *, expires_in_days: int, rotate: bool) -> Request:
    """
    Ask for the link with which a managed user connects accounts.

    Raises:
        ConfigurationError: *user_id* cannot be sent, *expires_in_days* is no whole number
            above 0, or *rotate* is neither true nor false.
    """
    days = check_count("expires_in_days", expires_in_days)
    part = _path_part("user_id", user_id)
    if not isinstance(rotate, bool):
        raise ConfigurationError("rotate must be True or False: a new link ends the old one")
    body = {"expiresInDays": days, "rotate": rotate}
    route = "/workspace/users/{id}/connection-url"
    return _request("POST", route, part, body=body, writes=True)


def create_user_key(user_id: str) -> Request:
    """
    Ask for a key of a managed user's own.

    Raises:
        ConfigurationError: *user_id* cannot be sent.
    """
    part = _path_part("user_id", user_id)
    return _request("POST", "/workspace/users/{id}/api-key", part, writes=True)


def _request(
    method: str,
    route: str,
    part: str = "",
    *,
    user_id: str | None = None,
    body: object = None,
    writes: bool = False,
) -> Request:
    headers = {"Accept": "application/json"}
    if user_id is not None:
        headers[USER_HEADER] = check_header_value("user_id", user_id)
    if body is not None:
        headers["Content-Type"] = "application/json"
    return Request(
        method=method,
        route=route,
        path=route.replace("{id}", part),
        headers=headers,
        body=None if body is None else json.dumps(body).encode(),
        writes=writes,
    )


_LIST_OWN = _request("GET", "/platform-connections")


def _path_part(what: str, value: str) -> str:
    if check_header_value(what, value) in {".", ".."}:
        raise ConfigurationError(f"{what} must be an id, not a step in a path")
    return quote(value, safe="")


def _text(what: str, value: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{what} must be text, and not blank")
    return value
