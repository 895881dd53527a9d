"""Counts, times, health and widths in words."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import pytest

from publora_async._display.words import (
    NOTHING,
    Cell,
    Table,
    card,
    counted,
    cut,
    distance,
    health,
    moment,
    number_of,
    width,
)

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "no users"), (1, "1 user"), (2, "2 users"), (2000, "2,000 users")],
)
def test_things_are_counted_as_people_do(count: int, said: str) -> None:
    assert number_of(count, "user") == said


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        ("", "no accounts"),
        ("valid", "1 account: 1 valid"),
        (
            "revoked expired valid unknown expiring_soon valid held_back",
            ("7 accounts: 2 valid, 1 expiring soon, 1 expired, 1 held back, 1 revoked, 1 unknown"),
        ),
    ],
)
def test_accounts_are_counted_by_health_from_good_to_bad(statuses: str, said: str) -> None:
    assert counted(Counter(statuses.split())) == said


@pytest.mark.parametrize(
    ("status", "cell"),
    [
        ("valid", Cell("✓ valid", "", "good")),
        ("expiring_soon", Cell("! expiring soon", "", "soon")),
        ("expired", Cell("✗ expired", "", "bad")),
        ("unknown", Cell("? unknown", "", "unsure")),
        ("put_on_hold", Cell("? put on hold", "", "unsure")),
    ],
)
def test_health_has_a_mark_and_a_word_beside_its_colour(status: str, cell: Cell) -> None:
    assert health(status) == cell


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(days=6, hours=23), "in 6 days"),
        (timedelta(days=-12), "12 days ago"),
        (timedelta(days=800), "in 2 years"),
        (timedelta(days=2_000_000), "in 5,475 years"),
        (timedelta(hours=47), "in 47 hours"),
        (timedelta(minutes=-119), "119 min ago"),
        (timedelta(seconds=5), "in 0 min"),
        (timedelta(0), "in 0 min"),
    ],
)
def test_a_distance_is_told_in_the_largest_unit_of_which_there_are_two(
    span: timedelta, said: str
) -> None:
    assert distance(span) == said


def test_a_time_is_its_day_in_utc_and_how_far_off_it_is() -> None:
    here = timezone(timedelta(hours=5, minutes=30))
    assert moment(datetime(2026, 10, 9, 1, tzinfo=here), NOW) == Cell(
        "2026-10-08", "in 7 days", title="2026-10-08 19:30 UTC"
    )
    assert moment(datetime(1, 1, 1, tzinfo=UTC), NOW).text == "0001-01-01"
    assert moment(None, NOW) == Cell(NOTHING)


def test_a_card_leaves_out_what_says_nothing() -> None:
    cells = {"Name": Cell("Zoë"), "Role": Cell(""), "Expires": Cell(NOTHING)}
    assert card("user", cells) == Table("user", rows=[(Cell("Name"), Cell("Zoë"))])


@pytest.mark.parametrize(
    ("text", "taken"),
    [("abc", 3), ("Zoë", 3), ("Zoe\u0308", 3), ("東京", 4), ("ｱ", 1), ("🥐", 2), ("a\u200fb", 2)],
)
def test_the_width_of_a_text_is_what_a_terminal_gives_it(text: str, taken: int) -> None:
    assert width(text) == taken


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("abcdefgh", "abcdefgh"),
        ("abcdefghi", "abcdefg…"),
        ("abcdef  hij", "abcdef…"),
        ("東京東京", "東京東京"),
        ("東京東京東", "東京東…"),
        ("ab👩\u200d👩\u200d👧\u200d👦", "ab👩\u200d👩…"),
        ("a" + "\u0301" * 300, "a" + "\u0301" * 63 + "…"),
        ("x" * 5_000_000, "xxxxxxx…"),
        ("a\nb\tc\x1b", "a\ufffdb\ufffdc\ufffd"),
        ("a\u202egpj", "a\ufffdgpj"),
        ("a\ud83d", "a\ufffd"),
        ("\u200fשלם", "\u200fשלם"),
    ],
)
def test_a_long_text_is_cut_and_nothing_in_it_breaks_a_line_or_turns_it_round(
    text: str, shown: str
) -> None:
    assert cut(text, 8) == shown
