"""What the service refuses, and in which words."""

import aiohttp
import pytest
from sandbox_calls import LIST, USER_PATHS, Ask

from publora_async.sandbox import Sandbox
from publora_async.sandbox._users import Standing

NO_WORKSPACE = (403, {"error": "Workspace access is not enabled for this key"})
MALFORMED_USER = (400, {"error": "Invalid x-publora-user-id"})
NOT_MANAGED = (403, {"error": "User is not managed by key"})
ALL_PATHS = [LIST, ("POST", "/test-connection/twitter-1"), *USER_PATHS]
MALFORMED_PATH = (400, {"error": "Invalid userId"})
NOT_FOUND = (404, {"error": "User not found or not managed by this key"})


@pytest.mark.parametrize(("method", "path"), USER_PATHS)
async def test_managed_users_are_out_of_an_ordinary_keys_reach(
    sandbox: Sandbox, ask: Ask, method: str, path: str
) -> None:
    path = path.format(id=sandbox.user_ids[0])
    assert await ask(sandbox, method, path, key=sandbox.ordinary_key) == NO_WORKSPACE


@pytest.mark.parametrize(("method", "path"), ALL_PATHS[:2])
async def test_an_ordinary_key_acts_for_nobody(
    sandbox: Sandbox, ask: Ask, method: str, path: str
) -> None:
    assert (
        await ask(sandbox, method, path, key=sandbox.ordinary_key, user_id=sandbox.user_ids[0])
        == NO_WORKSPACE
    )


@pytest.mark.parametrize("call", ALL_PATHS[:2])
@pytest.mark.parametrize(
    ("user_id", "refusal"),
    [
        ("", MALFORMED_USER),
        ("6626a1f5e4b0c91a2d3f456", MALFORMED_USER),
        ("6626a1f5e4b0c91a2d3f4567a", MALFORMED_USER),
        ("6626a1f5e4b0c91a2d3f456g", MALFORMED_USER),
        ("6626a1f5e4b0c91a2d3f4567", NOT_MANAGED),
    ],
)
async def test_a_user_id_is_judged_by_its_form_then_by_who_manages_it(
    sandbox: Sandbox, ask: Ask, call: tuple[str, str], user_id: str, refusal: object
) -> None:
    assert await ask(sandbox, *call, user_id=user_id) == refusal


async def test_the_users_of_another_seed_are_not_managed(sandbox: Sandbox, ask: Ask) -> None:
    stranger = Sandbox(seed=1).user_ids[0]
    assert await ask(sandbox, *LIST, user_id=stranger) == NOT_MANAGED


async def test_a_user_id_in_capitals_is_the_same_user(sandbox: Sandbox, ask: Ask) -> None:
    user_id = sandbox.user_ids[1]
    assert await ask(sandbox, *LIST, user_id=user_id.upper()) == await ask(
        sandbox, *LIST, user_id=user_id
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
        ("twitter-1/2", 404, "the sandbox has no POST /api/v1/test-connection/twitter-1/2"),
    ],
)
async def test_an_id_is_judged_by_its_form_then_looked_for(
    sandbox: Sandbox, ask: Ask, platform_id: str, status: int, error: str
) -> None:
    assert await ask(sandbox, "POST", f"/test-connection/{platform_id}") == (
        status,
        {"error": error},
    )


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "Email is required"),
        ({}, "Email is required"),
        ({"username": None}, "Email is required"),
        ({"username": ""}, "Email is required"),
        ({"username": 5}, "Email is required"),
        ({"username": "ada"}, "Invalid email"),
        ({"username": "ada@example"}, "Invalid email"),
        ({"username": "a da@example.org"}, "Invalid email"),
        ({"username": f"{'a' * 250}@b.cd"}, "Invalid email"),
        ({"username": "ada@example.org", "displayName": 5}, "displayName must be text"),
        ([], "Request body must be a JSON object"),
        (b"{", "Request body must be a JSON object"),
        (b"\xff", "Request body must be a JSON object"),
        (b"[" * 100_000, "Request body must be a JSON object"),
    ],
)
async def test_a_user_is_not_created_from_a_bad_body(
    sandbox: Sandbox, ask: Ask, data: object, error: str
) -> None:
    assert await ask(sandbox, "POST", "/workspace/users", data=data) == (400, {"error": error})


