"""Base URLs and proxies; which of them are refused is shown among the promises."""

import urllib.request

import pytest

from publora_async import ConfigurationError
from publora_async._http.urls import environment_proxy, to_base_url, to_proxy


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, "https://api.publora.com/api/v1"),
        ("HTTPS://API.Publora.com/API/v1///", "https://api.publora.com/API/v1"),
        ("https://publora.example:8443", "https://publora.example:8443"),
        ("http://[::1]:80/a", "http://[::1]:80/a"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_a_base_url_has_a_small_scheme_and_host_and_no_slash_at_its_end(
    given: str | None, kept: str
) -> None:
    assert to_base_url(given) == kept


@pytest.mark.parametrize("given", ["http://publora.example", "http://10.0.0.1", "http://[::2]"])
def test_http_that_leaves_this_machine_is_refused(given: str) -> None:
    with pytest.raises(ConfigurationError, match="must be https, or the key could be read"):
        to_base_url(given)


@pytest.mark.parametrize(
    "given",
    ["https://a.example:65536", "https://[1]", "https://[127.0.0.1]", f"https://{'a.' * 127}b"],
)
def test_what_no_host_or_port_can_be_is_refused(given: str) -> None:
    with pytest.raises(ConfigurationError, match="must be made like"):
        to_base_url(given)


def test_the_environments_base_url_is_used_and_named_where_it_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PUBLORA_BASE_URL", "https://publora.example/")
    assert to_base_url(None) == "https://publora.example"
    monkeypatch.setenv("PUBLORA_BASE_URL", "publora.example")
    with pytest.raises(ConfigurationError, match=r"^PUBLORA_BASE_URL must be made like"):
        to_base_url(None)


def test_a_proxy_is_kept_as_it_is_and_masked() -> None:
    assert to_proxy(None) is None
    proxy = to_proxy("http://user:swordfish@proxy.example:3128")
    assert str(proxy) == "http://user:swordfish@proxy.example:3128"
    assert repr(proxy) == "***"


@pytest.mark.parametrize(
    "given",
    ["proxy.example:3128", "socks5://proxy.example", "http://", "http://proxy:0", "http://[::1"],
)
def test_what_is_no_proxys_url_is_refused_and_not_quoted(given: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        to_proxy(given)
    assert str(refused.value) == "proxy must be a URL made like http://user:password@host:port"


@pytest.mark.parametrize(
    ("base_url", "proxy"),
    [
        ("https://publora.example", "http://proxy.example:3128"),
        ("https://here.example", None),
        ("http://localhost", None),
    ],
)
def test_the_environments_proxy_is_for_https_and_not_for_whom_it_spares(
    base_url: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("http_proxy", "http://other.example:3128")
    monkeypatch.setenv("no_proxy", "here.example")
    assert environment_proxy(base_url) == proxy


def test_an_environment_that_names_no_proxy_means_none() -> None:
    assert environment_proxy("https://publora.example") is None


def test_a_host_name_may_have_253_characters_and_no_more() -> None:
    label = "a" * 62
    longest = f"{label}." * 4 + "b"
    assert len(longest) == 253
    assert to_base_url(f"https://{longest}") == f"https://{longest}"
    with pytest.raises(ConfigurationError):
        to_base_url(f"https://{longest}b")


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({"https_proxy": "proxy.example:3128"}, "http://proxy.example:3128"),
        ({"HTTPS_PROXY": "user:swordfish@proxy.example"}, "http://user:swordfish@proxy.example"),
        ({"ALL_PROXY": "https://proxy.example"}, "https://proxy.example"),
        ({"all_proxy": "a.example", "https_proxy": "http://b.example"}, "http://b.example"),
        ({"all_proxy": "a.example", "https_proxy": ""}, "http://a.example"),
        ({"http_proxy": "http://a.example"}, None),
    ],
)
def test_the_environments_proxy_is_read_as_curl_reads_it(
    environment: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert environment_proxy("https://publora.example") == proxy


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_of_the_environment_that_is_none_is_called_by_its_variable(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "socks5://user:swordfish@proxy.example")
    with pytest.raises(ConfigurationError) as refused:
        environment_proxy("https://publora.example")
    assert str(refused.value) == f"{name} must be a URL made like http://user:password@host:port"


def test_a_proxy_of_the_systems_settings_that_is_none_is_called_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(urllib.request, "getproxies", lambda: {"https": "socks5://proxy.example"})
    with pytest.raises(ConfigurationError, match="the system's proxy must be a URL made like"):
        environment_proxy("https://publora.example")
