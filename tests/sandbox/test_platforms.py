"""The platforms: what account ids look like on each, and that no two are the same."""

import re

import pytest
from sandbox_calls import PLATFORM_IDS

from publora_async.sandbox._platforms import PLATFORMS
from publora_async.sandbox._seeded_random import SeededRandom


def test_there_are_these_platforms() -> None:
    assert PLATFORMS.keys() == PLATFORM_IDS.keys()
    assert all(name == platform.name for name, platform in PLATFORMS.items())


@pytest.mark.parametrize("name", PLATFORMS)
def test_account_ids_look_like_the_platforms_own_and_differ(name: str) -> None:
    ids = [PLATFORMS[name].account_id(SeededRandom(number), number) for number in range(1000)]
    assert [found for found in ids if not re.fullmatch(PLATFORM_IDS[name], found)] == []
    assert len(set(ids)) == 1000


def test_telegrams_short_ids_differ_however_many_there_are() -> None:
    """Drawn at random, two of them would nearly always be the same."""
    telegram, random = PLATFORMS["telegram"], SeededRandom()
    assert len({telegram.account_id(random, number) for number in range(200_000)}) == 200_000
