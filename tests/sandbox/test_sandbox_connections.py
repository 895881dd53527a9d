"""Which connections there are, and how they are listed and tested."""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from publora_async.sandbox import Sandbox
from publora_async.sandbox._data import initial_accounts

Ask = Callable[..., Awaitable[tuple[int, Any]]]
Found = list[dict[str, Any]]

LIST = ("GET", "/platform-connections")
PLATFORM_IDS = {
    "twitter": r"1\d{18}",
    "linkedin": r"[A-Za-z0-9]{10}",
    "instagram": r"1784\d{13}",
    "threads": r"1784\d{13}",
    "tiktok": r"7\d{18}",
    "youtube": r"UC[A-Za-z0-9_-]{22}",
    "facebook": r"1\d{14}",
    "bluesky": r"did:plc:[a-z2-7]{24}",
    "mastodon": r"1\d{17}",
    "telegram": r"-100\d{10}",
    "pinterest": r"5\d{17}",
}
FIELDS = [
    "platformId",
    "username",
    "displayName",
    "profileImageUrl",
    "profileUrl",
    "accessTokenExpiresAt",
    "tokenStatus",
    "tokenExpiresIn",
    "lastSuccessfulPost",
    "lastError",
    "subscriptionType",
]
DATED = {"linkedin", "instagram", "threads", "tiktok", "facebook", "pinterest"}
SEEDS = range(5)


async def listed(ask: Ask, sandbox: Sandbox, user_id: str | None = None) -> Found:
    status, body = await ask(sandbox, *LIST, user_id=user_id)
    assert (status, body["success"], list(body)) == (200, True, ["success", "connections"])
    connections: Found = body["connections"]
    return connections


async def everything(ask: Ask, sandbox: Sandbox) -> Found:
    """Whatever is connected to the account and to its managed users."""
    owners = [None, *sandbox.user_ids]
    return [found for owner in owners for found in await listed(ask, sandbox, owner)]


def moment(text: str) -> datetime:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    return datetime.fromisoformat(text)


def in_words(left: timedelta) -> str:
    """How the service words a time left, worked out another way than the sandbox does."""
    hours = int(left.total_seconds() // 3600)
    if left <= timedelta():
        return "expired"
    if hours < 24:
        return f"{hours}h" if hours else "< 1h"
    return f"{hours // 24}d {hours % 24}h"


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
        ("instagram", "juniperlane_tokyo", "valid", "7d 3h"),
        ("threads", "juniperlanebakery", "expiring_soon", "5h"),
        ("tiktok", "@juniperlanebakery", "expiring_soon", "20d 0h"),
        ("youtube", "@juniperlanebakery", "expired", None),
        ("facebook", "Juniper Lane Bakery", "expired", "52d 9h"),
        ("bluesky", "juniperlanebakery.example.com", "valid", None),
        ("mastodon", "@juniperlanebakery@social.example", "unknown", None),
        ("telegram", "@juniperlanebakery", "valid", None),
        ("telegram", None, "valid", None),
        ("pinterest", "juniperlanebakery", "expiring_soon", "< 1h"),
    ]


async def test_a_connection_is_told_in_full(sandbox: Sandbox, ask: Ask) -> None:
    found = (await listed(ask, sandbox))[3]
    assert found == {
        "platformId": found["platformId"],
        "username": "Amélie Besançon",
        "displayName": "Amélie Besançon",
        "profileImageUrl": "https://images.example/linkedin/juniperlanebakery.jpg",
        "profileUrl": "https://linkedin.example/juniperlanebakery",
        "accessTokenExpiresAt": "2026-09-19T12:00:00.000Z",
        "tokenStatus": "expired",
        "tokenExpiresIn": "expired",
        "lastSuccessfulPost": "2026-09-18T12:00:00.000Z",
        "lastError": {
            "message": "Access token has expired",
            "occurredAt": "2026-09-20T12:00:00.000Z",
        },
        "subscriptionType": None,
    }


async def test_whatever_may_be_null_is_null_somewhere_in_the_account(
    sandbox: Sandbox, ask: Ask
) -> None:
    """And nothing else is."""
    found = await listed(ask, sandbox)
    nulls = {name for connection in found for name, value in connection.items() if value is None}
    assert nulls == {*FIELDS} - {"platformId", "tokenStatus"}


