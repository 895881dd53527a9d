"""What is asked again, and what never is: one table."""

import asyncio
import gzip
import ssl
from typing import Any

import pytest
import trustme
from asking import ClientOf, Serve, failure, listing, outcome_of
from hostile import CUT, Answer, Held, reply, then_hang_up, then_reset
from still_clock import until

from publora_async import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ClientStateError,
    ConflictError,
    ConnectionList,
    Limit,
    NotFoundError,
    PermissionDeniedError,
    PubloraError,
    RateLimitError,
    RequestTimeoutError,
    ResponseDecodeError,
    ServerError,
    Timeouts,
    TransportError,
)
from publora_async._http.attempt import MAX_ERROR_BODY
from publora_async._http.request import MAX_BODY

CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
GZIP = {"Content-Encoding": "gzip"}

WORTH: dict[str, tuple[type[PubloraError], Answer]] = {
    "hang-up": (TransportError, then_hang_up()),
    "reset": (TransportError, then_reset()),
    "hang-up within the head": (TransportError, then_hang_up(CUT[:20])),
    "hang-up within the body": (TransportError, then_hang_up(CUT)),
    "reset within the body": (TransportError, then_reset(CUT)),
    "hang-up before a chunk": (TransportError, then_hang_up(CHUNKS)),
    "hang-up within a chunk": (TransportError, then_hang_up(CHUNKS + b"5\r\nab")),
    "hang-up before the last chunk": (TransportError, then_hang_up(CHUNKS + b"1\r\n{\r\n")),
    "429": (RateLimitError, reply({}, status=429)),
    "500": (ServerError, reply({"error": "Internal server error"}, status=500)),
    "502": (ServerError, reply(b"<html>", status=502)),
    "503": (ServerError, reply(b"", status=503)),
    "504": (ServerError, reply({}, status=504)),
    "500 that breaks off": (ServerError, then_hang_up(CUT.replace(b"200", b"500"))),
}
"""What may pass, and the error that it is for whoever does not ask again."""

REFUSALS = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    **dict.fromkeys((206, 300, 301, 302, 303, 304, 305, 307, 308), APIStatusError),
    **dict.fromkeys((402, 405, 408, 410, 418, 422, 425, 451), APIStatusError),
    **dict.fromkeys((501, 505, 507, 520, 529, 599), ServerError),
}

NEVER: dict[str, tuple[type[PubloraError], Answer]] = {
    **{str(status): (kind, reply(b"", status=status)) for status, kind in REFUSALS.items()},
    **{
        f"{status} with Retry-After": (
            REFUSALS[status],
            reply(b"", status=status, headers={"Retry-After": "1"}),
        )
        for status in (301, 400, 401, 403, 404, 408, 501)
    },
    "401 that breaks off": (AuthenticationError, then_hang_up(CUT.replace(b"200", b"401"))),
    "redirect": (APIStatusError, reply(b"", status=302, headers={"Location": "/elsewhere"})),
    "no JSON": (ResponseDecodeError, reply(b"hello")),
    "no body": (ResponseDecodeError, reply(b"")),
    "no content": (ResponseDecodeError, reply(b"", status=204)),
    "no list": (ResponseDecodeError, reply({"success": True})),
    "no success": (ResponseDecodeError, reply({"success": False})),
    "not HTTP": (TransportError, b"hello\r\n\r\n"),
    "no chunk": (TransportError, CHUNKS + b"zz\r\n"),
    "no gzip": (TransportError, reply(b"not gzip", headers=GZIP)),
    "too long": (ResponseDecodeError, reply(b" " * (MAX_BODY + 1))),
    "too long when unpacked": (
        ResponseDecodeError,
        reply(gzip.compress(b" " * (MAX_BODY + 1), 1), headers=GZIP),
    ),
    "500 that is too long": (ServerError, reply(b" " * (MAX_ERROR_BODY + 1), status=500)),
    "429 that is too long": (RateLimitError, reply(b" " * (MAX_ERROR_BODY + 1), status=429)),
}
"""What stays as it is, however often it is asked about."""


def verdict(error: PubloraError) -> tuple[type[PubloraError], object, object]:
    """What kind of error it is, after how many attempts, and why there was no other."""
    return type(error), getattr(error, "attempts", 1), getattr(error, "gave_up", None)


