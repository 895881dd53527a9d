"""Where a client may be told to ask: checked when it is made, by whatever way it is told."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from asking import ClientOf, Serve, listing
from conftest import KEY
from hostile import reply
from leftovers import everything_shown

from publora_async import AsyncPublora, ConfigurationError, ConnectionList
from publora_sync import Publora

COLOURS = (AsyncPublora, Publora)
SHAPE = (
    "must be made like https://api.publora.com/api/v1: scheme, host, perhaps a port and a path, "
    "but no user, query, fragment or blank"
)
HTTP = (
    "must be https, or the key could be read on the way "
    "(http is for localhost and loopback addresses)"
)


def ways(url: Any) -> Iterator[Callable[[], AsyncPublora | Publora]]:  # noqa: ANN401  # also none
    """Each way of making a client with *url*, in each colour."""
    for colour in COLOURS:
        yield partial(colour, KEY, base_url=url)
        yield partial(colour(KEY).with_options, base_url=url)


def refused(make: Callable[[], object]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        make()
    error = caught.value
    assert (error.__cause__, error.__context__) == (None, None)
    shown = everything_shown(error)
    assert KEY not in shown
    assert "swordfish" not in shown
    return str(error)


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("https://api.publora.com/api/v1", "https://api.publora.com/api/v1"),
        ("https://api.publora.com/api/v1///", "https://api.publora.com/api/v1"),
        ("HTTPS://API.Publora.COM/Api/V1/", "https://api.publora.com/Api/V1"),
        ("https://h", "https://h"),
        ("https://h:65535/", "https://h:65535"),
        ("https://xn--bcher-kva.example/a_b/~c/d%20e/f+g.h-i", None),
        ("https://10.0.0.1:8443", None),
        ("https://[2001:db8::1]:8443/v1", None),
        ("http://localhost", None),
        ("http://LOCALHOST:8787", "http://localhost:8787"),
        ("http://127.0.0.1:8787/api/v1", None),
        ("http://127.255.255.254", None),
        ("http://[::1]:8787", None),
    ],
)
def test_03_a_base_url_is_https_or_http_to_loopback_and_has_one_spelling(
    given: str, normal: str | None
) -> None:
    for make in ways(given):
        client = make()
        assert repr(client) == f"<{type(client).__name__} {normal or given}>"


@pytest.mark.parametrize(
    "url",
    [
        *("", " ", "api.publora.com", "//api.publora.com", "https:", "https://", "https:///v1"),
        *("ftp://h", "file:///etc/passwd", "javascript:alert(1)", "https:/h", "https:\\\\h"),
        *(
            "https://u@h",
            "https://u:swordfish@h",
            "https://@h",
            "https://h@evil.com",
            "https://h\\@e.com",
        ),
        *(
            "https://h?key=swordfish",
            "https://h/?",
            "https://h#a",
            "https://h/v1#",
            "https://h/v1;a",
        ),
        *("https://h ", " https://h", "https://h/a b", "https://h\t", "https://h\n", "ht\ntps://h"),
        *("https://h/\0", "https://h/\x7f", "https://h/\x85", "https://h/é", "https://bücher.de"),
        *("https://h:0", "https://h:00", "https://h:080", "https://h:65536", "https://h:999999"),
        *(
            "https://h:",
            "https://h:x",
            "https://h:-1",
            "https://h:+1",
            "https://h:٣",
            "https://h:1:2",
        ),
        *(
            "https://h/\ud800",
            "https://\ud800",
            "http\u017f://h",
            "https://\u212a.com",
            "https://h\u3002com",
        ),
        *("https://.h", "https://h.", "https://-h", "https://h-", "https://a..b"),
        *("https://[::1", "https://::1", "https://[]", "https://[:::::]", "https://[1::2::3]"),
        *("https://[::1%eth0]", "https://[v1.a]", "https://h//v1", "https://h\\v1", "https://%68"),
        *("https://h/..", "https://h/v1/../v2", "https://h/.", "https://h/%zz", "https://h/%"),
        *("https://" + "h" * 300, b"https://h", 5, ["https://h"]),
    ],
)
def test_03_a_base_url_with_anything_odd_is_refused_unquoted_when_the_client_is_made(
    url: Any,  # noqa: ANN401  # none of them fits
) -> None:
    for make in ways(url):
        assert refused(make) == f"base_url {SHAPE}"


@pytest.mark.parametrize(
    "host",
    [
        *(
            "example.com",
            "localhost.evil.com",
            "localhost-evil.com",
            "evil-localhost",
            "localhosts",
        ),
        *("127.0.0.1.evil.com", "0.0.0.0", "0", "127.1", "127.0.1", "127.0.0.01", "0127.0.0.1"),  # noqa: S104
        *("0x7f.0.0.1", "0x7f000001", "2130706433", "017700000001", "10.0.0.1", "169.254.0.1"),
        *("[::]", "[0:0:0:0:0:0:0:1]", "[0::1]", "[::0001]", "[::ffff:7f00:1]", "[fe80::1]"),
    ],
)
def test_03_http_is_for_loopback_in_its_one_spelling(host: str) -> None:
    for make in ways(f"http://{host}:8787"):
        assert refused(make) == f"base_url {HTTP}"


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("localhost:8787", SHAPE),
        ("https://u:swordfish@localhost", SHAPE),
        ("https://localhost?swordfish", SHAPE),
        ("http://localhost.evil.com", HTTP),
        ("http://0.0.0.0:8787", HTTP),
    ],
)
def test_03_a_base_url_from_the_environment_is_checked_alike(
    url: str, problem: str, colour: type[AsyncPublora | Publora], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLORA_BASE_URL", url)
    assert refused(lambda: colour(KEY)) == f"PUBLORA_BASE_URL {problem}"


@pytest.mark.parametrize(
    "host",
    [
        *("user@127.0.0.1", "user:swordfish@localhost", "0.0.0.0", "0", "127.1", "127.0.1"),  # noqa: S104
        *("127.0.0.01", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "[::ffff:7f00:1]"),
        *("localhost.", "127.0.0.1.", "ip6-localhost", "localhost.localdomain"),
    ],
)
async def test_03_nothing_is_sent_to_a_refused_base_url_that_would_lead_somewhere(
    host: str, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply())
    url = f"http://{host}:{server.port}/api/v1"
    assert refused(lambda: client_of(url)) in {f"base_url {HTTP}", f"base_url {SHAPE}"}
    assert (server.heads, server.connections) == ([], 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LocalHost"])
async def test_03_loopback_is_asked_over_http(host: str, serve: Serve, client_of: ClientOf) -> None:
    server = serve(reply())
    client = client_of(f"http://{host}:{server.port}/api/v1/")
    assert await client.ask(listing) == ConnectionList()
    (head,) = server.heads
    assert head.startswith(b"GET /api/v1/platform-connections HTTP/1.1\r\n")