@pytest.mark.parametrize("seed", SEEDS)
async def test_fields_ids_and_token_states_are_as_documented(
    ask: Ask, now: datetime, seed: int
) -> None:
    async with Sandbox(users=21, seed=seed, now=now) as sandbox:
        found = await everything(ask, sandbox)
    for connection in found:
        platform, _, account_id = connection["platformId"].partition("-")
        assert list(connection) == FIELDS
        assert re.fullmatch(PLATFORM_IDS[platform], account_id)
        expires_at, status = connection["accessTokenExpiresAt"], connection["tokenStatus"]
        left = expires_at and moment(expires_at) - now
        assert connection["tokenExpiresIn"] == (left and in_words(left))
        soon = timedelta(days=30 if platform == "tiktok" else 7)
        if left is None:
            assert status in {"valid", "unknown", "expired"}
        elif status == "expired":
            withdrawn = {"message": "The user has withdrawn access to the application"}
            assert left <= timedelta() or connection["lastError"].items() >= withdrawn.items()
        else:
            assert status == ("expiring_soon" if timedelta() < left < soon else "valid")
            assert left > timedelta()
        for past in (
            connection["lastSuccessfulPost"],
            (connection["lastError"] or {}).get("occurredAt"),
        ):
            assert past is None or moment(past) <= now


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
        (account.platform in DATED, account.token_status)
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


async def test_the_contracts_form_has_five_fields_and_no_null_but_the_date(
    ask: Ask, now: datetime
) -> None:
    async with (
        Sandbox(users=20, now=now, form="contract") as contract,
        Sandbox(users=20, now=now) as today,
    ):
        short, full = await everything(ask, contract), await everything(ask, today)
    unnamed = {None: "https://images.example/none.png"}
    assert short == [
        {
            "platformId": c["platformId"],
            "username": c["username"] or c["displayName"],
            "displayName": c["displayName"] or c["username"],
            "profileImageUrl": unnamed.get(c["profileImageUrl"], c["profileImageUrl"]),
            "accessTokenExpiresAt": c["accessTokenExpiresAt"],
        }
        for c in full
    ]
    assert all(value for c in short for name, value in c.items() if name != "accessTokenExpiresAt")


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


async def test_a_connection_in_good_order_tests_ok(sandbox: Sandbox, ask: Ask) -> None:
    found = (await listed(ask, sandbox))[0]
    assert await ask(sandbox, "POST", f"/test-connection/{found['platformId']}") == (
        200,
        {
            "platform": "twitter",
            "platformId": found["platformId"],
            "username": "@juniperlanebakery",
            "status": "ok",
            "message": "Connection is working",
            "permissions": ["tweet.read", "tweet.write", "users.read", "media.write"],
            "tokenExpiresIn": None,
            "lastSuccessfulPost": "2026-10-01T09:00:00.000Z",
            "lastError": None,
        },
    )


async def test_every_connection_tests_as_its_token_status_says(sandbox: Sandbox, ask: Ask) -> None:
    for owner in (None, *sandbox.user_ids):
        for found in await listed(ask, sandbox, owner):
            path = f"/test-connection/{quote(found['platformId'], safe='')}"
            status, test = await ask(sandbox, "POST", path, user_id=owner)
            working = found["tokenStatus"] != "expired"
            assert (status, test["status"]) == (200, "ok" if working else "error")
            assert bool(test["permissions"]) == working
            shared = ("platformId", "username", "tokenExpiresIn", "lastSuccessfulPost", "lastError")
            assert [test[name] for name in shared] == [found[name] for name in shared]


@pytest.mark.parametrize(
    ("at", "message"),
    [
        (3, "Access token has expired. Reconnect the account."),
        (8, "Access was revoked on the platform. Reconnect the account."),
    ],
)
async def test_a_failing_test_says_why(sandbox: Sandbox, ask: Ask, at: int, message: str) -> None:
    found = (await listed(ask, sandbox))[at]
    _, test = await ask(sandbox, "POST", f"/test-connection/{found['platformId']}")
    assert (test["status"], test["message"], test["permissions"]) == ("error", message, [])


async def test_somebody_elses_connection_is_not_found(sandbox: Sandbox, ask: Ask) -> None:
    own = (await listed(ask, sandbox))[0]["platformId"]
    assert await ask(sandbox, "POST", f"/test-connection/{own}", user_id=sandbox.user_ids[0]) == (
        404,
        {"error": "Connection not found"},
    )


