"""Whatever a call gives shows itself: in a notebook as a table, in IPython as aligned text."""

from datetime import UTC, datetime, timedelta

import pytest
from IPython.lib.pretty import pretty as ipython_pretty

from publora_async import (
    AttachedUser,
    ConfigurationError,
    Connection,
    ConnectionLink,
    ConnectionList,
    ConnectionTest,
    LastError,
    ManagedUser,
    ManagedUserKey,
    ManagedUserList,
    Secret,
    ServerError,
    UserConnections,
    UserConnectionsList,
    UserFailed,
    UserSucceeded,
)
from publora_async._display.markup import Markup, render
from publora_async._display.shown import Shown
from publora_async._display.words import Cell, Table, moment

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)

ACCOUNT = Connection(
    platform_id="x-1",
    display_name="Zoë",
    profile_image_url="https://a.example/z.jpg",
    access_token_expires_at=NOW + 6 * DAY,
)
SUCCEEDED: UserConnections = UserSucceeded(
    "u1", ConnectionList([ACCOUNT]), ManagedUser(id="u1", email="z@e.org")
)
FAILED: UserConnections = UserFailed("u2", ServerError(503, "Service unavailable"))


def pretty(shown: Shown) -> str:
    """What IPython prints."""
    text: str = ipython_pretty(shown)  # type: ignore[no-untyped-call]  # it has no types
    return text


EVERYTHING: list[Shown] = [
    ACCOUNT,
    ConnectionList([ACCOUNT]),
    ConnectionList(),
    ConnectionTest(platform_id="x-1", status="ok"),
    ManagedUser(id="u1"),
    ManagedUserList([ManagedUser(id="u1")]),
    AttachedUser(user=ManagedUser(id="u1")),
    ConnectionLink(url="https://u/1"),
    ManagedUserKey(api_key=Secret("sk_1")),
    SUCCEEDED,
    FAILED,
    UserConnectionsList([SUCCEEDED, FAILED]),
]


@pytest.mark.parametrize("shown", EVERYTHING, ids=lambda shown: type(shown).__name__)
def test_it_is_a_table_in_a_notebook_and_text_in_ipython(shown: Shown) -> None:
    html = shown._repr_html_()
    assert (type(html), html[:27]) == (str, '<div class="publora-shown">')
    assert "<" not in (text := pretty(shown))
    assert text.partition("\n")[0] in html


def test_a_moment_decides_what_is_told() -> None:
    html = ConnectionList([ACCOUNT]).to_html(now=NOW)
    assert "1 account: 1 expiring soon" in html
    assert "in 6 days" in html
    later = ConnectionList([ACCOUNT]).to_html(now=NOW + 8 * DAY)
    assert "1 account: 1 expired" in later
    assert "2 days ago" in later


def test_pictures_are_only_in_what_was_asked_for_with_them() -> None:
    for shown in (ACCOUNT, ConnectionList([ACCOUNT]), SUCCEEDED, UserConnectionsList([SUCCEEDED])):
        assert "a.example" not in shown._repr_html_()
        assert "a.example" not in shown.to_html()
        with_images = shown.to_html(show_images=True)
        assert with_images.count('src="https://a.example/z.jpg"') == 1
        assert isinstance(with_images, Markup)


@pytest.mark.parametrize("max_rows", [0, -1, True, 2.5, None])
def test_a_number_of_rows_that_is_none_is_refused(max_rows: int) -> None:
    with pytest.raises(ConfigurationError, match=r"^max_rows must be a whole number, 1 or more"):
        ACCOUNT.to_html(max_rows=max_rows)


def many(count: int) -> list[Shown]:
    accounts = ConnectionList([ACCOUNT] * count)
    return [
        accounts,
        UserConnectionsList([UserSucceeded("u1", accounts)]),
        UserConnectionsList([UserSucceeded("u", ConnectionList([ACCOUNT]))] * count),
        UserConnectionsList([FAILED] * count),
        ManagedUserList([ManagedUser(id="u1")] * count),
    ]


@pytest.mark.parametrize("which", range(5))
@pytest.mark.parametrize(
    ("most", "count", "left"), [(2, 2, ""), (2, 3, "and 1 more"), (100, 10_000, "and 9,900 more")]
)
def test_a_long_list_is_shortened_and_says_by_how_much(
    which: int, most: int, count: int, left: str
) -> None:
    html = many(count)[which].to_html(max_rows=most)
    assert html.count('<th scope="row"') == most
    assert left in html
    assert ("which are not shown" in html) is bool(left)


def test_a_long_list_is_shorter_still_in_a_terminal() -> None:
    for shown in many(1000):
        lines = pretty(shown).splitlines()
        assert "... and 980 more" in lines[-2:]


def test_of_a_long_list_only_what_is_shown_becomes_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is what makes 10,000 accounts as quick to show as 100."""
    made = []
    to_row = Connection.to_row

    def counting(account: Connection, *, now: datetime | None = None) -> object:
        made.append(account)
        return to_row(account, now=now)

    monkeypatch.setattr(Connection, "to_row", counting)
    for shown in many(10_000)[:3]:
        made.clear()
        shown._repr_html_()
        assert len(made) == 100


def test_users_who_failed_are_named_beside_the_others() -> None:
    html = UserConnectionsList([SUCCEEDED, FAILED]).to_html(now=NOW)
    for part in ("2 users, 1 account", "1 of 2 users failed: HTTP 503", "z@e.org", ">u2<"):
        assert part in html
    assert "HTTP 503: Service unavailable" in html


def test_a_live_check_tells_what_the_platform_said() -> None:
    test = ConnectionTest(
        platform_id="x-1",
        status="error",
        username="@zoe",
        message="Token was revoked",
        permissions=("read", "write"),
        token_expires_in="7d 3h",
        last_successful_post=NOW - 2 * DAY,
        last_error=LastError(message="Gone", occurred_at=NOW - 3 * DAY),
    )
    rows = [
        (Cell("Result"), Cell("✗ error", "Token was revoked", "bad")),
        (Cell("Handle"), Cell("@zoe")),
        (Cell("Permissions"), Cell("read, write")),
        (Cell("Expires in"), Cell("7d 3h")),
        (Cell("Last post"), moment(NOW - 2 * DAY, NOW)),
        (Cell("Last error"), Cell("Gone", "3 days ago")),
    ]
    assert test.to_html(now=NOW) == render(Table("test of x-1", rows=rows))


def test_a_repr_stays_one_line_that_names_nobody() -> None:
    assert repr(ManagedUserList([ManagedUser(id="u1", email="z@e.org")])) == (
        "<ManagedUserList of 1>"
    )
    assert repr(ACCOUNT).startswith("Connection(platform_id='x-1', ")
