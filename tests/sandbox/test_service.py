"""What the service refuses, and in which words."""

import pytest
from sandbox_calls import LIST, USER_PATHS, Ask

from publora_async.sandbox import Sandbox

NO_WORKSPACE = (403, {"error": "Workspace access is not enabled for this key"})
MALFORMED_USER = (400, {"error": "Invalid x-publora-user-id"})
NOT_MANAGED = (403, {"error": "User is not managed by key"})
ALL_PATHS = [LIST, ("POST", "/test-connection/twitter-1"), *USER_PATHS]
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


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "username must be an email address"),
        ({}, "username must be an email address"),
        ({"username": None}, "username must be an email address"),
        ({"username": "ada"}, "username must be an email address"),
        ({"username": "ada@example"}, "username must be an email address"),
        ({"username": "a da@example.org"}, "username must be an email address"),
        ({"username": f"{'a' * 250}@b.cd"}, "username must be an email address"),
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


@pytest.mark.parametrize("user_id", ["6626a1f5e4b0c91a2d3f4567", "nobody", "", "%20"])
@pytest.mark.parametrize(
    ("method", "call"), [("DELETE", ""), ("POST", "/connection-url"), ("POST", "/api-key")]
)
async def test_a_stranger_is_not_found(
    sandbox: Sandbox, ask: Ask, user_id: str, method: str, call: str
) -> None:
    assert await ask(sandbox, method, f"/workspace/users/{user_id}{call}") == NOT_FOUND


DAYS = "expiresInDays must be a whole number from 1 to 3650"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"expiresInDays": 0}, DAYS),
        ({"expiresInDays": 3651}, DAYS),
        ({"expiresInDays": 1.5}, DAYS),
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
