"""Turns a response other than 2xx into an error; no I/O."""

import re
from http import HTTPStatus

from publora_async._decoding.strict_json import parse
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

__all__ = ["refusal"]

_MOST_QUOTED = 200

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
) -> APIStatusError:
    """
    Make the error that a response other than 2xx stands for.

    Args:
        status: HTTP status code.
        body: The response's body, or what was read of it.
        location: Where a redirect points to; only its origin is named.
        retry_after: Seconds that the service asked to wait.
        key: Replaced by ``***`` wherever the response repeats it.
    """
    kind = ServerError if status >= 500 else _REFUSALS.get(status, APIStatusError)
    error = kind(status, _phrase(status), retry_after=retry_after)
    if status in _REDIRECTS and location:
        target = _origin(location, key)
        error.message += f", to {target}: redirects are not followed, check base_url"
        return error
    try:
        said = parse(body)
    except ResponseDecodeError:
        said = None
    if not isinstance(said, dict):
        error.excerpt = _quotable(body.decode(errors="replace"), key) or None
        return error
    for words in (said.get("message"), said.get("error")):
        if isinstance(words, str) and words.strip():
            error.message = _quotable(words, key)
    code = said.get("code")
    error.code = _quotable(code, key) if isinstance(code, str) else None
    return error


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no explanation"


def _origin(location: str, key: Secret) -> str:
    found = re.match(
        r"(https?://)(?:[^/?#@\\]*@)?((?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?)(?=[/?#]|\Z)",
        location,
        re.IGNORECASE | re.ASCII,
    )
    # What cannot be read for certain is not quoted: it is a stranger's text.
    return _quotable(found[1] + found[2], key) if found else "somewhere else"


def _quotable(text: str, key: Secret) -> str:
    """Give the beginning of *text* without the key, and with control characters escaped."""
    beginning = text.replace(key, "***").strip()[:_MOST_QUOTED]
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in beginning)
    return shown[:_MOST_QUOTED]
