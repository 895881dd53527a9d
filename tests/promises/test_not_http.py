"""Bytes that are not HTTP: an error of the way to the service, never a status of the service's."""

import asyncio
import socket
import threading
from typing import Any

import aiohttp
import pytest
from aiohttp import http_parser
from asking import ClientOf, Serve, failure, listing, listing_for
from colours import take_what_has_arrived
from conftest import KEY
from hostile import reply, then_hang_up
from leftovers import everything_shown
from trust import serving, trusting

from publora_async import APIStatusError, ConnectionList, TransportError

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
GARBAGE: dict[str, bytes] = {
    "a word": b"hello\r\n\r\n",
    "zeros": bytes(100) + b"\r\n\r\n",
    "a TLS alert": b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n",
    "an SSH greeting": b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
    "a mail greeting": b"220 mail.example.com ESMTP\r\n\r\n",
    "a radio station": b"ICY 200 OK\r\n\r\n",
    "a page without a head": b"<html><body>hello</body></html>\r\n\r\n",
    "JSON without a head": b'{"success": true, "connections": []}\r\n\r\n',
    "HTTP/2": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80\r\n\r\n",
    "no version": b"HTTP/ 200 OK\r\n\r\n",
    "half a version": b"HTTP/2 200\r\n\r\n",
    "lower case": b"http/1.1 200 OK\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "a status of letters": b"HTTP/1.1 abc OK\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "a status below 0": b"HTTP/1.1 -200 OK\r\n\r\n",
    "a status above 0": b"HTTP/1.1 +200 OK\r\n\r\n",
    "a status in Arabic": "HTTP/1.1 ٢٠٠ OK\r\n\r\n".encode(),
    "a header without a colon": OK + b"hello\r\n\r\n",
    "a header without a name": OK + b": hello\r\n\r\n",
    "a header's name with a blank": OK + b"a b: c\r\n\r\n",
    "a header's name with a byte": OK + b"a\xff: b\r\n\r\n",
    "a header with a zero": OK + b"a: \0\r\n\r\n",
    "a length of letters": OK + b"Content-Length: abc\r\n\r\n",
    "a length below 0": OK + b"Content-Length: -1\r\n\r\n",
    "a length above 0": OK + b"Content-Length: +1\r\n\r\n",
    "a length of 5000 digits": OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "a length and chunks": OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk of no size": CHUNKED + b"zz\r\n",
    "a chunk of a size below 0": CHUNKED + b"-1\r\n",
    "a chunk longer than it says": CHUNKED + b"2\r\nabcd\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("used", [False, True], ids=["new connection", "used connection"])
@pytest.mark.parametrize("garbage", GARBAGE)
async def test_09_bytes_that_are_not_http_are_never_a_status_and_not_asked_for_again(
    garbage: str,
    used: bool,  # noqa: FBT001  # a table column
    serve: Serve,
    client_of: ClientOf,
) -> None:
    server = serve(*[reply()] * used, GARBAGE[garbage], reply())
    client = client_of(server)
    if used:
        assert await client.ask(listing) == ConnectionList()
    error = await failure(client)
    assert error == TransportError("what answered does not speak HTTP: check base_url", "headers")
    assert (error.__cause__, error.__context__) == (None, None)
    assert KEY not in everything_shown(error)
    assert (len(server.heads), client.waits) == (1 + used, [])
    assert await client.ask(listing) == ConnectionList()
    assert (len(server.heads), server.connections) == (2 + used, 2)


async def test_09_a_status_whose_head_is_not_whole_is_no_status(
    serve: Serve, client_of: ClientOf
) -> None:
    head = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
    server = serve(*(then_hang_up(head[:size]) for size in range(len(head))))
    client = client_of(server, max_retries=0)
    broken = TransportError(
        "the connection broke before the response was whole", "headers", gave_up="retries"
    )
    assert [await failure(client) for _ in head] == [broken] * len(head)
    assert len(server.heads) == len(head)


ONE = {"success": True, "connections": [{"platformId": "twitter-1"}]}


either_way = pytest.mark.usefixtures("_either_way")
OURS = ["async", "sync"]
ALL = [*OURS, "async, borrowed session"]
ours = pytest.mark.parametrize("kind_of_client", OURS, indirect=True)
"""Nobody looks at the sockets of a borrowed session's connector."""


@either_way
@pytest.mark.parametrize(
    ("kind_of_client", "late"),
    [
        *((kind, late) for kind in ALL for late in ("at once", "late")),
        *((kind, "late, and unread") for kind in OURS),
    ],
    indirect=["kind_of_client"],
)
@pytest.mark.parametrize("unasked", [reply(ONE), reply({}, status=401)])
async def test_09_what_nobody_asked_for_is_not_the_response_to_the_next_request(
    unasked: bytes, late: str, serve: Serve, client_of: ClientOf
) -> None:
    sent, wanted = threading.Event(), threading.Event()

    def answer_and_more(connection: socket.socket) -> None:
        if late == "at once":
            connection.sendall(reply(ONE) + unasked)
        else:
            connection.sendall(reply(ONE))
            wanted.wait(5)
            connection.sendall(unasked)
        sent.set()

    async def keep_the_loop_busy() -> None:
        wanted.set()
        sent.wait(5)

    server = serve(answer_and_more, reply())
    client = client_of(server)
    assert (await client.ask(listing_for("a"))).platform_ids == ["twitter-1"]
    if late == "late":
        wanted.set()
        await asyncio.to_thread(sent.wait, 5)
        await client.let_it_read()
    else:
        await client.on_loop(keep_the_loop_busy)
    assert await client.ask(listing_for("b")) == ConnectionList()
    assert (len(server.heads), server.connections) == (2, 2)


@either_way
@pytest.mark.parametrize(
    "headers", [b"", b"Connection: upgrade\r\nUpgrade: websocket\r\n", b"Content-Length: 0\r\n"]
)
async def test_09_a_connection_that_changes_its_protocol_serves_nobody_else(
    headers: bytes, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(b"HTTP/1.1 101 Switching Protocols\r\n" + headers + b"\r\n", reply(ONE))
    client = client_of(server)
    error = await failure(client, listing_for("a"))
    assert error == APIStatusError(101, "Switching Protocols")
    assert (await client.ask(listing_for("b"))).platform_ids == ["twitter-1"]
    assert (len(server.heads), server.connections) == (2, 2)


NO_HTTP = TransportError("what answered does not speak HTTP: check base_url", "headers")
IN_PURE_PYTHON = http_parser.HttpResponseParser is http_parser.HttpResponseParserPy


@either_way
@pytest.mark.parametrize("greeting", [reply(ONE), b"SSH-2.0-OpenSSH_9.9\r\n"])
async def test_09_what_comes_before_a_request_is_not_its_response(
    greeting: bytes, serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(reply(), greeting=greeting)
    connect = aiohttp.TCPConnector.connect

    async def connect_slowly(self: aiohttp.TCPConnector, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as aiohttp's
        connection = await connect(self, *args, **kwargs)
        await asyncio.to_thread(server.answered.acquire)
        await take_what_has_arrived()
        return connection

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", connect_slowly)
    client = client_of(server, max_retries=1)
    error = await failure(client)
    assert isinstance(error, TransportError)
    if error == NO_HTTP and greeting.startswith(b"SSH") and IN_PURE_PYTHON:
        return  # its parser keeps half a head where a borrowed session's connection shows nothing
    assert error == TransportError(
        "the server spoke or hung up before the request was sent", "connect", 2, "retries"
    )
    assert (len(server.heads), server.connections) == (0, 2)


@ours
@either_way
@pytest.mark.parametrize("greeting", [reply(ONE), b"SSH-2.0-OpenSSH_9.9\r\n"])
async def test_09_what_comes_before_a_request_is_seen_also_where_the_loop_has_not_read_it(
    greeting: bytes, serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(reply(), greeting=greeting)
    connect = aiohttp.TCPConnector.connect

    async def connect_slowly(self: aiohttp.TCPConnector, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as aiohttp's
        connection = await connect(self, *args, **kwargs)
        server.answered.acquire(timeout=5)
        return connection

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", connect_slowly)
    error = await failure(client_of(server, max_retries=0))
    assert isinstance(error, TransportError)
    assert error.stage == "connect"
    assert len(server.heads) == 0


@ours
@either_way
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
async def test_09_a_write_is_not_lost_on_a_connection_that_the_server_has_closed_meanwhile(
    tls: bool,  # noqa: FBT001  # a table column
    serve: Serve,
    client_of: ClientOf,
) -> None:
    """As when the program computes, and keeps the loop busy, for longer than the server waits."""
    wanted, closed = threading.Event(), threading.Event()

    def answer_and_leave(connection: socket.socket) -> None:
        connection.sendall(reply(ONE))
        wanted.wait(5)
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()

    async def keep_the_loop_busy() -> None:
        wanted.set()
        closed.wait(5)

    server = serve(answer_and_leave, reply(), tls=serving() if tls else None)
    client = client_of(server, ssl_context=trusting() if tls else None)
    await client.ask(listing)
    await client.on_loop(keep_the_loop_busy)
    await client.ask(lambda publora: publora.managed_users.detach("u"))
    assert (len(server.heads), server.connections, client.waits) == (2, 2, [])


@either_way
async def test_09_a_header_of_up_to_64_kib_is_read(serve: Serve, client_of: ClientOf) -> None:
    sizes = (8_190, 9_000, 2**16 - len("Content-Security-Policy: "))
    server = serve(*(reply(headers={"Content-Security-Policy": "x" * size}) for size in sizes))
    client = client_of(server)
    assert [await client.ask(listing) for _ in sizes] == [ConnectionList()] * len(sizes)
    assert (len(server.heads), server.connections) == (3, 1)


OVER = "the response has a header, or a first line, of over 65536 bytes"


@either_way
@pytest.mark.parametrize(
    ("head", "message"),
    [
        (OK + b"a: " + b"x" * 2**16 + b"\r\n\r\n", OVER),
        (OK + b"x" * (2**16 + 1) + b": a\r\n\r\n", OVER),
        (b"HTTP/1.1 200 " + b"x" * (2**16 + 1) + b"\r\n\r\n", OVER),
        (OK + b"a: b\r\n" * 129 + b"\r\n", "the response has over 128 headers"),
    ],
    ids=["header", "name", "reason", "headers"],
)
async def test_09_a_head_that_is_too_long_is_called_that_and_not_asked_for_again(
    head: bytes, message: str, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(head, reply())
    client = client_of(server)
    error = await failure(client)
    assert error == TransportError(message, "headers")
    assert (error.__cause__, error.__context__) == (None, None)
    assert await client.ask(listing) == ConnectionList()
    assert (len(server.heads), server.connections, client.waits) == (2, 2, [])
