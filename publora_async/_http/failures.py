"""
Turns aiohttp's exceptions into ours, which say nothing of the request that aiohttp's hold.

A timeout says which limit ran out and at which stage. Every other error says what broke.
"""

import math
import os
from traceback import walk_tb

import aiohttp
import attrs
from yarl import URL

from publora_async._http.options import ClientOptions
from publora_async._http.straight import (
    MAX_HEADER,
    MAX_HEADERS,
    ContentEncodingError,
    EarlyBytesError,
    HttpProcessingError,
    LineTooLong,
)
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
    """
    An attempt that failed.

    Attributes:
        error: What to raise if there is no other attempt.
        repeatable: Whether another attempt may succeed.
    """

    error: APIStatusError | TransportError | ResponseDecodeError
    repeatable: bool

    @property
    def unsent(self) -> bool:
        """Whether the attempt ended before it had a slot."""
        error = self.error
        queued = isinstance(error, TransportError) and error.stage == "queue"
        return queued or isinstance(error, NotSentError)


class BrokenConnectionError(Exception):
    """A connection broke. aiohttp sends a request again for its own errors, but not for this."""


def failure_of(error: Exception, stage: Stage, limit: Limit, options: ClientOptions) -> Failure:
    """
    Turn what an attempt raised into its failure.

    Args:
        error: What aiohttp or the attempt's timer raised.
        stage: The stage that the attempt had reached.
        limit: The limit that the timer watched.
        options: The client options, which say how long the limits are.
    """
    match error:
        case aiohttp.ConnectionTimeoutError():
            return Failure(too_late(stage, "connect", options), repeatable=True)
        case aiohttp.SocketTimeoutError():
            return Failure(too_late(stage, "read", options), repeatable=True)
        case TimeoutError():
            return Failure(too_late(stage, limit, options), repeatable=limit == "timeout")
        case _:
            message, repeatable = _explain(error, options)
            return Failure(TransportError(message, stage), repeatable)


def too_late(stage: Stage, limit: Limit, options: ClientOptions) -> RequestTimeoutError:
    """Make the error that says which limit ran out, and at which stage."""
    limits = {
        "connect": options.timeout.connect,
        "read": options.timeout.read,
        "timeout": options.timeout.total,
        "deadline": options.deadline,
    }
    seconds = limits[limit] or math.inf
    message = f"the {limit} of {seconds:g} s ran out {_DOING[stage]}"
    if stage != "queue":
        message += _through(options)
    gave_up: GaveUp | None = "deadline" if limit == "deadline" else None
    return RequestTimeoutError(message, stage, gave_up=gave_up, limit=limit, seconds=seconds)


_DOING: dict[Stage, str] = {
    "queue": "while waiting for a free connection: max_connections calls are under way",
    "connect": "while connecting",
    "headers": "while waiting for the response",
    "body": "while reading the response",
}


def _explain(error: Exception, options: ClientOptions) -> tuple[str, bool]:
    """Say what went wrong below HTTP, and whether another attempt may succeed."""
    may_pass = False
    through = _through(options)
    match error:
        case aiohttp.ClientConnectorCertificateError():
            what = (
                f"{error.host} cannot be trusted: {error.certificate_error}{through}; where an "
                "authority of your own vouches for it, name its file in SSL_CERT_FILE or pass "
                "an ssl_context"
            )
            through = ""
        case aiohttp.ClientSSLError():
            what = f"no secure connection to {error.host}: {_reason(error.os_error)}"
        case aiohttp.ClientConnectorError():
            place = f"{error.host}:{error.port}"
            if place == _proxy(options):
                place, through = f"the proxy {place}", ""
            what = f"cannot connect to {place}: {_reason(error.os_error)}"
            may_pass = True
        case aiohttp.ClientHttpProxyError():
            what = f"the proxy {_proxy(options)} refused to connect: HTTP {error.status}"
            through = ""
            may_pass = error.status in {502, 503, 504}
        case aiohttp.ClientResponseError() | HttpProcessingError():
            what = _not_http(error)
        case aiohttp.ClientPayloadError(__cause__=ContentEncodingError()):
            what = "the response's compression is broken"
        case EarlyBytesError():
            what = "the server spoke or hung up before the request was sent"
            may_pass = True
        case aiohttp.ClientError() | BrokenConnectionError() | OSError():
            what = "the connection broke before the response was whole"
            may_pass = True
        case _:
            what = f"an unexpected {_named(error, options.api_key)}"
            # Such as a thread that the system does not give. Its subclasses are others' refusals.
            may_pass = type(error) is RuntimeError
    return what + through, may_pass


def _not_http(error: BaseException) -> str:
    causes = [error]
    while (cause := causes[-1].__cause__) is not None:
        causes.append(cause)
    if isinstance(causes[-1], LineTooLong):
        return f"the response has a header, or a first line, of over {MAX_HEADER} bytes"
    if "Too many headers" in getattr(causes[-1], "message", ""):
        return f"the response has over {MAX_HEADERS} headers"
    return "what answered does not speak HTTP: check base_url"


def _proxy(options: ClientOptions) -> str | None:
    """Give host and port of the proxy, never its password."""
    if options.proxy is None:
        return None
    url = URL(options.proxy)
    return f"{url.host}:{url.port}"


def _through(options: ClientOptions) -> str:
    return "" if options.proxy is None else f" (through the proxy {_proxy(options)})"


def _named(error: Exception, key: str) -> str:
    """Name the kind of *error* and where it comes from; its words only if they are harmless."""
    place = ""
    for frame, line in walk_tb(error.__traceback__):
        place = f" in {frame.f_globals.get('__name__')}, line {line}"
    words = str(error)
    # Those of a ValueError may quote a header, with the key in it in whatever spelling.
    harmless = isinstance(error, RuntimeError) and words and key not in words
    return f"{type(error).__name__}{f' ({words})' if harmless else ''}{place}"


def _reason(error: OSError) -> str:
    # asyncio puts the call and the address in place of the system's words. DNS errors have
    # words of their own, under numbers below 0.
    number = error.errno or 0
    return os.strerror(number) if number > 0 else str(error.strerror)
