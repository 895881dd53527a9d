"""What the service tells of an account: in a list, in the contract's form, in a test."""

import re
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
from sandbox_calls import FIELDS, PLATFORM_IDS, Ask, everything, listed, moment

from publora_async.sandbox import Sandbox

SEEDS = range(5)


def in_words(left: timedelta) -> str:
    """How the service words a time left, worked out another way than the sandbox does."""
    hours = int(left.total_seconds() // 3600)
    if left <= timedelta():
        return "expired"
    if hours < 24:
        return f"{hours}h" if hours else "< 1h"
    return f"{hours // 24}d {hours % 24}h"


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
