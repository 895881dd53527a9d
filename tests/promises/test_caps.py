"""How much of an answer is read: so many bytes, unpacked, and not one more."""

import gzip
import socket
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from asking import ClientOf, Serve, failure, listing
from conftest import KEY
from hostile import Answer, reply, then_hang_up
from leftovers import everything_shown

from publora_async import (
    APIStatusError,
    AuthenticationError,
    ConnectionList,
    NotFoundError,
    PubloraError,
    ResponseDecodeError,
    ServerError,
)

SUCCESS_CAP = 4 * 1024 * 1024
ERROR_CAP = 64 * 1024
TOO_LONG = ResponseDecodeError("the response is over 4194304 bytes long")

ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": lambda body: gzip.compress(body, 1),
    "deflate": lambda body: zlib.compress(body, 1),
}


def chunked(body: bytes) -> bytes:
    pieces = (body[start : start + 50_000] for start in range(0, len(body), 50_000))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def framed(framing: str, encoding: str, body: bytes, status: int = 200) -> Answer:
    """An answer whose end shows itself in one of the three ways there are."""
    head = b"HTTP/1.1 %d Whatever\r\nContent-Encoding: %s\r\n" % (status, encoding.encode())
    match framing:
        case "length":
            return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
        case "chunked":
            return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body)
        case _:
            return then_hang_up(head + b"\r\n" + body)


def padded(beginning: bytes, size: int) -> bytes:
    return beginning + b" " * (size - len(beginning))


@pytest.mark.parametrize("framing", ["length", "chunked", "hang-up"])
@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_08_a_success_is_read_up_to_4_mib_unpacked_and_no_further(
    encoding: str, framing: str, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(
        *(
            framed(framing, encoding, ENCODINGS[encoding](padded(reply()[-36:], size)))
            for size in (SUCCESS_CAP, SUCCESS_CAP + 1)
        )
    )
    client = client_of(server)
    assert await client.ask(listing) == ConnectionList()
    assert await failure(client) == TOO_LONG
    assert len(server.heads) == 2


@pytest.mark.parametrize("framing", ["length", "chunked", "hang-up"])
@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_08_an_error_is_read_up_to_64_kib_unpacked_and_no_further(
    encoding: str, framing: str, serve: Serve, client_of: ClientOf
) -> None:
    said = b'{"error": "It rests"}'
    server = serve(
        *(
            framed(framing, encoding, ENCODINGS[encoding](padded(said, size)), status)
            for status in (404, 500)
            for size in (ERROR_CAP, ERROR_CAP + 1)
        )
    )
    client = client_of(server, max_retries=0)
    assert [await failure(client) for _ in range(4)] == [
        NotFoundError(404, "It rests"),
        NotFoundError(404, "Not Found"),
        ServerError(500, "It rests", gave_up="retries"),
        ServerError(500, "Internal Server Error"),
    ]
    assert len(server.heads) == 4


OVER: dict[int, PubloraError] = {
    200: TOO_LONG,
    302: APIStatusError(302, "Found"),
    401: AuthenticationError(401, "Unauthorized"),
    404: NotFoundError(404, "Not Found"),
    500: ServerError(500, "Internal Server Error"),
    503: ServerError(503, "Service Unavailable"),
}


@pytest.mark.parametrize("status", OVER)
async def test_08_over_the_cap_the_connection_is_closed_and_nothing_is_asked_again(
    status: int, serve: Serve, client_of: ClientOf
) -> None:
    # By so much that the rest is still under way: what is whole does no harm.
    size = (SUCCESS_CAP if status == 200 else ERROR_CAP) + 1024 * 1024
    server = serve(reply(b"x" * size, status=status), reply())
    client = client_of(server)
    assert await failure(client) == OVER[status]
    assert (len(server.heads), server.connections, client.waits) == (1, 1, [])
    assert await client.ask(listing) == ConnectionList()
    assert (len(server.heads), server.connections) == (2, 2)


def for_ever(pieces: Callable[[], Iterator[bytes]], *headers: bytes, status: int) -> Answer:
    """An answer that goes on until the client has left."""

    def answer(connection: socket.socket) -> None:
        head = (b"HTTP/1.1 %d Whatever" % status, *headers)
        connection.sendall(b"".join(b"%s\r\n" % line for line in head) + b"\r\n")
        for piece in pieces():
            connection.sendall(piece)

    return answer


def spaces() -> Iterator[bytes]:
    while True:
        yield b" " * 10_000


def chunks_of(size: int) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        while True:
            yield (b"%x\r\n" % size + b" " * size + b"\r\n") * (10_000 // size)

    return pieces


def zipped(wbits: int) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        packer = zlib.compressobj(1, wbits=wbits)
        while True:
            yield packer.compress(bytes(100_000))

    return pieces


ENDLESS: dict[str, tuple[Callable[[], Iterator[bytes]], tuple[bytes, ...]]] = {
    "of no length": (spaces, ()),
    "of an absurd length": (spaces, (b"Content-Length: 999999999999",)),
    "of long chunks": (chunks_of(5000), (b"Transfer-Encoding: chunked",)),
    "of short chunks": (chunks_of(20), (b"Transfer-Encoding: chunked",)),
    "of gzip": (zipped(31), (b"Content-Encoding: gzip",)),
    "of deflate": (zipped(15), (b"Content-Encoding: deflate",)),
}


@pytest.mark.parametrize("status", [200, 401, 500])
@pytest.mark.parametrize("endless", ENDLESS)
async def test_08_an_answer_without_end_is_left_at_the_cap(
    endless: str, status: int, serve: Serve, client_of: ClientOf
) -> None:
    pieces, headers = ENDLESS[endless]
    server = serve(for_ever(pieces, *headers, status=status))
    error = await failure(client_of(server))
    assert error == OVER[status]
    assert len(server.heads) == 1
    assert (error.__cause__, error.__context__) == (None, None)
    assert KEY not in everything_shown(error)


@cache
def bomb(encoding: str) -> bytes:
    """A quarter of a MiB that unpacks to a quarter of a GiB."""
    return ENCODINGS[encoding](bytes(256 * 1024 * 1024))


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("status", [200, 500])
async def test_08_a_bomb_is_not_unpacked(
    status: int, encoding: str, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply(bomb(encoding), status=status, headers={"Content-Encoding": encoding}))
    client = client_of(server)
    tracemalloc.start()
    try:
        error = await failure(client)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error == OVER[status]
    assert peak < 4 * SUCCESS_CAP
    assert len(server.heads) == 1