@pytest.mark.parametrize(
    ("user_id", "refusal"),
    [
        ("6626a1f5e4b0c91a2d3f4567", NOT_FOUND),
        ("nobody", MALFORMED_PATH),
        ("", MALFORMED_PATH),
        ("%20", MALFORMED_PATH),
        ("6626a1f5e4b0c91a2d3f456g", MALFORMED_PATH),
    ],
)
@pytest.mark.parametrize(
    ("method", "call"), [("DELETE", ""), ("POST", "/connection-url"), ("POST", "/api-key")]
)
async def test_a_stranger_is_not_found_and_what_is_no_id_is_invalid(
    sandbox: Sandbox, ask: Ask, user_id: str, refusal: object, method: str, call: str
) -> None:
    assert await ask(sandbox, method, f"/workspace/users/{user_id}{call}") == refusal


DAYS = "expiresInDays must be a positive number"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"expiresInDays": 0}, DAYS),
        ({"expiresInDays": -0.5}, DAYS),
        (b'{"expiresInDays": NaN}', DAYS),
        ({"expiresInDays": True}, DAYS),
        ({"expiresInDays": "7"}, DAYS),
        ({"expiresInDays": None}, DAYS),
        ({"rotate": 1}, "rotate must be true or false"),
        ({"rotate": None}, "rotate must be true or false"),
        ([7], "Request body must be a JSON object"),
    ],
)
async def test_a_link_is_not_given_for_a_bad_body(
    sandbox: Sandbox, ask: Ask, data: object, error: str
) -> None:
    path = f"/workspace/users/{sandbox.user_ids[0]}/connection-url"
    assert await ask(sandbox, "POST", path, data=data) == (400, {"error": error})


@pytest.mark.parametrize(
    ("days", "until"),
    [
        (0.5, "2026-10-02T00:00:00.000Z"),
        (3651, "2036-09-29T12:00:00.000Z"),
        (10**400, "3026-02-01T12:00:00.000Z"),
    ],
)
async def test_a_link_lasts_any_positive_number_of_days(
    sandbox: Sandbox, ask: Ask, days: float, until: str
) -> None:
    path = f"/workspace/users/{sandbox.user_ids[0]}/connection-url"
    _, link = await ask(sandbox, "POST", path, data={"expiresInDays": days, "rotate": True})
    assert link["tokenExpiresAt"] == until


@pytest.mark.parametrize(("client", "status"), [("mcp", 403), ("my-program", 200)])
async def test_a_client_that_calls_itself_mcp_takes_another_entitlement(
    sandbox: Sandbox, client: str, status: int
) -> None:
    headers = {"x-publora-key": sandbox.api_key, "x-publora-client": client}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(sandbox.base_url + LIST[1]) as response,
    ):
        body = await response.json()
    assert (response.status, body.get("error")) == (
        status,
        "MCP access is not enabled for this account" if status == 403 else None,
    )


async def test_a_plans_limit_can_be_met_on_the_next_request(sandbox: Sandbox, ask: Ask) -> None:
    limit = {"error": "Channel limit reached", "code": "CHANNEL_LIMIT_REACHED", "limit": 5}
    sandbox.fail_next(answer=403, body=limit)
    assert await ask(sandbox, "POST", "/workspace/users/attach") == (403, limit)


ATTACH = ("POST", "/workspace/users/attach")


