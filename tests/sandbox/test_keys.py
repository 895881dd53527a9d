"""Whose the API keys are, and which of them are refused in which words."""

import pytest
from sandbox_calls import LIST, USER_PATHS, Ask

from publora_async.sandbox import Sandbox

INVALID = (401, {"error": "Invalid API key"})
NO_WORKSPACE = (403, {"error": "Workspace access is not enabled for this key"})
ALL_PATHS = [LIST, ("POST", "/test-connection/twitter-1"), *USER_PATHS]


@pytest.mark.parametrize("call", ALL_PATHS)
@pytest.mark.parametrize(
    ("key", "refusal"),
    [
        (None, (401, {"error": "API key is required"})),
        ("", (401, {"error": "API key is required"})),
        ("sk_1700000000000.0badc0de", (401, {"error": "Invalid API key"})),
        (Sandbox.ownerless_key, (401, {"error": "Invalid API key owner"})),
        (
            Sandbox.no_api_access_key,
            (403, {"error": "API access is not enabled for this account"}),
        ),
    ],
)
async def test_every_call_is_refused_to_a_key_that_is_no_good(
    sandbox: Sandbox, ask: Ask, call: tuple[str, str], key: str | None, refusal: object
) -> None:
    method, path = call
    path = path.format(id=sandbox.user_ids[0])
    assert await ask(sandbox, method, path, key=key) == refusal


async def test_an_ordinary_key_lists_the_same_account(sandbox: Sandbox, ask: Ask) -> None:
    assert await ask(sandbox, *LIST, key=sandbox.ordinary_key) == await ask(sandbox, *LIST)


async def test_the_documented_placeholder_is_the_api_key(sandbox: Sandbox, ask: Ask) -> None:
    assert await ask(sandbox, *LIST, key=sandbox.api_key) == await ask(
        sandbox, *LIST, key="YOUR_API_KEY"
    )


async def test_a_key_of_ones_own_choosing_replaces_the_usual_one(ask: Ask) -> None:
    async with Sandbox(api_key="sk_1.mine") as sandbox:
        assert sandbox.api_key == "sk_1.mine"
        assert (await ask(sandbox, *LIST, key="sk_1.mine"))[0] == 200
        assert await ask(sandbox, *LIST, key="sk_sandbox.workspace") == INVALID


async def test_a_revoked_key_is_refused_under_both_of_its_names(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.revoke_key()
    assert await ask(sandbox, *LIST) == INVALID
    assert await ask(sandbox, *LIST, key=sandbox.api_key) == INVALID
    assert (await ask(sandbox, *LIST, key=sandbox.ordinary_key))[0] == 200


async def test_a_key_can_be_revoked_some_requests_later(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.revoke_key(after=2)
    statuses = [(await ask(sandbox, *LIST))[0] for _ in range(4)]
    assert statuses == [200, 200, 401, 401]


async def test_a_managed_users_key_acts_as_that_users_own_account(
    sandbox: Sandbox, ask: Ask
) -> None:
    user_id = sandbox.user_ids[1]
    status, made = await ask(sandbox, "POST", f"/workspace/users/{user_id}/api-key")
    key = made.pop("apiKey")
    assert (status, made) == (
        200,
        {
            "message": "API key created. Store it now: it is not shown again.",
            "userId": user_id,
        },
    )
    assert await ask(sandbox, *LIST, key=key) == await ask(sandbox, *LIST, user_id=user_id)
    assert await ask(sandbox, *LIST, key=key, user_id=user_id) == NO_WORKSPACE
    assert await ask(sandbox, "GET", "/workspace/users", key=key) == NO_WORKSPACE


async def test_a_new_key_ends_the_earlier_ones_of_that_user_only(
    sandbox: Sandbox, ask: Ask
) -> None:
    async def make(user_id: str) -> str:
        _, made = await ask(sandbox, "POST", f"/workspace/users/{user_id}/api-key")
        key: str = made["apiKey"]
        return key

    first, second = sandbox.user_ids[:2]
    keys = [await make(user_id) for user_id in (first, second, first, first)]
    assert len({*keys}) == 4
    assert [(await ask(sandbox, *LIST, key=key))[0] for key in keys] == [401, 200, 401, 200]
    assert await ask(sandbox, *LIST, key=keys[0]) == INVALID


async def test_without_the_owners_api_access_a_workspace_key_makes_no_keys(
    sandbox: Sandbox, ask: Ask
) -> None:
    key, user_id = sandbox.no_owner_access_key, sandbox.user_ids[0]
    assert await ask(sandbox, "POST", f"/workspace/users/{user_id}/api-key", key=key) == (
        403,
        {"error": "API access is not enabled for this workspace owner"},
    )
    assert (await ask(sandbox, *LIST, key=key, user_id=user_id))[0] == 200


async def test_a_detached_users_own_key_stays_good(sandbox: Sandbox, ask: Ask) -> None:
    user_id = sandbox.user_ids[0]
    _, made = await ask(sandbox, "POST", f"/workspace/users/{user_id}/api-key")
    await ask(sandbox, "DELETE", f"/workspace/users/{user_id}")
    assert (await ask(sandbox, *LIST, key=made["apiKey"]))[0] == 200
