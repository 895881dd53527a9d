"""How tables look on terminals wide and narrow, and off a terminal."""

import io
import sys

import pytest
from command import in_terminal
from rich.text import Text

from publora_sync.cli._table import Cell, Column, Row, to_lines, to_table, to_text

COLUMNS = [
    Column("PLATFORM", dropped=2),
    Column("HANDLE", least=8, folds=True),
    Column("NAME", least=10, dropped=1, into="HANDLE"),
    Column("ID"),
    Column("STATUS"),
]


def row(platform: str, handle: str, name: str, status: Cell, group: str = "") -> Row:
    cells = [*map(Cell, (platform, handle, name, f"{platform}-0123456789")), status]
    return Row(cells, group)


ROWS = [
    row("instagram", "juniperlane_tokyo", "ジュニパーレーン 東京", Cell("valid", "green", "✓")),
    row("youtube", "[bold red]x", "", Cell("expired", "bold red", "✗")),
    row("bluesky", "", "Juniper Lane", Cell("unknown", "dim", "?")),
]


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make stdout pass for a terminal of colours, whatever it is."""
    for name in ("NO_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")


def table(monkeypatch: pytest.MonkeyPatch, width: int, rows: list[Row] = ROWS) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    shown = Text.from_ansi(to_table(COLUMNS, rows)).plain
    return [line.rstrip() for line in shown.splitlines()]


def test_a_wide_terminal_shows_a_row_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    head, rule, *rows = table(monkeypatch, 100)
    assert head == (
        "Platform   Handle             Name                   Id                    Status"
    )
    assert set(rule) == {"─"}
    assert rows == [
        ("instagram  juniperlane_tokyo  ジュニパーレーン 東京  instagram-0123456789  ✓ valid"),
        "youtube    [bold red]x        -                      youtube-0123456789    ✗ expired",
        "bluesky    -                  Juniper Lane           bluesky-0123456789    ? unknown",
    ]


def test_then_names_go_on_below_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert table(monkeypatch, 80)[2:] == [
        "instagram  juniperlane_tokyo  ジュニパーレーン   instagram-0123456789  ✓ valid",
        "                              東京",
        "youtube    [bold red]x        -                  youtube-0123456789    ✗ expired",
        "bluesky    -                  Juniper Lane       bluesky-0123456789    ? unknown",
    ]


def test_then_handles_do_so_between_any_two_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    assert table(monkeypatch, 71)[2:] == [
        "instagram  juniperla  ジュニパーレーン  instagram-0123456789  ✓ valid",
        "           ne_tokyo   東京",
        "youtube    [bold      -                 youtube-0123456789    ✗ expired",
        "           red]x",
        "bluesky    -          Juniper Lane      bluesky-0123456789    ? unknown",
    ]


def test_then_columns_are_left_out_in_their_order_and_names_stand_in_for_handles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert table(monkeypatch, 61) == [
        "Platform   Handle             Id                    Status",
        "─" * 61,
        "instagram  juniperlane_tokyo  instagram-0123456789  ✓ valid",
        "youtube    [bold red]x        youtube-0123456789    ✗ expired",
        "bluesky    Juniper Lane       bluesky-0123456789    ? unknown",
    ]
    assert table(monkeypatch, 50)[0] == "Handle             Id                    Status"


def test_a_narrow_terminal_shows_a_row_on_several_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert table(monkeypatch, 40) == [
        "✓ valid  instagram  juniperlane_tokyo",
        "    ジュニパーレーン 東京",
        "    instagram-0123456789",
        "✗ expired  youtube  [bold red]x",
        "    youtube-0123456789",
        "? unknown  bluesky  Juniper Lane",
        "    bluesky-0123456789",
    ]


def test_an_id_is_never_cut_in_two(monkeypatch: pytest.MonkeyPatch) -> None:
    for width in range(5, 120):
        assert "instagram-0123456789" in "\n".join(table(monkeypatch, width))


def test_names_of_several_words_end_a_very_narrow_line_between_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert table(monkeypatch, 20)[2:4] == ["    ジュニパーレーン", "    東京"]


def test_a_name_that_is_the_handle_is_told_once_on_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    same = [row("linkedin", "Ann Lee", "Ann Lee", Cell("valid", "green", "✓"))]
    assert table(monkeypatch, 30, same) == [
        "✓ valid  linkedin  Ann Lee",
        "    linkedin-0123456789",
    ]


def test_statuses_are_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    for width in ("100", "40"):
        monkeypatch.setenv("COLUMNS", width)
        shown = to_table(COLUMNS, ROWS)
        assert "\x1b[32m✓ valid" in shown
        assert "\x1b[1;31m✗ expired" in shown


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in to_table(COLUMNS, ROWS)


def test_wide_characters_are_aligned_in_plain_text_too() -> None:
    assert to_text(COLUMNS, ROWS[:2]) == (
        "PLATFORM   HANDLE             NAME                   ID                    STATUS\n"
        "instagram  juniperlane_tokyo  ジュニパーレーン 東京  instagram-0123456789  valid\n"
        "youtube    [bold red]x        -                      youtube-0123456789    expired\n"
    )


@pytest.mark.parametrize("width", [100, 40])
def test_rows_of_one_group_stand_below_it(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    grouped = [one._replace(group=group) for one, group in zip(ROWS, "112", strict=True)]
    lines = table(monkeypatch, width, [one._replace(group=f"user{one.group}") for one in grouped])
    assert [line for line in lines if line.startswith("user")] == ["user1", "user2"]
    assert lines[-3 if width == 40 else -2] == "user2"


def test_titles_and_values_are_aligned_and_a_terminal_gets_colours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = [("STATUS", Cell("ok", "green", "✓")), ("LAST POST", Cell("today"))]
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert to_lines(parts) == "STATUS     ok\nLAST POST  today\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    shown = to_lines(parts)
    assert "\x1b[32m✓ ok" in shown
    assert [line.split() for line in Text.from_ansi(shown).plain.splitlines()] == [
        ["Status", "✓", "ok"],
        ["Last", "post", "today"],
    ]


def test_a_terminal_gets_a_coloured_table() -> None:
    with in_terminal("connections", "--sandbox", "--platform", "linkedin") as process:
        shown, _ = process.communicate()
    assert process.returncode == 0
    assert "\x1b[32m✓ valid" in shown
    assert "\x1b[1;31m✗ expired" in shown
    assert "───" in shown
