"""Where the service is and what may stand before it: base URLs and proxies, checked."""

import os
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from publora_async.errors import ConfigurationError
from publora_async.secret import Secret

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

__all__ = ["environment_proxy", "to_base_url", "to_proxy"]

DEFAULT_BASE_URL: Final = "https://api.publora.com/api/v1"

# Stricter than any URL parser, so that no two parsers can read one differently.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_BASE_URL = re.compile(
    r"(?P<scheme>https?)://"
    rf"(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:]+\])"
    r"(?P<port>:[1-9][0-9]{0,4})?"
    r"(?P<path>(?:/(?!\.\.?(?:/|$))(?:[\w.~+-]|%[0-9a-f]{2})+)*)/*",
    re.IGNORECASE | re.ASCII,
)


def _address(text: str) -> "IPv4Address | IPv6Address | None":
    import ipaddress  # when a client is made, not when the SDK is imported

    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_host(host: str) -> bool:
    if host[0] != "[":
        return len(host) <= 253
    address = _address(host[1:-1])
    return address is not None and address.version == 6


def _is_loopback(host: str) -> bool:
    bare = host.strip("[]")
    address = _address(bare)
    if address is None:
        return host == "localhost"
    # One spelling each: "0:0::1" is loopback too, but nobody writes it in earnest.
    return address.is_loopback and str(address) == bare


def to_base_url(value: str | None) -> str:
    """
    Give the base URL in its one spelling.

    Args:
        value: The client's argument. ``None``: what the environment says, or Publora's own.

    Raises:
        ConfigurationError: It is no https URL, nor http on localhost or a loopback address.
    """
    what = "base_url"
    if value is None:
        what, value = (
            "PUBLORA_BASE_URL",
            Secret(os.environ.get("PUBLORA_BASE_URL") or DEFAULT_BASE_URL),
        )
    match = _BASE_URL.fullmatch(value) if isinstance(value, str) else None
    if match is None or not _is_host(match["host"]) or int((match["port"] or ":443")[1:]) > 65535:
        # Not quoted: a URL with a password in it is among the refused.
        raise ConfigurationError(
            f"{what} must be made like {DEFAULT_BASE_URL}: scheme, host, perhaps a port and a "
            "path, but no user, query, fragment or blank"
        )
    scheme, host = match["scheme"].lower(), match["host"].lower()
    if scheme == "http" and not _is_loopback(host):
        raise ConfigurationError(
            f"{what} must be https, or the key could be read on the way "
            "(http is for localhost and loopback addresses)"
        )
    return f"{scheme}://{host}{match['port'] or ''}{match['path']}"


def _is_proxy(value: object) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]+", value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def to_proxy(value: str | None, what: str = "proxy") -> Secret | None:
    """
    Give the URL of a proxy, which may hold a password.

    Args:
        value: The URL. ``None``: none.
        what: How the error message names it.

    Raises:
        ConfigurationError: It is no such URL.
    """
    if value is None:
        return None
    if not _is_proxy(value):
        # Not quoted: it may hold a password.
        raise ConfigurationError(f"{what} must be a URL made like http://user:password@host:port")
    return Secret(value)


def environment_proxy(base_url: str) -> Secret | None:
    """
    Give the proxy that the environment names for *base_url*; ``None`` if it names none.

    Raises:
        ConfigurationError: What it names is no URL of a proxy.
    """
    # Few ask for it, and it takes a tenth of the time that an import of the SDK takes.
    import urllib.request

    parts = urlsplit(base_url)
    if parts.scheme != "https" or urllib.request.proxy_bypass(parts.netloc):
        return None
    for kind in ("https", "all"):
        if urllib.request.getproxies().get(kind):
            # Masked at once, so that no traceback with locals shows a password.
            value = Secret(urllib.request.getproxies()[kind])
            # As curl takes it.
            url = value if "://" in value else Secret(f"http://{value}")
            return to_proxy(url, _variable(f"{kind}_proxy", value))
    return None


def _variable(name: str, value: Secret) -> str:
    named = [key for key in os.environ if key.lower() == name and os.environ[key] == value]
    return named[0] if named else "the system's proxy"
