"""What aiohttp's exceptions mean to a caller, and which of them may pass."""

import errno
import ssl
from types import SimpleNamespace
from typing import Any

import aiohttp
import attrs
import pytest
from aiohttp.http_exceptions import BadStatusLine, ContentEncodingError

from publora_async import RequestTimeoutError, Stage, Timeouts, TransportError
from publora_async._http.failures import BrokenConnectionError, failure_of, too_late
from publora_async._http.options import ClientOptions
from publora_async.errors import Limit

UNTRUSTED = ssl.SSLCertVerificationError(1, "self-signed")
OPTIONS = ClientOptions(api_key="sk_x", timeout=Timeouts(total=30, connect=2, read=3), deadline=60)
TRUST_IT = (
    "; where an authority of your own vouches for it, name its file in SSL_CERT_FILE "
    "or pass an ssl_context"
)
THROUGH = " (through the proxy proxy.example:3128)"
WHERE: Any = SimpleNamespace(host="publora.example", port=443, ssl=True)


def with_cause(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "message", "repeatable"),
    [
        (
            aiohttp.ClientConnectorError(WHERE, OSError(errno.ECONNREFUSED, "('1.2.3.4', 443)")),
            "cannot connect to publora.example:443: Connection refused",
            True,
        ),
        (
            aiohttp.ClientConnectorDNSError(WHERE, OSError(-2, "Name or service not known")),
            "cannot connect to publora.example:443: Name or service not known",
            True,
        ),
        (
            aiohttp.ClientConnectorCertificateError(WHERE, UNTRUSTED),
            "publora.example cannot be trusted: self-signed" + TRUST_IT,
            False,
        ),
        (
            aiohttp.ClientConnectorSSLError(WHERE, OSError(1, "wrong version number")),
            "no secure connection to publora.example: Operation not permitted",
            False,
        ),
        (
            aiohttp.ClientResponseError(None, (), status=400),  # type: ignore[arg-type]  # no request: it is not looked at
            "what answered does not speak HTTP: check base_url",
            False,
        ),
        (BadStatusLine("swordfish"), "what answered does not speak HTTP: check base_url", False),
        (
            with_cause(aiohttp.ClientPayloadError("swordfish"), ContentEncodingError("gzip")),
            "the response's compression is broken",
            False,
        ),
        (
            aiohttp.ClientPayloadError("swordfish"),
            "the connection broke before the response was whole",
            True,
        ),
        (BrokenConnectionError(), "the connection broke before the response was whole", True),
        (ConnectionResetError(), "the connection broke before the response was whole", True),
        (RuntimeError("no thread"), "an unexpected RuntimeError (no thread)", True),
        (RuntimeError(), "an unexpected RuntimeError", True),
        (RuntimeError("sent sk_x"), "an unexpected RuntimeError", True),
        (NotImplementedError("here"), "an unexpected NotImplementedError (here)", False),
        (ValueError("swordfish"), "an unexpected ValueError", False),
    ],
)
def test_what_broke_is_said_without_a_word_of_the_request(
    error: Exception,
    message: str,
    repeatable: bool,  # noqa: FBT001  # a column
) -> None:
    failure = failure_of(error, "headers", "timeout", OPTIONS)
    assert failure.error == TransportError(message, "headers")
    assert failure.repeatable is repeatable


@pytest.mark.parametrize(
    ("error", "message", "repeatable"),
    [
        (
            aiohttp.ClientHttpProxyError(None, (), status=407),  # type: ignore[arg-type]  # as above
            "the proxy proxy.example:3128 refused to connect: HTTP 407",
            False,
        ),
        (
            aiohttp.ClientHttpProxyError(None, (), status=503),  # type: ignore[arg-type]  # as above
            "the proxy proxy.example:3128 refused to connect: HTTP 503",
            True,
        ),
        (
            aiohttp.ClientConnectorDNSError(
                SimpleNamespace(host="proxy.example", port=3128),  # type: ignore[arg-type]  # all it looks at
                OSError(-2, "Name or service not known"),
            ),
            "cannot connect to the proxy proxy.example:3128: Name or service not known",
            True,
        ),
        (
            aiohttp.ClientConnectorError(WHERE, OSError(errno.ECONNREFUSED, "")),
            "cannot connect to publora.example:443: Connection refused" + THROUGH,
            True,
        ),
    ],
)
def test_what_broke_behind_a_proxy_names_the_proxy_and_never_its_password(
    error: Exception,
    message: str,
    repeatable: bool,  # noqa: FBT001  # a column
) -> None:
    options = attrs.evolve(OPTIONS, proxy="http://user:swordfish@proxy.example:3128")
    failure = failure_of(error, "connect", "timeout", options)
    assert failure.error == TransportError(message, "connect")
    assert failure.repeatable is repeatable


@pytest.mark.parametrize(
    ("error", "running", "limit", "seconds", "repeatable"),
    [
        (aiohttp.ConnectionTimeoutError(), "timeout", "connect", 2, True),
        (aiohttp.SocketTimeoutError(), "timeout", "read", 3, True),
        (TimeoutError(), "timeout", "timeout", 30, True),
        (TimeoutError(), "deadline", "deadline", 60, False),
    ],
)
def test_a_timeout_says_which_limit_ran_out_and_a_deadline_is_not_repeated(
    error: Exception,
    running: Limit,
    limit: Limit,
    seconds: float,
    repeatable: bool,  # noqa: FBT001  # a column
) -> None:
    failure = failure_of(error, "connect", running, OPTIONS)
    assert failure.error == RequestTimeoutError(
        f"the {limit} of {seconds} s ran out while connecting",
        "connect",
        gave_up="deadline" if limit == "deadline" else None,
        limit=limit,
        seconds=seconds,
    )
    assert failure.repeatable is repeatable


@pytest.mark.parametrize(
    ("stage", "doing"),
    [
        ("queue", "while waiting for a free connection: max_connections calls are under way"),
        ("connect", "while connecting"),
        ("headers", "while waiting for the response"),
        ("body", "while reading the response"),
    ],
)
def test_a_timeout_says_at_which_stage(stage: Stage, doing: str) -> None:
    assert str(too_late(stage, "read", OPTIONS)) == f"the read of 3 s ran out {doing}"
