"""Size caps, against a server of raw sockets."""

import gzip
import tracemalloc

import pytest
from hostile import HostileServer, reply
from patient import Open

from publora_async import (
    ConnectionList,
    ResponseDecodeError,
    ServerError,
)
from publora_async._sender import MAX_BODY, MAX_ERROR_BODY


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_a_success_may_be_as_long_as_the_cap_and_no_longer(
    encoding: str, open_client: Open
) -> None:
    shortest = b'{"success": true, "connections": []}'

    def padded(size: int) -> bytes:
        body = shortest + b" " * (size - len(shortest))
        sent = gzip.compress(body, 1) if encoding == "gzip" else body
        return reply(sent, headers={"Content-Encoding": encoding})

    with HostileServer(padded(MAX_BODY), padded(MAX_BODY + 1)) as server:
        client = open_client(server)
        assert await client.list() == ConnectionList()
        assert await client.failure() == ResponseDecodeError(
            "the answer is over 4194304 bytes long"
        )
        assert len(server.heads) == 2


async def test_an_error_page_beyond_its_cap_is_told_by_its_status_alone(open_client: Open) -> None:
    with HostileServer(reply(b"x" * (MAX_ERROR_BODY + 1), status=500)) as server:
        assert await open_client(server).failure() == ServerError(500, "Internal Server Error")
        assert len(server.heads) == 1


async def test_a_gzip_bomb_is_not_unpacked(open_client: Open) -> None:
    bomb = gzip.compress(bytes(256 * 1024 * 1024), 1)
    with HostileServer(reply(bomb, headers={"Content-Encoding": "gzip"})) as server:
        client = open_client(server)
        tracemalloc.start()
        error = await client.failure()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert error == ResponseDecodeError("the answer is over 4194304 bytes long")
    assert peak < 4 * MAX_BODY
