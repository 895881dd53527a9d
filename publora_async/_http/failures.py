"""
What aiohttp's exceptions mean, told without a word of the request that they hold.

Timeouts say which limit ran out and at which stage; everything else says what broke, and
whether another attempt may do better.
"""

import math
import os

import aiohttp
import attrs
from aiohttp.http_exceptions import ContentEncodingError, HttpProcessingError

from publora_async._http.options import ClientOptions
from publora_async._http.request import Request
from publora_async.errors import (
    APIStatusError,
    GaveUp,
    Limit,
    NotSentError,
    RequestTimeoutError,
    ResponseDecodeError,
    Stage,
    TransportError,
)

__all__ = ["BrokenConnectionError", "Failure", "failure_of", "too_late"]


@attrs.frozen
class Failure:
    """How an attempt ended that gave nothing, and whether another one may do better."""

    error: APIStatusError | TransportError | ResponseDecodeError
    repeatable: bool

    @property
    def unsent(self) -> bool:
        """Whether the attempt ended before there was a slot for it."""
        error = self.error
        queued = isinstance(error, TransportError) and error.stage == "queue"
        return queued or isinstance(error, NotSentError)

    def may_repeat(self, request: Request) -> bool:
        """Whether *request* may be sent again; a write, only if it has not arrived."""
        if not (self.repeatable and request.writes):
            return self.repeatable
        error = self.error
        if isinstance(error, APIStatusError):
            # Publora, or what stands before it, turned the request away unread.
            return error.status == 429 or (error.status == 503 and error.retry_after is not None)
        return isinstance(error, TransportError) and error.stage == "connect"


class BrokenConnectionError(Exception):
    """A connection died. Unlike aiohttp's own errors, this one does not make it ask again."""


def failure_of(error: Exception, stage: Stage, limit: Limit, options: ClientOptions) -> Failure:
    """
    Tell what an attempt met.

    Args:
        error: What aiohttp, or the attempt's timer, raised.
        stage: How far the attempt had come.
        limit: Which limit the timer stood for.
        options: How long the limits are.
    """
    match error:
        case aiohttp.ConnectionTimeoutError():
            return Failure(too_late(stage, "connect", options), repeatable=True)
        case aiohttp.SocketTimeoutError():
            return Failure(too_late(stage, "read", options), repeatable=True)
        case TimeoutError():
            return Failure(too_late(stage, limit, options), repeatable=limit == "timeout")
        case _:
            message, repeatable = _explain(error)
            return Failure(TransportError(message, stage), repeatable)


def too_late(stage: Stage, limit: Limit, options: ClientOptions) -> RequestTimeoutError:
    """Tell which limit ran out, and at which stage."""
    limits = {
        "connect": options.timeout.connect,
        "read": options.timeout.read,
        "timeout": options.timeout.total,
        "deadline": options.deadline,
    }
    seconds = limits[limit] or math.inf
    message = f"the {limit} of {seconds:g} s ran out {_DOING[stage]}"
    gave_up: GaveUp | None = "deadline" if limit == "deadline" else None
    return RequestTimeoutError(message, stage, gave_up=gave_up, limit=limit, seconds=seconds)


_DOING: dict[Stage, str] = {
    "queue": "while waiting for a free connection: max_connections calls are under way",
    "connect": "while connecting",
    "headers": "while waiting for the answer",
    "body": "while reading the answer",
}


def _explain(error: Exception) -> tuple[str, bool]:
    """What went wrong below HTTP, without a word of the request; and whether it may pass."""
    passing = False
    match error:
        case aiohttp.ClientConnectorCertificateError():
            what = f"{error.host} cannot be trusted: {error.certificate_error}"
        case aiohttp.ClientSSLError():
            what = f"no secure connection to {error.host}: {_reason(error.os_error)}"
        case aiohttp.ClientConnectorError():
            what = f"cannot connect to {error.host}:{error.port}: {_reason(error.os_error)}"
            passing = True
        case aiohttp.ClientHttpProxyError():
            what = f"the proxy refused to connect: HTTP {error.status}"
        case aiohttp.ClientResponseError() | HttpProcessingError():
            what = "what answered does not speak HTTP: check base_url"
        case aiohttp.ClientPayloadError(__cause__=ContentEncodingError()):
            what = "the answer's compression is broken"
        case _:
            what = "the connection broke before the answer was whole"
            passing = True
    return what, passing


def _reason(error: OSError) -> str:
    # asyncio puts the call and the address in place of the system's words. Name look-ups have
    # words of their own, under numbers below 0.
    number = error.errno or 0
    return os.strerror(number) if number > 0 else str(error.strerror)
