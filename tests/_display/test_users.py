"""Managed users, links and keys in words; neither a link nor a key in full."""

from datetime import UTC, datetime, timedelta

import pytest

from publora_async import ConnectionLink, ManagedUser, ManagedUserKey, ManagedUserList, Secret
from publora_async._display.words import NOTHING, Cell, Table

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECRET = "f73b72057aa0c49f56bd6f02"

ZOE = ManagedUser(
    id="u1",
    email="zoe@example.com",
    display_name="Zoë",
    role="managed",
    daily_posts_left=0,
    connections_page_url=f"https://app.publora.com/connections/{SECRET}",
    connections_page_token_expires_at=NOW + 9 * DAY,
)
BARE = ManagedUser(id="u2", email="bo@example.com")
UNTIL = Cell("until 2026-10-10", "in 9 days", title="2026-10-10 12:00 UTC")


def test_users_are_told_with_their_ids_and_until_when_their_link_works() -> None:
    late = ManagedUser(id="u3", connections_page_token_expires_at=NOW - 3 * DAY)
    table = ManagedUserList([ZOE, BARE, late, BARE])._table(NOW, 3)
    assert table == Table(
        "4 managed users",
        ("User", "User id", "Connection link", "Posts left today"),
        [
            (Cell("Zoë", "zoe@example.com", most=36), Cell("u1"), UNTIL, Cell("0")),
            (Cell("bo@example.com", most=36), Cell("u2"), Cell(NOTHING), Cell("")),
            (
                Cell("", most=36),
                Cell("u3"),
                Cell("ended 2026-09-28", "3 days ago", title="2026-09-28 12:00 UTC"),
                Cell(""),
            ),
        ],
        1,
    )


def test_a_user_is_a_card() -> None:
    rows = [
        (Cell("User"), Cell("Zoë", "zoe@example.com")),
        (Cell("User id"), Cell("u1")),
        (Cell("Role"), Cell("managed")),
        (Cell("Posts left today"), Cell("0")),
        (Cell("Connection link"), UNTIL),
    ]
    assert ZOE._table(NOW, 9) == Table("managed user", rows=rows)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"https://app.publora.com/connections/{SECRET}", "https://app.publora.com/***"),
        (f"https://app.publora.com?token={SECRET}", "https://app.publora.com/***"),
        (f"https://app.publora.com#{SECRET}", "https://app.publora.com/***"),
        ("https://app.publora.com", "https://app.publora.com/***"),
        (f"https://zoe:{SECRET}@app.publora.com/", "***"),
        (f"app.publora.com/{SECRET}", "***"),
        (SECRET, "***"),
    ],
)
def test_of_a_link_only_the_host_is_shown(url: str, shown: str) -> None:
    table = ConnectionLink(url=url, token_expires_at=NOW + 9 * DAY)._table(NOW, 9)
    assert table == Table(
        "connection link",
        rows=[
            (Cell("Link"), Cell(shown, "link.url is the whole, for the user alone")),
            (Cell("Expires"), UNTIL._replace(text="2026-10-10")),
        ],
    )


def test_of_a_key_nothing_is_shown() -> None:
    key = ManagedUserKey(api_key=Secret("sk_1"), user_id="u1", message="Once")
    rows = [
        (Cell("Key"), Cell("***", "str(key.api_key) is the text to store")),
        (Cell("User id"), Cell("u1")),
        (Cell("Message"), Cell("Once")),
    ]
    assert key._table(NOW, 9) == Table("API key", rows=rows)


def test_neither_rows_nor_tables_show_a_users_link() -> None:
    users = ManagedUserList([ZOE])
    shown = f"{users.to_records()}{users.to_html()}{ZOE.to_html()}{users.to_pandas().to_html()}"
    assert "2026" in shown
    assert SECRET not in shown
