"""Past aiohttp's session, or by it: the same on the wire, and whoever looks on still sees it."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from conftest import KEY
from hostile import HostileServer, reply

from publora_async import AsyncPublora, ConnectionList
from publora_async._http import exchange

FITS_ALL = {
    "success": True,
    "connections": [],
    "platformId": "twitter-1",
    "status": "ok",
    "user": {"_id": "u"},
}
QUESTIONS: list[Callable[[AsyncPublora], Awaitable[object]]] = [
    lambda publora: publora.connections.list(),
    lambda publora: publora.connections.list(user_id="u~1"),
    lambda publora: publora.connections.test("bluesky-did:plc:12%", user_id="u"),
    lambda publora: publora.managed_users.create("a@b.example", "Jürgen"),
    lambda publora: publora.managed_users.detach("u"),
]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Look on at whatever aiohttp's sessions are asked from now on."""
    seen: list[str] = []
    request = aiohttp.ClientSession._request

    @functools.wraps(request)
    async def look_on(
        session: aiohttp.ClientSession,
        method: str,
        *args: Any,  # noqa: ANN401  # as aiohttp's
        **kwargs: Any,  # noqa: ANN401
    ) -> aiohttp.ClientResponse:
        seen.append(method)
        return await request(session, method, *args, **kwargs)

    monkeypatch.setattr(aiohttp.ClientSession, "_request", look_on)
    return seen


async def heads(server: HostileServer) -> list[list[bytes]]:
    """The lines of each request's head, in any order."""
    async with AsyncPublora(KEY, base_url=server.base_url) as publora:
        for question in QUESTIONS:
            await question(publora)
    found = [sorted(head.split(b"\r\n")) for head in server.heads]
    server.heads.clear()
    return found


async def test_either_way_the_same_is_on_the_wire(request: pytest.FixtureRequest) -> None:
    with HostileServer(reply(FITS_ALL)) as server:
        straight = await heads(server)
        asked = request.getfixturevalue("asked")
        assert await heads(server) == straight
    assert asked == ["GET", "GET", "POST", "POST", "DELETE"]
    assert [b"x-publora-key: " + KEY.encode() in head for head in straight] == [True] * 5


async def test_with_the_installed_aiohttp_requests_go_straight() -> None:
    """If this fails with a new aiohttp, read what has changed there; all works, but slowly."""
    async with AsyncPublora(KEY) as publora:
        assert not exchange._is_watched(publora._transport.pool.session())


async def test_an_aiohttp_that_this_was_not_tested_with_is_asked_by_its_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exchange, "_IS_KNOWN", False)
    async with AsyncPublora(KEY) as publora:
        assert exchange._is_watched(publora._transport.pool.session())


async def test_a_tracer_that_is_put_into_every_session_sees_each_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []

    async def note(
        _session: object, _context: object, what: aiohttp.TraceRequestStartParams
    ) -> None:
        seen.append(f"{what.method} {what.url.path}")

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(note)
    make = aiohttp.ClientSession.__init__
    monkeypatch.setattr(
        aiohttp.ClientSession,
        "__init__",
        lambda session, **kwargs: make(session, **{**kwargs, "trace_configs": [trace]}),
    )
    with HostileServer(reply()) as server:
        async with AsyncPublora(KEY, base_url=server.base_url) as publora:
            assert await publora.connections.list() == ConnectionList()
    assert seen == ["GET /api/v1/platform-connections"]