@pytest.mark.parametrize("fault", WORTH)
async def test_20_what_may_pass_is_asked_again(
    fault: str, serve: Serve, client_of: ClientOf
) -> None:
    kind, answer = WORTH[fault]
    server = serve(answer, reply(), answer)
    client = client_of(server, random=lambda: 0.5)
    assert await client.ask(listing) == ConnectionList()
    assert (len(server.heads), client.waits) == (2, [0.25])
    assert verdict(await failure(client)) == (kind, 4, "retries")
    assert (len(server.heads), client.waits) == (6, [0.25, 0.25, 0.5, 1.0])


@pytest.mark.parametrize("fault", NEVER)
async def test_20_what_stays_is_never_asked_again(
    fault: str, serve: Serve, client_of: ClientOf
) -> None:
    kind, answer = NEVER[fault]
    server = serve(answer, reply())
    client = client_of(server)
    assert verdict(await failure(client)) == (kind, 1, None)
    assert (len(server.heads), client.waits) == (1, [])
    assert await client.ask(listing) == ConnectionList()


LIMITS: dict[Limit, dict[str, Any]] = {
    "timeout": {"timeout": 5},
    "connect": {"timeout": Timeouts(100, connect=5)},
    "read": {"timeout": Timeouts(100, read=5)},
    "deadline": {"timeout": 100, "deadline": 5},
}


@pytest.mark.parametrize("limit", ["timeout", "read", "deadline"])
@pytest.mark.parametrize("answer", [b"", CUT], ids=["headers", "body"])
async def test_20_an_attempt_that_takes_too_long_is_made_again_and_a_call_is_not(
    answer: bytes, limit: Limit, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(answer, reply())
    client = client_of(server, random=lambda: 0.5, **LIMITS[limit])
    async with client.still_clock():
        call = asyncio.create_task(client.ask(listing))
        await asyncio.to_thread(server.answered.acquire, timeout=5)
        await client.advance(5)
        await client.advance(0.25)
        outcome = await outcome_of(call)
    if limit == "deadline":
        assert verdict(outcome) == (RequestTimeoutError, 1, "deadline")
    else:
        assert outcome == ConnectionList()
    again = limit != "deadline"
    assert (len(server.heads), client.waits) == (1 + again, [0.25] * again)


@pytest.mark.parametrize("limit", ["timeout", "connect"])
async def test_20_a_connect_that_takes_too_long_is_tried_again(
    limit: Limit, unanswered: str, client_of: ClientOf
) -> None:
    client = client_of(unanswered, max_retries=1, random=lambda: 0.5, **LIMITS[limit])
    async with client.still_clock() as clock:
        call = asyncio.create_task(client.ask(listing))
        assert await until(lambda: clock.is_set)
        for seconds in (5, 0.25, 5):
            await client.advance(seconds)
        assert verdict(await outcome_of(call)) == (RequestTimeoutError, 2, "retries")
    assert client.waits == [0.25]


async def test_20_a_connect_that_fails_is_tried_again(client_of: ClientOf) -> None:
    client = client_of("http://127.0.0.1:1", random=lambda: 0.5)
    error = await failure(client)
    assert error == TransportError(
        "cannot connect to 127.0.0.1:1: Connection refused", "connect", 4, "retries"
    )
    assert client.waits == [0.25, 0.5, 1.0]


@pytest.fixture
def stranger() -> ssl.SSLContext:
    """A server's certificate from an authority that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


async def test_20_a_bad_certificate_is_never_asked_about_again(
    stranger: ssl.SSLContext, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply(), tls=stranger)
    client = client_of(server)
    error = await failure(client)
    assert verdict(error) == (TransportError, 1, None)
    assert str(error).startswith("127.0.0.1 cannot be trusted: ")
    assert (server.heads, server.connections, client.waits) == ([], 1, [])


async def test_20_a_closed_client_asks_nobody(serve: Serve, client_of: ClientOf) -> None:
    server = serve(reply())
    client = client_of(server)
    await client.close()
    assert verdict(await failure(client)) == (ClientStateError, 1, None)
    assert (server.heads, client.waits) == ([], [])


async def test_20_a_client_that_is_closed_meanwhile_does_not_ask_again(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(held := Held())
    client = client_of(server)
    call = asyncio.create_task(client.ask(listing))
    await held.next()
    await client.close()
    assert await outcome_of(call) == ClientStateError("this client was closed meanwhile")
    assert (len(server.heads), client.waits) == (1, [])
