"""Which accounts there are at first, for a seed and a time."""

from datetime import datetime, timedelta

import pytest
from sandbox_calls import FIELDS, Ask, everything, listed, moment

from publora_async.sandbox import Sandbox
from publora_async.sandbox._data import initial_accounts

DATED = {"linkedin", "instagram", "threads", "tiktok", "pinterest"}
LASTING = {"twitter", "facebook", "mastodon"}
SEEDS = range(5)


async def test_the_accounts_own_connections_are_these(sandbox: Sandbox, ask: Ask) -> None:
    assert [
        (
            found["platformId"].partition("-")[0],
            found["username"],
            found["tokenStatus"],
            found["tokenExpiresIn"],
        )
        for found in await listed(ask, sandbox)
    ] == [
        ("twitter", "@juniperlanebakery", "valid", None),
        ("twitter", "@juniperlanehelp", "valid", None),
        ("linkedin", "Juniper Lane Bakery", "valid", "41d 6h"),
        ("linkedin", "Amélie Besançon", "expired", "expired"),
        ("instagram", "juniperlanebakery", "expiring_soon", "6d 3h"),
        ("instagram", "juniperlane_tokyo", "expired", "7d 3h"),
        ("threads", "juniperlanebakery", "expiring_soon", "5h"),
        ("tiktok", "@juniperlanebakery", "expiring_soon", "20d 0h"),
        ("youtube", "@juniperlanebakery", "expired", None),
        ("facebook", "Juniper Lane Bakery", "valid", None),
        ("bluesky", None, "unknown", None),
        ("mastodon", "@juniperlanebakery@social.example", "valid", None),
        ("telegram", "@juniperlanebakery", "valid", None),
        ("telegram", None, "valid", None),
        ("pinterest", "juniperlanebakery", "expiring_soon", "< 1h"),
    ]


async def test_whatever_may_be_null_is_null_somewhere_in_the_account(
    sandbox: Sandbox, ask: Ask
) -> None:
    """And nothing else is."""
    found = await listed(ask, sandbox)
    nulls = {name for connection in found for name, value in connection.items() if value is None}
    assert nulls == {*FIELDS} - {"platformId", "tokenStatus"}


@pytest.mark.parametrize("seed", SEEDS)
async def test_managed_users_have_none_to_six_connections_each_on_another_platform(
    ask: Ask, now: datetime, seed: int
) -> None:
    async with Sandbox(users=7, seed=seed, now=now) as sandbox:
        found = [await listed(ask, sandbox, user_id) for user_id in sandbox.user_ids]
    assert sorted(map(len, found)) == [0, 1, 2, 3, 4, 5, 6]
    for connections in found:
        platforms = {c["platformId"].partition("-")[0] for c in connections}
        assert len(platforms) == len(connections)


def test_no_two_of_many_accounts_share_a_platform_id() -> None:
    ids = [a.platform_id for owner in (None, *range(5000)) for a in initial_accounts(0, owner)]
    assert len(ids) == len(set(ids)) > 15_000


def test_every_state_is_found_among_many_managed_users() -> None:
    states = {
        (account.platform in DATED, account.token_status(timedelta()))
        for owner in range(1000)
        for account in initial_accounts(0, owner)
    }
    assert states == {
        (True, "valid"),
        (True, "expiring_soon"),
        (True, "expired"),
        (False, "valid"),
        (False, "unknown"),
        (False, "expired"),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_accounts_on_x_facebook_and_mastodon_never_expire(seed: int) -> None:
    found = {
        (account.platform, account.token_left, account.token_status(timedelta(days=10_000)))
        for owner in (None, *range(500))
        for account in initial_accounts(seed, owner)
        if account.platform in LASTING
    }
    assert found == {(platform, None, "valid") for platform in LASTING}


@pytest.mark.parametrize("seed", range(14))
def test_the_first_managed_user_has_accounts_whatever_the_seed(seed: int) -> None:
    assert len(initial_accounts(seed, 0)) == 3


async def test_the_same_seed_and_time_give_the_same_data(ask: Ask, now: datetime) -> None:
    async with Sandbox(seed=7, now=now) as one, Sandbox(seed=7, now=now) as other:
        assert one.user_ids == other.user_ids
        assert await everything(ask, one) == await everything(ask, other)


async def test_another_seed_gives_other_data(ask: Ask, now: datetime) -> None:
    async with Sandbox(seed=7, now=now) as one, Sandbox(seed=8, now=now) as other:
        mine, theirs = await everything(ask, one), await everything(ask, other)
    assert not {c["platformId"] for c in mine} & {c["platformId"] for c in theirs}


async def test_another_time_moves_the_dates_and_nothing_else(ask: Ask, now: datetime) -> None:
    later = now + timedelta(days=100)
    async with Sandbox(now=now) as one, Sandbox(now=later) as other:
        before, after = await everything(ask, one), await everything(ask, other)
    for early, late in zip(before, after, strict=True):
        for name in ("accessTokenExpiresAt", "lastSuccessfulPost"):
            moved = early.pop(name), late.pop(name)
            assert moved == (None, None) or moment(moved[1]) - moment(moved[0]) == later - now
        if early["lastError"]:
            early["lastError"].pop("occurredAt")
            late["lastError"].pop("occurredAt")
        assert early == late
