"""Whom the client trusts to be the service."""

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from asking import ClientOf, Serve, failure, listing
from conftest import KEY
from hostile import reply
from leftovers import everything_shown
from trust import STRANGER, serving, trusting, written_to

from publora_async import (
    AsyncPublora,
    ConfigurationError,
    ConnectionList,
    PubloraError,
    TransportError,
)
from publora_sync import Publora

IMPOSTORS: dict[str, tuple[dict[str, Any], str]] = {
    "of an unknown authority": ({"by": STRANGER}, "unable to get local issuer certificate"),
    "of another host": ({"name": "example.com"}, "IP address mismatch"),
    "of another address": ({"name": "127.0.0.2"}, "IP address mismatch"),
    "of the past": ({"until": datetime(2020, 1, 1, tzinfo=UTC)}, "certificate has expired"),
}


def distrust(error: PubloraError) -> str:
    """What *error* says is wrong with the certificate, if it is told as it should be."""
    beginning = "127.0.0.1 cannot be trusted: [SSL: CERTIFICATE_VERIFY_FAILED] "
    assert error == TransportError(error.message, "connect")
    assert error.message.startswith(beginning)
    assert (error.__cause__, error.__context__) == (None, None)
    assert KEY not in everything_shown(error)
    return error.message.removeprefix(beginning)


async def test_06_tls_is_verified_with_the_callers_own_context(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply(), tls=serving())
    client = client_of(server, ssl_context=trusting())
    for _ in range(2):
        assert await client.ask(listing) == ConnectionList()
        derived = await client.ask(lambda publora: listing(publora.with_options(deadline=5)))
        assert derived == ConnectionList()
    assert (len(server.heads), server.connections) == (4, 1)


@pytest.mark.parametrize("impostor", IMPOSTORS)
async def test_06_tls_is_verified_and_an_impostor_is_told_nothing_and_not_asked_again(
    impostor: str, serve: Serve, client_of: ClientOf
) -> None:
    certificate, problem = IMPOSTORS[impostor]
    server = serve(reply(), tls=serving(**certificate))
    client = client_of(server, ssl_context=trusting())
    assert problem in distrust(await failure(client))
    assert (server.heads, server.connections) == ([], 1)


async def test_06_the_tls_context_is_made_per_client_so_that_a_later_ssl_cert_file_counts(
    serve: Serve, client_of: ClientOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(reply(), tls=serving())
    before = client_of(server)
    distrust(await failure(before))
    monkeypatch.setenv("SSL_CERT_FILE", written_to(tmp_path))
    assert await client_of(server).ask(listing) == ConnectionList()
    distrust(await failure(before))
    monkeypatch.delenv("SSL_CERT_FILE")
    distrust(await failure(client_of(server)))
    assert (len(server.heads), server.connections) == (1, 4)


async def test_06_a_handshake_that_fails_is_not_tried_again(
    serve: Serve, client_of: ClientOf
) -> None:
    old, new = serving(), trusting()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    new.minimum_version = ssl.TLSVersion.TLSv1_3
    server = serve(reply(), tls=old)
    error = await failure(client_of(server, ssl_context=new))
    assert error == TransportError(error.message, "connect")
    assert error.message.startswith("no secure connection to 127.0.0.1: ")
    assert (server.heads, server.connections) == ([], 1)


async def test_06_a_borrowed_session_that_verifies_nothing_is_overruled(serve: Serve) -> None:
    server = serve(reply(), tls=serving(by=STRANGER))
    connector = aiohttp.TCPConnector(ssl=False)
    async with aiohttp.ClientSession(connector=connector) as session:
        async with session.get(server.origin) as response:
            assert await response.read() != b""
        async with AsyncPublora(KEY, base_url=server.base_url, session=session) as publora:
            with pytest.raises(TransportError) as caught:
                await publora.connections.list()
    distrust(caught.value)
    assert (len(server.heads), server.connections) == (1, 2)


def lax(verify_mode: ssl.VerifyMode, *, check_hostname: bool = False) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = check_hostname
    context.verify_mode = verify_mode
    return context


@pytest.mark.parametrize("colour", [AsyncPublora, Publora])
@pytest.mark.parametrize(
    "context",
    [
        lax(ssl.CERT_NONE),
        lax(ssl.CERT_OPTIONAL),
        lax(ssl.CERT_OPTIONAL, check_hostname=True),
        lax(ssl.CERT_REQUIRED),
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
    ],
)
def test_06_a_context_without_verification_or_host_name_check_is_refused(
    context: ssl.SSLContext, colour: type[AsyncPublora | Publora]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        colour(KEY, ssl_context=context)
    assert caught.value == ConfigurationError(
        "ssl_context must verify the certificate and the host name, or anybody on the way "
        "could read the key: start from ssl.create_default_context()"
    )
    assert KEY not in everything_shown(caught.value)


@pytest.mark.parametrize("colour", [AsyncPublora, Publora])
@pytest.mark.parametrize("value", [False, True, "ca.pem", aiohttp.Fingerprint(bytes(32))])
def test_06_aiohttps_other_ways_of_saying_whom_to_trust_are_refused(
    value: Any,  # noqa: ANN401  # none of them fits
    colour: type[AsyncPublora | Publora],
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        colour(KEY, ssl_context=value)
    assert caught.value == ConfigurationError("ssl_context must be an ssl.SSLContext or None")
