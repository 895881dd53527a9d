"""Where the key goes, and where it never shows."""

import asyncio
import copy
import logging
import pickle
import traceback

import aiohttp
import pytest
from conftest import KEY, Ask
from hostile import CUT, Answer, HostileServer, reply, silence, then_hang_up

from publora_async import (
    APIStatusError,
    AsyncPublora,
    AuthenticationError,
    ConfigurationError,
    PermissionDeniedError,
    PubloraError,
    RequestTimeoutError,
    ResponseDecodeError,
    ServerError,
    TransportError,
)
from publora_sync import Publora


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed_and_named_by_their_origin_only(
    status: int, ask: Ask
) -> None:
    with HostileServer(reply()) as elsewhere:
        target = f"{elsewhere.origin}/steal?key={KEY}"
        with (
            HostileServer(reply(b"", status=status, headers={"Location": target})) as server,
            pytest.raises(APIStatusError) as caught,
        ):
            await ask(server.base_url)
    assert (elsewhere.heads, len(server.heads)) == ([], 1)
    assert caught.value.status == status
    assert f"to {elsewhere.origin}: redirects are not followed" in str(caught.value)
    assert KEY not in str(caught.value)


async def test_the_request_carries_the_key_the_user_and_nothing_more(ask: Ask) -> None:
    with HostileServer(reply()) as server:
        await ask(server.base_url, "6626a1f5e4b0c91a2d3f4567")
    request, *headers = server.heads[0].decode().split("\r\n")[:-2]
    assert request == "GET /api/v1/platform-connections HTTP/1.1"
    assert {name for name, _, _ in (header.partition(":") for header in headers)} == {
        "Accept",
        "Accept-Encoding",
        "Host",
        "User-Agent",
        "x-publora-key",
        "x-publora-user-id",
    }
    assert f"x-publora-key: {KEY}" in headers
    assert "x-publora-user-id: 6626a1f5e4b0c91a2d3f4567" in headers


async def test_no_cookie_travels_with_the_next_request() -> None:
    with HostileServer(reply(headers={"Set-Cookie": "session=somebody; Path=/"})) as server:
        # Not 127.0.0.1: aiohttp's own jar keeps no cookies of addresses, so it proves nothing.
        base_url = f"http://localhost:{server.port}"
        async with AsyncPublora(KEY, base_url=base_url) as publora:
            await publora.connections.list(user_id="a")
            await publora.connections.list(user_id="b")
    assert b"Cookie" not in server.heads[1]


