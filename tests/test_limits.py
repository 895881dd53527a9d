"""Time limits, against a server of raw sockets."""

import asyncio
import socket
import threading

import pytest
from conftest import Ask
from hostile import CUT, Answer, HostileServer, reply, silence
from patient import Open

from publora_async import (
    AsyncPublora,
    AuthenticationError,
    ConnectionList,
    RequestTimeoutError,
    Timeouts,
)

INTERIM = b"HTTP/1.1 103 Early Hints\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "options", "expected"),
    [
        (silence, {"timeout": 0.05}, ("headers", "timeout")),
        (silence, {"timeout": Timeouts(read=0.05)}, ("headers", "read")),
        (silence, {"deadline": 0.05}, ("headers", "deadline")),
        (CUT, {"timeout": 0.05}, ("body", "timeout")),
        (CUT, {"timeout": Timeouts(read=0.05)}, ("body", "read")),
        (CUT, {"deadline": 0.05}, ("body", "deadline")),
        (INTERIM, {"timeout": 0.05}, ("headers", "timeout")),
        (INTERIM, {"deadline": 0.05}, ("headers", "deadline")),
    ],
)
async def test_a_limit_that_runs_out_says_which_and_at_which_stage(
    answer: Answer, options: dict[str, object], expected: tuple[str, str], open_client: Open
) -> None:
    with HostileServer(answer) as server:
        error = await open_client(server, **options, max_retries=0).failure()
    assert isinstance(error, RequestTimeoutError)
    assert (error.stage, error.limit, error.seconds) == (*expected, 0.05)


async def test_a_connect_that_is_never_answered_says_so(ask: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        with socket.create_connection(address):
            base_url = f"http://127.0.0.1:{address[1]}"
            with pytest.raises(RequestTimeoutError) as caught:
                await ask(base_url, timeout=Timeouts(connect=0.05))
    error = caught.value
    assert (error.stage, error.limit, error.seconds) == ("connect", "connect", 0.05)


async def test_an_attempt_that_took_too_long_is_made_again(open_client: Open) -> None:
    with HostileServer(silence, reply()) as server:
        assert await open_client(server, timeout=0.05).list() == ConnectionList()
        assert len(server.heads) == 2


async def test_an_answer_that_drips_for_ever_is_cut_off(open_client: Open) -> None:
    stopped = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not stopped.wait(0.005):
            connection.sendall(b"1\r\n \r\n")

    with HostileServer(drip) as server:
        timeout = Timeouts(total=0.1, read=0.09)
        error = await open_client(server, timeout=timeout, max_retries=0).failure()
        stopped.set()
    assert isinstance(error, RequestTimeoutError)
    assert (error.stage, error.limit) == ("body", "timeout")


async def test_a_refusal_whose_body_never_ends_is_still_that_refusal(open_client: Open) -> None:
    head = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 50\r\n\r\n{"
    with HostileServer(head) as server:
        error = await open_client(server, timeout=0.05).failure()
        assert error == AuthenticationError(401, "Unauthorized")
        assert len(server.heads) == 1


async def test_waiting_for_a_slot_does_not_count_as_the_attempts_time() -> None:
    released = threading.Event()

    def when_released(connection: socket.socket) -> None:
        released.wait()
        connection.sendall(reply())

    with HostileServer(when_released) as server:
        async with AsyncPublora(
            "k", base_url=server.base_url, max_connections=1, deadline=None
        ) as publora:
            holding = asyncio.create_task(publora.connections.list())
            await asyncio.to_thread(server.asked.acquire)
            hasty = publora.with_options(timeout=0.05, max_retries=0)
            queued = asyncio.create_task(hasty.connections.list())
            # The queue's own limit passing shows that the hasty call's time is long over.
            with pytest.raises(RequestTimeoutError) as caught:
                await publora.with_options(deadline=0.1).connections.list()
            assert (caught.value.stage, caught.value.limit) == ("queue", "deadline")
            released.set()
            assert [await holding, await queued] == [ConnectionList()] * 2
    assert len(server.heads) == 2


async def test_there_are_as_many_connections_as_slots_and_no_more() -> None:
    with HostileServer(silence) as server:
        async with AsyncPublora("k", base_url=server.base_url, max_connections=120) as publora:
            calls = [asyncio.create_task(publora.connections.list()) for _ in range(130)]
            for _ in range(120):
                await asyncio.to_thread(server.asked.acquire)
            assert server.connections == 120
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
    assert server.connections == 120
