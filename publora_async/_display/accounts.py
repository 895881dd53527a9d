"""Accounts in words: a table of many, a card of one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from publora_async._display.words import (
    NOTHING,
    Cell,
    Table,
    card,
    counted,
    health,
    moment,
    number_of,
)
from publora_async.errors import APIStatusError

__all__ = ["account_card", "account_table", "failures", "owner"]

Row = Mapping[str, object]

_MOST_IN_NAME = 28

_COLUMNS: tuple[str, ...] = ("Account", "Health", "Expires", "Platform", "Last error")


def account_table(
    rows: Sequence[Row],
    statuses: Iterable[str],
    now: datetime,
    *,
    owners: Sequence[Cell] = (),
    failed: Sequence[Exception] = (),
    asked: int = 0,
) -> Table:
    """
    Make a table of accounts.

    Args:
        rows: Those to show; one with an *error* is a user's who failed.
        statuses: Those of all accounts, which the caption counts.
        now: The moment from which times are told.
        owners: Whose account each row is. Empty: they are all somebody's.
        failed: The errors of the users who failed.
        asked: How many users were asked about; 0 where *owners* is empty.
    """
    cells = [_cells(row, now) for row in rows]
    columns = _COLUMNS
    if all(row[-1].text == NOTHING for row in cells):
        # A column without anything in it would only make the others narrow.
        columns, cells = columns[:-1], [row[:-1] for row in cells]
    caption = counted(counts := Counter(statuses))
    if asked:
        columns = ("User", *columns)
        cells = [[owner, *row] for owner, row in zip(owners, cells, strict=True)]
        caption = f"{number_of(asked, 'user')}, {caption}"
    left_out = counts.total() + len(failed) - len(rows)
    return Table(caption, columns, cells, left_out, failures(failed, asked))


def owner(user_id: str, name: str | None) -> Cell:
    """Say whose an account is; *name* is ``None`` where only the id is known."""
    return Cell(name or user_id, user_id if name else "", most=_MOST_IN_NAME)


def failures(errors: Iterable[Exception], asked: int) -> str:
    """
    Say how many users failed and why: ``"1 of 20 users failed: HTTP 503"``; empty if none did.

    Args:
        errors: One for each user that failed.
        asked: How many users were asked about.
    """
    causes = Counter(_cause(error) for error in errors)
    if not causes:
        return ""
    told = [cause if len(causes) == 1 else f"{n:,} {cause}" for cause, n in causes.most_common(3)]
    rest = ["and others"] if len(causes) > len(told) else []
    return f"{causes.total():,} of {number_of(asked, 'user')} failed: {', '.join(told + rest)}"


def _cause(error: Exception) -> str:
    return f"HTTP {error.status}" if isinstance(error, APIStatusError) else type(error).__name__


def account_card(row: Row, now: datetime) -> Table:
    """Make a card of one account."""
    who, status, expires, where, error = _cells(row, now)
    return card(
        f"{row['platform']} account",
        {
            "Account": who,
            "Platform": Cell(where.text),
            "Platform id": Cell(where.note),
            "Health": status,
            "Expires": expires,
            "Last post": moment(row["last_successful_post"], now),
            "Last error": error,
            "Subscription": Cell(str(row["subscription_type"] or "")),
        },
    )


def _cells(row: Row, now: datetime) -> list[Cell]:
    """Give the cells of an account, one for each of the columns."""
    nothing = Cell(NOTHING)
    if (failure := row.get("error")) is not None:
        # One who could not be asked about: what is in that row is the user's.
        return [nothing, health("failed"), nothing, nothing, Cell(str(failure))]
    names = [str(row[name]) for name in ("display_name", "username") if row[name]]
    name, handle = [*(names or [NOTHING]), ""][:2]
    image = row["profile_image_url"]
    failed, platform_id = moment(row["last_error_at"], now), str(row["platform_id"])
    return [
        Cell(
            name,
            handle if handle != name else "",
            image=str(image) if image else None,
            most=_MOST_IN_NAME,
        ),
        health(str(row["status"]), _reason(row, now)),
        moment(row["access_token_expires_at"], now),
        Cell(str(row["platform"]), platform_id, brief=platform_id),
        Cell(str(row["last_error"] or NOTHING), failed.note),
    ]


def _reason(row: Row, now: datetime) -> str:
    """Say why an account has the status that it has, where its date alone does not."""
    status, date = row["status"], row["access_token_expires_at"]
    if row["status_source"] != "service":
        return "by its date" if date else ""
    if not isinstance(date, datetime):
        return "Publora says so" if status in {"expired", "expiring_soon"} else ""
    return "before its date" if status == "expired" and date > now else ""
