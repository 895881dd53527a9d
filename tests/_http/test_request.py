"""A call becomes a request, or is refused before anything is sent."""

import json
from collections.abc import Callable

import pytest
from hostile import HostileServer, reply

from publora_async import AsyncPublora, ConfigurationError
from publora_async._http.request import (
    Request,
    connection_url,
    create_user,
    create_user_key,
    detach_user,
    list_connections,
    list_users,
)
from publora_async._http.request import test_connection as check_connection

USER = "6626a1f5e4b0c91a2d3f4567"
JSON = {"Accept": "application/json"}
JSON_BOTH_WAYS = {**JSON, "Content-Type": "application/json"}
FOR_USER = {**JSON, "x-publora-user-id": USER}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (
            list_connections(None),
            Request(
                method="GET",
                route="/platform-connections",
                path="/platform-connections",
                headers=JSON,
            ),
        ),
        (
            list_connections(USER),
            Request(
                method="GET",
                route="/platform-connections",
                path="/platform-connections",
                headers=FOR_USER,
            ),
        ),
        (
            check_connection("twitter-1", None),
            Request(
                method="POST",
                route="/test-connection/{id}",
                path="/test-connection/twitter-1",
                headers=JSON,
            ),
        ),
        (
            check_connection("bluesky-did:plc:abc123", USER),
            Request(
                method="POST",
                route="/test-connection/{id}",
                path="/test-connection/bluesky-did%3Aplc%3Aabc123",
                headers=FOR_USER,
            ),
        ),
        (
            list_users(),
            Request(method="GET", route="/workspace/users", path="/workspace/users", headers=JSON),
        ),
        (
            create_user("zoë@example.com", "Zoë"),
            Request(
                method="POST",
                route="/workspace/users",
                path="/workspace/users",
                headers=JSON_BOTH_WAYS,
                body=b'{"username": "zo\\u00eb@example.com", "displayName": "Zo\\u00eb"}',
                writes=True,
            ),
        ),
        (
            create_user("zoe@example.com", None),
            Request(
                method="POST",
                route="/workspace/users",
                path="/workspace/users",
                headers=JSON_BOTH_WAYS,
                body=b'{"username": "zoe@example.com"}',
                writes=True,
            ),
        ),
        (
            detach_user(USER),
            Request(
                method="DELETE",
                route="/workspace/users/{id}",
                path=f"/workspace/users/{USER}",
                headers=JSON,
                writes=True,
            ),
        ),
        (
            connection_url(USER, expires_in_days=7, rotate=True),
            Request(
                method="POST",
                route="/workspace/users/{id}/connection-url",
                path=f"/workspace/users/{USER}/connection-url",
                headers=JSON_BOTH_WAYS,
                body=b'{"expiresInDays": 7, "rotate": true}',
                writes=True,
            ),
        ),
        (
            create_user_key(USER),
            Request(
                method="POST",
                route="/workspace/users/{id}/api-key",
                path=f"/workspace/users/{USER}/api-key",
                headers=JSON,
                writes=True,
            ),
        ),
    ],
    ids=lambda value: value.route if isinstance(value, Request) else "",
)
def test_each_call_is_the_documented_request(request_: Request, expected: Request) -> None:
    assert request_ == expected


def connect(user_id: str) -> Request:
    return connection_url(user_id, expires_in_days=90, rotate=False)


def check(platform_id: str) -> Request:
    return check_connection(platform_id, None)


def check_as(user_id: str) -> Request:
    return check_connection("twitter-1", user_id)


IN_PATHS = [check, detach_user, connect, create_user_key]
IN_HEADERS = [list_connections, check_as]


