"""What else an attempt that failed leads to; against a server of raw sockets."""

import logging

import pytest
from hostile import HostileServer, reply, then_hang_up
from patient import Open


async def test_an_error_answer_is_read_so_that_its_connection_serves_again(
    open_client: Open,
) -> None:
    page = reply(b"<html>" + b"x" * 30_000, status=503)
    with HostileServer(page, reply()) as server:
        await open_client(server).list()
        assert (len(server.heads), server.connections) == (2, 1)


async def test_logs_tell_what_is_asked_again_and_nothing_else(
    open_client: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "publora_async")
    with HostileServer(reply({}, status=503), then_hang_up(), reply()) as server:
        await open_client(server).list()
    assert caplog.messages == [
        "GET /platform-connections: 503, attempt 1, again in 0.25 s",
        "GET /platform-connections: TransportError, attempt 2, again in 0.50 s",
        "GET /platform-connections: answered, attempt 3",
    ]
