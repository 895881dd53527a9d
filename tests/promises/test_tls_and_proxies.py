"""Whom the client trusts on the way to the service, and whom it goes through."""

import ssl
from pathlib import Path
from types import SimpleNamespace

import pytest
import trustme
from conftest import KEY
from hostile import HostileServer, reply, tunnel_to
from yarl import URL

from publora_async import AsyncPublora, ConnectionList, TransportError
from publora_async._sender import _Hop
from publora_async.secret import Secret

AUTHORITY = trustme.CA()


@pytest.fixture
def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


async def test_a_context_of_the_callers_own_is_used(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    with HostileServer(reply(), tls=server_tls) as server:
        async with AsyncPublora(KEY, base_url=server.base_url, ssl_context=trusting) as publora:
            assert await publora.connections.list() == ConnectionList()
            assert await publora.with_options(deadline=5).connections.list() == ConnectionList()
    assert server.connections == 1


async def test_the_environments_authorities_are_read_at_the_first_call(
    server_tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with HostileServer(reply(), tls=server_tls) as server:
        async with AsyncPublora(KEY, base_url=server.base_url) as publora:
            assert await publora.connections.list() == ConnectionList()


async def test_a_handshake_that_fails_is_not_asked_for_twice(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    server_tls.maximum_version = ssl.TLSVersion.TLSv1_2
    trusting.minimum_version = ssl.TLSVersion.TLSv1_3
    with HostileServer(reply(), tls=server_tls) as server:
        async with AsyncPublora(KEY, base_url=server.base_url, ssl_context=trusting) as publora:
            with pytest.raises(TransportError, match=r"^no secure connection to 127\.0\.0\.1: "):
                await publora.connections.list()
    assert (server.heads, server.connections) == ([], 1)


async def test_a_proxy_is_asked_with_its_password_and_never_sees_the_key(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    with (
        HostileServer(reply(), tls=server_tls) as server,
        HostileServer(tunnel_to(server.port)) as proxy,
    ):
        url = f"http://user:pass@127.0.0.1:{proxy.port}"
        async with AsyncPublora(
            KEY, base_url=server.base_url, ssl_context=trusting, proxy=url
        ) as publora:
            assert await publora.connections.list() == ConnectionList()
    (asked,) = proxy.heads
    assert asked.startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n".encode())
    assert b"Proxy-Authorization: Basic dXNlcjpwYXNz\r\n" in asked
    assert KEY.encode() not in asked
    assert KEY.encode() in server.heads[0]


async def test_a_proxy_that_refuses_is_named_by_its_status() -> None:
    with HostileServer(reply(b"", status=407)) as proxy:
        url = f"http://user:pass@127.0.0.1:{proxy.port}"
        async with AsyncPublora(KEY, base_url="https://localhost", proxy=url) as publora:
            with pytest.raises(TransportError) as caught:
                await publora.connections.list()
    assert caught.value == TransportError("the proxy refused to connect: HTTP 407", "connect")
    assert len(proxy.heads) == 1


@pytest.mark.parametrize("trust_env", [True, False])
async def test_the_environments_proxy_is_used_on_request_only(
    trust_env: bool,  # noqa: FBT001  # a table column
    server_tls: ssl.SSLContext,
    trusting: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        HostileServer(reply(), tls=server_tls) as server,
        HostileServer(tunnel_to(server.port)) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.origin)
        async with AsyncPublora(
            KEY, base_url=server.base_url, ssl_context=trusting, trust_env=trust_env
        ) as publora:
            await publora.connections.list()
    assert len(proxy.heads) == trust_env


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("https://api.publora.com/api/v1/x", {"x-publora-key": KEY}),
        ("https://api.publora.com:8443/api/v1/x", {}),
        ("http://api.publora.com/api/v1/x", {}),
        ("https://evil.example/api/v1/x", {}),
    ],
)
async def test_the_key_goes_to_its_own_origin_only(url: str, headers: dict[str, str]) -> None:
    hop = _Hop(URL("https://api.publora.com"), Secret(KEY))
    request = SimpleNamespace(url=URL(url), headers={}, response=None)

    async def handler(_: object) -> None:
        pass

    await hop(request, handler)  # type: ignore[arg-type]  # all that it looks at
    assert request.headers == headers
