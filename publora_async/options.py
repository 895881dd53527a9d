"""Client settings: read from arguments and the environment once, validated, frozen."""

import ipaddress
import os
import re
import ssl
import sys
import urllib.request
from collections.abc import Callable
from typing import Any, NoReturn, SupportsIndex
from urllib.parse import urlsplit

import attrs

from publora_async.errors import WHERE_KEYS_COME_FROM, ConfigurationError

__all__ = [
    "DEFAULT_BASE_URL",
    "ClientOptions",
    "Secret",
    "Timeouts",
    "check_count",
    "check_header_value",
    "check_seconds",
    "environment_proxy",
    "masked",
]

DEFAULT_BASE_URL = "https://api.publora.com/api/v1"


class Secret(str):
    """
    Text that does not show itself: ``repr`` gives ``***``; pickling and copying are refused.

    It is otherwise the text it holds, so ``str(secret)`` and an f-string give it away.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        raise TypeError("a secret is neither pickled nor copied: read it anew where it is needed")


def check_header_value(what: str, value: str) -> str:
    """
    Refuse what cannot travel unharmed in a header.

    Args:
        what: How a message names the value, which is never quoted.
        value: What is to be sent.

    Raises:
        ConfigurationError: *value* is not 1 to 512 printable ASCII characters.
    """
    if not isinstance(value, str):
        kind = value if isinstance(value, type) else type(value)
        raise ConfigurationError(f"{what} must be text, not {kind.__name__}")
    if not 1 <= len(value) <= 512:
        raise ConfigurationError(f"{what} must be 1 to 512 characters long, not {len(value)}")
    # A lone surrogate would be dropped on the wire: "u\ud800" would ask about user "u".
    if bad := re.search(r"[^!-~]", value):
        raise ConfigurationError(
            f"{what} may hold only printable ASCII characters without blanks; "
            f"character {bad.start() + 1} of {len(value)} is something else"
        )
    return value


def check_seconds(name: str, value: float) -> None:
    """
    Refuse what is no length of time.

    Raises:
        ConfigurationError: *value* is not a finite number above 0.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigurationError(f"{name} must be a number of seconds, not {value!r}")
    if not 0 < value <= sys.float_info.max:
        raise ConfigurationError(f"{name} must be above 0 seconds and finite, not {value}")


def _check_seconds(_: object, field: "attrs.Attribute[Any]", value: float) -> None:
    check_seconds(field.name, value)


def _check_optional_seconds(_: object, field: "attrs.Attribute[Any]", value: float | None) -> None:
    if value is not None:
        _check_seconds(None, field, value)


