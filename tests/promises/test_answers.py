"""Which answers are read: the shape decides, and nothing that is said about it."""

import gzip
import json
import zlib
from collections.abc import Callable

import pytest
from asking import ClientOf, Serve, failure, listing, not_as_documented
from conftest import KEY
from hostile import Answer, HostileServer, reply, then_hang_up, then_reset
from leftovers import everything_shown

from publora_async import (
    APIStatusError,
    Connection,
    ConnectionList,
    ResponseDecodeError,
    TransportError,
)

ZOE = ConnectionList([Connection(platform_id="twitter-1", username="Zoë 🎈")])
BODY = json.dumps(ZOE.to_dict(), ensure_ascii=False).encode()


def not_json(size: int) -> ResponseDecodeError:
    return ResponseDecodeError(
        f"the response is not JSON ({size} bytes): check that base_url points at Publora's API "
        "and no proxy answers in its place"
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": ""},
        {"Content-Type": "application/json"},
        {"Content-Type": "text/html"},
        {"Content-Type": "image/png"},
        {"Content-Type": ";;=\x01,"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json; charset=no-such"},
        {"Content-Type": 'multipart/mixed; boundary="a"'},
        {"Content-Disposition": "attachment; filename=a.exe"},
        {"Content-Encoding": "identity"},
        {"Content-Encoding": "no-such"},
        {"Content-Language": "de"},
    ],
)
async def test_10_the_content_type_is_not_required_and_the_charset_ignored(
    headers: dict[str, str], serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply(BODY, headers=headers), reply(b"\xef\xbb\xbf" + BODY, headers=headers))
    client = client_of(server)
    assert [await client.ask(listing) for _ in range(2)] == [ZOE, ZOE]
    assert (len(server.heads), server.connections) == (2, 1)


NOT_JSON: dict[str, bytes] = {
    "nothing": b"",
    "blanks": b" \r\n",
    "a page": b"<!DOCTYPE html><title>swordfish</title>",
    "two documents": b'{"swordfish": 1} {}',
    "the beginning of one": BODY[:-1],
    "one in single quotes": b"{'success': true, 'connections': []}",
    "one with a comma too many": b'{"success": true, "connections": [],}',
    "one with a comment": b'{"success": true, "connections": [] /* swordfish */}',
    "one with a control character": b'{"success": true, "connections": [{"platformId": "a\n"}]}',
    "NaN": b'{"success": true, "connections": [{"platformId": "a", "x": NaN}]}',
    "Infinity": b'{"success": true, "connections": [{"platformId": "a", "x": Infinity}]}',
    "-Infinity": b'{"success": true, "connections": [{"platformId": "a", "x": -Infinity}]}',
    "a number too large": b'{"success": true, "connections": [{"platformId": "a", "x": 1e999}]}',
    "a number too small": b'{"success": true, "connections": [], "x": -1e999}',
    "5000 digits": b'{"success": true, "connections": [], "x": ' + b"9" * 5000 + b"}",
    "100,000 lists": b"[" * 100_000,
    "100,000 whole lists": b"[" * 100_000 + b"]" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
    "100,000 whole objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "100,000 lists in a record": (
        b'{"success": true, "connections": [{"platformId": "a", "x": '
        + b"[" * 100_000
        + b"]" * 100_000
        + b"}]}"
    ),
    "UTF-16": BODY.decode().encode("utf-16"),
    "UTF-32": BODY.decode().encode("utf-32"),
    "Latin-1": BODY.decode().replace("🎈", "").encode("latin-1"),
    "half a character": BODY.replace("🎈".encode(), "🎈".encode()[:2]),
    "a surrogate in UTF-8": BODY.replace(b"twitter", b"\xed\xa0\x80"),
    "an overlong character": BODY.replace(b"twitter", b"\xc0\xaf"),
    "two byte order marks": b"\xef\xbb\xbf\xef\xbb\xbf" + BODY,
    "a byte order mark in the middle": BODY.replace(b"[", b"\xef\xbb\xbf["),
}


async def assert_refused(
    answer: Answer, expected: ResponseDecodeError, serve: Serve, client_of: ClientOf
) -> HostileServer:
    server = serve(answer, reply(BODY))
    client = client_of(server)
    error = await failure(client)
    assert error == expected
    assert (len(server.heads), client.waits) == (1, [])
    assert (error.__cause__, error.__context__) == (None, None)
    shown = everything_shown(error)
    assert "swordfish" not in shown
    assert KEY not in shown
    assert await client.ask(listing) == ZOE
    return server


