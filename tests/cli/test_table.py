"""How accounts look: in words, on terminals wide and narrow."""

import io
import sys
from datetime import UTC, datetime, timedelta

import pytest
from command import in_terminal
from rich.text import Text

from publora_async import Connection, TokenStatus
from publora_sync.cli._table import (
    AccountRow,
    account_row,
    accounts_to_table,
    accounts_to_text,
    rows_to_table,
)

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)

ACCOUNTS = [
    account_row(
        Connection(
            platform_id="instagram-17841412345678",
            username="juniperlane_tokyo",
            display_name="ジュニパーレーン 東京",
            access_token_expires_at=NOW + timedelta(days=41),
        ),
        NOW,
        soon=False,
    ),
    account_row(
        Connection(
            platform_id="youtube-UC1HPxNFAb7A7ozOsasZVdpg",
            username="[bold red]x",
            token_status=TokenStatus.EXPIRED,
        ),
        NOW,
        soon=False,
    ),
    account_row(
        Connection(
            platform_id="bluesky-did:plc:ikl3h6mxohgolkgbgmdtbcdo",
            token_status=TokenStatus.UNKNOWN,
        ),
        NOW,
        soon=False,
    ),
]


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make stdout pass for a terminal of colours, whatever it is."""
    for name in ("NO_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")


def table(monkeypatch: pytest.MonkeyPatch, width: int) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    shown = Text.from_ansi(accounts_to_table(ACCOUNTS)).plain
    return [line.rstrip() for line in shown.splitlines()]


def test_a_wide_terminal_shows_an_account_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    head, rule, *rows = table(monkeypatch, 140)
    assert head == (
        "Platform   Handle             Name                   "
        "Platform id                               Health             Expires"
    )
    assert set(rule) == {"─"}  # rich before 14 draws it one longer
    assert rows == [
        (
            "instagram  juniperlane_tokyo  ジュニパーレーン 東京  "
            "instagram-17841412345678                  ✓ healthy          2026-11-11"
        ),
        (
            "youtube    [bold red]x        -                      "
            "youtube-UC1HPxNFAb7A7ozOsasZVdpg          ✗ needs reconnect  -"
        ),
        (
            "bluesky    -                  -                      "
            "bluesky-did:plc:ikl3h6mxohgolkgbgmdtbcdo  ? unknown          -"
        ),
    ]


def test_a_narrow_terminal_shows_an_account_on_two_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert table(monkeypatch, 80) == [
        "Health             Account",
        "─" * 59,
        "✓ healthy          juniperlane_tokyo  ジュニパーレーン 東京",
        "  2026-11-11       instagram-17841412345678",
        "✗ needs reconnect  [bold red]x",
        "                   youtube-UC1HPxNFAb7A7ozOsasZVdpg",
        "? unknown          -",
        "                   bluesky-did:plc:ikl3h6mxohgolkgbgmdtbcdo",
    ]


def test_a_very_narrow_terminal_cuts_nothing_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert table(monkeypatch, 40)[3:] == [
        "                   ジュニパーレーン 東京",
        "  2026-11-11       instagram-17841412345",
        "                   678",
        "✗ needs reconnect  [bold red]x",
        "                   youtube-UC1HPxNFAb7A7",
        "                   ozOsasZVdpg",
        "? unknown          -",
        "                   bluesky-did:plc:ikl3h",
        "                   6mxohgolkgbgmdtbcdo",
    ]


def test_health_is_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    shown = accounts_to_table(ACCOUNTS)
    assert "\x1b[32m✓ healthy" in shown
    assert "\x1b[1;31m✗ needs reconnect" in shown


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in accounts_to_table(ACCOUNTS)


def test_wide_characters_are_aligned_in_plain_text_too() -> None:
    assert accounts_to_text(ACCOUNTS[:2]) == (
        "PLATFORM   HANDLE             NAME                   "
        "PLATFORM ID                       HEALTH           EXPIRES\n"
        "instagram  juniperlane_tokyo  ジュニパーレーン 東京  "
        "instagram-17841412345678          healthy          2026-11-11\n"
        "youtube    [bold red]x        -                      "
        "youtube-UC1HPxNFAb7A7ozOsasZVdpg  needs reconnect  -\n"
    )


def owned() -> list[AccountRow]:
    return [
        account._replace(user_id=f"user{number}")
        for number, account in zip("112", ACCOUNTS, strict=True)
    ]


def test_a_wide_table_puts_each_users_accounts_under_the_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    lines = Text.from_ansi(accounts_to_table(owned())).plain.splitlines()
    assert [line.split()[0] for line in lines[2:]] == [
        *("user1", "instagram", "youtube", "user2", "bluesky")
    ]


def test_a_narrow_table_does_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = Text.from_ansi(accounts_to_table(owned())).plain.splitlines()
    assert [line.split()[0] for line in lines[2:]] == [
        *("user1", "✓", "2026-11-11", "✗", "youtube-UC1HPxNFAb7A7ozOsasZVdpg"),
        *("user2", "?", "bluesky-did:plc:ikl3h6mxohgolkgbgmdtbcdo"),
    ]


def test_a_name_goes_on_below_only_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    account = account_row(
        Connection(platform_id="x-1", username="h", display_name="Søren Bjørnstad"),
        NOW,
        soon=False,
    )
    widths = {}
    for width in range(40, 70):
        monkeypatch.setenv("COLUMNS", str(width))
        header, _, *lines = Text.from_ansi(accounts_to_table([account])).plain.splitlines()
        widths[width] = header.split()[0], len(lines)
        assert "…" not in "".join(lines)
    # At first too narrow for the longest word, then for both words, then wide enough.
    assert list(dict.fromkeys(widths.values())) == [
        ("Health", 2),
        ("Platform", 2),
        ("Platform", 1),
    ]


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=400), "expires in 400 days"),
        (timedelta(days=2), "expires in 2 days"),
        (timedelta(days=2, seconds=-1), "expires in 47 hours"),
        (timedelta(hours=2), "expires in 2 hours"),
        (timedelta(hours=2, seconds=-1), "expires in 119 min"),
        (timedelta(seconds=59), "expires in 0 min"),
        (timedelta(0), "expires soon"),
        (None, "expires soon"),
    ],
)
def test_the_time_left_is_told_in_the_unit_that_suits(left: timedelta | None, words: str) -> None:
    date = None if left is None else NOW + left
    account = Connection(platform_id="tiktok-1", access_token_expires_at=date)
    shown = account_row(account, NOW, soon=True)
    assert (shown.mark, shown.health) == ("!", words)


def test_a_status_that_is_not_known_yet_is_shown_as_it_is() -> None:
    account = Connection(platform_id="vk-1", token_status="being_\x1breviewed")
    assert account_row(account, NOW, soon=False) == AccountRow(
        platform="vk",
        handle="-",
        name="-",
        platform_id="vk-1",
        health=r"being \x1breviewed",
        expires="-",
        mark="?",
        style="dim",
    )


def test_a_narrow_terminal_cuts_nothing_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    shown = rows_to_table(["ID", "EMAIL"], [["0123456789", "somebody@example.com"]])
    assert "…" not in shown


def test_a_terminal_gets_a_coloured_table() -> None:
    with in_terminal("connections", "--sandbox", "--platform", "linkedin") as process:
        shown, _ = process.communicate()
    assert process.returncode == 0
    assert "\x1b[32m✓ healthy" in shown
    assert "\x1b[1;31m✗ needs reconnect" in shown
    assert "───" in shown
