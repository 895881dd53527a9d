"""How long is waited between two attempts."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import format_datetime

import pytest
from asking import ClientOf, Serve, failure, listing
from hostile import reply
from hypothesis import given
from hypothesis import strategies as st

from publora_async import APIStatusError, ConnectionList, RateLimitError, ServerError
from publora_async._http.retry import parse_retry_after

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)


def slow_down(*values: str, status: int = 429) -> bytes:
    """An answer with a ``Retry-After`` for each of *values*."""
    lines = "".join(f"Retry-After: {value}\r\n" for value in values)
    head, _, body = reply({"error": "Slow down"}, status=status).partition(b"\r\n\r\n")
    return head + b"\r\n" + lines.encode() + b"\r\n" + body


@pytest.mark.parametrize("drawn", [0.0, 0.25, 0.5, 0.75, 0.9999])
async def test_21_a_wait_is_drawn_from_nothing_to_a_bound_that_doubles_up_to_8_seconds(
    drawn: float, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply({"error": "down"}, status=500))
    client = client_of(server, max_retries=8, random=lambda: drawn)
    assert await failure(client) == ServerError(500, "down", attempts=9, gave_up="retries")
    assert client.waits == [drawn * bound for bound in (0.5, 1, 2, 4, 8, 8, 8, 8)]
    assert len(server.heads) == 9


async def test_21_each_wait_is_drawn_anew(serve: Serve, client_of: ClientOf) -> None:
    numbers: list[float] = []
    drawn = random.Random(7)  # noqa: S311  # the same each time is the point

    def draw() -> float:
        numbers.append(drawn.random())
        return numbers[-1]

    server = serve(reply({}, status=503))
    client = client_of(server, max_retries=5, random=draw)
    for _ in range(2):
        await failure(client)
    bounds = [0.5, 1, 2, 4, 8] * 2
    assert client.waits == [number * bound for number, bound in zip(numbers, bounds, strict=True)]
    assert (len(server.heads), len(set(numbers))) == (12, 10)


async def test_21_without_numbers_from_elsewhere_the_waits_are_random(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply({}, status=429))
    client = client_of(server, max_retries=50)
    await failure(client)
    late = client.waits[4:]
    assert all(0 <= wait <= 8 for wait in late)
    assert len(set(late)) == len(late) == 46
    # By chance alone, this fails once in more than ten million times.
    assert min(late) < 4 < max(late)
    assert len(server.heads) == 51


TAKEN: dict[str, tuple[list[str], float]] = {
    "0": (["0"], 0),
    "7": (["7"], 7),
    "with blanks": (["  7\t "], 7),
    "with zeros": (["007"], 7),
    "60": (["60"], 60),
    "a past date": (["Sun, 06 Nov 1994 08:49:37 GMT"], 0),
    "a past date in the form of RFC 850": (["Sunday, 06-Nov-94 08:49:37 GMT"], 0),
    "a past date in the form of C": (["Sun Nov  6 08:49:37 1994"], 0),
}

ABSENT: dict[str, list[str]] = {
    "none": [],
    "empty": [""],
    "negative": ["-1"],
    "signed": ["+1"],
    "fraction": ["1.5"],
    "exponent": ["1e3"],
    "hexadecimal": ["0x10"],
    "underscore": ["1_0"],
    "nan": ["nan"],
    "infinite": ["inf"],
    "400 digits": ["9" * 400],
    "other digits": ["٣"],
    "superscript": ["²"],
    "two values": ["5", "5"],
    "two different values": ["5", "6"],
    "two values in one": ["5, 5"],
    "words": ["soon"],
    "a zone": ["GMT"],
    "another zone": ["Sun, 06 Nov 1994 08:49:37 +0000"],
    "no such day": ["Thu, 99 Oct 2026 12:00:30 GMT"],
    "no such time": ["Thu, 01 Oct 2026 99:99:99 GMT"],
    "no such year": ["Thu, 01 Oct 10000 12:00:30 GMT"],
    "a year of 400 digits": [f"Thu, 01 Oct {'9' * 400} 12:00:30 GMT"],
    "two zones": ["Sun, 06 Nov 1994 08:49:37 EST GMT"],
    "a date and more": ["Sun, 06 Nov 1994 08:49:37 GMT; 5"],
    "ISO 8601": ["1994-11-06T08:49:37Z"],
}

BOTH = {**TAKEN, **{name: (values, None) for name, values in ABSENT.items()}}


@pytest.mark.parametrize(
    ("status", "value"), [*((429, value) for value in BOTH), (503, "7"), (503, "400 digits")]
)
async def test_22_retry_after_is_digits_or_a_date_and_anything_else_counts_as_absent(
    status: int, value: str, serve: Serve, client_of: ClientOf
) -> None:
    values, seconds = BOTH[value]
    answer = slow_down(*values, status=status)
    server = serve(answer, reply(), answer)
    client = client_of(server, max_retries=1, random=lambda: 0.5)
    assert await client.ask(listing) == ConnectionList()
    assert client.waits == [max(0.25, seconds or 0)]
    error = await failure(client)
    assert isinstance(error, APIStatusError)
    assert (error.status, error.retry_after, error.gave_up) == (status, seconds, "retries")
    assert len(server.heads) == 2 + 2


def in_seconds(seconds: int) -> Callable[[], str]:
    """A date so long from now."""
    return lambda: format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("asked", "least", "most", "gave_up"),
    [
        (lambda: "30", 30, 30, None),
        (in_seconds(30), 10, 30, None),
        (lambda: "61", 61, 61, "retry_after"),
        (lambda: "999999999", 999_999_999, 999_999_999, "retry_after"),
        (in_seconds(90), 61, 90, "retry_after"),
        (in_seconds(86400), 86000, 86400, "retry_after"),
        (lambda: "40", 40, 40, "deadline"),
        (in_seconds(59), 40, 59, "deadline"),
    ],
)
async def test_22_a_retry_after_over_60_s_or_past_the_deadline_is_raised_at_once(
    asked: Callable[[], str],
    least: float,
    most: float,
    gave_up: str | None,
    serve: Serve,
    client_of: ClientOf,
) -> None:
    server = serve(slow_down(asked()), reply())
    client = client_of(server, deadline=40)
    if gave_up is None:
        assert await client.ask(listing) == ConnectionList()
        (wait,) = client.waits
    else:
        error = await failure(client)
        assert isinstance(error, RateLimitError)
        assert (error.attempts, error.gave_up, client.waits) == (1, gave_up, [])
        wait = error.retry_after or 0
    assert least <= wait <= most
    assert len(server.heads) == 1 + len(client.waits)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("Thu, 01 Oct 2026 12:00:30 GMT", 30),
        ("Thu, 01 Oct 2026 12:00:00 GMT", 0),
        ("Thu, 01 Oct 2026 11:59:59 GMT", 0),
        ("Thu, 08 Oct 2026 12:00:00 GMT", 604_800),
        ("Thursday, 01-Oct-26 12:00:30 GMT", 30),
        ("Thu Oct  1 12:00:30 2026", 30),
    ],
)
@pytest.mark.parametrize("zone", [UTC, None], ids=["UTC", "the system's zone"])
def test_22_a_date_is_the_time_until_then_whatever_the_clocks_zone(
    value: str, seconds: float, zone: tzinfo | None
) -> None:
    assert parse_retry_after([value], [], NOW.astimezone(zone)) == seconds


@pytest.mark.parametrize("ahead", [-7200, -120, 0, 120, 7200])
async def test_22_a_date_counts_by_the_services_own_clock(
    ahead: int, serve: Serve, client_of: ClientOf
) -> None:
    theirs = datetime.now(UTC) + timedelta(seconds=ahead)
    refusal = reply(
        {"error": "slow down"},
        status=429,
        headers={
            "Date": format_datetime(theirs, usegmt=True),
            "Retry-After": format_datetime(theirs + timedelta(seconds=30), usegmt=True),
        },
    )
    server = serve(refusal, reply())
    client = client_of(server)
    assert await client.ask(listing) == ConnectionList()
    assert (client.waits, len(server.heads)) == ([30], 2)


MONTHS = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Foo)"
NEARLY_DATES = [
    rf"\A[A-Z][a-z]{{2}}, [0-9]{{1,2}} {MONTHS} [0-9]{{4}} [0-9:]{{8}} GMT\Z",
    rf"\A[A-Z][a-z]{{2,9}}, [0-9]{{1,2}}-{MONTHS}-[0-9]{{2}} [0-9:]{{8}} GMT\Z",
    rf"\A[A-Z][a-z]{{2}} {MONTHS} [ 0-9][0-9] [0-9:]{{8}} [0-9]{{4}}\Z",
]


@given(st.one_of(st.text(), st.text("0123456789"), *map(st.from_regex, NEARLY_DATES)))
def test_22_no_retry_after_crashes(value: str) -> None:
    seconds = parse_retry_after([value], [value], NOW)
    assert seconds is None or seconds >= 0
    assert (parse_retry_after(["7"], [value], NOW)) == 7
