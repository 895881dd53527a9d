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
    NotFoundError,
    RequestTimeoutError,
    ResponseDecodeError,
    ServerError,
    TransportError,
)
from publora_async._http.attempt import Attempts
from publora_async._http.failures import Failure
from publora_async._http.options import ClientOptions
from publora_async._http.request import MAX_BODY, Request
from publora_async._http.session import Pool

REQUEST = Request(method="GET", route="/things", path="/things", headers={})


class AttemptsAt:
    """Makes attempts at a server, over one pool."""

    def __init__(self) -> None:
        self._pools: list[Pool] = []

    def to(self, server: HostileServer) -> Callable[..., Awaitable[Any]]:
        options = ClientOptions(api_key=KEY, base_url=server.base_url)
        pool = Pool(options, None)
        self._pools.append(pool)
        return partial(Attempts(options, pool).make, pool.session())

    async def close(self) -> None:
        for pool in self._pools:
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
