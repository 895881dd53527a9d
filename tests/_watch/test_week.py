"""A week of changes by a clock that jumps, with failures, and with a watch that is killed."""

import sys

import pytest
from capabilities import needs_kill

from benchmarks.watching import week
from benchmarks.watching._check import Told, check
from benchmarks.watching._plan import HOUR, START, Expected, Size


@needs_kill
@pytest.mark.timeout(300)
def test_each_change_of_a_week_is_told_once_and_nothing_else() -> None:
    # Another week on each CPython.
    said = week.run(Size(users=1000, changes=200, kills=4, seed=sys.version_info.minor))
    assert said.startswith("1,000 users")


def told(kind: str, hours: float, name: str = "1") -> Told:
    return Told(START + hours * HOUR, name, kind, "u", "x")


@pytest.mark.parametrize(
    ("log", "received", "said"),
    [
        ([], [], "it was not told as it happened"),
        ([told("gone", 3)], [told("gone", 3)], "it was not told as it happened"),
        ([told("broke", 3)], [], "an event was not received"),
        ([told("broke", 3)], [told("broke", 14)], "broke was told after 13:00:00"),
        ([told("broke", 3)], [told("broke", 0)], "broke was told after -1 day"),
        ([told("broke", 3)] * 2, [told("broke", 3)], "it was not told as it happened"),
    ],
)
def test_what_is_wrong_is_found(log: list[Told], received: list[Told], said: str) -> None:
    expected = Expected([("broke", START + HOUR)])
    with pytest.raises(AssertionError, match=f"u x: {said}(.|\n)*happened: broke Mon 01:00"):
        check({("u", "x"): expected}, log, received)


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (["broke"], "its recovery was not told last"),
        (["recovered", "broke", "recovered"], "it did not break and recover in turn"),
        (["broke", "broke", "recovered"], "it did not break and recover in turn"),
        (["broke", "flapping", "flapping", "recovered"], "told of more often than once"),
        (["broke", "recovered"] * 3, "it was not told that it flaps"),
    ],
)
def test_what_is_wrong_with_what_flaps_is_found(kinds: list[str], said: str) -> None:
    log = [told(kind, 3, str(number)) for number, kind in enumerate(kinds)]
    with pytest.raises(AssertionError, match=said):
        check({("u", "x"): Expected(flaps=True)}, log, log)


def test_what_flaps_is_right_where_it_is_told_once_and_then_how_it_is() -> None:
    kinds = [*["broke", "recovered"] * 2, "flapping", "recovered"]
    log = [told(kind, 3 + number, str(number)) for number, kind in enumerate(kinds)]
    check({("u", "x"): Expected(flaps=True)}, log, log)
