"""Settings are checked when a client is made, and no message or traceback shows a secret."""

import copy
import pickle
import ssl
from collections.abc import Callable, Iterator
from functools import partial
from types import TracebackType
from typing import Any

import attrs
import pytest

from publora_async import AsyncPublora, ConfigurationError
from publora_async._urls import DEFAULT_BASE_URL, environment_proxy
from publora_async.options import ClientOptions, Timeouts
from publora_async.secret import Secret, check_header_value

KEY = "sk_1700000000000.0123456789abcdef"
BASE_URL_SHAPE = (
    " must be made like https://api.publora.com/api/v1: scheme, host, perhaps a port and a path, "
    "but no user, query, fragment or blank"
)
BASE_URL_HTTP = (
    " must be https, or the key could be read on the way "
    "(http is for localhost and loopback addresses)"
)
NOT_ASCII = "may hold only printable ASCII characters without blanks; character"
NO_COPY = r"^a secret is neither pickled nor copied: read it anew where it is needed$"
PROXY_SHAPE = "proxy must be a URL made like http://user:password@host:port"


def options(**changes: Any) -> ClientOptions:  # noqa: ANN401  # wrong types are tested too
    return ClientOptions(**{"api_key": KEY, **changes})


def refused(make: Callable[[], object]) -> str:
    with pytest.raises(ConfigurationError) as raised:
        make()
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)
    return str(raised.value)


def test_a_key_is_all_it_takes() -> None:
    assert attrs.asdict(options(), recurse=False) == {
        "api_key": KEY,
        "base_url": "https://api.publora.com/api/v1",
        "timeout": Timeouts(total=30.0, connect=None, read=None),
        "deadline": 120.0,
        "max_retries": 3,
        "max_connections": 100,
        "proxy": None,
        "ssl_context": None,
    }


def test_the_environment_is_read_when_options_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLORA_API_KEY", "sk_environment")
    monkeypatch.setenv("PUBLORA_BASE_URL", "http://localhost:8787/")
    made = ClientOptions()
    assert (str(made.api_key), made.base_url) == ("sk_environment", "http://localhost:8787")
    given = ClientOptions(api_key=KEY, base_url=DEFAULT_BASE_URL)
    assert (str(given.api_key), given.base_url) == (KEY, DEFAULT_BASE_URL)


@pytest.mark.parametrize("key", [None, ""])
def test_a_missing_key_is_refused_with_advice(
    monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    if key is not None:
        monkeypatch.setenv("PUBLORA_API_KEY", key)
    assert refused(ClientOptions) == (
        "no API key: create a key at https://app.publora.com under API and set PUBLORA_API_KEY, "
        "or pass api_key=..."
    )


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("PUBLORA_API_KEY", KEY + "\n", f" {NOT_ASCII} 34 of 34 is something else"),
        ("PUBLORA_BASE_URL", "localhost:8787", BASE_URL_SHAPE),
        ("PUBLORA_BASE_URL", "http://example.com", BASE_URL_HTTP),
    ],
)
def test_what_the_environment_says_wrongly_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    monkeypatch.setenv("PUBLORA_API_KEY", KEY)
    monkeypatch.setenv(name, value)
    assert refused(ClientOptions).removeprefix("the API key in ") == name + problem


@pytest.mark.parametrize("value", ["!", "~", KEY, "6626a1f5e4b0c91a2d3f4567", "x" * 512])
def test_printable_ascii_travels_in_a_header(value: str) -> None:
    assert check_header_value("user_id", value) == value
    assert str(options(api_key=value).api_key) == value


UNPRINTABLE = [" ", "\n", "\r", "\t", "\0", "\x7f", "\x80", "é", "\uff21", "\ud800", "\udcff"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "must be 1 to 512 characters long, not 0"),
        ("x" * 513, "must be 1 to 512 characters long, not 513"),
        ("secret\n", f"{NOT_ASCII} 7 of 7 is something else"),
        *((f"top{bad}secret", f"{NOT_ASCII} 4 of 10 is something else") for bad in UNPRINTABLE),
        (b"secret", "must be text, not bytes"),
        (5, "must be text, not int"),
        (False, "must be text, not bool"),
        (["secret"], "must be text, not list"),
    ],
)
def test_what_would_not_travel_unharmed_is_refused_unquoted(value: Any, problem: str) -> None:  # noqa: ANN401
    assert refused(lambda: check_header_value("user_id", value)) == f"user_id {problem}"
    assert refused(lambda: options(api_key=value)) == f"api_key {problem}"


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
def test_a_base_url_is_normalised(given: str, normal: str | None) -> None:
    assert options(base_url=given).base_url == (normal or given)