async def test_a_borrowed_session_lends_its_connections_and_nothing_else() -> None:
    async def meddle(
        _request: aiohttp.ClientRequest, _handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        raise AssertionError("a borrowed session's middleware saw the key")

    with HostileServer(reply(headers={"Set-Cookie": "a=b"})) as server:
        async with aiohttp.ClientSession(
            headers={"Authorization": "Bearer of-somebody-else"},
            cookies={"c": "d"},
            middlewares=(meddle,),
        ) as session:
            async with AsyncPublora(KEY, base_url=server.base_url, session=session) as publora:
                await publora.connections.list()
                await publora.connections.list()
            assert not session.closed
            assert KEY not in str(session.headers)
            assert server.connections == 1
            assert [str(cookie.value) for cookie in session.cookie_jar] == ["d"]
    for head in server.heads:
        assert b"Authorization" not in head
        assert b"Cookie" not in head


FAULTS: dict[str, tuple[type[PubloraError], Answer]] = {
    "401 that repeats the key": (
        AuthenticationError,
        reply({"error": f"Invalid API key {KEY}"}, status=401),
    ),
    "403": (
        PermissionDeniedError,
        reply({"error": "User is not managed by key", "code": KEY}, status=403),
    ),
    "500 page that repeats the key": (
        ServerError,
        reply(f"<pre>x-publora-key: {KEY}".encode(), status=500),
    ),
    "redirect that repeats the key": (
        APIStatusError,
        reply(b"", status=302, headers={"Location": f"//{KEY}/"}),
    ),
    "garbage": (TransportError, b"hello\r\n\r\n"),
    "hang-up": (TransportError, then_hang_up()),
    "half": (TransportError, then_hang_up(CUT)),
    "silence": (RequestTimeoutError, silence),
    "not JSON": (ResponseDecodeError, reply(KEY.encode())),
    "not a list": (ResponseDecodeError, reply({"success": True, "connections": KEY})),
    "bad record": (
        ResponseDecodeError,
        reply({"success": True, "connections": [{"platformId": {KEY: KEY}}]}),
    ),
    "broken gzip": (TransportError, reply(KEY.encode(), headers={"Content-Encoding": "gzip"})),
    "no server": (TransportError, then_hang_up()),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_key_is_in_nothing_that_an_error_shows(
    fault: str, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    kind, answer = FAULTS[fault]
    with HostileServer(answer) as server:
        base_url = "http://127.0.0.1:1" if fault == "no server" else server.base_url
        with pytest.raises(kind) as caught:
            await ask(base_url, timeout=0.05 if fault == "silence" else 30)
    error = caught.value
    assert type(error) is kind
    assert error.__cause__ is None
    assert error.__context__ is None
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [frame for frame in shown.stack if "/tests/" not in frame.filename]
    shown.stack[:] = ours
    everything = [
        *shown.format(),
        str(error),
        repr(error),
        pickle.dumps(error).decode("latin-1"),
        *(record.getMessage() for record in caplog.records),
    ]
    assert ours
    assert KEY not in "\n".join(everything)
    assert pickle.loads(pickle.dumps(error)) == copy.copy(error) == error


@pytest.mark.parametrize("colour", [AsyncPublora, Publora])
@pytest.mark.parametrize(
    "wrong",
    [
        {"api_key": KEY + "\n"},
        {"api_key": KEY.encode()},
        {"api_key": KEY, "max_retries": -1},
        {"api_key": "k", "base_url": f"https://u:{KEY}@localhost"},
        {"api_key": "k", "proxy": f"ftp://u:{KEY}@localhost"},
        {"api_key": "k", "proxy": (KEY,)},
    ],
)
def test_no_secret_is_in_the_frames_of_what_is_refused(
    wrong: dict[str, object], colour: type[AsyncPublora | Publora]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        colour(**wrong)  # type: ignore[arg-type]  # a table of wrong ones
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in shown.stack if "/tests/" not in frame.filename]
    shown.stack[:] = ours
    assert len(ours) > 1
    assert KEY not in "".join(shown.format())


@pytest.mark.parametrize("colour", [AsyncPublora, Publora])
async def test_the_key_is_in_nothing_that_a_client_shows(
    colour: type[AsyncPublora | Publora],
) -> None:
    publora = colour(KEY, base_url="https://localhost/api")
    shown: list[object] = [publora]
    for one in shown:
        assert KEY not in repr(one) + str(one)
        inner = list(vars(one).values()) if hasattr(one, "__dict__") else []
        shown += [value for value in inner if type(value).__module__.startswith("publora_")]
    with pytest.raises(TypeError, match="make one where it is needed"):
        pickle.dumps(publora)
    with pytest.raises(TypeError, match="make one where it is needed"):
        copy.copy(publora)
    assert repr(publora) == f"<{colour.__name__} https://localhost/api>"
    closing = publora.close()
    if closing is not None:
        await closing


async def test_the_key_is_in_no_frame_of_a_cancelled_call() -> None:
    with HostileServer(silence) as server:
        async with AsyncPublora(KEY, base_url=server.base_url) as publora:
            task = asyncio.create_task(publora.connections.list())
            await asyncio.to_thread(server.asked.acquire)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    text = "".join(shown.format())
    assert "publora_async/_sender.py" in text
    assert KEY not in text.replace(f"KEY = {KEY!r}", "")
