"""What arguments may be: counts, times, text, header values; checked before anything is sent."""

import re
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from publora_async.errors import ConfigurationError
from publora_async.secret import Secret

if TYPE_CHECKING:
    import attrs

__all__ = [
    "aware",
    "check_count",
    "check_duration",
    "check_header_value",
    "check_moment",
    "check_seconds",
    "check_text",
    "masked",
    "plain_text",
]


def plain_text(value: str) -> str:
    """
    Return *value* as text that formats to its own characters; a :class:`Secret` stays one.

    A member of ``class X(str, Enum)`` equals its value and formats to its name, so what was
    checked would not be what is sent.
    """
    return value if type(value) is Secret else str.__str__(value)


def check_count(name: str, value: int, least: int = 1) -> int:
    """
    Return *value* if it is a whole number of at least *least*.

    Raises:
        ConfigurationError: It is anything else, a boolean included.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigurationError(f"{name} must be a whole number, {least} or more, not {value!r}")
    return value


def check_seconds(name: str, value: float) -> None:
    """
    Refuse a duration that is not a finite number of seconds above 0.

    Raises:
        ConfigurationError: *value* is anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigurationError(f"{name} must be a number of seconds, not {value!r}")
    if not 0 < value <= sys.float_info.max:
        raise ConfigurationError(f"{name} must be above 0 seconds and finite, not {value}")


def check_duration(name: str, value: timedelta) -> timedelta:
    """
    Return *value* if it is a duration that is not negative.

    Raises:
        ConfigurationError: It is anything else, such as a number of days.
    """
    if not isinstance(value, timedelta):
        raise ConfigurationError(
            f"{name} must be a timedelta, such as timedelta(days=14), not {value!r}"
        )
    if value < timedelta(0):
        raise ConfigurationError(f"{name} must not be negative: {value}")
    return value


def check_moment(name: str, value: datetime | None) -> datetime:
    """
    Return *value*, or the present moment for ``None``.

    Raises:
        ConfigurationError: It is no datetime, or has no time zone.
    """
    if value is None:
        return datetime.now(UTC)
    if not isinstance(value, datetime):
        raise ConfigurationError(f"{name} must be a datetime, not {type(value).__name__}")
    if value.utcoffset() is None:
        raise ConfigurationError(f"{name} must have a time zone: datetime.now(UTC), for one")
    return value


def aware(_: object, field: "attrs.Attribute[Any]", value: datetime | None) -> None:
    """
    Refuse a naive time in a record, as an attrs validator.

    Raises:
        ConfigurationError: *value* is neither an aware datetime nor ``None``.
    """
    if value is not None:
        check_moment(field.name, value)


def check_text(name: str, value: str) -> str:
    """
    Return *value* if it is text with something in it.

    Raises:
        ConfigurationError: It is blank, or no text.
    """
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{name} must be text, and not blank")
    return plain_text(value)


def check_header_value(name: str, value: str, longest: int = 512) -> str:
    """
    Return *value* if it can be sent in a header unchanged.

    Args:
        name: How the error message names the value, which is never quoted.
        value: The text to send.
        longest: How many characters it may have.

    Raises:
        ConfigurationError: *value* is not 1 to *longest* printable ASCII characters.
    """
    if not isinstance(value, str):
        kind = value if isinstance(value, type) else type(value)
        raise ConfigurationError(f"{name} must be text, not {kind.__name__}")
    value = plain_text(value)
    if not 1 <= len(value) <= longest:
        raise ConfigurationError(f"{name} must be 1 to {longest} characters long, not {len(value)}")
    # A lone surrogate would be dropped on the wire: "u\ud800" would ask about user "u".
    if bad := re.search(r"[^!-~]", value):
        raise ConfigurationError(
            f"{name} may hold only printable ASCII characters without blanks; "
            f"character {bad.start() + 1} of {len(value)} is something else"
        )
    return value


def masked(value: str | None) -> str | None:
    """
    Mask *value*, so that a traceback that shows local variables cannot reveal it.

    Text becomes a :class:`Secret`. Anything else is reduced to its type, so that the error that
    refuses it later can still name the type.
    """
    if value is None or isinstance(value, str):
        return None if value is None else Secret(plain_text(value))
    # The sync client masks a value first, then the async client inside it does so again.
    return value if isinstance(value, type) else type(value)
