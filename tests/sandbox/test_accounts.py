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
            "message": "Connected as @juniperlanebakery",
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
            if found["platformId"].startswith(("telegram-", "pinterest-")):
                # An error of theirs is not always a lost credential.
                working = working and test["status"] == "ok"
            assert (status, test["status"]) == (200, "ok" if working else "error")
            assert bool(test["permissions"]) == working
            shared = ("platformId", "username", "tokenExpiresIn", "lastSuccessfulPost", "lastError")
            assert [test[name] for name in shared] == [found[name] for name in shared]


@pytest.mark.parametrize(
    ("at", "status", "message"),
    [
        (2, "ok", "Connected as Juniper Lane Bakery"),
        (3, "error", "Request failed with status code 401"),
        (5, "error", "Request failed with status code 401"),
        (10, "ok", "Connected as Juniper Lane Bakery"),
        (12, "ok", "Bot can post to Juniper Lane Bakery"),
        (13, "error", "Invalid bot connection"),
        (14, "error", "Unknown platform: pinterest"),
    ],
    ids=["valid", "expired", "revoked", "no user name", "bot", "a person's Telegram", "Pinterest"],
)
async def test_a_test_says_what_the_service_says(
    sandbox: Sandbox, ask: Ask, at: int, status: str, message: str
) -> None:
    found = (await listed(ask, sandbox))[at]
    path = f"/test-connection/{quote(found['platformId'], safe='')}"
    _, test = await ask(sandbox, "POST", path)
    assert (test["status"], test["message"], bool(test["permissions"])) == (
        status,
        message,
        status == "ok",
    )


async def test_a_telegram_channel_that_is_gone_is_unavailable(sandbox: Sandbox, ask: Ask) -> None:
    platform_id = sandbox.connect("telegram", status="expired")
    _, test = await ask(sandbox, "POST", f"/test-connection/{platform_id}")
    assert (test["status"], test["message"]) == ("error", "Channel is unavailable")


async def test_a_test_can_fail_though_the_token_works(sandbox: Sandbox, ask: Ask) -> None:
    complaint = "Bot needs channel administrator posting rights"
    platform_id = sandbox.connect("telegram", test_error=complaint)
    _, test = await ask(sandbox, "POST", f"/test-connection/{platform_id}")
    assert (test["status"], test["message"], test["permissions"]) == ("error", complaint, [])
    (found,) = [c for c in await listed(ask, sandbox) if c["platformId"] == platform_id]
    assert found["tokenStatus"] == "valid"
