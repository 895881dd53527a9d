"""A week of changes by a clock that jumps, with failures, and with a watch that is killed."""

import sys

import pytest
from capabilities import needs_kill

from benchmarks.watching import week
from benchmarks.watching._plan import START, Expected, Size


@needs_kill
@pytest.mark.timeout(300)
def test_each_change_of_a_week_is_told_once_and_nothing_else() -> None:
    # Another week on each CPython.
    said = week.run(Size(users=1000, changes=200, kills=4, seed=sys.version_info.minor))
    assert said.startswith("1,000 users")


def told(kind: str, hours: float, name: str = "1") -> week.Told:
    return week.Told(START + hours * week.HOUR, name, kind, "u", "x")


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
def test_what_is_wrong_is_found(log: list[week.Told], received: list[week.Told], said: str) -> None:
    expected = Expected([("broke", START + week.HOUR)])
    with pytest.raises(AssertionError, match=f"u x: {said}(.|\n)*happened: broke Mon 01:00"):
        week.check({("u", "x"): expected}, log, received)


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (["broke"], "it did not break and recover in turn"),
        (["recovered", "broke"], "it did not break and recover in turn"),
        (["broke", "recovered", "flapping", "flapping"], "told of more often than once"),
        (["broke", "recovered"] * 4, "told of more often than once"),
    ],
)
def test_what_is_wrong_with_what_flaps_is_found(kinds: list[str], said: str) -> None:
    log = [told(kind, 3, str(number)) for number, kind in enumerate(kinds)]
    with pytest.raises(AssertionError, match=said):
        week.check({("u", "x"): Expected(flaps=True)}, log, log)