@pytest.mark.parametrize(
    ("platform_id", "status", "error"),
    [
        ("twitter", 400, "Invalid platformId format"),
        ("twitter-", 400, "Invalid platformId format"),
        ("-123", 400, "Invalid platformId format"),
        ("Twitter-1", 400, "Invalid platformId format"),
        ("twitter-1%202", 400, "Invalid platformId format"),
        ("twitter-1%2F2", 400, "Invalid platformId format"),
        ("twitter-1%3F", 400, "Invalid platformId format"),
        ("twitter-1%00", 400, "Invalid platformId format"),
        ("twitter-1", 404, "Connection not found"),
        ("bluesky-did%3Aplc%3Aabc", 404, "Connection not found"),
        ("new1-%C3%A9", 404, "Connection not found"),
        ("twitter-1/2", 404, "Not found"),
    ],
)
async def test_an_id_is_judged_by_its_form_then_looked_for(
    sandbox: Sandbox, ask: Ask, platform_id: str, status: int, error: str
) -> None:
    assert await ask(sandbox, "POST", f"/test-connection/{platform_id}") == (
        status,
        {"error": error},
    )


async def test_an_account_connected_now_shows_in_the_next_listing(
    sandbox: Sandbox, ask: Ask
) -> None:
    user_id = sandbox.user_ids[0]
    before = await listed(ask, sandbox, user_id)
    platform_id = sandbox.connect("telegram", user_id=user_id)
    after = await listed(ask, sandbox, user_id)
    assert after[:-1] == before
    assert (
        after[-1].items()
        >= {
            "platformId": platform_id,
            "tokenStatus": "valid",
            "lastSuccessfulPost": None,
        }.items()
    )


@pytest.mark.parametrize("whose", ["the account's", "a managed user's"])
async def test_an_account_can_show_after_some_more_polls(
    sandbox: Sandbox, ask: Ask, whose: str
) -> None:
    user_id = None if whose == "the account's" else sandbox.user_ids[0]
    platform_id = sandbox.connect("mastodon", user_id=user_id, after_polls=2)
    path = f"/test-connection/{platform_id}"
    shown = []
    for _ in range(4):
        tested = await ask(sandbox, "POST", path, user_id=user_id)
        ids = [c["platformId"] for c in await listed(ask, sandbox, user_id)]
        shown.append((tested[0], platform_id in ids))
    assert shown == [(404, False), (404, False), (200, True), (200, True)]


async def test_polls_of_others_bring_it_no_nearer(sandbox: Sandbox, ask: Ask) -> None:
    platform_id = sandbox.connect("mastodon", user_id=sandbox.user_ids[0], after_polls=1)
    await listed(ask, sandbox)
    await listed(ask, sandbox, sandbox.user_ids[1])
    found = await listed(ask, sandbox, sandbox.user_ids[0])
    assert platform_id not in {c["platformId"] for c in found}


@pytest.mark.parametrize(
    ("platform", "at", "expires_in"),
    [("linkedin", 3, "60d 0h"), ("youtube", 8, None), ("facebook", 9, "60d 0h")],
)
async def test_connecting_renews_the_expired_account_of_that_platform(
    sandbox: Sandbox, ask: Ask, platform: str, at: int, expires_in: str | None
) -> None:
    before = await listed(ask, sandbox)
    platform_id = sandbox.connect(platform)
    after = await listed(ask, sandbox)
    assert platform_id == before[at]["platformId"]
    assert [c["platformId"] for c in after] == [c["platformId"] for c in before]
    assert after[at] == before[at] | {
        "accessTokenExpiresAt": expires_in and "2026-11-30T12:00:00.000Z",
        "tokenStatus": "valid",
        "tokenExpiresIn": expires_in,
        "lastError": None,
    }


async def test_each_new_account_has_an_id_of_its_own(sandbox: Sandbox, ask: Ask) -> None:
    ids = [sandbox.connect("twitter") for _ in range(3)]
    assert [c["platformId"] for c in await listed(ask, sandbox)][-3:] == ids
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("platform", "options", "message"),
    [
        ("myspace", {}, "platform must be one of twitter, linkedin, .*, not 'myspace'"),
        ("twitter", {"user_id": "6626a1f5e4b0c91a2d3f4567"}, "not a managed user"),
        ("twitter", {"user_id": "nobody"}, "'nobody' is not a managed user"),
        ("twitter", {"after_polls": -1}, "after_polls must be a whole number"),
    ],
)
def test_connecting_what_cannot_be_connected_is_an_error(
    platform: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Sandbox().connect(platform, **options)
