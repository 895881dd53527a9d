"""What can be made to go wrong, as settings, and the checks of settings."""

import asyncio
import math
import re
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Literal

import attrs

from publora_async.sandbox._routes import CALLS

__all__ = [
    "Faults",
    "OutageAnswer",
    "check_number",
    "check_outage_answer",
    "check_rate",
    "check_seconds",
    "check_user_ids",
]

_MOST = 2**31
_USER_ID = re.compile(r"[0-9a-f]{24}")


def check_number(name: str, number: object, least: int = 0, most: int = _MOST) -> None:
    """
    Let a whole number from *least* to *most* pass.

    Raises:
        ValueError: The setting *name* has another value.
    """
    if type(number) is not int or not least <= number <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}, not {number!r}")


def check_rate(name: str, rate: float) -> None:
    """
    Let a share of the whole pass.

    Raises:
        ValueError: The setting *name* has another value.
    """
    if not _is_number(rate) or not 0 <= rate <= 1:
        raise ValueError(f"{name} must be a number from 0 to 1, not {rate!r}")


def check_seconds(name: str, span: tuple[float, float], most: float) -> None:
    """
    Let two numbers of seconds from 0 to *most* pass, the lesser one first.

    Raises:
        ValueError: The setting *name* has another value.
    """
    pair = isinstance(span, tuple) and len(span) == 2 and all(map(_is_number, span))
    if not pair or not 0 <= span[0] <= span[1] <= most:
        raise ValueError(
            f"{name} must be seconds from 0 to {most}, the lesser number first, not {span!r}"
        )


def check_user_ids(name: str, user_ids: Collection[str]) -> None:
    """
    Let managed users' ids pass, which need not belong to anybody.

    Raises:
        ValueError: The setting *name* has another value.
    """
    for user_id in user_ids:
        if not _USER_ID.fullmatch(user_id):
            raise ValueError(f"{name} must hold managed users' ids, not {user_id!r}")


def _is_number(value: object) -> bool:
    return type(value) in {int, float}


OutageAnswer = int | Literal["reset"]
"""A status from 400 to 599, or ``"reset"`` for connections that are reset."""

_SECONDS_PER_DAY = 86400
_HEADER_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")


def check_outage_answer(name: str, answer: OutageAnswer) -> None:
    """
    Let an ``OutageAnswer`` pass.

    Raises:
        ValueError: The setting *name* has another value.
    """
    if answer != "reset":
        _check_status(name, answer)


def _check_status(name: str, status: object) -> None:
    check_number(name, status, 400, 599)


def _frozen(calls: Collection[str] | None) -> Collection[str] | None:
    return None if calls is None else frozenset(calls)


def _lowered(user_ids: Collection[str]) -> Collection[str]:
    return frozenset(user_id.lower() for user_id in user_ids)


def _lowered_keys(statuses: Mapping[str, int]) -> Mapping[str, int]:
    return {user_id.lower(): status for user_id, status in statuses.items()}


@attrs.frozen(kw_only=True)
class Faults:
    """
    What goes wrong in a sandbox, for tests of how a program takes it.

    .. code-block:: python

        faults = Faults(latency=(0.05, 0.3), error_rate=0.2, rate_limit=50)
        async with Sandbox(users=1000, faults=faults) as sandbox:
            ...
            sandbox.faults = Faults(outage_requests=(100, 20), outage_answer="reset")

    A request meets one fault at most, and latency besides: an outage before the request
    limit, that before what befalls the request's managed user, and that before a reset, an
    error and a cut body by rate. Which requests a rate hits follows from the sandbox's seed
    and the order of the requests alone, and does not change with the other settings.

    Only a cut body is the service's own answer; the other faults keep a request from the
    service, so that its key is not checked and nothing is created or detached.

    Attributes:
        latency: Seconds that each request waits for its answer, whatever that will be.
            Or a pair, the least and the most, between which each request draws its own.

        error_rate: Share of the requests that are answered *error_status*, from 0 to 1.

        error_status: HTTP status code, from 400 to 599, with an error in the usual form.

        error_users: Managed users' ids, each with the status that whoever asks for the user,
            by header or by path, always gets.

        reset_rate: Share of the requests whose connection is reset without an answer.

        reset_users: Ids of managed users for whom it always is.

        cut_rate: Share of the requests whose connection ends half-way through the answer's
            body, short of its ``Content-Length``.

        cut_users: Ids of managed users for whom it always does.

        outage_requests: How many requests are served before an outage, and how many it
            hits. ``None`` means no such outage.

        outage_seconds: When an outage begins and when it is over, the latter possibly
            ``math.inf``. ``None`` means no such outage. Seconds and requests count from
            when these faults were given to the sandbox.

        outage_answer: What requests get in both kinds of outage: an HTTP status code, or
            ``"reset"`` for a connection that is reset.

        rate_limit: How many requests are served in each whole second since then; the others
            are answered 429. ``None`` means no limit.

        retry_after: What ``Retry-After`` says on any 429 above: whole seconds, or text that
            is sent as it is, such as a date or nonsense. ``None`` means no such header.

        calls: The calls concerned, by their names in ``Sandbox.answers``. The others are
            served at once and count towards no outage and no limit. ``None`` means all calls
            and whatever is not documented.

        clock: What tells the time, in seconds. For tests.

        sleep: What latency is spent in, given its seconds. For tests.

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
        check_seconds("latency", self.latency_range, _SECONDS_PER_DAY)
        for name in ("error_rate", "reset_rate", "cut_rate"):
            check_rate(name, getattr(self, name))
        for name in ("error_users", "reset_users", "cut_users"):
            check_user_ids(name, getattr(self, name))
        _check_status("error_status", self.error_status)
        for status in self.error_users.values():
            _check_status("error_users", status)
        if self.outage_requests is not None:
            _check_window("outage_requests", self.outage_requests)
        if self.outage_seconds is not None:
            check_seconds("outage_seconds", self.outage_seconds, math.inf)
        check_outage_answer("outage_answer", self.outage_answer)
        if self.rate_limit is not None:
            check_number("rate_limit", self.rate_limit, 1)
        _check_retry_after(self.retry_after)
        unknown = set(self.calls or ()) - CALLS
        if unknown:
            raise ValueError(f"calls must be names such as {min(CALLS)!r}, not {min(unknown)!r}")

    @property
    def latency_range(self) -> tuple[float, float]:
        """The least and the most seconds that a request waits for its answer."""
        if isinstance(self.latency, tuple):
            return self.latency
        return self.latency, self.latency


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
