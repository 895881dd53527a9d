"""The faults that a sandbox can have, as settings, and the checks of such settings."""

import asyncio
import math
import re
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Literal

import attrs

from publora_async.sandbox._routes import CALLS

__all__ = ["Faults", "OutageAnswer", "check_number", "check_outage_answer"]

OutageAnswer = int | Literal["reset"]
"""A status from 400 to 599, or ``"reset"`` for connections that are reset."""

_MOST = 2**31
_SECONDS_PER_DAY = 86400
_USER_ID = re.compile(r"[0-9a-f]{24}")
_HEADER_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")


def _frozen(calls: Collection[str] | None) -> Collection[str] | None:
    return None if calls is None else frozenset(calls)


def _lowered(user_ids: Collection[str]) -> Collection[str]:
    return frozenset(user_id.lower() for user_id in user_ids)


def _lowered_keys(statuses: Mapping[str, int]) -> Mapping[str, int]:
    return {user_id.lower(): status for user_id, status in statuses.items()}


@attrs.frozen(kw_only=True)
class Faults:
    """
    What goes wrong in a sandbox, to test how a program takes it.

    .. code-block:: python

        faults = Faults(latency=(0.05, 0.3), error_rate=0.2, rate_limit=50)
        async with Sandbox(users=1000, faults=faults) as sandbox:
            ...
            sandbox.faults = Faults(outage_requests=(100, 20), outage_answer="reset")

    A request meets at most one fault, and latency besides. If several apply, it meets the
    first of: an outage, the rate limit, the fault of its managed user, and by rate a reset, an
    error or a cut body. Which requests a rate hits depends on nothing but the sandbox's seed
    and the order of the requests; other settings do not change it.

    A request that meets a fault does not reach the service: its key is not checked and nothing
    is created or detached. Only a cut body is the service's own response.

    Attributes:
        latency: Seconds that each request waits for its response, faults included. A pair is
            the least and the most; each request then waits a random time between them.

        error_rate: Share of the requests that get *error_status*, from 0 to 1.

        error_status: HTTP status code, from 400 to 599, sent with an error in the usual form.

        error_users: Managed users' ids, each with the status that every request for the user
            gets, whether the id is in its header or in its path.

        reset_rate: Share of the requests whose connection is reset without a response.

        reset_users: Ids of managed users for whom each request's connection is reset.

        cut_rate: Share of the requests whose connection ends after half of the response's
            body, short of its ``Content-Length``.

        cut_users: Ids of managed users for whom each response's body is cut like that.

        outage_requests: How many requests are served before an outage, and how many it
            hits. ``None`` means no such outage.

        outage_seconds: When an outage begins and when it is over, ``math.inf`` for never.
            ``None`` means no such outage. Seconds and requests count from when these faults
            were given to the sandbox.

        outage_answer: What requests get in both kinds of outage: an HTTP status code, or
            ``"reset"`` for a connection that is reset.

        rate_limit: How many requests are served in each whole second since then; the others
            get 429. ``None`` means no limit.

        retry_after: The header ``Retry-After`` of each 429 above: whole seconds, or text that
            is sent as it is, such as a date or nonsense. ``None`` means no such header.

        calls: The calls that meet faults, by their names in ``Sandbox.answers``. The others
            are served at once and count towards no outage and no limit. ``None`` means all
            calls, and requests for whatever is not documented.

        clock: Tells the time, in seconds. For tests.

        sleep: Waits for the latency, which it is given in seconds. For tests.

    Raises:
        ValueError: A setting is out of its range.
    """

    latency: float | tuple[float, float] = 0.0
    error_rate: float = 0.0
    error_status: int = 500
    error_users: Mapping[str, int] = attrs.field(factory=dict, converter=_lowered_keys)
    reset_rate: float = 0.0
    reset_users: Collection[str] = attrs.field(default=(), converter=_lowered)
    cut_rate: float = 0.0
    cut_users: Collection[str] = attrs.field(default=(), converter=_lowered)
    outage_requests: tuple[int, int] | None = None
    outage_seconds: tuple[float, float] | None = None
    outage_answer: OutageAnswer = 503
    rate_limit: int | None = None
    retry_after: int | str | None = 1
    calls: Collection[str] | None = attrs.field(default=None, converter=_frozen)
    clock: Callable[[], float] = attrs.field(default=time.monotonic, eq=False, repr=False)
    sleep: Callable[[float], Awaitable[object]] = attrs.field(
        default=asyncio.sleep, eq=False, repr=False
    )

    def __attrs_post_init__(self) -> None:
        _check_seconds("latency", self.latency_range, _SECONDS_PER_DAY)
        for name in ("error_rate", "reset_rate", "cut_rate"):
            _check_rate(name, getattr(self, name))
        for name in ("error_users", "reset_users", "cut_users"):
            _check_user_ids(name, getattr(self, name))
        _check_status("error_status", self.error_status)
        for status in self.error_users.values():
            _check_status("error_users", status)
        if self.outage_requests is not None:
            _check_window("outage_requests", self.outage_requests)
        if self.outage_seconds is not None:
            _check_seconds("outage_seconds", self.outage_seconds, math.inf)
        check_outage_answer("outage_answer", self.outage_answer)
        if self.rate_limit is not None:
            check_number("rate_limit", self.rate_limit, 1)
        _check_retry_after(self.retry_after)
        unknown = set(self.calls or ()).difference(CALLS)
        if unknown:
            raise ValueError(f"calls must be names such as {min(CALLS)!r}, not {min(unknown)!r}")

    @property
    def latency_range(self) -> tuple[float, float]:
        """The least and the most seconds that a request waits for its response."""
        if isinstance(self.latency, tuple):
            return self.latency
        return self.latency, self.latency


