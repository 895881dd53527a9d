"""One odd optional field costs that field, never an account, and is not lost."""

import logging

import pytest
from asking import ClientOf, Serve, decode_failures, listing, not_as_documented
from conftest import KEY
from hostile import reply

from publora_async import Connection, ConnectionList, JSONValue, LastError, ManagedUser

GOOD = [{"platformId": f"twitter-{number}", "username": "@you"} for number in range(99)]
ODD: dict[str, JSONValue] = {
    "username": 12345,
    "displayName": ["swordfish"],
    "profileImageUrl": False,
    "accessTokenExpiresAt": 1798761600,
    "lastSuccessfulPost": "",
    "lastError": "swordfish",
    "subscriptionType": {"swordfish": 1},
    "tokenExpiresIn": 0.5,
    "tokenStatus": True,
    "profileUrl": 7,
}


@pytest.mark.parametrize("name", ODD)
async def test_11_an_odd_optional_field_is_none_and_its_value_is_in_extra(
    name: str, serve: Serve, client_of: ClientOf, caplog: pytest.LogCaptureFixture
) -> None:
    odd = {"platformId": "twitter-x", name: ODD[name], "new": {"a": [1]}}
    body = {"success": True, "connections": [*GOOD, odd]}
    server = serve(reply(body))
    with caplog.at_level(logging.WARNING):
        accounts = await client_of(server).ask(listing)
    assert accounts[99] == Connection(
        platform_id="twitter-x", extra={name: ODD[name], "new": {"a": [1]}}
    )
    assert accounts[:99] == ConnectionList(
        Connection(platform_id=f"twitter-{number}", username="@you") for number in range(99)
    )
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "WARNING",
            "Connection: not of the documented type, so None, with the value in extra: " + name,
        )
    ]
    assert accounts[99].to_dict()[name] == ODD[name]


async def test_11_several_odd_fields_are_one_warning_that_names_each_once(
    serve: Serve, client_of: ClientOf, caplog: pytest.LogCaptureFixture
) -> None:
    odd = [
        {
            "platformId": "a-1",
            "username": 1,
            "lastError": {"message": 2, "occurredAt": "sword"},
        },
        {"platformId": "a-2", "username": 3},
    ]
    server = serve(reply({"success": True, "connections": odd}))
    with caplog.at_level(logging.WARNING):
        accounts = await client_of(server).ask(listing)
    assert accounts == ConnectionList(
        [
            Connection(
                platform_id="a-1",
                last_error=LastError(extra={"message": 2, "occurredAt": "sword"}),
                extra={"username": 1},
            ),
            Connection(platform_id="a-2", extra={"username": 3}),
        ]
    )
    (record,) = caplog.records
    assert record.getMessage().endswith(": lastError.message, lastError.occurredAt, username")


async def test_11_an_odd_field_of_a_managed_user_costs_no_user(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply({"users": [{"_id": "a", "dailyPostsLeft": "many"}, {"_id": "b"}]}))
    users = await client_of(server).ask(lambda publora: publora.managed_users.list())
    assert [*users] == [ManagedUser(id="a", extra={"dailyPostsLeft": "many"}), ManagedUser(id="b")]


async def test_11_what_identifies_a_record_is_always_strict(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply({"success": True, "connections": [{"platformId": 1, "username": 2}]}))
    assert await decode_failures(client_of(server), 1) == [
        not_as_documented("connections[0].platformId: expected text, found a number")
    ]


async def test_11_what_cannot_be_kept_is_refused(serve: Serve, client_of: ClientOf) -> None:
    deep = "[" * 200 + "]" * 200
    body = b'{"success": true, "connections": [{"platformId": "a-1", "username": %s}]}'
    server = serve(reply(body % deep.encode()))
    assert await decode_failures(client_of(server), 1) == [
        not_as_documented("connections[0]: nested more than 100 levels deep")
    ]


async def test_11_strict_refuses_the_whole_response(serve: Serve, client_of: ClientOf) -> None:
    server = serve(reply({"success": True, "connections": [*GOOD, {**GOOD[0], "username": 1}]}))
    assert await decode_failures(client_of(server, strict=True), 1) == [
        not_as_documented("connections[99].username: expected text, found a number")
    ]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("9999-12-31T23:59:59-05:00", "9999-12-31T23:59:59.999999Z"),
        ("9999-12-31T23:59:59.000Z", "9999-12-31T23:59:59.000Z"),
        ("0001-01-01T00:00:00+05:00", "0001-01-01T00:00:00.000Z"),
    ],
)
async def test_11_a_time_at_the_end_of_time_is_one(
    sent: str, read: str, serve: Serve, client_of: ClientOf
) -> None:
    item = {"platformId": "a-1", "accessTokenExpiresAt": sent}
    server = serve(reply({"success": True, "connections": [item]}))
    (account,) = await client_of(server).ask(listing)
    assert account.to_dict()["accessTokenExpiresAt"] == read
    assert KEY not in str(account.status)
