"""Whom the client goes through: only a proxy that it was told of, and without trusting it."""

import asyncio
import base64
import pprint
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
import rich.pretty
from asking import ClientOf, Serve, failure, listing
from conftest import KEY
from hostile import Answer, reply, silence, then_hang_up, tunnel_to
from leftovers import everything_shown
from trust import serving, trusting

from publora_async import (
    AsyncPublora,
    ConfigurationError,
    ConnectionList,
    PubloraError,
    RequestTimeoutError,
    TransportError,
)
from publora_sync import Publora

COLOURS = (AsyncPublora, Publora)
PASSWORD = "swordfish"
CREDENTIALS = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
HTTPS_ONLY = "a proxy goes with an https base_url only: over http it could read the key"
SHAPE = "must be a URL made like http://user:password@host:port"


def with_password(origin: str) -> str:
    return origin.replace("://", f"://user:{PASSWORD}@")


def assert_masked(shown: str) -> None:
    for secret in (KEY, PASSWORD, CREDENTIALS):
        assert secret not in shown


async def test_06_a_proxy_is_told_its_password_where_to_connect_and_nothing_more(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply(), tls=serving())
    proxy = serve(tunnel_to(server.port))
    client = client_of(server, ssl_context=trusting(), proxy=with_password(proxy.origin))
    for _ in range(2):
        assert await client.ask(listing) == ConnectionList()
    (asked,) = proxy.heads
    line, *headers = asked.decode().split("\r\n")[:-2]
    assert line == f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"
    assert f"Proxy-Authorization: Basic {CREDENTIALS}" in headers
    assert {header.partition(":")[0] for header in headers} == {
        *("Accept", "Accept-Encoding", "Host", "Proxy-Authorization", "User-Agent"),
    }
    assert (len(server.heads), server.connections, proxy.connections) == (2, 1, 1)
    for head in server.heads:
        assert b"Proxy-Authorization" not in head


AS_CURL_TAKES_THEM = {"swordfish", "user:swordfish@h:80"}
THROUGH = " (through the proxy {proxy})"
FAULTS: dict[str, tuple[Answer, TransportError]] = {
    **{
        f"answers {status}": (
            reply(PASSWORD.encode(), status=status, headers={"Location": f"https://{PASSWORD}/"}),
            TransportError(
                f"the proxy {{proxy}} refused to connect: HTTP {status}",
                "connect",
                gave_up="retries" if status in {502, 503, 504} else None,
            ),
        )
        for status in (302, 400, 403, 407, 500, 502, 503, 504)
    },
    "does not speak HTTP": (
        f"{PASSWORD}\r\n\r\n".encode(),
        TransportError("what answered does not speak HTTP: check base_url" + THROUGH, "connect"),
    ),
    "hangs up": (
        then_hang_up(),
        TransportError(
            "the connection broke before the response was whole" + THROUGH,
            "connect",
            gave_up="retries",
        ),
    ),
    "says nothing": (
        silence,
        RequestTimeoutError(
            "the timeout of 1 s ran out while connecting" + THROUGH,
            *("connect", 1, "retries"),
            limit="timeout",
            seconds=1,
        ),
    ),
    "is not there": (
        b"",
        TransportError(
            "cannot connect to the proxy {proxy}: Connection refused", "connect", 1, "retries"
        ),
    ),
}


@pytest.fixture
def _debugging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")  # for the loops that are made from now on


