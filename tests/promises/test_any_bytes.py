"""Whatever bytes come as an answer, a list of records or one of our errors comes of them."""

import asyncio
import gzip
import json
import pickle
import socket
import threading
import zlib
from collections.abc import Callable

import pytest
from asking import ClientOf, Serve, listing
from conftest import KEY
from hostile import reply
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leftovers import everything_shown

from publora_async import (
    APIStatusError,
    ConnectionList,
    PubloraError,
    RequestTimeoutError,
    ResponseDecodeError,
    TransportError,
)

PROPERTY = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Talk:
    """A server that answers what it is told to, then hangs up; and a client of it."""

    def __init__(self, serve: Serve, client_of: ClientOf) -> None:
        self._answer = b""
        self._gone = threading.Event()
        self._server = serve(self._give)
        self._client = client_of(self._server, max_retries=0)

    def _give(self, connection: socket.socket) -> None:
        try:
            connection.sendall(self._answer)
            connection.shutdown(socket.SHUT_RDWR)
        finally:
            self._gone.set()

    async def outcome(self, answer: bytes) -> ConnectionList | PubloraError:
        """What comes of *answer*, which must cost one request and do no harm."""
        self._answer = answer
        before = len(self._server.heads)
        outcome: ConnectionList | PubloraError
        try:
            outcome = await self._client.ask(listing)
        except PubloraError as error:
            outcome = error
        # Whoever asks on a connection that is about to end would be told no more than that.
        await asyncio.to_thread(self._gone.wait)
        self._gone.clear()
        await self._client.let_it_read()
        assert len(self._server.heads) == before + 1
        if isinstance(outcome, PubloraError):
            assert isinstance(outcome, APIStatusError | TransportError | ResponseDecodeError)
            assert not isinstance(outcome, RequestTimeoutError)
            assert outcome.attempts == 1
            assert (outcome.__cause__, outcome.__context__) == (None, None)
            assert KEY not in everything_shown(outcome)
            assert pickle.loads(pickle.dumps(outcome)) == outcome
            assert str(outcome).encode()
            assert str(outcome).isprintable()
        else:
            assert isinstance(outcome, ConnectionList)
            assert f"{outcome} {outcome.to_records()} {outcome._repr_html_()}".encode()
            assert json.dumps(outcome.to_dict(), ensure_ascii=False).encode()
            assert pickle.loads(pickle.dumps(outcome)) == outcome
        return outcome


@pytest.fixture
def talk(serve: Serve, client_of: ClientOf) -> Talk:
    return Talk(serve, client_of)


LINE_ENDS = st.sampled_from([b"\r\n", b"\n", b"\r", b"", b" \r\n", b"\r\n ", b"\0"])
STATUS_LINES = st.one_of(
    st.just(b"HTTP/1.1 200 OK"),
    st.integers(0, 1200).map(lambda status: b"HTTP/1.1 %d Whatever" % status),
    st.sampled_from(
        [b"HTTP/1.0 200", b"HTTP/1.1 200 ", b"HTTP/2 200 OK", b"HTTP/1.1 +1", b"GET /"]
    ),
    st.binary(max_size=30),
)
NAMES = st.sampled_from(
    [
        *(b"Content-Length", b"Transfer-Encoding", b"Content-Encoding", b"Content-Type"),
        *(b"Connection", b"Upgrade", b"Location", b"Retry-After", b"Set-Cookie", b"Trailer", b""),
    ]
) | st.binary(max_size=10)
VALUES = st.sampled_from(
    [
        *(b"0", b"2", b"40", b"-1", b"1e3", b"9" * 40, b"chunked", b"gzip, chunked", b"identity"),
        *(b"gzip", b"deflate", b"br", b"zstd", b"close", b"upgrade", b"websocket", b"nan"),
        *(
            b"https://example.com/",
            KEY.encode(),
            b"Sun, 06 Nov 1994 08:49:37 GMT",
            b"a=b",
            b"text/html",
        ),
    ]
) | st.binary(max_size=20)
HEADERS = st.tuples(NAMES, st.sampled_from([b": ", b":", b" : ", b"="]), VALUES).map(b"".join)
ANY_TEXT = st.text() | st.text(st.sampled_from("a\0\x1b\ud800\udfff"), max_size=5)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.just(KEY),
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=10,
)
FIELDS = st.sampled_from(
    [
        *("platformId", "username", "displayName", "profileImageUrl", "accessTokenExpiresAt"),
        *("profileUrl", "tokenStatus", "tokenExpiresIn", "lastSuccessfulPost", "lastError"),
        *("subscriptionType", "message", "occurredAt", "extra"),
    ]
)
FIELD_VALUES = st.one_of(
    st.none(),
    ANY_TEXT,
    st.datetimes().map(lambda time: time.isoformat() + "Z"),
    st.dictionaries(FIELDS, st.none() | ANY_TEXT),
    ANY_JSON,
)
RECORDS = st.builds(
    lambda platform_id, fields: {"platformId": platform_id} | fields,
    ANY_TEXT,
    st.dictionaries(FIELDS | ANY_TEXT, FIELD_VALUES, max_size=5),
)
DOCUMENTS = ANY_JSON | st.lists(RECORDS | ANY_JSON, max_size=4).map(
    lambda items: {"success": True, "connections": items}
)
BODIES = st.one_of(
    st.binary(max_size=200),
    DOCUMENTS.map(json.dumps).map(str.encode),
    st.tuples(DOCUMENTS.map(json.dumps).map(str.encode), st.integers(0, 200)).map(
        lambda cut: cut[0][: -cut[1]]
    ),
    st.integers(1, 2000).map(
        lambda levels: (
            reply(b"")[:0]
            + b'{"success": true, "connections": [{"platformId": "a", "x": '
            + b"[" * levels
            + b"]" * levels
            + b"}]}"
        )
    ),
)


@PROPERTY
@given(answer=st.binary(max_size=300))
async def test_09_any_bytes_on_the_wire_are_no_answer_and_one_of_our_errors(
    answer: bytes, talk: Talk
) -> None:
    outcome = await talk.outcome(answer)
    assert type(outcome) is TransportError or answer.startswith(b"HTTP/")


@PROPERTY
@given(
    line=STATUS_LINES,
    headers=st.lists(HEADERS, max_size=4),
    ends=st.lists(LINE_ENDS, min_size=6, max_size=6) | st.just([b"\r\n"] * 6),
    body=BODIES,
)
async def test_09_any_head_and_any_body_give_records_or_one_of_our_errors(
    line: bytes, headers: list[bytes], ends: list[bytes], body: bytes, talk: Talk
) -> None:
    head = b"".join(part + end for part, end in zip([line, *headers], ends, strict=False))
    await talk.outcome(head + ends[-1] + body)


PACKED: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress}


@PROPERTY
@given(
    body=BODIES,
    status=st.sampled_from([200, 200, 200, 204, 302, 400, 403, 429, 500, 599]),
    encoding=st.sampled_from(["identity", "gzip", "deflate", "wrongly gzip"]),
)
async def test_10_any_body_gives_records_or_one_of_our_errors(
    body: bytes, status: int, encoding: str, talk: Talk
) -> None:
    packed = PACKED.get(encoding, bytes)(body)
    headers = {"Content-Encoding": encoding.removeprefix("wrongly ")}
    outcome = await talk.outcome(reply(packed, status=status, headers=headers))
    if status == 200 and encoding != "wrongly gzip":
        assert isinstance(outcome, ConnectionList | ResponseDecodeError)
    elif status != 200:
        assert not isinstance(outcome, ConnectionList)
