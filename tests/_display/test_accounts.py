"""Accounts and users' failures in words."""

from datetime import UTC, datetime, timedelta

import pytest

from publora_async import (
    Connection,
    LastError,
    PubloraError,
    RateLimitError,
    RequestTimeoutError,
    Row,
    ServerError,
)
from publora_async._display.accounts import account_card, account_table, failures, owner
from publora_async._display.words import NOTHING, Cell, Table, health

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NONE = Cell(NOTHING)
NOBODY = Cell(NOTHING, most=28)

FULL = Connection(
    platform_id="linkedin-Az",
    username="@zoe",
    display_name="Zoë",
    profile_image_url="https://a.example/z.jpg",
    access_token_expires_at=NOW + 6 * DAY,
    token_status="expiring_soon",
    last_successful_post=NOW - 2 * DAY,
    last_error=LastError(message="Gone", occurred_at=NOW - 3 * DAY),
    subscription_type="Premium",
)
FULL_CELLS = [
    Cell("Zoë", "@zoe", image="https://a.example/z.jpg", most=28),
    Cell("! expiring soon", "", "soon"),
    Cell("2026-10-07", "in 6 days", title="2026-10-07 12:00 UTC"),
    Cell("linkedin", "linkedin-Az", brief="linkedin-Az"),
    Cell("Gone", "3 days ago"),
]
BARE = Connection(platform_id="telegram--100")
BARE_CELLS = [
    NOBODY,
    Cell("✓ valid", "", "good"),
    NONE,
    Cell("telegram", "telegram--100", brief="telegram--100"),
]


def test_an_account_is_who_how_until_when_where_and_what_went_wrong() -> None:
    rows = [FULL.to_row(now=NOW), BARE.to_row(now=NOW)]
    assert account_table(rows, ["expiring_soon", "valid", "valid"], NOW) == Table(
        "3 accounts: 2 valid, 1 expiring soon",
        ("Account", "Health", "Expires", "Platform", "Last error"),
        [FULL_CELLS, [*BARE_CELLS, NONE]],
        1,
    )


def test_where_no_account_has_an_error_there_is_no_column_for_it() -> None:
    assert account_table([BARE.to_row(now=NOW)], ["valid"], NOW) == Table(
        "1 account: 1 valid", ("Account", "Health", "Expires", "Platform"), [BARE_CELLS]
    )


def test_users_who_failed_have_their_rows_and_are_counted() -> None:
    error = ServerError(503, "Service unavailable")
    owners = [owner("u1", "Zoë"), owner("u2", None)]
    rows: list[Row] = [BARE.to_row(now=NOW), {"error": str(error)}]
    assert account_table(rows, ["valid"], NOW, owners=owners, failed=[error], asked=4) == Table(
        "4 users, 1 account: 1 valid",
        ("User", "Account", "Health", "Expires", "Platform", "Last error"),
        [
            [Cell("Zoë", "u1", most=28), *BARE_CELLS, NONE],
            [
                Cell("u2", most=28),
                NONE,
                health("failed"),
                NONE,
                NONE,
                Cell("HTTP 503: Service unavailable"),
            ],
        ],
        0,
        "1 of 4 users failed: HTTP 503",
    )


def test_a_failure_that_is_not_shown_is_among_those_left_out() -> None:
    errors = [ServerError(503, "")] * 3
    table = account_table([], ["valid"] * 5, NOW, failed=errors, asked=9)
    assert (table.left_out, table.alarm) == (8, "3 of 9 users failed: HTTP 503")


@pytest.mark.parametrize(
    ("name", "handle", "cell"),
    [
        ("Zoë", "Zoë", Cell("Zoë", most=28)),
        ("Zoë", None, Cell("Zoë", most=28)),
        ("", "@zoe", Cell("@zoe", most=28)),
        (None, None, NOBODY),
    ],
)
def test_a_name_is_told_once(name: str | None, handle: str | None, cell: Cell) -> None:
    row = Connection(platform_id="x-1", display_name=name, username=handle).to_row(now=NOW)
    assert account_table([row], [], NOW).rows[0][0] == cell


@pytest.mark.parametrize(
    ("status", "days", "reason"),
    [
        (None, None, ""),
        (None, 3, "by its date"),
        (None, -3, "by its date"),
        ("valid", None, ""),
        ("valid", -3, ""),
        ("expired", -3, ""),
        ("expired", 3, "before its date"),
        ("expired", None, "Publora says so"),
        ("expiring_soon", 3, ""),
        ("expiring_soon", None, "Publora says so"),
        ("unknown", 3, ""),
    ],
)
def test_the_reason_is_told_where_the_date_does_not_show_it(
    status: str | None, days: int | None, reason: str
) -> None:
    date = None if days is None else NOW + days * DAY
    some = Connection(platform_id="x-1", token_status=status, access_token_expires_at=date)
    assert account_table([some.to_row(now=NOW)], [], NOW).rows[0][1].note == reason


def test_a_card_tells_everything_of_one_account() -> None:
    rows = [
        (Cell("Account"), FULL_CELLS[0]._replace(most=80)),
        (Cell("Platform"), Cell("linkedin")),
        (Cell("Platform id"), Cell("linkedin-Az")),
        (Cell("Health"), FULL_CELLS[1]),
        (Cell("Expires"), FULL_CELLS[2]),
        (Cell("Last post"), Cell("2026-09-29", "2 days ago", title="2026-09-29 12:00 UTC")),
        (Cell("Last error"), FULL_CELLS[4]),
        (Cell("Subscription"), Cell("Premium")),
    ]
    assert account_card(FULL.to_row(now=NOW), NOW) == Table("linkedin account", rows=rows)


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ([], ""),
        ([ServerError(503, "Service unavailable")], "1 of 2,000 users failed: HTTP 503"),
        ([ServerError(503, "a"), ServerError(503, "b")], "2 of 2,000 users failed: HTTP 503"),
        (
            [RequestTimeoutError("late"), ServerError(503, "a"), ServerError(503, "b")],
            "3 of 2,000 users failed: 2 HTTP 503, 1 RequestTimeoutError",
        ),
        (
            [ServerError(500, ""), ServerError(503, ""), RateLimitError(429, ""), PubloraError("")],
            "4 of 2,000 users failed: 1 HTTP 500, 1 HTTP 503, 1 HTTP 429, and others",
        ),
    ],
)
def test_failures_are_counted_by_their_cause(errors: list[PubloraError], said: str) -> None:
    assert failures(errors, 2000) == said
