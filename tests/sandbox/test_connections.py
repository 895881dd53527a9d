"""Which accounts are connected now, and what connecting another one changes."""

from datetime import UTC, datetime

import pytest
from sandbox_calls import LIST, Ask, create, listed

from publora_async.sandbox import Sandbox


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
    [("linkedin", 3, "60d 0h"), ("youtube", 8, None), ("instagram", 5, "60d 0h")],
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


async def test_somebody_elses_connection_is_not_found(sandbox: Sandbox, ask: Ask) -> None:
    own = (await listed(ask, sandbox))[0]["platformId"]
    assert await ask(sandbox, "POST", f"/test-connection/{own}", user_id=sandbox.user_ids[0]) == (
        404,
        {"error": "Connection not found"},
    )


async def test_a_created_user_can_connect_an_account(sandbox: Sandbox, ask: Ask) -> None:
    _, made = await create(ask, sandbox, username="ada@example.org")
    user_id = made["user"]["_id"]
    platform_id = sandbox.connect("tiktok", user_id=user_id)
    _, body = await ask(sandbox, *LIST, user_id=user_id)
    assert [(c["platformId"], c["tokenExpiresIn"]) for c in body["connections"]] == [
        (platform_id, "365d 0h")
    ]


def test_the_listings_that_are_kept_are_bounded_and_what_is_not_kept_is_the_same() -> None:
    sandbox = Sandbox(users=3000, now=datetime(2026, 10, 1, tzinfo=UTC))
    book = sandbox._connections
    first = [book.listing(owner) for owner in range(3000)]
    assert len(book._bodies) == 2048
    assert [book.listing(owner) for owner in range(3000)] == first
    assert len(book._bodies) == 2048