@pytest.mark.parametrize(
    "url",
    [
        *("", " ", "api.publora.com", "//api.publora.com", "https:", "https://", "https:///v1"),
        *("ftp://h", "file:///etc/passwd", "javascript:alert(1)", "https:/h", "https:\\\\h"),
        *("https://u@h", "https://u:p@h", "https://@h", "https://h@evil.com", "https://h\\@e.com"),
        *("https://h?a=b", "https://h/?", "https://h#a", "https://h/v1#", "https://h/v1;a"),
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
def test_an_odd_base_url_is_refused_unquoted(url: Any) -> None:  # noqa: ANN401
    assert refused(lambda: options(base_url=url)) == "base_url" + BASE_URL_SHAPE


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
def test_http_is_for_loopback_in_its_one_spelling(host: str) -> None:
    assert refused(lambda: options(base_url=f"http://{host}:8787")) == "base_url" + BASE_URL_HTTP


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"timeout": 0}, "timeout must be above 0 seconds and finite, not 0"),
        ({"timeout": float("nan")}, "timeout must be above 0 seconds and finite, not nan"),
        ({"timeout": 10**400}, "timeout must be above 0 seconds and finite"),
        ({"timeout": None}, "timeout must be a number of seconds, not None"),
        ({"timeout": True}, "timeout must be a number of seconds, not True"),
        ({"timeout": "30"}, "timeout must be a number of seconds, not '30'"),
        ({"deadline": 0}, "deadline must be above 0 seconds and finite, not 0"),
        ({"deadline": -1}, "deadline must be above 0 seconds and finite, not -1"),
        ({"deadline": float("inf")}, "deadline must be above 0 seconds and finite, not inf"),
        ({"deadline": "120"}, "deadline must be a number of seconds, not '120'"),
        ({"max_retries": -1}, "max_retries must be a whole number, 0 or more, not -1"),
        ({"max_retries": True}, "max_retries must be a whole number, 0 or more, not True"),
        ({"max_retries": 1.0}, "max_retries must be a whole number, 0 or more, not 1.0"),
        ({"max_connections": 0}, "max_connections must be a whole number, 1 or more, not 0"),
        ({"max_connections": "9"}, "max_connections must be a whole number, 1 or more, not '9'"),
        ({"ssl_context": True}, "ssl_context must be an ssl.SSLContext or None"),
    ],
)
def test_a_bad_option_is_named(changes: dict[str, object], message: str) -> None:
    assert refused(lambda: options(**changes)).startswith(message)


@pytest.mark.parametrize("part", ["total", "connect", "read"])
@pytest.mark.parametrize("value", [0, -1.5, float("inf"), "1", False])
def test_a_bad_part_of_a_timeout_is_named(part: str, value: Any) -> None:  # noqa: ANN401
    assert refused(lambda: Timeouts(**{part: value})).startswith(f"{part} must be a")


def test_a_timeout_is_a_number_or_its_parts() -> None:
    parts = Timeouts(total=5, connect=1.5, read=0.001)
    assert options(timeout=5).timeout == Timeouts(total=5)
    assert options(timeout=parts).timeout == parts
    assert options(deadline=None).deadline is None


@pytest.mark.parametrize(
    "url", ["http://proxy", "https://u:p@proxy.example:3128/", "http://[::1]:1"]
)
def test_a_proxy_is_kept_and_masked(url: str) -> None:
    made = options(proxy=url)
    assert made.proxy == url
    assert repr(made.proxy) == "***"
    assert url not in repr(made)


@pytest.mark.parametrize(
    "url",
    [
        *("", "proxy:3128", "socks5://u:p@h", "http://", "http://:80", "http://h:0", "http://h:x"),
        *("http://h:65536", "http://[::1", "http://h ", "http://h\n", "http://é", "http://\ud800"),
        *(b"http://h", 5),
    ],
)
def test_an_odd_proxy_is_refused_unquoted(url: Any) -> None:  # noqa: ANN401
    assert refused(lambda: options(proxy=url)) == PROXY_SHAPE


