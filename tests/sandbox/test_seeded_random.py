"""Random numbers that depend on nothing but the seed."""

import string
from collections import Counter

import pytest

from publora_async.sandbox._seeded_random import SeededRandom


def test_the_numbers_are_the_same_on_every_python() -> None:
    random = SeededRandom("life", 0, 7)
    assert [random.below(100) for _ in range(5)] == [33, 18, 55, 43, 57]
    assert random.pick(["a", "b", "c"]) == "a"
    assert random.text(string.ascii_lowercase, 8) == "qwgvzslp"


@pytest.mark.parametrize("other", [("life", 1, 7), ("link", 0, 7), ("life", 0, 70), ("life",)])
def test_another_seed_gives_other_numbers(other: tuple[object, ...]) -> None:
    assert SeededRandom(*other).below(2**64) != SeededRandom("life", 0, 7).below(2**64)


def test_every_number_below_the_limit_comes_about_as_often() -> None:
    drawn = Counter(SeededRandom(seed).below(4) for seed in range(4000))
    assert sorted(drawn) == [0, 1, 2, 3]
    assert all(900 < times < 1100 for times in drawn.values())
