"""Managed users, their links and keys in words."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from publora_async._display.words import Cell, Table, card, moment, number_of

__all__ = ["key_card", "link_card", "user_card", "user_table"]

Row = Mapping[str, object]


def user_table(rows: Sequence[Row], count: int, now: datetime) -> Table:
    """
    Make a table of managed users.

    Args:
        rows: Those to show.
        count: How many there are.
        now: The moment from which times are told.
    """
    cells = [
        (
            _who(row),
            Cell(str(row["user_id"])),
            _link(row["connections_page_token_expires_at"], now),
            Cell(_text(row["daily_posts_left"])),
        )
        for row in rows
    ]
    columns = ("User", "User id", "Connection link", "Posts left today")
    return Table(number_of(count, "managed user"), columns, cells, count - len(rows))


def user_card(row: Row, now: datetime) -> Table:
    """Make a card of one managed user."""
    return card(
        "managed user",
        {
            "User": _who(row),
            "User id": Cell(str(row["user_id"])),
            "Role": Cell(_text(row["role"])),
            "Posts left today": Cell(_text(row["daily_posts_left"])),
            "Connection link": _link(row["connections_page_token_expires_at"], now),
        },
    )


def link_card(masked_url: str, expires_at: datetime | None, now: datetime) -> Table:
    """Make a card of a connection link, which does not show the link."""
    return card(
        "connection link",
        {
            "Link": Cell(masked_url, "link.url is the whole, for the user alone"),
            "Expires": moment(expires_at, now),
        },
    )


def key_card(user_id: str | None, message: str | None) -> Table:
    """Make a card of a managed user's own key, which does not show the key."""
    return card(
        "API key",
        {
            "Key": Cell("***", "str(key.api_key) is the text to store"),
            "User id": Cell(_text(user_id)),
            "Message": Cell(_text(message)),
        },
    )


def _who(row: Row) -> Cell:
    name, email = _text(row["display_name"]), _text(row["email"])
    return Cell(name or email, email if name else "", most=36)


def _link(expires_at: object, now: datetime) -> Cell:
    day = moment(expires_at, now)
    if not isinstance(expires_at, datetime):
        return day
    return day._replace(text=f"{'until' if expires_at >= now else 'ended'} {day.text}")


def _text(value: object) -> str:
    return "" if value is None else str(value)