@pytest.mark.parametrize("case", NOT_JSON)
async def test_10_what_is_not_strict_json_in_strict_utf_8_is_one_typed_error(
    case: str, serve: Serve, client_of: ClientOf
) -> None:
    body = NOT_JSON[case]
    server = await assert_refused(reply(body), not_json(len(body)), serve, client_of)
    assert (len(server.heads), server.connections) == (2, 1)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
        then_hang_up(b"HTTP/1.1 200 OK\r\n\r\n"),
    ],
)
async def test_10_an_empty_answer_is_one_typed_error(
    answer: Answer, serve: Serve, client_of: ClientOf
) -> None:
    server = await assert_refused(answer, not_json(0), serve, client_of)
    assert len(server.heads) == 2


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"null", "expected an object, found nothing"),
        (b"true", "expected an object, found a boolean"),
        (b"5", "expected an object, found a number"),
        (b'"swordfish"', "expected an object, found text"),
        (b'[{"success": true, "connections": []}]', "expected an object, found a list"),
        (b"{}", "success: expected true"),
        (b'{"connections": []}', "success: expected true"),
        (b'{"success": false}', "success: expected true"),
        (b'{"success": null, "connections": []}', "success: expected true"),
        (b'{"success": 1, "connections": []}', "success: expected true"),
        (b'{"success": "true", "connections": []}', "success: expected true"),
        (b'{"success": [true], "connections": []}', "success: expected true"),
        (b'{"success": true, "success": false, "connections": []}', "success: expected true"),
        (b'{"success": true}', "connections: expected a list, found nothing"),
        (b'{"success": true, "connections": null}', "connections: expected a list, found nothing"),
        (b'{"success": true, "connections": {}}', "connections: expected a list, found an object"),
        (b'{"success": true, "connections": 0}', "connections: expected a list, found a number"),
        (
            b'{"success": true, "connections": "swordfish"}',
            "connections: expected a list, found text",
        ),
        (b'{"success": true, "Connections": []}', "connections: expected a list, found nothing"),
    ],
)
async def test_10_the_shape_is_required_an_object_success_true_connections_a_list(
    body: bytes, problem: str, serve: Serve, client_of: ClientOf
) -> None:
    server = await assert_refused(reply(body), not_as_documented(problem), serve, client_of)
    assert (len(server.heads), server.connections) == (2, 1)


async def test_10_a_success_that_says_no_raises_the_services_own_words(
    serve: Serve, client_of: ClientOf
) -> None:
    said = {
        "success": False,
        "error": f"Account {KEY} suspended\0" + "x" * 300,
        "code": "ACCOUNT_SUSPENDED",
        "until": "2026-12-01",
    }
    server = serve(reply(said), reply(BODY))
    client = client_of(server)
    error = await failure(client)
    message = ("Account *** suspended\\x00" + "x" * 300)[:200]
    assert error == APIStatusError(
        200, message, "ACCOUNT_SUSPENDED", details={"until": "2026-12-01"}
    )
    assert (error.__cause__, error.__context__) == (None, None)
    assert KEY not in everything_shown(error)
    assert await client.ask(listing) == ZOE
    assert (len(server.heads), server.connections, client.waits) == (2, 1, [])


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
async def test_10_an_empty_answer_to_a_detach_is_a_success(
    answer: bytes, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(answer)
    client = client_of(server)
    for _ in range(2):
        await client.ask(lambda publora: publora.managed_users.detach("u"))
    assert (len(server.heads), server.connections) == (2, 1)


@pytest.mark.parametrize("status", [200, 201, 202, 203, 207, 299])
async def test_10_any_success_is_read_alike(status: int, serve: Serve, client_of: ClientOf) -> None:
    server = serve(reply(BODY, status=status))
    assert await client_of(server).ask(listing) == ZOE
    assert len(server.heads) == 1


async def test_10_a_part_of_an_answer_is_no_answer(serve: Serve, client_of: ClientOf) -> None:
    server = serve(reply(BODY, status=206))
    error = await failure(client_of(server))
    assert error.summary == "HTTP 206: Partial Content"
    assert len(server.heads) == 1


async def test_10_a_body_without_a_length_that_ends_half_way_is_never_partial_data(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(
        *(then_hang_up(b"HTTP/1.1 200 OK\r\n\r\n" + BODY[:size]) for size in range(len(BODY) + 1))
    )
    client = client_of(server)
    for size in range(len(BODY)):
        assert await failure(client) == not_json(size)
    assert await client.ask(listing) == ZOE
    assert len(server.heads) == len(BODY) + 1


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
async def test_10_a_packed_body_without_a_length_that_ends_half_way_is_never_partial_data(
    encoding: str, pack: Callable[[bytes], bytes], serve: Serve, client_of: ClientOf
) -> None:
    """What lacks no more than its check sum may be read: it is whole."""
    packed = pack(BODY)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\n\r\n" % encoding.encode()
    server = serve(*(then_hang_up(head + packed[:size]) for size in range(len(packed) + 1)))
    client = client_of(server)
    refused = 0
    for _ in range(len(packed) + 1):
        try:
            assert await client.ask(listing) == ZOE
        except (ResponseDecodeError, TransportError) as error:
            assert (error.attempts, client.waits) == (1, [])  # noqa: PT017  # either is right
            refused += 1
    assert refused > len(packed) - 16
    assert len(server.heads) == len(packed) + 1


HEADS = {
    "of a length": b"Content-Length: %d\r\n" % len(BODY),
    "of a length in gzip": b"Content-Encoding: gzip\r\nContent-Length: %d\r\n"
    % len(gzip.compress(BODY)),
    "of chunks": b"Transfer-Encoding: chunked\r\n",
}


@pytest.mark.parametrize("end", [then_hang_up, then_reset])
@pytest.mark.parametrize("framing", HEADS)
async def test_10_a_body_that_says_how_long_it_is_and_ends_before_is_never_partial_data(
    framing: str, end: Callable[[bytes], Answer], serve: Serve, client_of: ClientOf
) -> None:
    whole = gzip.compress(BODY) if "gzip" in framing else BODY
    if "chunks" in framing:
        whole = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    head = b"HTTP/1.1 200 OK\r\n" + HEADS[framing] + b"\r\n"
    server = serve(*(end(head + whole[:size]) for size in range(len(whole))), reply(BODY))
    client = client_of(server, max_retries=0)
    for _ in whole:
        error = await failure(client)
        assert isinstance(error, TransportError)
        assert error == TransportError(
            "the connection broke before the response was whole", error.stage, gave_up="retries"
        )
    assert await client.ask(listing) == ZOE
    assert len(server.heads) == len(whole) + 1
