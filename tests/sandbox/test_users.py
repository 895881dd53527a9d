"""The managed users: who there is, who comes and goes, their links, and their ids."""

import re
from datetime import datetime, timedelta

import pytest
from sandbox_calls import LIST, Ask, create, users

from publora_async.sandbox import Sandbox
from publora_async.sandbox._users import Standing

NOT_FOUND = (404, {"error": "User not found or not managed by this key"})


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
async def test_all_managed_users_are_listed_in_one_answer(ask: Ask, count: int) -> None:
    async with Sandbox(users=count) as sandbox:
        assert [user["_id"] for user in await users(ask, sandbox)] == list(sandbox.user_ids)


async def test_a_managed_user_is_told_as_documented(ask: Ask, now: datetime) -> None:
    async with Sandbox(users=300, now=now) as sandbox:
        found = await users(ask, sandbox)
    for user in found:
        assert list(user) == [
            "_id",
            "username",
            "displayName",
            "role",
            "dailyPostsLeft",
            "connectionsPageUrl",
            "connectionsPageTokenExpiresAt",
        ]
        assert re.fullmatch(r"[a-z]+\.[a-z]+[0-9]+@example\.com", user["username"])
        assert (bool(user["displayName"]), user["role"]) == (True, "managed")
        assert user["dailyPostsLeft"] == 100
        url, expires_at = user["connectionsPageUrl"], user["connectionsPageTokenExpiresAt"]
        assert (url is None) == (expires_at is None)
        if url is not None:
            assert re.fullmatch("https://app.publora.com/connections/[0-9a-f]{40}", url)
            left = datetime.fromisoformat(expires_at) - now
            assert timedelta() < left <= timedelta(days=90)
    assert len({user["username"] for user in found}) == len(found)
    assert {user["connectionsPageUrl"] is None for user in found} == {False, True}
    assert {user["displayName"].isascii() for user in found} == {False, True}


async def test_a_created_user_is_managed_and_has_nothing_connected(
    sandbox: Sandbox, ask: Ask
) -> None:
    status, made = await create(ask, sandbox, username="Ada@example.org", displayName="Ada 🧁")
    user = made["user"]
    assert (status, user) == (
        201,
        {
            "_id": user["_id"],
            "username": "Ada@example.org",
            "displayName": "Ada 🧁",
            "role": "managed",
            "dailyPostsLeft": user["dailyPostsLeft"],
            "connectionsPageUrl": None,
            "connectionsPageTokenExpiresAt": None,
        },
    )
    assert (await users(ask, sandbox))[-1] == user
    assert await ask(sandbox, *LIST, user_id=user["_id"]) == (
        200,
        {"success": True, "connections": []},
    )
    assert user["_id"] not in sandbox.user_ids


@pytest.mark.parametrize("name", [{}, {"displayName": None}, {"displayName": ""}])
async def test_a_user_without_a_name_is_called_after_the_email(
    sandbox: Sandbox, ask: Ask, name: dict[str, str | None]
) -> None:
    _, made = await create(ask, sandbox, username="ada.b@example.org", **name)
    assert made["user"]["displayName"] == "ada.b@example.org"


async def test_an_email_is_taken_only_once(sandbox: Sandbox, ask: Ask) -> None:
    def taken(user_id: str) -> tuple[int, dict[str, object]]:
        return 409, {
            "error": "User with this email already exists",
            "code": "email_exists",
            "userId": user_id,
            "reason": "already_in_workspace",
            "attachable": False,
            "requiresConsent": False,
            "alreadyInWorkspace": True,
            "managedByAnotherWorkspace": False,
        }

    third = (await users(ask, sandbox))[3]
    email = third["username"]
    assert await create(ask, sandbox, username=email) == taken(third["_id"])
    assert await create(ask, sandbox, username=email.upper()) == taken(third["_id"])
    status, ada = await create(ask, sandbox, username="ada@example.org")
    assert status == 201
    assert await create(ask, sandbox, username="Ada@example.org") == taken(ada["user"]["_id"])
    assert (await create(ask, sandbox, username="ada20@example.org"))[0] == 201
    assert (await create(ask, sandbox, username="ada3@example.org"))[0] == 201
    assert len(await users(ask, sandbox)) == 23


@pytest.mark.parametrize(
    ("standing", "reason", "told"),
    [
        ("standalone", "standalone_user_exists", ["attachable", "requiresConsent"]),
        ("subscribed", "standalone_user_exists", []),
        ("inactive", "inactive_user", []),
        ("elsewhere", "managed_by_another_workspace", ["managedByAnotherWorkspace"]),
        ("owner", "workspace_owner", []),
    ],
)
async def test_a_conflict_tells_what_the_user_is(
    sandbox: Sandbox, ask: Ask, standing: Standing, reason: str, told: list[str]
) -> None:
    user_id = sandbox.create_user("ada@example.org", standing=standing)
    status, body = await create(ask, sandbox, username="ada@example.org")
    assert (status, body["userId"], body["reason"]) == (409, user_id, reason)
    assert [name for name, value in body.items() if value is True] == told
    assert user_id not in {user["_id"] for user in await users(ask, sandbox)}
    with pytest.raises(ValueError, match="is not a managed user"):
        sandbox.connect("twitter", user_id=user_id)


