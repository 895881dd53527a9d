"""Bytes that are not HTTP: an error of the way to the service, never a status of the service's."""

import asyncio
import socket
import threading

import pytest
from asking import ClientOf, Serve, failure, listing, listing_for
from colours import Client
from conftest import KEY
from hostile import reply, then_hang_up
from leftovers import everything_shown

from publora_async import AsyncPublora, ConnectionList, TransportError
from publora_sync import Publora

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
    "a header of 10,000 bytes": OK + b"a: " + b"x" * 10_000 + b"\r\n\r\n",
    "a reason of 10,000 bytes": b"HTTP/1.1 200 " + b"x" * 10_000 + b"\r\n\r\n",
    "10,000 headers": OK + b"a: b\r\n" * 10_000 + b"\r\n",
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
        "the connection broke before the answer was whole", "headers", gave_up="retries"
    )
    assert [await failure(client) for _ in head] == [broken] * len(head)
    assert len(server.heads) == len(head)


ONE = {"success": True, "connections": [{"platformId": "twitter-1"}]}


@pytest.mark.parametrize("colour", [AsyncPublora, Publora])
@pytest.mark.parametrize("late", [False, True], ids=["at once", "late"])
@pytest.mark.parametrize("unasked", [reply(ONE), reply({}, status=401)])
async def test_09_what_nobody_asked_for_is_not_the_answer_to_the_next_request(
    unasked: bytes,
    late: bool,  # noqa: FBT001  # a table column
    colour: type[AsyncPublora | Publora],
    serve: Serve,
) -> None:
    """It holds for our own connections: a borrowed session's connector is its owner's."""
    sent, wanted = threading.Event(), threading.Event()

    def answer_and_more(connection: socket.socket) -> None:
        if late:
            connection.sendall(reply(ONE))
            wanted.wait()
            connection.sendall(unasked)
        else:
            connection.sendall(reply(ONE) + unasked)
        sent.set()

    server = serve(answer_and_more, reply())
    client = Client(colour(KEY, base_url=server.base_url))
    assert (await client.ask(listing_for("a"))).platform_ids == ["twitter-1"]
    wanted.set()
    await asyncio.to_thread(sent.wait)
    await client.let_it_read()
    assert await client.ask(listing_for("b")) == ConnectionList()
    await client.close()
    assert (len(server.heads), server.connections) == (2, 2)
