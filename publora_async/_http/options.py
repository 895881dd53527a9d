"""Client options: read from arguments and the environment once, checked, frozen."""

import logging
import os
import ssl
from collections.abc import Callable
from typing import Any

import attrs

from publora_async._checks import check_count, check_header_value, check_seconds
from publora_async._http.urls import to_base_url, to_proxy
from publora_async.errors import AuthenticationError, ConfigurationError
from publora_async.options import Timeouts
from publora_async.secret import Secret

__all__ = ["ClientOptions", "show_log"]

logger = logging.getLogger("publora_async")

_LEVELS = ("debug", "info", "warning", "error")


def show_log() -> None:
    """
    Show the log on stderr, if ``PUBLORA_LOG`` names a level.

    Where the program has set logging up, only the level is set: its own handlers show the log.

    Raises:
        ConfigurationError: It names no level.
    """
    level = os.environ.get("PUBLORA_LOG", "").strip().lower()
    if not level:
        return
    if level not in _LEVELS:
        raise ConfigurationError(f"PUBLORA_LOG must be one of {', '.join(_LEVELS)}")
    logger.setLevel(level.upper())
    if all(
        type(handler) is logging.NullHandler
        for handler in (*logger.handlers, *logging.root.handlers)
    ):
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logger.addHandler(handler)


def _at_least(least: int) -> Callable[[object, "attrs.Attribute[int]", int], None]:
    def check(_: object, field: "attrs.Attribute[int]", value: int) -> None:
        check_count(field.name, value, least)

    return check


def _check_deadline(_: object, field: "attrs.Attribute[Any]", value: float | None) -> None:
    if value is not None:
        check_seconds(field.name, value)


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
            advice = AuthenticationError(401, "").advice
            raise ConfigurationError(f"no API key: {advice}, or pass api_key=...")
    if isinstance(value, str):
        # What was read from a file ends in a line break.
        value = Secret(value.strip(" \t\r\n"))
    return Secret(check_header_value(what, value))


def _check_bool(_: object, field: "attrs.Attribute[bool]", value: object) -> None:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{field.name} must be True or False, not {value!r}")


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
    Client options: the arguments of :class:`publora_async.AsyncPublora`, checked.

    Raises:
        ConfigurationError: An option cannot be used; the message names it.
    """

    api_key: Secret = attrs.field(default=None, converter=_to_api_key)
    base_url: str = attrs.field(default=None, converter=to_base_url)
    timeout: Timeouts = attrs.field(factory=Timeouts, converter=_to_timeouts)
    deadline: float | None = attrs.field(default=120.0, validator=_check_deadline)
    max_retries: int = attrs.field(default=3, validator=_at_least(0))
    max_connections: int = attrs.field(default=100, validator=_at_least(1))
    strict: bool = attrs.field(default=False, validator=_check_bool)
    proxy: Secret | None = attrs.field(default=None, converter=to_proxy)
    ssl_context: ssl.SSLContext | None = attrs.field(default=None, validator=_check_ssl_context)

    def __attrs_post_init__(self) -> None:
        if self.proxy is not None and self.base_url.startswith("http://"):
            raise ConfigurationError(
                "a proxy goes with an https base_url only: over http it could read the key"
            )
