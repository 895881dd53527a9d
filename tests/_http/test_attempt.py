"""One attempt: what was decoded, or how it failed, as a value that is yet to be raised."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from conftest import KEY
from hostile import HostileServer, reply, silence, then_hang_up

from publora_async import (
    APIStatusError,
    AsyncPublora,
    ConnectionList,
    NotFoundError,
    RequestTimeoutError,
    ResponseDecodeError,
    ServerError,
    TransportError,
)
from publora_async._decoding import strict_json
from publora_async._http import attempt
from publora_async._http.attempt import LARGE_BODY, Attempts
from publora_async._http.failures import Failure
from publora_async._http.options import ClientOptions
from publora_async._http.request import MAX_BODY, Request
from publora_async._http.session import Pool

REQUEST = Request(method="GET", route="/things", path="/things", headers={})


class AttemptsAt:
    """Makes attempts at a server, over one pool."""

    def __init__(self) -> None:
        self.pools: list[Pool] = []

    def to(self, server: HostileServer) -> Callable[..., Awaitable[Any]]:
        options = ClientOptions(api_key=KEY, base_url=server.base_url)
        pool = Pool(options, None)
        self.pools.append(pool)
        return partial(Attempts(options, pool).make, pool.session())

    async def close(self) -> None:
        for pool in self.pools:
            await pool.close()


@pytest.fixture
async def attempts() -> AsyncIterator[AttemptsAt]:
    attempts = AttemptsAt()
    yield attempts
    await attempts.close()


async def test_it_gives_what_was_made_of_the_body(attempts: AttemptsAt) -> None:
    with HostileServer(reply(b"whatever")) as server:
        assert await attempts.to(server)(REQUEST, bytes.upper, math.inf) == b"WHATEVER"
    assert server.heads[0].startswith(b"GET /api/v1/things HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (reply({"error": "Gone"}, status=404), Failure(NotFoundError(404, "Gone"), False)),  # noqa: FBT003
        (reply({"error": "Down"}, status=503), Failure(ServerError(503, "Down"), True)),  # noqa: FBT003
        (reply({}, status=206), Failure(APIStatusError(206, "Partial Content"), False)),  # noqa: FBT003
        (reply(b"", status=304), Failure(APIStatusError(304, "Not Modified"), False)),  # noqa: FBT003
        (
            then_hang_up(),
            Failure(
                TransportError("the connection broke before the response was whole", "headers"),
                True,  # noqa: FBT003
            ),
        ),
    ],
)
async def test_a_failure_is_a_value_that_says_whether_it_may_pass(
    answer: bytes, failure: Failure, attempts: AttemptsAt
) -> None:
    with HostileServer(answer) as server:
        assert await attempts.to(server)(REQUEST, bytes, math.inf) == failure


async def test_a_refusal_stays_one_where_its_body_breaks_off(attempts: AttemptsAt) -> None:
    head = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 99\r\n\r\n{"
    with HostileServer(then_hang_up(head)) as server:
        failure = await attempts.to(server)(REQUEST, bytes, math.inf)
    assert isinstance(failure, Failure)
    assert isinstance(failure.error, APIStatusError)
    assert (failure.error.status, failure.repeatable) == (401, False)


async def test_what_cannot_be_decoded_is_not_worth_another_attempt(attempts: AttemptsAt) -> None:
    def refuse(_: bytes) -> object:
        raise ResponseDecodeError("nonsense")

    with HostileServer(reply()) as server:
        failure = await attempts.to(server)(REQUEST, refuse, math.inf)
    assert failure == Failure(ResponseDecodeError("nonsense"), repeatable=False)
    assert failure.error.__traceback__ is None


def body_of(size: int) -> bytes:
    return b'"%s"' % (b"x" * (size - 2))


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happens to a body, and when the loop has a turn after that it was read."""
    steps: list[str] = []
    read, parse = attempt._read, strict_json.parse_quickly

    async def noted_read(*args: Any) -> bytes | None:  # noqa: ANN401  # passed on
        body = await read(*args)
        steps.append("read")
        asyncio.get_running_loop().call_soon(steps.append, "a turn")
        return body

    def noted_parse(body: bytes) -> object:
        steps.append("parsed")
        return parse(body)

    monkeypatch.setattr(attempt, "_read", noted_read)
    monkeypatch.setattr(strict_json, "parse_quickly", noted_parse)
    return steps


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (LARGE_BODY, ["read", "parsed", "a turn", "decoded"]),
        (LARGE_BODY - 1, ["read", "decoded"]),
    ],
)
async def test_the_loop_has_a_turn_between_parsing_a_large_body_and_decoding_it(
    size: int, expected: list[str], steps: list[str], attempts: AttemptsAt
) -> None:
    def decode(body: bytes) -> bytes:
        steps.append("decoded")
        return body

    with HostileServer(reply(body_of(size))) as server:
        assert await attempts.to(server)(REQUEST, decode, math.inf) == body_of(size)
    assert steps == expected


async def test_a_large_body_is_there_whatever_runs_out_before_it_is_decoded(
    attempts: AttemptsAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_out(body: bytes) -> bytes:
        attempts.pools[0].timer.expire_all()
        return body

    monkeypatch.setattr(attempt, "parse_ahead", run_out)
    with HostileServer(reply(body_of(LARGE_BODY))) as server:
        assert await attempts.to(server)(REQUEST, len, math.inf) == LARGE_BODY


async def test_a_large_body_that_is_no_json_is_for_its_decoder_to_refuse(
    attempts: AttemptsAt,
) -> None:
    with HostileServer(reply(b"x" * LARGE_BODY)) as server:
        assert await attempts.to(server)(REQUEST, len, math.inf) == LARGE_BODY


async def test_a_call_cancelled_between_the_two_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def cancel(body: bytes) -> bytes:
        call.cancel()
        return body

    large = reply({"success": True, "connections": [], "more": "x" * LARGE_BODY})
    with HostileServer(large, reply()) as server:
        async with AsyncPublora(KEY, base_url=server.base_url, max_connections=1) as publora:
            monkeypatch.setattr(attempt, "parse_ahead", cancel)
            call = asyncio.create_task(publora.connections.list())
            await asyncio.wait([call])
            assert call.cancelled()
            assert await publora.connections.list() == ConnectionList()
        assert (len(server.heads), server.connections) == (2, 1)


async def test_a_body_over_the_cap_is_a_failure_and_ends_the_connection(
    attempts: AttemptsAt,
) -> None:
    with HostileServer(reply(b"x" * (2 * MAX_BODY))) as server:
        failure = await attempts.to(server)(REQUEST, bytes, math.inf)
        assert await asyncio.to_thread(server.is_left_alone)
    assert failure == Failure(
        ResponseDecodeError(f"the response is over {MAX_BODY} bytes long"), repeatable=False
    )


async def test_a_deadline_before_the_attempts_own_end_is_what_ran_out(attempts: AttemptsAt) -> None:
    with HostileServer(silence) as server:
        deadline = asyncio.get_running_loop().time() + 0.1
        failure = await attempts.to(server)(REQUEST, bytes, deadline)
    assert isinstance(failure, Failure)
    assert isinstance(failure.error, RequestTimeoutError)
    assert (failure.error.limit, failure.repeatable) == ("deadline", False)
