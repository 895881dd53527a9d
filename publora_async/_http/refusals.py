"""Turns a response that refuses into an error; no I/O."""

import json
import re
from http import HTTPStatus

from publora_async._decoding.strict_json import parse
from publora_async._wire import JSONValue
from publora_async.errors import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
)
from publora_async.secret import Secret

__all__ = ["refusal", "says_no"]

_MOST_QUOTED = 200
_MOST_DETAILS = 4096
_DEEPEST_DETAILS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})

_REFUSALS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitError,
}


def refusal(
    status: int,
    body: bytes,
    *,
    location: str | None = None,
    retry_after: float | None = None,
    key: Secret,
    user_token: str | None = None,
) -> APIStatusError:
    """
    Make the error that a response stands for: one other than 2xx, or one that :func:`says_no`.

    Args:
        status: HTTP status code.
        body: The response's body, or what was read of it.
        location: Where a redirect points to; only its origin is named.
        retry_after: Seconds that the service asked to wait.
        key: Replaced by ``***`` wherever the response repeats it.
        user_token: Likewise. ``None``: none was sent.
    """
    secrets = (key,) if user_token is None else (key, user_token)
    kind = ServerError if status >= 500 else _REFUSALS.get(status, APIStatusError)
    error = kind(status, _phrase(status), retry_after=retry_after)
    if status in _REDIRECTS and location:
        target = _origin(location, secrets)
        error.message += f", to {target}: redirects are not followed, check base_url"
        return error
    said = _object(body)
    if said is None:
        error.excerpt = _quotable(body.decode(errors="replace"), secrets) or None
        return error
    error.message = _quotable(_words(said), secrets) or error.message
    code = said.get("code")
    error.code = _quotable(code, secrets) if isinstance(code, str) else None
    error.details = _details(said, secrets)
    return error


def says_no(body: bytes) -> bool:
    """Tell whether a body, for all the status of a success, says that there was none, and why."""
    said = _object(body)
    return said is not None and said.get("success") is False and bool(_words(said))


def _object(body: bytes) -> dict[str, JSONValue] | None:
    try:
        said = parse(body)
    except ResponseDecodeError:
        return None
    return said if isinstance(said, dict) else None


def _words(said: dict[str, JSONValue]) -> str:
    for words in (said.get("error"), said.get("message")):
        if isinstance(words, str) and words.strip():
            return words
    return ""


def _details(said: dict[str, JSONValue], secrets: tuple[str, ...]) -> dict[str, JSONValue]:
    """Keep what a body says besides the words and the code, while there is room for it."""
    details: dict[str, JSONValue] = {}
    room = _MOST_DETAILS
    for name, value in said.items():
        if name in {"success", "error", "message", "code"}:
            continue
        kept = _kept({name: value}, secrets)
        size = len(json.dumps(kept))
        if size <= room:
            room -= size
            details |= kept
    return details


def _kept(
    said: dict[str, JSONValue], secrets: tuple[str, ...], depth: int = 1
) -> dict[str, JSONValue]:
    def one(value: JSONValue, depth: int) -> JSONValue:
        if isinstance(value, str):
            return _quotable(value, secrets)
        if depth > _DEEPEST_DETAILS and isinstance(value, dict | list):
            return "..."
        if isinstance(value, list):
            return [one(item, depth + 1) for item in value]
        return _kept(value, secrets, depth + 1) if isinstance(value, dict) else value

    return {_quotable(name, secrets): one(value, depth) for name, value in said.items()}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no explanation"


def _origin(location: str, secrets: tuple[str, ...]) -> str:
    found = re.match(
        r"(https?://)(?:[^/?#@\\]*@)?((?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?)(?=[/?#]|\Z)",
        location,
        re.IGNORECASE | re.ASCII,
    )
    # What cannot be read for certain is not quoted: it is a stranger's text.
    return _quotable(found[1] + found[2], secrets) if found else "somewhere else"


def _quotable(text: str, secrets: tuple[str, ...]) -> str:
    """Give the beginning of *text* without *secrets*, and with control characters escaped."""
    for secret in secrets:
        text = text.replace(secret, "***")
    beginning = text.strip()[:_MOST_QUOTED]
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in beginning)
    return shown[:_MOST_QUOTED]
