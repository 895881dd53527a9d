"""What arguments may be: counts, seconds, header values; each refused before anything is sent."""

import re
import sys

from publora_async.errors import ConfigurationError
from publora_async.secret import Secret

__all__ = ["check_count", "check_header_value", "check_seconds", "check_text", "masked"]


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


def check_text(name: str, value: str) -> str:
    """
    Return *value* if it is text with something in it.

    Raises:
        ConfigurationError: It is blank, or no text.
    """
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{name} must be text, and not blank")
    return value


def check_header_value(name: str, value: str) -> str:
    """
    Return *value* if it can be sent in a header unchanged.

    Args:
        name: How the error message names the value, which is never quoted.
        value: The text to send.

    Raises:
        ConfigurationError: *value* is not 1 to 512 printable ASCII characters.
    """
    if not isinstance(value, str):
        kind = value if isinstance(value, type) else type(value)
        raise ConfigurationError(f"{name} must be text, not {kind.__name__}")
    if not 1 <= len(value) <= 512:
        raise ConfigurationError(f"{name} must be 1 to 512 characters long, not {len(value)}")
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
        return None if value is None else Secret(value)
    # The sync client masks a value first, then the async client inside it does so again.
    return value if isinstance(value, type) else type(value)
