"""A request as data, before anything is sent."""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from publora_async._checks import check_header_value, plain_text
from publora_async.errors import (
    APIStatusError,
    ConfigurationError,
    PubloraError,
    ResponseDecodeError,
    TransportError,
)

__all__ = [
    "CONSENT_HEADER",
    "KEY_HEADER",
    "MAX_BODY",
    "USER_HEADER",
    "Request",
    "path_part",
    "request",
]

KEY_HEADER = "x-publora-key"
USER_HEADER = "x-publora-user-id"
CONSENT_HEADER = "x-publora-user-token"

_LONGEST_TOKEN = 4096

MAX_BODY = 4 * 1024 * 1024
"""Bytes of a successful response that are read, after decompression."""

E = TypeVar("E", bound=PubloraError)


class Request(NamedTuple):
    """
    A request without the key, which only the transport adds.

    Attributes:
        method: HTTP method.

        route: The path with ``{id}`` in place of an id, as logs show it.

        path: The percent-encoded path, to be appended to the base URL.

        headers: The headers of this request, without those that all requests share.

        body: The request body. ``None``: there is none.

        writes: Whether the request changes something, so that it must not be sent again once
            it may have arrived.

        max_body: Bytes of a successful response that are read, after decompression.
    """

    method: str
    route: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None
    writes: bool = False
    max_body: int = MAX_BODY

    def named_in(self, error: E) -> E:
        """Have *error* name this request, unless it is of a kind that names none."""
        if isinstance(error, APIStatusError | TransportError | ResponseDecodeError):
            error.method, error.request_path = self.method, self.path
            error.user_id = self.headers.get(USER_HEADER)
        return error


def request(
    method: str,
    route: str,
    part: str = "",
    *,
    user_id: str | None = None,
    user_token: str | None = None,
    body: Mapping[str, object] | None = None,
    writes: bool = False,
    max_body: int = MAX_BODY,
) -> Request:
    """
    Build a request.

    Args:
        method: HTTP method.
        route: The path, with ``{id}`` where *part* belongs.
        part: An id that :func:`path_part` has encoded.
        user_id: The managed user to act for. ``None``: the key's own account.
        user_token: A user's consent, masked. ``None``: none is sent.
        body: What to send as JSON. ``None``: no body.
        writes: Whether the request changes something.
        max_body: Bytes of a successful response that are read.

    Raises:
        ConfigurationError: *user_id* or *user_token* cannot be sent in a header.
    """
    headers = {"Accept": "application/json"}
    if user_id is not None:
        headers[USER_HEADER] = check_header_value("user_id", user_id)
    if user_token is not None:
        # Not in the body, which is plain bytes: here it stays masked.
        headers[CONSENT_HEADER] = check_header_value(
            "user_access_token", user_token, _LONGEST_TOKEN
        )
    if body is not None:
        headers["Content-Type"] = "application/json"
    return Request(
        method=method,
        route=route,
        path=route.replace("{id}", part),
        headers=MappingProxyType(headers),
        body=None if body is None else json.dumps(body).encode(),
        writes=writes,
        max_body=max_body,
    )


def path_part(name: str, value: str) -> str:
    """
    Percent-encode an id as UTF-8, so that it is one segment of a path.

    Args:
        name: How the error message names the id.
        value: The id. A connection's may hold any text, whatever the service listed.

    Raises:
        ConfigurationError: *value* is not 1 to 512 characters of text, or holds a slash, a
            backslash, ``..`` or a control character: whatever lies on the way could take it
            for another path.
    """
    if not isinstance(value, str):
        raise ConfigurationError(f"{name} must be text, not {type(value).__name__}")
    value = plain_text(value)
    if not 1 <= len(value) <= 512:
        raise ConfigurationError(f"{name} must be 1 to 512 characters long, not {len(value)}")
    if _NO_PART.search(value) or value == ".":
        raise ConfigurationError(
            f"{name} must be an id, without slashes, '..' and control characters"
        )
    return quote(value, safe="")


# The last of them are lone surrogates, which UTF-8 cannot say.
_NO_PART = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff]|\.\.")
