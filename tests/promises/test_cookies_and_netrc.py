"""What aiohttp would send along unasked: cookies, and the passwords of a netrc file."""

from pathlib import Path

import aiohttp
import pytest
from asking import ClientOf, Serve, failure, listing, listing_for
from conftest import KEY
from hostile import HostileServer, reply, tunnel_to
from trust import serving, trusting

from publora_async import APIStatusError, AsyncPublora, ConnectionList, NotFoundError

COOKIES = {
    "a plain one": "session=of-user-a",
    "one for every path": "session=of-user-a; Path=/; Max-Age=3600; SameSite=Lax",
    "one for the host": "session=of-user-a; Domain=localhost",
    "one that holds the key": f"session={KEY}",
    "one that is called by the key, and malformed": f"{KEY}{{}}/=of-user-a",
}


def assert_nothing_sent_along(server: HostileServer) -> None:
    for head in server.heads:
        names = {line.partition(b":")[0].lower() for line in head.split(b"\r\n")}
        assert not names & {b"cookie", b"authorization", b"proxy-authorization"}


@pytest.mark.parametrize("cookie", COOKIES)
async def test_06_cookies_are_off_so_that_no_users_travel_with_the_next(
    cookie: str, serve: Serve, client_of: ClientOf
) -> None:
    headers = {"Set-Cookie": COOKIES[cookie]}
    server = serve(
        reply(headers=headers),
        reply({}, status=503, headers=headers),
        reply(b"", status=302, headers={**headers, "Location": "/api/v1/elsewhere"}),
        reply(status=404, headers=headers),
        reply(headers=headers),
    )
    # By name: aiohttp's own jar keeps no cookie of an address.
    client = client_of(f"http://localhost:{server.port}/api/v1")
    assert await client.ask(listing_for("a")) == ConnectionList()
    assert type(await failure(client, listing_for("b"))) is APIStatusError
    assert type(await failure(client, listing_for("c"))) is NotFoundError
    assert await client.ask(listing_for("d")) == ConnectionList()
    assert await client.ask(listing) == ConnectionList()
    assert (len(server.heads), server.connections, len(client.waits)) == (6, 1, 1)
    assert_nothing_sent_along(server)


@pytest.fixture
def _passwords(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A netrc file with a password for every host, where aiohttp would look for it."""
    path = tmp_path / ".netrc"
    entries = (f"machine {host}" for host in ("127.0.0.1", "localhost"))
    path.write_text("".join(f"{entry} login u password swordfish\n" for entry in entries))
    path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.usefixtures("_passwords")
@pytest.mark.parametrize("trust_env", [False, True])
async def test_06_netrc_is_never_read(
    trust_env: bool,  # noqa: FBT001  # a table column
    serve: Serve,
    client_of: ClientOf,
) -> None:
    server = serve(reply())
    client = client_of(server, trust_env=trust_env)
    assert await client.ask(listing) == ConnectionList()
    assert len(server.heads) == 1
    assert_nothing_sent_along(server)


@pytest.mark.usefixtures("_passwords")
async def test_06_netrc_is_never_read_for_a_proxy(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(reply(), tls=serving())
    proxy = serve(tunnel_to(server.port))
    monkeypatch.setenv("HTTPS_PROXY", proxy.origin)
    client = client_of(server, ssl_context=trusting(), trust_env=True)
    assert await client.ask(listing) == ConnectionList()
    assert (len(server.heads), len(proxy.heads)) == (1, 1)
    for one in (server, proxy):
        assert_nothing_sent_along(one)


@pytest.mark.usefixtures("_passwords")
async def test_06_a_borrowed_session_brings_none_of_what_it_trusts_along(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, proxy = serve(reply()), serve(reply())
    monkeypatch.setenv("HTTP_PROXY", proxy.origin)
    monkeypatch.setenv("HTTPS_PROXY", proxy.origin)
    async with (
        aiohttp.ClientSession(trust_env=True, proxy=proxy.origin) as session,
        AsyncPublora(KEY, base_url=server.base_url, session=session) as publora,
    ):
        assert await publora.connections.list() == ConnectionList()
    assert (len(server.heads), proxy.connections) == (1, 0)
    assert_nothing_sent_along(server)
