"""A client's time limits, checked when they are made, and its counters."""

from typing import Any, Literal, TypeAlias

import attrs

from publora_async._checks import check_seconds
from publora_async._introspection import AsObject

__all__ = ["ClientStats", "GateState", "Timeouts"]

GateState: TypeAlias = Literal["open", "slowed", "shut"]
"""Whether fan-outs are held back: not at all, after a 429, or because the service fails."""


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


@attrs.frozen
class ClientStats(AsObject):
    """
    How a client stands, and what it has done since it was made; for metrics of your own.

    Clients of ``with_options()`` share it with the one they were made from. In a forked process,
    the counting begins anew.

    Attributes:
        slots: The most attempts that may be under way at once.

        slots_in_use: How many are.

        waiting: Calls that wait for one of them to end.

        retry_budget: What is left of it: 500 at first, a retry takes 14, or 5 after a 429 or in a
            fan-out, and a success gives back. At 0, failures are no longer tried again.

        gate: Whether a fan-out is held back: ``"open"`` not at all, ``"slowed"`` after a 429,
            ``"shut"`` because nearly everything has failed. Of several fan-outs, the worst.

        calls: Calls that were begun; in a fan-out, one for each user.

        failed_calls: Those that have ended with an error of the service's, or of the way to it.

        attempts: Attempts that were begun, retries included.

        failed_attempts: Those that have ended with an error status, or without a response that
            makes sense.

    Example:
        >>> publora.stats().failed_attempts
        0
    """

    slots: int
    slots_in_use: int
    waiting: int
    retry_budget: int
    gate: GateState
    calls: int
    failed_calls: int
    attempts: int
    failed_attempts: int