def test_a_proxy_may_not_come_between_over_http() -> None:
    message = "a proxy goes with an https base_url only: over http it could read the key"
    assert refused(lambda: options(proxy="http://h", base_url="http://localhost")) == message


@pytest.mark.parametrize(
    ("names", "base_url", "proxy"),
    [
        ({}, "https://api.publora.com", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://api.publora.com", "http://p:1"),
        ({"https_proxy": "http://p:1"}, "https://api.publora.com:8443/v1", "http://p:1"),
        ({"https_proxy": "http://p:1"}, "http://localhost", None),
        ({"http_proxy": "http://p:1"}, "https://api.publora.com", None),
        ({"https_proxy": "http://p:1", "no_proxy": "publora.com"}, "https://api.publora.com", None),
        ({"https_proxy": "http://p:1", "no_proxy": "*"}, "https://api.publora.com", None),
        ({"https_proxy": "http://p:1", "no_proxy": "x.com"}, "https://publora.com", "http://p:1"),
    ],
)
def test_the_environments_proxy_is_the_one_for_https(
    monkeypatch: pytest.MonkeyPatch, names: dict[str, str], base_url: str, proxy: str | None
) -> None:
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    assert environment_proxy(base_url) == proxy


def test_an_ssl_context_has_to_verify_certificates_and_names() -> None:
    careful, nameless, careless = (ssl.create_default_context() for _ in range(3))
    nameless.check_hostname = careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE
    assert options(ssl_context=careful).ssl_context is careful
    for context in (nameless, careless):
        assert refused(partial(options, ssl_context=context)) == (
            "ssl_context must verify the certificate and the host name, or anybody on the way "
            "could read the key: start from ssl.create_default_context()"
        )


def test_a_secret_is_text_that_does_not_show_itself() -> None:
    secret = Secret(KEY)
    assert (secret, str(secret), f"{secret}", len(secret)) == (KEY, KEY, KEY, len(KEY))
    assert (repr(secret), f"{secret!r}", repr([secret]), "%r" % secret) == (  # noqa: UP031
        *("***", "***", "[***]", "***"),
    )


@pytest.mark.parametrize("value", [Secret(KEY), [Secret(KEY)], options()])
def test_a_secret_is_neither_pickled_nor_copied(value: object) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match=NO_COPY):
            pickle.dumps(value, protocol)
    with pytest.raises(TypeError, match=NO_COPY):
        copy.deepcopy(value)
    with pytest.raises(TypeError, match=NO_COPY):
        copy.copy(Secret(KEY))


def test_options_show_no_secret_and_do_not_change() -> None:
    made = options(proxy="http://user:swordfish@proxy")
    assert KEY not in repr(made)
    assert "swordfish" not in repr(made)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.base_url = "https://evil.com"  # type: ignore[misc]  # what is tested


def local_values(traceback: TracebackType | None) -> Iterator[object]:
    while traceback is not None:
        yield from traceback.tb_frame.f_locals.values()
        traceback = traceback.tb_next


@pytest.mark.parametrize(
    ("environment", "arguments"),
    [
        ("sk_swordfish\n", {}),
        (None, {"api_key": "sk_swordfish\n"}),
        (None, {"api_key": "sk_swordfish", "max_retries": -1}),
        (KEY, {"proxy": "ftp://user:swordfish@proxy"}),
    ],
)
def test_no_traceback_of_a_refused_setting_shows_a_secret_among_its_locals(
    monkeypatch: pytest.MonkeyPatch, environment: str | None, arguments: dict[str, Any]
) -> None:
    if environment is not None:
        monkeypatch.setenv("PUBLORA_API_KEY", environment)
    with pytest.raises(ConfigurationError) as raised:
        AsyncPublora(**arguments)
    assert raised.value.__traceback__ is not None
    below_this_test = raised.value.__traceback__.tb_next
    texts = [value for value in local_values(below_this_test) if isinstance(value, str | tuple)]
    assert "swordfish" not in repr(texts)
