"""What a test can do to the accounts and the managed users of a sandbox."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from sandbox_calls import LIST, LISTING, Ask, create, listed, users

from publora_async.sandbox import Clock, Sandbox

DAY = timedelta(days=1)
KEY = {"x-publora-key": "YOUR_API_KEY"}
NOBODY = "6626a1f5e4b0c91a2d3f4567"


async def test_an_expired_account_can_be_asked_for(sandbox: Sandbox, ask: Ask) -> None:
    user_id = sandbox.user_ids[0]
    before = await listed(ask, sandbox, user_id)
    platform_id = sandbox.connect(
        "linkedin", user_id=user_id, status="expired", last_error="Token has expired"
    )
    after = await listed(ask, sandbox, user_id)
    assert after[:-1] == before
    assert (
        after[-1].items()
        >= {
            "platformId": platform_id,
            "accessTokenExpiresAt": "2026-09-30T12:00:00.000Z",
            "tokenStatus": "expired",
            "tokenExpiresIn": "expired",
        }.items()
    )
    assert after[-1]["lastError"] == {
        "message": "Token has expired",
        "occurredAt": "2026-10-01T12:00:00.000Z",
    }


async def test_an_account_that_was_asked_for_can_show_later(sandbox: Sandbox, ask: Ask) -> None:
    platform_id = sandbox.connect("linkedin", status="expired", after_polls=1)
    sandbox.connect("twitter")
    shown = [platform_id in {c["platformId"] for c in await listed(ask, sandbox)} for _ in range(3)]
    assert shown == [False, True, True]


async def test_an_account_expires_and_works_again_once_it_is_reconnected(
    sandbox: Sandbox, ask: Ask
) -> None:
    user_id = sandbox.user_ids[0]
    (platform_id,) = sandbox.set_connections(["linkedin"], user_id=user_id)

    async def state() -> tuple[str, str, str | None]:
        (one,) = await listed(ask, sandbox, user_id)
        _, test = await ask(sandbox, "POST", f"/test-connection/{platform_id}", user_id=user_id)
        return one["tokenStatus"], test["status"], one["accessTokenExpiresAt"]

    assert await state() == ("valid", "ok", "2026-11-30T12:00:00.000Z")
    sandbox.clock.advance(DAY)
    sandbox.expire(platform_id, user_id=user_id)
    assert await state() == ("expired", "error", "2026-10-02T12:00:00.000Z")
    assert sandbox.connect("linkedin", user_id=user_id) == platform_id
    assert await state() == ("valid", "ok", "2026-12-01T12:00:00.000Z")


async def test_where_no_date_is_known_expiring_an_account_revokes_it(
    sandbox: Sandbox, ask: Ask
) -> None:
    (platform_id,) = sandbox.set_connections(["youtube"])
    sandbox.expire(platform_id, last_error="invalid_grant")
    (one,) = await listed(ask, sandbox)
    assert (one["tokenStatus"], one["accessTokenExpiresAt"]) == ("expired", None)
    assert one["lastError"]["message"] == "invalid_grant"


async def test_a_renamed_account_is_the_same_account(sandbox: Sandbox, ask: Ask) -> None:
    before = await listed(ask, sandbox)
    sandbox.rename(before[3]["platformId"], "Amélie")
    sandbox.rename(before[2]["platformId"], "juniper", display_name="Juniper Lane")
    before[3] |= {"username": "Amélie", "displayName": "Amélie"}
    before[2] |= {"username": "juniper", "displayName": "Juniper Lane"}
    assert await listed(ask, sandbox) == before


async def test_a_disconnected_account_is_gone_and_the_others_stay(
    sandbox: Sandbox, ask: Ask
) -> None:
    before = await listed(ask, sandbox)
    gone = before.pop(3)["platformId"]
    sandbox.disconnect(gone)
    assert await listed(ask, sandbox) == before
    assert await ask(sandbox, "POST", f"/test-connection/{gone}") == (
        404,
        {"error": "Connection not found"},
    )
    sandbox.disconnect(before.pop(0)["platformId"])
    assert await listed(ask, sandbox) == before


async def test_all_accounts_of_a_user_can_be_replaced(sandbox: Sandbox, ask: Ask) -> None:
    user_id = sandbox.user_ids[0]
    others = await listed(ask, sandbox)
    ids = sandbox.set_connections(["linkedin", "twitter"], user_id=user_id)
    assert [c["platformId"] for c in await listed(ask, sandbox, user_id)] == ids
    assert [platform_id.partition("-")[0] for platform_id in ids] == ["linkedin", "twitter"]
    assert sandbox.set_connections([], user_id=user_id) == []
    assert await listed(ask, sandbox, user_id) == []
    assert await listed(ask, sandbox) == others


@pytest.mark.parametrize("change", ["expire", "rename", "disconnect"])
def test_an_account_that_is_not_there_is_an_error(change: str) -> None:
    sandbox = Sandbox()
    (platform_id,) = sandbox.set_connections(["twitter"])
    arguments = [platform_id, "new name"][: 2 if change == "rename" else 1]
    with pytest.raises(ValueError, match=f"'{platform_id}' is not connected"):
        getattr(sandbox, change)(*arguments, user_id=sandbox.user_ids[0])
    with pytest.raises(ValueError, match="'nobody' is not a managed user"):
        getattr(sandbox, change)(*arguments, user_id="nobody")


async def test_a_user_can_be_created_and_detached(sandbox: Sandbox, ask: Ask) -> None:
    user_id = sandbox.create_user("ada@example.org")
    named = sandbox.create_user("grete@example.org", "Grete")
    assert [(u["_id"], u["username"], u["displayName"]) for u in await users(ask, sandbox)][
        20:
    ] == [
        (user_id, "ada@example.org", "ada@example.org"),
        (named, "grete@example.org", "Grete"),
    ]
    assert await listed(ask, sandbox, user_id) == []
    sandbox.connect("linkedin", user_id=user_id)
    assert len(await listed(ask, sandbox, user_id)) == 1
    sandbox.detach_user(user_id)
    assert (await ask(sandbox, *LIST, user_id=user_id))[0] == 403
    with pytest.raises(ValueError, match="is not a managed user"):
        sandbox.detach_user(user_id)
    with pytest.raises(ValueError, match="there is a user with the email 'Ada"):
        sandbox.create_user("Ada@example.org")
    assert (await create(ask, sandbox, username="grete@example.org"))[0] == 409


async def test_the_form_can_be_changed_and_changed_back(sandbox: Sandbox, ask: Ask) -> None:
    lengths = []
    for form in ("today", "contract", "today"):
        sandbox.form = form
        lengths.append((sandbox.form, len((await listed(ask, sandbox))[0])))
    assert lengths == [("today", 11), ("contract", 5), ("today", 11)]
    with pytest.raises(ValueError, match='form must be "today" or "contract"'):
        sandbox.form = "tomorrow"  # type: ignore[assignment]


def test_the_next_requests_fail_and_the_later_ones_are_served() -> None:
    with Sandbox() as sandbox, requests.Session() as session:

        def status() -> int | str:
            try:
                got = session.get(sandbox.base_url + LIST[1], headers=KEY)
            except requests.ConnectionError:
                return "reset"
            return int(got.headers.get("Retry-After", got.status_code))

        sandbox.fail_next(2, 503)
        sandbox.fail_next(answer=429, retry_after=7)
        sandbox.fail_next(answer="reset")
        assert [status() for _ in range(5)] == [503, 503, 7, "reset", 200]
        sandbox.fail_next()
        sandbox.start_outage(answer=500)
        assert status() == 500
        sandbox.end_outage()
        assert [status(), status()] == [503, 200]
    assert sandbox.faulted == {(LISTING, "error"): 4, (LISTING, "reset"): 1, (LISTING, "outage"): 1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"requests": -1}, "requests must be a whole number"),
        ({"answer": 200}, "answer must be a whole number from 400 to 599"),
        ({"answer": 429, "retry_after": -1}, "retry_after must be a whole number"),
    ],
)
def test_a_failure_out_of_range_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sandbox().fail_next(**options)


def test_either_a_clock_or_a_time_is_given() -> None:
    now = datetime(2026, 10, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="give either now or clock"):
        Sandbox(now=now, clock=Clock(now))
