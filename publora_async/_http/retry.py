"""Says which requests may be sent again, and when; no I/O."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import attrs

from publora_async._http.request import Request
from publora_async.errors import APIStatusError, GaveUp, RateLimitError, TransportError

__all__ = ["REPEATABLE_STATUSES", "RetryBudget", "RetryPolicy", "may_repeat", "parse_retry_after"]

REPEATABLE_STATUSES = frozenset({429, 500, 502, 503, 504})

LONGEST_RETRY_AFTER = 60.0
"""Seconds. A call gives up when the service asks for a longer pause."""

FULL_BUDGET = 500
FULL_PRICE = 14
LOW_PRICE = 5
"""After a 429, which is no outage, and in a fan-out, whose gate spares a service that is down."""


@attrs.frozen
class RetryPolicy:
    """
    Says whether to make another attempt, and after how many seconds.

    Attributes:
        max_retries: Further attempts after the first.

        random: Gives numbers from 0 up to 1.
    """

    max_retries: int
    random: Callable[[], float]

    def delay(self, attempt: int, *, retry_after: float | None, time_left: float) -> float | GaveUp:
        """
        Give the seconds to wait after an attempt that failed, or the reason to give up.

        Args:
            attempt: Its number, counted from 1.
            retry_after: Seconds that the service asked for. ``None``: it did not ask.
            time_left: Seconds until the call's deadline, infinite if it has none.
        """
        if attempt > self.max_retries:
            return "retries"
        if retry_after is not None and retry_after > LONGEST_RETRY_AFTER:
            return "retry_after"
        # Full jitter: clients that failed together do not come back together.
        jittered = self.random() * min(8.0, 0.5 * 2 ** min(attempt - 1, 4))
        delay = max(jittered, retry_after or 0)
        return "deadline" if delay >= time_left else delay


class RetryBudget:
    """
    Limits a client's retries, so that an outage does not multiply its requests.

    As botocore's standard mode has it: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    """

    def __init__(self) -> None:
        self._full = self._tokens = FULL_BUDGET

    def share(self, processes: int) -> None:
        """Make do with the share of one of so many processes."""
        self._full = FULL_BUDGET // processes
        self._tokens = min(self._full, self._tokens)

    @property
    def left(self) -> int:
        """The tokens that are left."""
        return self._tokens

    def spend(self, error: APIStatusError | TransportError, *, gated: bool) -> int:
        """Pay for one retry after *error*, and give its price; 0 if there is not enough left."""
        price = LOW_PRICE if gated or isinstance(error, RateLimitError) else FULL_PRICE
        if self._tokens < price:
            return 0
        self._tokens -= price
        return price

    def earn(self, paid: int) -> None:
        """Put back what was *paid* for the retry that has succeeded, or one token for none."""
        self._tokens = min(self._full, self._tokens + (paid or 1))


def may_repeat(request: Request, error: APIStatusError | TransportError) -> bool:
    """Tell whether *request* may be sent again: a write only if it surely changed nothing."""
    if not request.writes:
        return True
    if isinstance(error, APIStatusError):
        # Publora, or what stands before it, turned the request away unread.
        return error.status == 429 or (error.status == 503 and error.retry_after is not None)
    return error.stage == "connect"


def parse_retry_after(values: Sequence[str], dates: Sequence[str], now: datetime) -> float | None:
    """
    Read the seconds that ``Retry-After`` asks to wait, 0 for a date that has passed.

    Args:
        values: The header's values, one for each time it was sent.
        dates: Those of the response's ``Date``, which a date is measured from, because the
            service's clock may differ from ours.
        now: The moment that it is measured from where ``Date`` is not an HTTP date, aware.

    Returns:
        ``None`` if the header is absent, sent twice, or neither 1 to 9 ASCII digits nor an
        HTTP date (https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7).
    """
    value = values[0].strip() if len(values) == 1 else ""
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    date = _http_date(values)
    return None if date is None else max(0.0, (date - (_http_date(dates) or now)).total_seconds())


def _http_date(values: Sequence[str]) -> datetime | None:
    value = values[0].strip() if len(values) == 1 else ""
    if not _HTTP_DATE.fullmatch(value):
        return None
    try:
        return parsedate_to_datetime(value).replace(tzinfo=UTC)
    except ValueError:
        return None


# Its three forms: the present one, RFC 850's, and C's.
_HTTP_DATE = re.compile(
    r"[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT"
    r"|[A-Z][a-z]{5,8}, [0-9]{1,2}-[A-Z][a-z]{2}-[0-9]{2} [0-9:]{8} GMT"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [0-9]{4}"
)