@pytest.mark.parametrize("make", IN_PATHS)
@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("did:plc:abc", "did%3Aplc%3Aabc"),
        ("telegram--1001234567890", "telegram--1001234567890"),
        ("a/../b", "a%2F..%2Fb"),
        ("a?b=c&d", "a%3Fb%3Dc%26d"),
        ("a#b", "a%23b"),
        ("50%25", "50%2525"),
        ("%2e%2e", "%252e%252e"),
        ("{id}", "%7Bid%7D"),
        ("a+b@c;d,e", "a%2Bb%40c%3Bd%2Ce"),
        ("\\..\\", "%5C..%5C"),
        ("...", "..."),
        ("-", "-"),
    ],
)
def test_an_id_is_one_step_of_the_path_whatever_it_holds(
    make: Callable[[str], Request], given: str, sent: str
) -> None:
    assert make(given).path == make("THE-ID").path.replace("THE-ID", sent)


async def test_an_id_reaches_the_wire_as_it_was_encoded() -> None:
    with HostileServer(reply(status=404)) as server:
        async with AsyncPublora("sk_test", base_url=server.base_url) as publora:
            for make in IN_PATHS[:2]:
                with pytest.raises(Exception, match="HTTP 404"):
                    await publora._transport.call(make("a/../%2e%2e?b#c:d"), json.loads)
    assert [head.split(b" HTTP/1.1")[0] for head in server.heads] == [
        b"POST /api/v1/test-connection/a%2F..%2F%252e%252e%3Fb%23c%3Ad",
        b"DELETE /api/v1/workspace/users/a%2F..%2F%252e%252e%3Fb%23c%3Ad",
    ]


@pytest.mark.parametrize("make", [*IN_PATHS, *IN_HEADERS])
@pytest.mark.parametrize(
    ("refused", "why"),
    [
        ("", "must be 1 to 512 characters long, not 0"),
        ("u" * 513, "must be 1 to 512 characters long, not 513"),
        ("u\ud800", "may hold only printable ASCII characters without blanks; character 2 of 2"),
        ("u 1", "may hold only printable ASCII characters without blanks; character 2 of 3"),
        ("\r\nx-publora-key: k", "may hold only printable ASCII characters without blanks"),
        ("ü", "may hold only printable ASCII characters without blanks; character 1 of 1"),
        (5, "must be text, not int"),
        (b"u", "must be text, not bytes"),
    ],
)
def test_an_id_that_would_not_travel_unharmed_is_refused_and_not_quoted(
    make: Callable[[str], Request], refused: str, why: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        make(refused)
    what = "platform_id" if make is check else "user_id"
    assert raised.value.message.startswith(f"{what} {why}")


@pytest.mark.parametrize("make", IN_PATHS)
@pytest.mark.parametrize("step", [".", ".."])
def test_an_id_that_is_a_step_in_a_path_is_refused(
    make: Callable[[str], Request], step: str
) -> None:
    what = "platform_id" if make is check else "user_id"
    with pytest.raises(ConfigurationError) as raised:
        make(step)
    assert raised.value == ConfigurationError(f"{what} must be an id, not a step in a path")


@pytest.mark.parametrize("refused", [None, 5, b"zoe@example.com", ["zoe@example.com"], "", " \t"])
def test_an_email_that_is_no_text_is_refused(refused: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        create_user(refused, None)
    assert raised.value == ConfigurationError("email must be text, and not blank")


@pytest.mark.parametrize("refused", [5, b"Zoe", ["Zoe"], "", " \t"])
def test_a_display_name_that_is_no_text_is_refused(refused: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        create_user("zoe@example.com", refused)
    assert raised.value == ConfigurationError("display_name must be text, and not blank")


@pytest.mark.parametrize("refused", [0, -1, 1.0, "90", True, None])
def test_days_that_are_no_whole_number_above_0_are_refused(refused: int) -> None:
    with pytest.raises(ConfigurationError) as raised:
        connection_url(USER, expires_in_days=refused, rotate=False)
    assert raised.value == ConfigurationError(
        f"expires_in_days must be a whole number, 1 or more, not {refused!r}"
    )


@pytest.mark.parametrize("refused", ["no", 0, 1, None])
def test_whether_to_rotate_is_said_by_true_or_false(refused: object) -> None:
    with pytest.raises(ConfigurationError, match=r"^rotate must be True or False"):
        connection_url(USER, expires_in_days=90, rotate=refused)  # type: ignore[arg-type]
