"""Tables as aligned text, as wide as the terminal."""

import pytest

from publora_async._display.text import render
from publora_async._display.words import Cell, Table

TABLE = Table(
    "2 accounts: 1 valid, 1 expired",
    ("Account", "Health", "Platform", "Last error"),
    [
        (
            Cell("Juniper 東京", "@juniper"),
            Cell("✓ valid"),
            Cell("twitter", "twitter-1234567", brief="twitter-1234567"),
            Cell("-"),
        ),
        (
            Cell("Zoë"),
            Cell("✗ expired", "Publora says so"),
            Cell("telegram", "telegram--100", brief="telegram--100"),
            Cell("The user has withdrawn access", "4 days ago"),
        ),
    ],
    7,
    "1 of 3 users failed: HTTP 503",
)
WIDE = """\
2 accounts: 1 valid, 1 expired

ACCOUNT                  HEALTH                       PLATFORM                   LAST ERROR
Juniper 東京 (@juniper)  ✓ valid                      twitter (twitter-1234567)  -
Zoë                      ✗ expired (Publora says so)  telegram (telegram--100)   \
The user has withdrawn access (4 days ago)
... and 7 more
✗ 1 of 3 users failed: HTTP 503"""
BRIEF = """\
2 accounts: 1 valid, 1 expired

ACCOUNT       HEALTH     PLATFORM         LAST ERROR
Juniper 東京  ✓ valid    twitter-1234567  -
Zoë           ✗ expired  telegram--100    The user has withdrawn access
... and 7 more
✗ 1 of 3 users failed: HTTP 503"""
NARROW = """\
2 accounts: 1 valid, 1 expired

ACCOUNT       HEALTH     PLATFORM
Juniper 東京  ✓ valid    twitter-1234567
Zoë           ✗ expired  telegram--100
... and 7 more
✗ 1 of 3 users failed: HTTP 503"""
TINY = """\
2 accounts: 1 valid, 1 expired

ACCOUNT   HEALTH    PLATFORM
Juniper…  ✓ valid   twitter…
Zoë       ✗ expir…  telegra…
... and 7 more
✗ 1 of 3 users failed: HTTP 503"""


@pytest.mark.parametrize(
    ("columns", "lines"), [(140, WIDE), (80, BRIEF), (50, NARROW), (28, TINY), (10, TINY)]
)
def test_a_narrow_terminal_is_told_less(columns: int, lines: str) -> None:
    assert render(TABLE, columns) == lines


def test_it_is_as_wide_as_the_terminal_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    assert render(TABLE) == NARROW


def test_a_card_tells_everything_whatever_the_width() -> None:
    rows = [(Cell("Name"), Cell("Zoë", "zoe@example.com")), (Cell("Posts left"), Cell("5"))]
    assert render(Table("user", rows=rows), 60) == (
        "user\n\nName        Zoë (zoe@example.com)\nPosts left  5"
    )


def test_without_rows_there_is_the_caption_alone() -> None:
    assert render(Table("no accounts", ("Account",))) == "no accounts"


def test_nothing_reaches_a_terminal_that_it_would_obey_or_that_turns_text_round() -> None:
    name = "a\x1b[31m\u202eb\u2066c\x07\nd\ud83d"
    assert render(Table(name, rows=[(Cell(name), Cell(name, name))]), 200) == (
        r"a\x1b[31m\u202eb\u2066c\x07\nd\ud83d"
        "\n\n"
        r"a\x1b[31m\u202eb\u2066c\x07\nd\ud83d  "
        r"a\x1b[31m\u202eb\u2066c\x07\nd\ud83d (a\x1b[31m\u202eb\u2066c\x07\nd\ud83d)"
    )
