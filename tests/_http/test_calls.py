"""A call: as many attempts as it takes, one slot each, and the waits between them."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from conftest import KEY
from hostile import Answer, HostileServer, reply

from publora_async import ClientStateError, ResponseDecodeError, ServerError, TransportError
from publora_async._http.calls import Transport
from publora_async._http.options import ClientOptions
from publora_async._http.request import Request
from publora_async._http.session import Pool

REQUEST = Request(method="GET", route="/things", path="/things", headers={})
DOWN = reply({"error": "Down"}, status=503)


class Line:
    """
    A transport to a server, which draws 0.5 each time and does not wait.

    Attributes:
        waits: How long it would have waited each time, in seconds.
    """

    def __init__(self, server: HostileServer, max_connections: int = 100) -> None:
        self.waits: list[float] = []
        options = ClientOptions(
            api_key=KEY, base_url=server.base_url, max_connections=max_connections
        )
        self.pool = Pool(options, None)
        self.transport = Transport(options, self.pool, sleep=self._sleep, random=lambda: 0.5)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


Open = Callable[..., tuple[Line, HostileServer]]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """Make a line to a server that gives these answers."""
    lines: list[tuple[Line, HostileServer]] = []

    def opened(*answers: Answer, max_connections: int = 100) -> tuple[Line, HostileServer]:
        server = HostileServer(*answers).__enter__()
        lines.append((Line(server, max_connections), server))
        return lines[-1]

    yield opened
    for line, server in lines:
        await line.pool.close()
        server.__exit__(None, None, None)


async def test_it_gives_what_the_first_good_attempt_decoded(opened: Open) -> None:
    line, server = opened(DOWN, DOWN, reply(b"good"))
    assert await line.transport.call(REQUEST, bytes.upper) == b"GOOD"
    assert len(server.heads) == 3
    assert line.waits == [0.25, 0.5]


async def test_it_raises_the_last_failure_with_the_number_of_attempts(opened: Open) -> None:
    line, server = opened(DOWN)
    with pytest.raises(ServerError) as raised:
        await line.transport.call(REQUEST, bytes)
    assert raised.value == ServerError(503, "Down", attempts=4, gave_up="retries")
    assert len(server.heads) == 4


async def test_a_pause_that_the_service_asks_for_is_waited(opened: Open) -> None:
    line, _ = opened(reply({}, status=429, headers={"Retry-After": "7"}), reply())
    await line.transport.call(REQUEST, bytes)
    assert line.waits == [7.0]


async def test_what_cannot_be_decoded_is_asked_for_once(opened: Open) -> None:
    def refuse(_: bytes) -> object:
        raise ResponseDecodeError("nonsense")

    line, server = opened(reply())
    with pytest.raises(ResponseDecodeError, match="nonsense"):
        await line.transport.call(REQUEST, refuse)
    assert (len(server.heads), line.waits) == (1, [])


async def test_each_attempt_gives_its_slot_back_however_it_ends(opened: Open) -> None:
    def fail(_: bytes) -> object:
        raise ZeroDivisionError

    line, _ = opened(DOWN, reply(), max_connections=1)
    with pytest.raises(TransportError, match=r"^an unexpected ZeroDivisionError in "):
        await line.transport.call(REQUEST, fail)
    assert not line.pool.slots.locked()
    await line.transport.call(REQUEST, bytes)
    assert not line.pool.slots.locked()


async def test_on_a_closed_pool_nothing_is_sent(opened: Open) -> None:
    line, server = opened(reply())
    await line.pool.close()
    with pytest.raises(ClientStateError, match="this client is closed"):
        await line.transport.call(REQUEST, bytes)
    assert server.heads == []


async def test_calls_beyond_the_slots_wait_for_one(opened: Open) -> None:
    line, server = opened(reply(), max_connections=1)
    calls = [line.transport.call(REQUEST, len) for _ in range(3)]
    assert len(set(await asyncio.gather(*calls))) == 1
    assert server.connections == 1