@pytest.mark.usefixtures("_debugging")
@pytest.mark.parametrize("fault", FAULTS)
async def test_06_a_proxys_password_is_masked_in_whatever_its_failure_shows(
    fault: str, serve: Serve, client_of: ClientOf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0  # all that runs is logged
    answer, expected = FAULTS[fault]
    server, proxy = serve(reply()), serve(answer)
    origin = "http://127.0.0.1:1" if "not there" in fault else proxy.origin
    timeout = 1 if "nothing" in fault else 30
    base_url = server.base_url.replace("http:", "https:")
    client = client_of(base_url, proxy=with_password(origin), timeout=timeout, max_retries=0)
    error = await failure(client)
    place = origin.removeprefix("http://")
    assert error == attrs.evolve(expected, message=expected.message.format(proxy=place))
    if "not there" not in fault:
        await asyncio.to_thread(proxy.asked.acquire)
    assert (server.connections, len(proxy.heads)) == (0, "not there" not in fault)
    assert (error.__cause__, error.__context__) == (None, None)
    assert_masked(everything_shown(error) + caplog.text)


async def test_06_a_proxys_password_is_masked_in_what_a_client_shows(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply(), tls=serving())
    proxy = serve(tunnel_to(server.port))
    client = client_of(server, ssl_context=trusting(), proxy=with_password(proxy.origin))
    await client.ask(listing)
    shown: list[object] = [client._publora]
    for one in shown:
        assert_masked(f"{one} {one!r} {pprint.pformat(one)} {rich.pretty.pretty_repr(one)}")
        inner = list(vars(one).values()) if hasattr(one, "__dict__") else []
        shown += [value for value in inner if type(value).__module__.startswith("publora_")]
    assert len(shown) > 5


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize(
    ("asked_for", "exempt", "used"),
    [
        ({}, "", False),
        ({"trust_env": False}, "", False),
        ({"trust_env": True}, "", True),
        ({"trust_env": True}, "example.com", True),
        ({"trust_env": True}, "127.0.0.1", False),
        ({"trust_env": True}, "*", False),
    ],
)
async def test_06_the_environments_proxies_are_used_only_on_request(
    variable: str,
    asked_for: dict[str, bool],
    exempt: str,
    used: bool,  # noqa: FBT001  # a table column
    serve: Serve,
    client_of: ClientOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = serve(reply(), tls=serving())
    proxy = serve(tunnel_to(server.port))
    monkeypatch.setenv(variable, with_password(proxy.origin))
    monkeypatch.setenv("NO_PROXY", exempt)
    client = client_of(server, ssl_context=trusting(), **asked_for)
    assert await client.ask(listing) == ConnectionList()
    assert (len(server.heads), len(proxy.heads)) == (1, used)
    for head in proxy.heads:
        assert CREDENTIALS.encode() in head


async def test_06_a_proxy_that_the_client_was_told_of_goes_before_the_environments(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(reply(), tls=serving())
    proxy, other = serve(tunnel_to(server.port)), serve(tunnel_to(server.port))
    monkeypatch.setenv("HTTPS_PROXY", other.origin)
    client = client_of(server, ssl_context=trusting(), proxy=proxy.origin, trust_env=True)
    assert await client.ask(listing) == ConnectionList()
    assert (len(server.heads), len(proxy.heads), other.connections) == (1, 1, 0)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"])
async def test_06_the_environments_proxies_never_see_what_goes_over_http(
    variable: str, serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, proxy = serve(reply()), serve(reply())
    monkeypatch.setenv(variable, proxy.origin)
    client = client_of(server, trust_env=True)
    assert await client.ask(listing) == ConnectionList()
    assert (len(server.heads), proxy.connections) == (1, 0)


def refusals(url: Any) -> Iterator[PubloraError]:  # noqa: ANN401  # also what is no text
    for colour in COLOURS:
        with pytest.raises(ConfigurationError) as caught:
            colour(KEY, proxy=url)
        yield caught.value


@pytest.mark.parametrize(
    "url",
    [
        *("", "swordfish", "//user:swordfish@h", "user:swordfish@h:80", "http://", "http://:80"),
        *("socks5://user:swordfish@h", "ftp://user:swordfish@h", "http://user:swordfish@h:0"),
        *("http://user:swordfish@h:x", "http://user:swordfish@h:99999", "http://swordfish@[::1"),
        *("http://user:sword fish@h", "http://user:swordfish@h\n", "http://user:swordfish@h\ud800"),
        *(b"http://user:swordfish@h", 5, ["http://user:swordfish@h"]),
    ],
)
def test_06_a_proxy_that_cannot_be_one_is_refused_unquoted(
    url: Any,  # noqa: ANN401  # none of them fits
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for error in refusals(url):
        assert error == ConfigurationError(f"proxy {SHAPE}")
        assert_masked(everything_shown(error))
    if not isinstance(url, str) or not url.isascii() or url in {"", *AS_CURL_TAKES_THEM}:
        return
    monkeypatch.setenv("HTTPS_PROXY", url)
    for colour in COLOURS:
        with pytest.raises(ConfigurationError) as caught:
            colour(KEY, trust_env=True)
        assert caught.value == ConfigurationError(f"HTTPS_PROXY {SHAPE}")
        assert_masked(everything_shown(caught.value))


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
async def test_06_a_proxy_of_the_environment_needs_no_scheme(
    variable: str, serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(reply(), tls=serving())
    proxy = serve(tunnel_to(server.port))
    monkeypatch.setenv(variable, with_password(proxy.origin).removeprefix("http://"))
    client = client_of(server, ssl_context=trusting(), trust_env=True)
    assert await client.ask(listing) == ConnectionList()
    assert (len(server.heads), len(proxy.heads)) == (1, 1)
    assert CREDENTIALS.encode() in proxy.heads[0]


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_06_a_proxy_that_cannot_reach_the_service_is_tried_again(
    status: int, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply(), tls=serving())
    proxy = serve(reply(b"", status=status), tunnel_to(server.port))
    client = client_of(server, ssl_context=trusting(), proxy=proxy.origin)
    await client.ask(lambda publora: publora.managed_users.detach("u"))
    assert (len(server.heads), len(proxy.heads), len(client.waits)) == (1, 2, 1)


async def test_06_who_is_not_trusted_behind_a_proxy_is_named_with_it_and_what_to_do(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply(), tls=serving())
    proxy = serve(tunnel_to(server.port))
    error = await failure(client_of(server, proxy=with_password(proxy.origin)))
    assert error.message.startswith("127.0.0.1 cannot be trusted: ")
    assert error.message.endswith(
        f" (through the proxy 127.0.0.1:{proxy.port}); where an authority of your own vouches "
        "for it, name its file in SSL_CERT_FILE or pass an ssl_context"
    )
    assert_masked(everything_shown(error))


async def test_06_a_proxy_is_refused_where_it_could_read_the_key(
    serve: Serve, client_of: ClientOf
) -> None:
    server, proxy = serve(reply()), serve(reply())
    url = with_password(proxy.origin)
    client = client_of("https://localhost", proxy=url)
    for make in (
        lambda: client_of(server, proxy=url),
        lambda: client._publora.with_options(base_url=server.base_url),
    ):
        with pytest.raises(ConfigurationError) as caught:
            make()
        assert caught.value == ConfigurationError(HTTPS_ONLY)
        assert_masked(everything_shown(caught.value))
    assert (server.connections, proxy.connections) == (0, 0)