def check_count(name: str, value: int, least: int = 1) -> int:
    """
    Refuse what is no number of things.

    Raises:
        ConfigurationError: *value* is not a whole number, *least* or more.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigurationError(f"{name} must be a whole number, {least} or more, not {value!r}")
    return value


def _at_least(least: int) -> Callable[[object, "attrs.Attribute[int]", int], None]:
    def check(_: object, field: "attrs.Attribute[int]", value: int) -> None:
        check_count(field.name, value, least)

    return check


@attrs.frozen
class Timeouts:
    """
    The parts of an attempt's time, each in seconds.

    Attributes:
        total: The most one attempt may take, from the moment it holds a slot to the last byte
            of the answer.

        connect: The most of it that a new connection may take, name look-up and TLS included.
            ``None``: no bound but *total*.

        read: The longest silence between two pieces of the answer. ``None``: no bound but
            *total*.

    Raises:
        ConfigurationError: One of them is not a finite number above 0.
    """

    total: float = attrs.field(default=30.0, validator=_check_seconds)
    connect: float | None = attrs.field(default=None, validator=_check_optional_seconds)
    read: float | None = attrs.field(default=None, validator=_check_optional_seconds)


def _to_timeouts(value: float | Timeouts) -> Timeouts:
    if isinstance(value, Timeouts):
        return value
    check_seconds("timeout", value)
    return Timeouts(total=value)


def _to_api_key(value: str | None) -> Secret:
    what = "api_key"
    if value is None:
        what, value = (
            "the API key in PUBLORA_API_KEY",
            Secret(os.environ.get("PUBLORA_API_KEY", "")),
        )
        if not value:
            raise ConfigurationError(f"no API key: {WHERE_KEYS_COME_FROM}, or pass api_key=...")
    return Secret(check_header_value(what, value))


# Stricter than any URL parser, so that no two parsers can read one differently.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_BASE_URL = re.compile(
    r"(?P<scheme>https?)://"
    rf"(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:]+\])"
    r"(?P<port>:[1-9][0-9]{0,4})?"
    r"(?P<path>(?:/(?!\.\.?(?:/|$))(?:[\w.~+-]|%[0-9a-f]{2})+)*)/*",
    re.IGNORECASE | re.ASCII,
)


def _is_host(host: str) -> bool:
    try:
        return len(host) <= 253 and (host[0] != "[" or bool(ipaddress.IPv6Address(host[1:-1])))
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    bare = host.strip("[]")
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return host == "localhost"
    # One spelling each: "0:0::1" is loopback too, but nobody writes it in earnest.
    return address.is_loopback and str(address) == bare


def _to_base_url(value: str | None) -> str:
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


def masked(value: str | None) -> str | None:
    """
    Give what may stay in a frame that a traceback with locals shows.

    Text is masked. Of what is no text only the type is kept, to be refused by name.
    """
    if value is None or isinstance(value, str):
        return None if value is None else Secret(value)
    return type(value)


def _to_proxy(value: str | None) -> Secret | None:
    if value is None:
        return None
    if not _is_proxy(value):
        # Not quoted: it may hold a password.
        raise ConfigurationError("proxy must be a URL made like http://user:password@host:port")
    return Secret(value)


def environment_proxy(base_url: str) -> str | None:
    """The proxy that the environment names for *base_url*; ``None`` if it names none."""
    parts = urlsplit(base_url)
    if parts.scheme != "https" or urllib.request.proxy_bypass(parts.netloc):
        return None
    return urllib.request.getproxies().get("https")


def _check_ssl_context(_: object, __: object, value: ssl.SSLContext | None) -> None:
    if value is None:
        return
    if not isinstance(value, ssl.SSLContext):
        raise ConfigurationError("ssl_context must be an ssl.SSLContext or None")
    if value.verify_mode != ssl.CERT_REQUIRED or not value.check_hostname:
        raise ConfigurationError(
            "ssl_context must verify the certificate and the host name, or anybody on the way "
            "could read the key: start from ssl.create_default_context()"
        )


# Without attrs' repr: a traceback that shows locals asks it of half-made options, too.
@attrs.frozen(kw_only=True, repr=False)
class ClientOptions:
    """
    What a client was told, checked once.

    The attributes are the client's arguments; see :class:`publora_async.AsyncPublora`.

    Raises:
        ConfigurationError: An option cannot be used; the message names it.
    """

    api_key: Secret = attrs.field(default=None, converter=_to_api_key)
    base_url: str = attrs.field(default=None, converter=_to_base_url)
    timeout: Timeouts = attrs.field(factory=Timeouts, converter=_to_timeouts)
    deadline: float | None = attrs.field(default=120.0, validator=_check_optional_seconds)
    max_retries: int = attrs.field(default=3, validator=_at_least(0))
    max_connections: int = attrs.field(default=100, validator=_at_least(1))
    proxy: Secret | None = attrs.field(default=None, converter=_to_proxy)
    ssl_context: ssl.SSLContext | None = attrs.field(default=None, validator=_check_ssl_context)

    def __attrs_post_init__(self) -> None:
        if self.proxy is not None and self.base_url.startswith("http://"):
            raise ConfigurationError(
                "a proxy goes with an https base_url only: over http it could read the key"
            )
