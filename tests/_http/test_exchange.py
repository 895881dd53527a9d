"""Past aiohttp's session or by it, the same is on the wire, and who watches the session sees it."""

import functools
import logging
import sys
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

import aiohttp
import pytest
from conftest import KEY
from hostile import HostileServer, reply

from publora_async import AsyncPublora, ConnectionList
from publora_async._http import straight

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


async def test_either_way_the_same_is_on_the_wire(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(straight, "TESTED", (aiohttp.__version__,))
    agent = (
        f"User-Agent: publora-python/{version('publora')}"
        f" Python/{sys.version_info[0]}.{sys.version_info[1]} aiohttp/{aiohttp.__version__}"
    )
    with HostileServer(reply(FITS_ALL)) as server:
        past_the_session = await heads(server)
        asked = request.getfixturevalue("asked")
        assert await heads(server) == past_the_session
    assert asked == ["GET", "GET", "POST", "POST", "DELETE"]
    for head in past_the_session:
        assert b"x-publora-key: " + KEY.encode() in head
        assert agent.encode() in head


async def test_with_the_installed_aiohttp_requests_go_straight(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """If it fails with a new aiohttp, enter that in ``TESTED`` and see if all tests pass."""
    assert await told(caplog) == []


TAKES_LONGER = "requests go through aiohttp's session, which takes longer: "


async def told(
    caplog: pytest.LogCaptureFixture, session: aiohttp.ClientSession | None = None
) -> list[str]:
    """What the log says while a client, and one derived from it, make two calls each."""
    caplog.set_level(logging.DEBUG, "publora_async")
    with HostileServer(reply()) as server:
        async with AsyncPublora(KEY, base_url=server.base_url, session=session) as publora:
            for client in (publora, publora.with_options(deadline=5)):
                for _ in range(2):
                    assert await client.connections.list() == ConnectionList()
    lines = [record.getMessage() for record in caplog.records if record.name == "publora_async"]
    answered = [line for line in lines if line.endswith("answered, attempt 1")]
    assert len(answered) == 4
    return [line for line in lines if line not in answered]


async def test_one_line_of_the_log_says_that_the_session_is_borrowed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with aiohttp.ClientSession() as session:
        assert await told(caplog, session) == [TAKES_LONGER + "the session is borrowed"]


async def test_one_line_of_the_log_says_that_aiohttp_is_patched(
    caplog: pytest.LogCaptureFixture, asked: list[str]
) -> None:
    assert await told(caplog) == [TAKES_LONGER + "aiohttp.ClientSession is patched"]
    assert asked == ["GET"] * 4


async def test_one_line_of_the_log_says_that_a_tracer_watches(
    caplog: pytest.LogCaptureFixture, traced: list[str]
) -> None:
    assert await told(caplog) == [TAKES_LONGER + "a tracer watches the session"]
    assert traced == ["GET /api/v1/platform-connections"] * 4


async def test_one_line_of_the_log_says_that_aiohttp_is_another(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(straight, "TESTED", ("2.",))
    reason = f"aiohttp {aiohttp.__version__} is not one that this was tested with (2.x)"
    assert await told(caplog) == [TAKES_LONGER + reason]


async def test_a_reason_that_comes_later_is_logged_when_it_comes(
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setattr(straight, "TESTED", (aiohttp.__version__,))
    caplog.set_level(logging.DEBUG, "publora_async")
    with HostileServer(reply()) as server:
        async with AsyncPublora(KEY, base_url=server.base_url) as publora:
            await publora.connections.list()
            assert "takes longer" not in caplog.text
            assert request.getfixturevalue("asked") == []
            await publora.connections.list()
    assert caplog.text.count(TAKES_LONGER + "aiohttp.ClientSession is patched") == 1


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put a tracer into every session that is made from now on, as instrumentations do."""
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
    return seen
