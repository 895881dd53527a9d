"""What is answered about managed users and live checks becomes records, and goes back."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from publora_async import (
    AttachedUser,
    ConnectionLink,
    ConnectionList,
    ConnectionTest,
    LastError,
    ManagedUser,
    ManagedUserKey,
    ResponseDecodeError,
    TestStatus,
    UserSucceeded,
)
from publora_async._decoding.bodies import decode_success, many, one
from publora_async.secret import Secret

DATE = datetime(2026, 10, 8, 15, 30, 0, 250_000, tzinfo=UTC)
WIRE_DATE = "2026-10-08T15:30:00.250Z"

WIRE_USER = {
    "_id": "6626a1f5e4b0c91a2d3f4567",
    "username": "zoe@example.com",
    "displayName": "Zoë",
    "role": "managed",
    "dailyPostsLeft": 0,
    "connectionsPageUrl": "https://app.publora.com/connections/abc",
    "connectionsPageTokenExpiresAt": WIRE_DATE,
    "id": "another",
    "plan": {"name": None},
}
USER = ManagedUser(
    id="6626a1f5e4b0c91a2d3f4567",
    email="zoe@example.com",
    display_name="Zoë",
    role="managed",
    daily_posts_left=0,
    connections_page_url="https://app.publora.com/connections/abc",
    connections_page_token_expires_at=DATE,
    extra={"id": "another", "plan": {"name": None}},
)
WIRE_TEST = {
    "platform": "twitter",
    "platformId": "twitter-1",
    "username": "@you",
    "status": "ok",
    "message": "Connection is working",
    "permissions": ["tweet.read", "tweet.write"],
    "tokenExpiresIn": "7d 3h",
    "lastSuccessfulPost": WIRE_DATE,
    "lastError": {"message": "Gone", "occurredAt": WIRE_DATE, "id": 1},
    "latencyMs": 12,
}
TEST = ConnectionTest(
    platform_id="twitter-1",
    status="ok",
    platform="twitter",
    username="@you",
    message="Connection is working",
    permissions=("tweet.read", "tweet.write"),
    token_expires_in="7d 3h",
    last_successful_post=DATE,
    last_error=LastError(message="Gone", occurred_at=DATE, extra={"id": 1}),
    extra={"latencyMs": 12},
)

Decode = Callable[..., object]

decode_users = many(ManagedUser, "users")
decode_user = one(ManagedUser, "user")
decode_attached = one(AttachedUser)
decode_link = one(ConnectionLink)
decode_key = one(ManagedUserKey)
decode_test = one(ConnectionTest)


def encoded(document: object) -> bytes:
    return json.dumps(document).encode()


def nulls(wire: dict[str, object], *kept: str) -> dict[str, object]:
    return {name: value if name in kept else None for name, value in wire.items()}


def wrapped(user: object) -> dict[str, object]:
    return {"user": user, "requestId": "not a field of the user's"}


@pytest.mark.parametrize(
    ("decode", "document", "expected"),
    [
        (decode_users, {"users": []}, []),
        (decode_users, {"users": [WIRE_USER, {"_id": "a"}]}, [USER, ManagedUser(id="a")]),
        (decode_user, wrapped(WIRE_USER), USER),
        (
            decode_user,
            wrapped(nulls(WIRE_USER, "_id")),
            ManagedUser(id=USER.id, extra={"id": None, "plan": None}),
        ),
        (
            decode_attached,
            {"user": WIRE_USER, "alreadyInWorkspace": True, "at": WIRE_DATE},
            AttachedUser(user=USER, already_in_workspace=True, extra={"at": WIRE_DATE}),
        ),
        (
            decode_attached,
            {"user": {"_id": "a"}, "alreadyInWorkspace": None},
            AttachedUser(user=ManagedUser(id="a")),
        ),
        (
            decode_link,
            {"url": "https://u", "tokenExpiresAt": WIRE_DATE, "token_expires_at": 1},
            ConnectionLink(url="https://u", token_expires_at=DATE, extra={"token_expires_at": 1}),
        ),
        (decode_link, {"url": "https://u"}, ConnectionLink(url="https://u")),
        (
            decode_link,
            {"url": "https://u", "tokenExpiresAt": None},
            ConnectionLink(url="https://u"),
        ),
        (
            decode_key,
            {"message": "Once", "apiKey": "sk_1", "userId": "u", "scopes": []},
            ManagedUserKey(
                api_key=Secret("sk_1"), user_id="u", message="Once", extra={"scopes": []}
            ),
        ),
        (
            decode_key,
            {"message": None, "apiKey": "sk_1", "userId": None},
            ManagedUserKey(api_key=Secret("sk_1")),
        ),
        (decode_test, WIRE_TEST, TEST),
        (
            decode_test,
            {"platformId": "a-1", "status": "paused"},
            ConnectionTest(platform_id="a-1", status="paused"),
        ),
        (
            decode_test,
            nulls(WIRE_TEST, "platformId", "status"),
            ConnectionTest(platform_id="twitter-1", status="ok", extra={"latencyMs": None}),
        ),
        (decode_success, {"success": True, "detached": 1}, None),
    ],
)
def test_each_answer_becomes_its_record_and_unknown_fields_are_kept(
    decode: Decode, document: object, expected: object
) -> None:
    assert decode(encoded(document)) == expected


def test_a_user_comes_back_as_it_was_up_to_nulls() -> None:
    assert USER.to_dict() == WIRE_USER
    assert ManagedUser(id="a").to_dict() == {"_id": "a"}
    assert decode_user(encoded({"user": USER.to_dict()})) == USER


def test_a_live_check_comes_back_as_it_was_up_to_nulls() -> None:
    assert TEST.to_dict() == WIRE_TEST
    bare = ConnectionTest(platform_id="a-1", status="error")
    assert bare.to_dict() == {"platformId": "a-1", "status": "error", "permissions": []}
    assert decode_test(encoded(TEST.to_dict())) == TEST


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://app.publora.com/connections/swordfish", "'https://app.publora.com/***'"),
        ("http://127.0.0.1:8787/connect?token=swordfish", "'http://127.0.0.1:8787/***'"),
        ("https://app.publora.com?token=swordfish", "'https://app.publora.com/***'"),
        ("https://swordfish@app.publora.com/", "'***'"),
        ("swordfish", "'***'"),
        ("", "'***'"),
    ],
)
def test_a_connection_link_is_never_shown_in_full(url: str, shown: str) -> None:
    """Whoever has it can connect accounts."""
    assert repr(ConnectionLink(url=url)) == (
        f"ConnectionLink(url={shown}, token_expires_at=None, extra={{}})"
    )
    user = ManagedUser(id="a", connections_page_url=url)
    assert f" connections_page_url={shown}," in repr(user)
    assert "swordfish" not in repr(UserSucceeded("a", ConnectionList(), user))
    assert (user.connections_page_url, user.to_dict()["connectionsPageUrl"]) == (url, url)


def test_without_a_link_none_is_shown() -> None:
    assert " connections_page_url=None," in repr(ManagedUser(id="a"))


def test_what_goes_back_is_a_copy() -> None:
    plan = USER.to_dict()["plan"]
    assert isinstance(plan, dict)
    plan["name"] = "changed"
    assert USER.to_dict() == WIRE_USER


@pytest.mark.parametrize(
    ("status", "ok"),
    [("ok", True), ("error", False), ("OK", False), ("paused", False), ("", False)],
)
def test_a_live_check_is_ok_only_where_the_service_says_so(status: str, ok: bool) -> None:  # noqa: FBT001  # a column
    assert ConnectionTest(platform_id="a-1", status=status).ok is ok
    assert (status in list(TestStatus)) is (status in {"ok", "error"})


@pytest.mark.parametrize(
    ("decode", "document", "problems"),
    [
        (
            decode_users,
            {"users": [{"_id": "a"}] * 3 + [{"username": 5}, {"_id": None, "dailyPostsLeft": "0"}]},
            [
                "users[3]._id: is missing",
                "users[3].username: expected text, found a number",
                "users[4]._id: expected text, found nothing",
                "users[4].dailyPostsLeft: expected a whole number, found text",
            ],
        ),
        (
            decode_attached,
            {"user": {"username": "zoe@example.com"}, "alreadyInWorkspace": "false"},
            [
                "user._id: is missing",
                "alreadyInWorkspace: expected true or false, found text",
            ],
        ),
        (
            decode_users,
            {"users": [{"_id": "a", "dailyPostsLeft": True}, {"_id": "b", "dailyPostsLeft": 0.5}]},
            [
                "users[0].dailyPostsLeft: expected a whole number, found a boolean",
                "users[1].dailyPostsLeft: expected a whole number, found a number",
            ],
        ),
        (
            decode_users,
            {"users": [{"_id": "a", "connectionsPageTokenExpiresAt": "hunter2"}, "hunter2"]},
            [
                "users[0].connectionsPageTokenExpiresAt: expected an ISO 8601 time",
                "users[1]: expected an object, found text",
            ],
        ),
        (decode_users, {}, ["users: expected a list, found nothing"]),
        (decode_users, {"users": {"_id": "a"}}, ["users: expected a list, found an object"]),
        (
            decode_users,
            {"users": [{"_id": "a"}] * 20_001},
            ["users: expected at most 20000 items, found 20001"],
        ),
        (decode_user, {"_id": "a"}, ["user: expected an object, found nothing"]),
        (decode_user, {"user": {"_id": ["a"]}}, ["user._id: expected text, found a list"]),
        (
            decode_link,
            {"tokenExpiresAt": 5},
            ["url: is missing", "tokenExpiresAt: expected an ISO 8601 time"],
        ),
        (decode_link, {"url": None}, ["url: expected text, found nothing"]),
        (decode_key, {"userId": "u"}, ["apiKey: is missing"]),
        (decode_key, {"apiKey": 5}, ["apiKey: expected text, found a number"]),
        (decode_test, {"status": "ok"}, ["platformId: is missing"]),
        (
            decode_test,
            {**WIRE_TEST, "permissions": "all", "lastError": {"occurredAt": {}}},
            [
                "permissions: expected a list, found text",
                "lastError.occurredAt: expected an ISO 8601 time",
            ],
        ),
        (decode_test, {**WIRE_TEST, "status": None}, ["status: expected text, found nothing"]),
        (decode_success, {"success": "true"}, ["success: expected true"]),
        *(
            (decode, ["hunter2"], ["expected an object, found a list"])
            for decode in (decode_users, decode_user, decode_link, decode_key, decode_test)
        ),
    ],
)
def test_an_error_names_the_path_in_the_wires_spelling(
    decode: Decode, document: object, problems: list[str]
) -> None:
    with pytest.raises(ResponseDecodeError) as raised:
        decode(encoded(document), strict=True)
    path = problems[0].partition(": ")[0] if ": " in problems[0] else ""
    assert raised.value == ResponseDecodeError(
        "the response is not what Publora documents: " + "; ".join(problems),
        path=path,
        problems=tuple(problems),
    )
    assert "hunter2" not in repr(raised.value)