def check_number(name: str, number: object, least: int = 0, most: int = _MOST) -> None:
    """
    Check that *number* is a whole number from *least* to *most*.

    Raises:
        ValueError: It is not; the message calls it *name*.
    """
    if type(number) is not int or not least <= number <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}, not {number!r}")


def check_outage_answer(name: str, answer: OutageAnswer) -> None:
    """
    Check that *answer* is an error's status or ``"reset"``.

    Raises:
        ValueError: It is not; the message calls it *name*.
    """
    if answer != "reset":
        _check_status(name, answer)


def _check_status(name: str, status: object) -> None:
    check_number(name, status, 400, 599)


def _check_rate(name: str, rate: float) -> None:
    if not _is_number(rate) or not 0 <= rate <= 1:
        raise ValueError(f"{name} must be a number from 0 to 1, not {rate!r}")


def _check_seconds(name: str, span: tuple[float, float], most: float) -> None:
    pair = isinstance(span, tuple) and len(span) == 2 and all(map(_is_number, span))
    if not pair or not 0 <= span[0] <= span[1] <= most:
        raise ValueError(
            f"{name} must be seconds from 0 to {most}, the lesser number first, not {span!r}"
        )


def _check_user_ids(name: str, user_ids: Collection[str]) -> None:
    """Check the form of *user_ids*, which may belong to nobody."""
    for user_id in user_ids:
        if not _USER_ID.fullmatch(user_id):
            raise ValueError(f"{name} must hold managed users' ids, not {user_id!r}")


def _check_window(name: str, window: tuple[int, int]) -> None:
    if not isinstance(window, tuple) or len(window) != 2:
        raise ValueError(f"{name} must be two whole numbers, not {window!r}")
    for number in window:
        check_number(name, number)


def _check_retry_after(value: int | str | None) -> None:
    if isinstance(value, str):
        if not _HEADER_VALUE.fullmatch(value):
            raise ValueError(f"retry_after must be printable ASCII, not {value!r}")
    elif value is not None:
        check_number("retry_after", value)


def _is_number(value: object) -> bool:
    return type(value) in {int, float}
