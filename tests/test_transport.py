"""What is asked again, after how long, and what is not; against a server of raw sockets."""

import pytest
from hostile import CUT, Answer, HostileServer, reply, then_hang_up, then_reset
from patient import Open

from publora_async import ConnectionList, GaveUp, RateLimitError, ServerError, TransportError
from publora_async._sender import MAX_BODY, MAX_ERROR_BODY


@pytest.mark.parametrize(
    "fault",
    [
        then_hang_up(),
        then_reset(),
        then_hang_up(CUT),
        then_reset(CUT),
        then_hang_up(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
        reply({"error": "Internal server error"}, status=500),
        reply(b"<html>", status=502),
        reply(b"", status=503),
        reply({}, status=504),
        reply({}, status=429),
    ],
)
async def test_a_fault_that_may_pass_costs_one_more_request(
    fault: Answer, open_client: Open
) -> None:
    with HostileServer(fault, reply()) as server:
        client = open_client(server)
        assert await client.list() == ConnectionList()
        assert (len(server.heads), client.waits) == (2, [0.25])


@pytest.mark.parametrize(
    "fault",
    [
        *(reply({"error": "No"}, status=status) for status in (400, 401, 403, 404, 409, 418, 501)),
        reply({"error": "Invalid API key"}, status=401, headers={"Retry-After": "1"}),
        then_hang_up(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 50\r\n\r\n{"),
        reply(b"", status=302, headers={"Location": "/elsewhere"}),
        reply(b"hello"),
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        reply(b"not gzip", headers={"Content-Encoding": "gzip"}),
        reply(b" " * (MAX_ERROR_BODY + 1), status=500),
        reply(b" " * (MAX_BODY + 1)),
    ],
)
async def test_a_fault_that_stays_is_not_asked_about_again(
    fault: Answer, open_client: Open
) -> None:
    with HostileServer(fault, reply()) as server:
        client = open_client(server)
        await client.failure()
        assert (len(server.heads), client.waits) == (1, [])


@pytest.mark.parametrize("fault", [then_hang_up(), then_reset()])
async def test_one_attempt_is_one_request_also_on_a_used_connection(
    fault: Answer, open_client: Open
) -> None:
    with HostileServer(reply(), fault, reply()) as server:
        client = open_client(server, max_retries=0)
        await client.list()
        error = await client.failure()
        assert error == TransportError(
            "the connection broke before the answer was whole",
            stage="headers",
            gave_up="retries",
        )
        assert len(server.heads) == 2


async def test_waits_grow_to_half_of_eight_seconds_and_then_the_last_error_is_raised(
    open_client: Open,
) -> None:
    with HostileServer(reply({"error": "Internal server error"}, status=500)) as server:
        client = open_client(server, max_retries=6)
        error = await client.failure()
        assert error == ServerError(500, "Internal server error", attempts=7, gave_up="retries")
        assert client.waits == [0.25, 0.5, 1, 2, 4, 4]
        assert str(error) == "HTTP 500: Internal server error (after 7 attempts)"


async def test_retry_after_is_waited_for(open_client: Open) -> None:
    with HostileServer(reply({}, status=429, headers={"Retry-After": "7"}), reply()) as server:
        client = open_client(server)
        await client.list()
        assert client.waits == [7]


@pytest.mark.parametrize(
    ("asked", "gave_up"), [("61", "retry_after"), ("50", "deadline")], ids=["too long", "too late"]
)
async def test_a_wait_that_leads_nowhere_is_not_begun(
    asked: str, gave_up: GaveUp, open_client: Open
) -> None:
    answer = reply({"error": "Slow down"}, status=429, headers={"Retry-After": asked})
    with HostileServer(answer) as server:
        client = open_client(server, deadline=40)
        error = await client.failure()
        assert error == RateLimitError(429, "Slow down", retry_after=float(asked), gave_up=gave_up)
        assert client.waits == []