async def test_the_accounts_own_email_is_taken(sandbox: Sandbox, ask: Ask) -> None:
    status, body = await create(ask, sandbox, username="hello@example.com")
    assert (status, body["reason"]) == (409, "workspace_owner")
    assert (await ask(sandbox, *LIST, user_id=body["userId"]))[0] == 403


def test_there_is_no_other_standing() -> None:
    with pytest.raises(ValueError, match="standing must be one of managed, standalone, "):
        Sandbox().create_user("ada@example.org", standing="friend")  # type: ignore[arg-type]


def test_nobody_has_no_access_token() -> None:
    with pytest.raises(ValueError, match="'nobody' is nobody's id"):
        Sandbox().user_access_token("nobody")


async def test_a_detached_user_is_managed_no_longer(sandbox: Sandbox, ask: Ask) -> None:
    first, *others = sandbox.user_ids
    path = f"/workspace/users/{first}"
    email = (await users(ask, sandbox))[0]["username"]
    assert await ask(sandbox, "DELETE", path) == (200, {"success": True})
    assert await ask(sandbox, "DELETE", path) == NOT_FOUND
    assert [user["_id"] for user in await users(ask, sandbox)] == others
    assert (await ask(sandbox, *LIST, user_id=first))[0] == 403
    assert (await create(ask, sandbox, username=email))[0] == 409
    with pytest.raises(ValueError, match="is not a managed user"):
        sandbox.connect("twitter", user_id=first)


async def test_a_created_user_can_be_detached_and_its_number_is_not_given_again(
    sandbox: Sandbox, ask: Ask
) -> None:
    _, one = await create(ask, sandbox, username="ada@example.org")
    await ask(sandbox, "DELETE", f"/workspace/users/{one['user']['_id']}")
    _, other = await create(ask, sandbox, username="grete@example.org")
    assert one["user"]["_id"] != other["user"]["_id"]
    assert [user["username"] for user in await users(ask, sandbox)][20:] == ["grete@example.org"]


async def test_a_link_stays_the_same_until_it_is_rotated(sandbox: Sandbox, ask: Ask) -> None:
    _, made = await create(ask, sandbox, username="ada@example.org")
    path = f"/workspace/users/{made['user']['_id']}/connection-url"

    async def link(**asked: object) -> dict[str, str]:
        status, body = await ask(sandbox, "POST", path, data=asked)
        assert (status, list(body)) == (200, ["url", "tokenExpiresAt"])
        link: dict[str, str] = body
        return link

    first = await link()
    assert re.fullmatch("https://app.publora.com/connections/[0-9a-f]{40}", first["url"])
    assert first["tokenExpiresAt"] == "2026-12-30T12:00:00.000Z"
    assert await link(expiresInDays=7) == first
    second = await link(expiresInDays=7, rotate=True)
    assert second["url"] != first["url"]
    assert second["tokenExpiresAt"] == "2026-10-08T12:00:00.000Z"
    assert await link(rotate=False) == second
    listed = (await users(ask, sandbox))[-1]
    assert listed["connectionsPageUrl"] == second["url"]
    assert listed["connectionsPageTokenExpiresAt"] == second["tokenExpiresAt"]


async def test_a_user_who_has_a_link_is_given_that_one(sandbox: Sandbox, ask: Ask) -> None:
    user = next(user for user in await users(ask, sandbox) if user["connectionsPageUrl"])
    assert await ask(sandbox, "POST", f"/workspace/users/{user['_id']}/connection-url") == (
        200,
        {
            "url": user["connectionsPageUrl"],
            "tokenExpiresAt": user["connectionsPageTokenExpiresAt"],
        },
    )


def test_a_million_user_ids_are_computed_one_by_one() -> None:
    ids = Sandbox(users=1_000_000).user_ids
    assert len(ids) == 1_000_000
    assert re.fullmatch("[0-9a-f]{24}", ids[999_999])
    assert ids[-1] == ids[999_999]
    assert ids[999_999] in ids
    assert next(reversed(ids)) == ids[-1]
    assert next(iter(ids)) == next(iter(ids)) == ids[0]
    with pytest.raises(IndexError):
        ids[1_000_000]


def test_a_slice_of_the_ids_is_as_lazy() -> None:
    ids = Sandbox(users=1_000_000).user_ids
    half = ids[500_000:]
    assert (type(half), len(half), half[0]) == (type(ids), 500_000, ids[500_000])
    assert ids[0] not in half
    assert list(ids[10:0:-5]) == [ids[10], ids[5]]


@pytest.mark.parametrize("stranger", [None, 5, "", "x" * 24, "0" * 24, "6626a1f5e4b0c91a2d3f4567"])
def test_what_is_no_id_is_not_among_the_ids(stranger: object) -> None:
    assert stranger not in Sandbox(users=1_000_000).user_ids


def test_the_user_after_the_last_is_not_among_the_ids() -> None:
    assert Sandbox(users=11).user_ids[10] not in Sandbox(users=10).user_ids


def test_ids_of_different_users_and_seeds_differ() -> None:
    ids = [*Sandbox(users=10_000).user_ids, *Sandbox(users=10_000, seed=1).user_ids]
    assert len(set(ids)) == 20_000


async def test_the_last_of_a_million_users_answers_like_any_other(ask: Ask) -> None:
    async with Sandbox(users=1_000_000) as sandbox:
        user_id = sandbox.user_ids[999_999]
        status, body = await ask(sandbox, *LIST, user_id=user_id)
        assert (status, body["success"]) == (200, True)
