"""The accounts that a test can ask for, and those that there cannot be."""

from datetime import timedelta
from typing import Any

import pytest
from sandbox_calls import Ask, Found, listed

from publora_async.sandbox import Sandbox

DAY = timedelta(days=1)
NOBODY = "6626a1f5e4b0c91a2d3f4567"


def found(connections: Found, platform_id: str) -> dict[str, Any]:
    (one,) = [c for c in connections if c["platformId"] == platform_id]
    return one


@pytest.mark.parametrize(
    ("platform", "case", "status", "expires_in"),
    [
        ("linkedin", {"status": "valid"}, "valid", "60d 0h"),
        ("linkedin", {"status": "expiring_soon"}, "expiring_soon", "3d 12h"),
        ("tiktok", {"status": "expiring_soon"}, "expiring_soon", "15d 0h"),
        ("linkedin", {"status": "expired", "expires_in": 9 * DAY}, "expired", "9d 0h"),
        ("linkedin", {"expires_in": 8 * DAY}, "valid", "8d 0h"),
        ("tiktok", {"expires_in": 8 * DAY}, "expiring_soon", "8d 0h"),
        ("linkedin", {"expires_in": timedelta()}, "expired", "expired"),
        ("linkedin", {"last_error": "Media too large"}, "valid", "60d 0h"),
        ("linkedin", {"status": "unknown"}, "unknown", "60d 0h"),
        ("linkedin", {"status": "paused"}, "paused", "60d 0h"),
        ("youtube", {"status": "expired"}, "expired", None),
        ("twitter", {"status": "valid"}, "valid", None),
    ],
)
async def test_an_account_is_in_the_state_that_was_asked_for(
    sandbox: Sandbox,
    ask: Ask,
    platform: str,
    case: dict[str, Any],
    status: str,
    expires_in: str | None,
) -> None:
    platform_id = sandbox.connect(platform, **case)
    one = found(await listed(ask, sandbox), platform_id)
    assert (one["tokenStatus"], one["tokenExpiresIn"]) == (status, expires_in)
    assert (one["lastError"] or {}).get("message") == case.get("last_error")


@pytest.mark.parametrize(
    ("platform", "case", "message"),
    [
        ("twitter", {"expires_in": DAY}, "twitter accounts have no expiry date"),
        ("twitter", {"status": "expiring_soon"}, "such a twitter account is valid, it cannot be"),
        (
            "linkedin",
            {"status": "valid", "expires_in": DAY},
            "is expiring_soon, it cannot be valid",
        ),
        ("myspace", {"status": "expired"}, "platform must be one of twitter, linkedin, "),
        ("linkedin", {"user_id": NOBODY}, "'6626a1f5e4b0c91a2d3f4567' is not a managed user"),
        ("linkedin", {"user_id": "nobody"}, "'nobody' is not a managed user"),
        ("linkedin", {"after_polls": -1}, "after_polls must be a whole number"),
    ],
)
def test_a_state_that_no_account_can_have_is_refused(
    platform: str, case: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Sandbox().connect(platform, **case)


async def test_an_account_can_have_fields_that_nobody_has_heard_of(
    sandbox: Sandbox, ask: Ask
) -> None:
    fields = {
        "platformId": "myspace-7",
        "username": None,
        "tokenStatus": "paused",
        "tokenExpiresIn": "soon",
        "lastError": {"message": "?", "occurredAt": "2026-01-01T00:00:00.000Z"},
        "tier": {"name": "gold"},
    }
    sandbox.set_connections([fields])
    (one,) = await listed(ask, sandbox)
    assert one.items() >= fields.items()
    assert one["displayName"] == "Juniper Lane Bakery"
    _, test = await ask(sandbox, "POST", "/test-connection/myspace-7")
    assert (
        test.items()
        >= {
            "platform": "myspace",
            "username": None,
            "status": "error",
            "message": "Unknown platform: myspace",
            "tokenExpiresIn": "soon",
            "lastError": fields["lastError"],
        }.items()
    )


async def test_the_status_of_given_fields_follows_their_date(sandbox: Sandbox, ask: Ask) -> None:
    (listed_before,) = [
        c for c in await listed(ask, sandbox) if c["username"] == "Juniper Lane Bakery"
    ][:1]
    del listed_before["tokenStatus"], listed_before["tokenExpiresIn"]
    dated = listed_before | {"accessTokenExpiresAt": "2026-10-03T12:00:00.000Z"}
    undated = {"platformId": "linkedin-2", "accessTokenExpiresAt": None}
    sandbox.set_connections([dated, undated])
    seen = []
    for _ in range(2):
        seen.append([c["tokenStatus"] for c in await listed(ask, sandbox)])
        sandbox.clock.advance(2 * DAY)
    assert seen == [["expiring_soon", "valid"], ["expired", "valid"]]


async def test_given_fields_change_with_what_happens_to_the_account(
    sandbox: Sandbox, ask: Ask
) -> None:
    date = "2026-12-01T12:00:00.000Z"
    fields = {
        "platformId": "linkedin-1",
        "username": "a",
        "tokenStatus": "valid",
        "accessTokenExpiresAt": date,
        "tier": 1,
    }
    sandbox.set_connections([fields])
    sandbox.rename("linkedin-1", "b")
    sandbox.expire("linkedin-1")
    (one,) = await listed(ask, sandbox)
    assert [one[n] for n in ("username", "tokenStatus", "accessTokenExpiresAt", "tier")] == [
        "b",
        "expired",
        "2026-10-01T12:00:00.000Z",
        1,
    ]
    assert sandbox.connect("linkedin") == "linkedin-1"
    (one,) = await listed(ask, sandbox)
    assert (one["tokenStatus"], one["username"], one["tier"]) == ("valid", "b", 1)


@pytest.mark.parametrize(
    ("connection", "error", "message"),
    [
        ("myspace", ValueError, "a platform is one of twitter, .*, not 'myspace'"),
        ({}, ValueError, "platformId must be such as 'linkedin-Tz4NqVnrPU', not None"),
        ({"platformId": "LinkedIn"}, ValueError, "platformId must be such as"),
        (
            {"platformId": "linkedin-1", "accessTokenExpiresAt": "2026-10-01T12:00:00"},
            ValueError,
            "accessTokenExpiresAt must be an aware datetime",
        ),
        (
            {"platformId": "linkedin-1", "accessTokenExpiresAt": "tomorrow"},
            ValueError,
            "Invalid isoformat string",
        ),
        ({"platformId": "linkedin-1", "x": {1}}, TypeError, "not JSON serializable"),
    ],
)
async def test_what_cannot_be_listed_is_refused_and_changes_nothing(
    sandbox: Sandbox,
    ask: Ask,
    connection: str | dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        sandbox.set_connections(["twitter", connection])
    assert len(await listed(ask, sandbox)) == 15
