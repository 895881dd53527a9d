"""Where the key goes, and where it does not follow."""

import re
from typing import Any

import aiohttp
import pytest
from asking import ClientOf, Serve, failure, listing, listing_for
from colours import Question
from conftest import KEY
from hostile import HostileServer, reply
from leftovers import everything_shown
from trust import serving, trusting

from publora_async import APIStatusError, AsyncPublora, ConnectionList

REDIRECTS = {
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
}
QUESTIONS: dict[str, Question] = {
    "GET": listing,
    "POST": lambda publora: publora.connections.test("twitter-1"),
    "DELETE": lambda publora: publora.managed_users.detach("u"),
}


def redirect_to(target: str, status: int = 302) -> bytes:
    return reply(b"<a>moved</a>", status=status, headers={"Location": target})


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("status", REDIRECTS)
async def test_01_redirects_are_never_followed_and_name_the_targets_origin_only(
    status: int, question: str, serve: Serve, client_of: ClientOf
) -> None:
    elsewhere = serve(reply())
    target = f"{elsewhere.origin}/swordfish?key={KEY}#swordfish"
    server = serve(redirect_to(target, status))
    error = await failure(client_of(server), QUESTIONS[question])
    assert error == APIStatusError(
        status,
        f"{REDIRECTS[status]}, to {elsewhere.origin}: redirects are not followed, check base_url",
    )
    assert (len(server.heads), elsewhere.heads, elsewhere.connections) == (1, [], 0)
    shown = everything_shown(error)
    assert "swordfish" not in shown
    assert KEY not in shown


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("{origin}/api/v1/elsewhere", "{origin}"),
        ("/api/v1/elsewhere", "somewhere else"),
        ("http://localhost:{port}/", "http://localhost:{port}"),
        ("https://u:swordfish@127.0.0.1:{port}/", "https://127.0.0.1:{port}"),
        (f"https://{KEY}.example.com/", "somewhere else"),
        (f"//{KEY}/", "somewhere else"),
        ("https://example.com\\@127.0.0.1:{port}/", "somewhere else"),
        ("javascript:swordfish", "somewhere else"),
    ],
)
async def test_01_redirects_are_never_followed_wherever_they_lead(
    target: str, named: str, serve: Serve, client_of: ClientOf
) -> None:
    answers: list[bytes] = []
    server = serve(lambda connection: connection.sendall(answers[0]))
    place = {"origin": server.origin, "port": server.port}
    answers.append(redirect_to(target.format(**place)))
    error = await failure(client_of(server))
    assert error == APIStatusError(
        302, f"Found, to {named.format(**place)}: redirects are not followed, check base_url"
    )
    assert len(server.heads) == 1
    shown = everything_shown(error)
    assert "swordfish" not in shown
    assert KEY not in shown


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> set[aiohttp.ClientSession]:
    """Have aiohttp follow redirects after all; holds the sessions that were asked with."""
    ask = aiohttp.ClientSession._request
    sessions = set()

    async def follow(
        session: aiohttp.ClientSession,
        *args: Any,  # noqa: ANN401  # as aiohttp's
        **kwargs: Any,  # noqa: ANN401
    ) -> aiohttp.ClientResponse:
        sessions.add(session)
        assert KEY not in str([args, kwargs["headers"]])
        return await ask(session, *args, **{**kwargs, "allow_redirects": True})

    monkeypatch.setattr(aiohttp.ClientSession, "_request", follow)
    return sessions


def keys(server: HostileServer) -> list[bytes]:
    return re.findall(rb"(?i)x-publora-key: (.*)\r\n", b"".join(server.heads))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_02_the_key_is_put_on_a_request_only_when_its_origin_is_the_configured_one(
    host: str, serve: Serve, client_of: ClientOf, sessions: set[aiohttp.ClientSession]
) -> None:
    elsewhere = serve(reply())
    server = serve(redirect_to(f"http://{host}:{elsewhere.port}/"))
    assert await client_of(server).ask(listing_for("u")) == ConnectionList()
    assert (len(server.heads), len(elsewhere.heads)) == (1, 1)
    assert (keys(server), keys(elsewhere)) == ([KEY.encode()], [])
    assert KEY.encode() not in elsewhere.heads[0]
    assert len(sessions) == 1


@pytest.mark.parametrize(
    ("target", "theirs"),
    [("http://127.0.0.1:{port}/", [KEY.encode()]), ("http://localhost:{port}/", [])],
)
async def test_02_the_same_server_under_another_name_is_another_origin(
    target: str,
    theirs: list[bytes],
    serve: Serve,
    client_of: ClientOf,
    sessions: set[aiohttp.ClientSession],
) -> None:
    target = target.replace("{port}", "%d")
    server: HostileServer = serve(
        lambda connection: connection.sendall(redirect_to(target % server.port)), reply()
    )
    assert await client_of(server).ask(listing) == ConnectionList()
    assert (len(server.heads), len(sessions)) == (2, 1)
    assert keys(server) == [KEY.encode(), *theirs]


async def test_02_http_on_the_same_host_and_port_is_another_origin(
    serve: Serve, client_of: ClientOf, sessions: set[aiohttp.ClientSession]
) -> None:
    server: HostileServer = serve(
        lambda connection: connection.sendall(redirect_to(f"http://127.0.0.1:{server.port}/")),
        reply(),
        tls=serving(),
    )
    assert await client_of(server, ssl_context=trusting()).ask(listing) == ConnectionList()
    assert (len(server.heads), server.connections, len(sessions)) == (2, 2, 1)
    assert keys(server) == [KEY.encode()]


async def test_02_the_key_is_never_in_a_sessions_defaults(
    serve: Serve, client_of: ClientOf, sessions: set[aiohttp.ClientSession]
) -> None:
    fits_all = {"success": True, "connections": [], "platformId": "twitter-1", "status": "ok"}
    server = serve(reply(fits_all))
    client = client_of(server)
    for question in QUESTIONS.values():
        await client.ask(question)
    (session,) = sessions
    assert len(keys(server)) == len(server.heads) == len(QUESTIONS)
    assert KEY not in str(session.headers)
    assert KEY not in str([session.auth, session.cookie_jar, vars(session)])


async def test_02_the_request_carries_the_key_the_user_and_nothing_more(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply())
    await client_of(server).ask(listing_for("6626a1f5e4b0c91a2d3f4567"))
    (head,) = server.heads
    request, *headers = head.decode().split("\r\n")[:-2]
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


async def test_02_a_borrowed_session_lends_its_connections_and_nothing_else(serve: Serve) -> None:
    async def meddle(
        _request: aiohttp.ClientRequest, _handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        raise AssertionError("a borrowed session's middleware saw the key")

    server = serve(reply(headers={"Set-Cookie": "a=b"}))
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
        assert [str(cookie.value) for cookie in session.cookie_jar] == ["d"]
    assert (len(server.heads), server.connections) == (2, 1)
    for head in server.heads:
        assert b"Authorization" not in head
        assert b"Cookie" not in head