@pytest.mark.parametrize("by", ["email", "userId", "both"])
@pytest.mark.parametrize("name", ["userAccessToken", "attachToken"])
async def test_a_standalone_user_is_attached_by_consent_and_again_without_harm(
    sandbox: Sandbox, ask: Ask, by: str, name: str
) -> None:
    user_id = sandbox.create_user("ada@example.org", "Ada", standing="standalone")
    assert (await ask(sandbox, *LIST, user_id=user_id))[0] == 403
    token = sandbox.user_access_token(user_id)
    data = {"email": "Ada@example.org", "userId": user_id.upper(), name: token}
    if by != "both":
        del data["userId" if by == "email" else "email"]
    status, first = await ask(sandbox, *ATTACH, data=data)
    assert (status, list(first), first["alreadyInWorkspace"]) == (
        200,
        ["user", "alreadyInWorkspace"],
        False,
    )
    assert [first["user"][field] for field in ("_id", "username", "displayName", "role")] == [
        user_id,
        "ada@example.org",
        "Ada",
        "managed",
    ]
    assert await ask(sandbox, *ATTACH, data=data) == (200, first | {"alreadyInWorkspace": True})
    assert (await ask(sandbox, *LIST, user_id=user_id))[0] == 200


async def test_a_detached_user_can_be_attached_again_with_the_token_in_a_header(
    sandbox: Sandbox, ask: Ask
) -> None:
    user_id = sandbox.user_ids[0]
    before = await ask(sandbox, *LIST, user_id=user_id)
    sandbox.detach_user(user_id)
    headers = {
        "x-publora-key": sandbox.api_key,
        "x-publora-user-token": sandbox.user_access_token(user_id),
    }
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(sandbox.base_url + ATTACH[1], json={"userId": user_id}) as response,
    ):
        assert response.status == 200
    assert await ask(sandbox, *LIST, user_id=user_id) == before


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        ({}, 400, "missing_identifier"),
        ({"userId": "nobody"}, 400, "invalid_user_id"),
        ({"userId": 5}, 400, "invalid_user_id"),
        ({"email": "ada"}, 400, "invalid_email"),
        ({"email": 5}, 400, "invalid_email"),
        ({"email": "nobody@example.org"}, 404, "user_not_found"),
        ({"userId": "6626a1f5e4b0c91a2d3f4567"}, 404, "user_not_found"),
        ({"email": "hello@example.com"}, 409, "cannot_attach_self"),
        ({"email": "standalone@example.org"}, 403, "attach_consent_required"),
    ],
)
async def test_whoever_cannot_be_told_is_not_attached(
    sandbox: Sandbox, ask: Ask, data: dict[str, object], status: int, code: str
) -> None:
    sandbox.create_user("standalone@example.org", standing="standalone")
    got, body = await ask(sandbox, *ATTACH, data=data)
    assert (got, body["code"]) == (status, code)


async def test_two_identifiers_must_be_of_one_user(sandbox: Sandbox, ask: Ask) -> None:
    ada = sandbox.create_user("ada@example.org", standing="standalone")
    sandbox.create_user("grete@example.org", standing="standalone")
    for email in ("grete@example.org", "nobody@example.org"):
        status, body = await ask(sandbox, *ATTACH, data={"userId": ada, "email": email})
        assert (status, body["code"]) == (400, "identifier_mismatch")


async def test_consent_is_that_users_own(sandbox: Sandbox, ask: Ask) -> None:
    ada, grete = (
        sandbox.create_user(f"{name}@example.org", standing="standalone")
        for name in ("ada", "grete")
    )
    for token, code in (
        ("made up", "invalid_attach_consent"),
        (sandbox.user_access_token(ada)[:-1], "invalid_attach_consent"),
        (sandbox.user_access_token(grete), "attach_consent_mismatch"),
    ):
        status, body = await ask(sandbox, *ATTACH, data={"userId": ada, "userAccessToken": token})
        assert (status, body["code"]) == (403, code)


@pytest.mark.parametrize(
    ("standing", "code"),
    [
        ("subscribed", "user_has_active_subscription"),
        ("inactive", "user_inactive"),
        ("elsewhere", "user_in_another_workspace"),
        ("owner", "user_is_workspace_owner"),
    ],
)
async def test_a_user_of_that_standing_is_not_attached(
    sandbox: Sandbox, ask: Ask, standing: Standing, code: str
) -> None:
    user_id = sandbox.create_user("ada@example.org", standing=standing)
    data = {"userId": user_id, "userAccessToken": sandbox.user_access_token(user_id)}
    status, body = await ask(sandbox, *ATTACH, data=data)
    assert (status, body["code"]) == (409, code)
