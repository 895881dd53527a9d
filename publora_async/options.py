"""Time limits of a client, checked when they are made."""

from typing import Any

import attrs

from publora_async._checks import check_seconds

__all__ = ["Timeouts"]


def _check_seconds(_: object, field: "attrs.Attribute[Any]", value: float) -> None:
    check_seconds(field.name, value)


def _check_optional_seconds(_: object, field: "attrs.Attribute[Any]", value: float | None) -> None:
    if value is not None:
        _check_seconds(None, field, value)


@attrs.frozen
class Timeouts:
    """
    The parts of an attempt's time, each in seconds.

    Attributes:
        total: The most one attempt may take, from the moment it holds a slot to the last byte
            of the response.

        connect: The most of it that a new connection may take, name look-up and TLS included.
            ``None``: no bound but *total*.

        read: The longest silence between two pieces of the response. ``None``: no bound but
            *total*.

    Raises:
        ConfigurationError: One of them is not a finite number above 0.

    Example:
        >>> Timeouts(total=10, connect=2)
        Timeouts(total=10, connect=2, read=None)
    """

    total: float = attrs.field(default=30.0, validator=_check_seconds)
    connect: float | None = attrs.field(default=None, validator=_check_optional_seconds)
    read: float | None = attrs.field(default=None, validator=_check_optional_seconds)
