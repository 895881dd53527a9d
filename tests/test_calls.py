"""Each call of the resources, as the service receives it; or refused before anything is sent."""

import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from conftest import KEY
from hostile import HostileServer, reply

from publora_async import AsyncPublora, ConfigurationError, PubloraError

USER = "6626a1f5e4b0c91a2d3f4567"

Call = Callable[[AsyncPublora], Coroutine[Any, Any, object]]


def list_for(user_id: str) -> Call:
    return lambda publora: publora.connections.list(user_id=user_id)


def check(platform_id: str, user_id: str | None = None) -> Call:
    return lambda publora: publora.connections.test(platform_id, user_id=user_id)


def check_as(user_id: str) -> Call:
    return check("twitter-1", user_id)


def create(email: str, display_name: str | None = None) -> Call:
    return lambda publora: publora.managed_users.create(email, display_name)


def detach(user_id: str) -> Call:
    return lambda publora: publora.managed_users.detach(user_id)


def connect(user_id: str, **options: Any) -> Call:  # noqa: ANN401  # wrong ones are tested too
    return lambda publora: publora.managed_users.connection_url(user_id, **options)


def create_key(user_id: str) -> Call:
    return lambda publora: publora.managed_users.create_api_key(user_id)


async def received(call: Call) -> tuple[str, str | None, bytes]:
    """Method and path, the managed user's header if there was one, and the body."""
    with HostileServer(reply(status=404)) as server:
        async with AsyncPublora(KEY, base_url=server.base_url) as publora:
            with pytest.raises(PubloraError, match="HTTP 404"):
                await call(publora)
    (head,), (body,) = server.heads, server.bodies
    text = head.decode()
    assert re.findall("(?im)^x-publora-key: (.*)\r$", text) == [KEY]
    assert re.findall("(?im)^accept: (.*)\r$", text) == ["application/json"]
    kinds = re.findall("(?im)^content-type: (.*)\r$", text)
    assert kinds == (["application/json"] if body else [])
    user = re.search("(?im)^x-publora-user-id: (.*)\r$", text)
    return text.partition(" HTTP/1.1")[0], user and user[1], body


@pytest.mark.parametrize(
    ("call", "line", "user", "body"),
    [
        (lambda publora: publora.connections.list(), "GET /platform-connections", None, b""),
        (list_for(USER), "GET /platform-connections", USER, b""),
        (check("twitter-1"), "POST /test-connection/twitter-1", None, b""),
        (
            check("bluesky-did:plc:abc123", USER),
            *("POST /test-connection/bluesky-did%3Aplc%3Aabc123", USER, b""),
        ),
        (
            check("a-é %2e%2e?b#c:d"),
            *("POST /test-connection/a-%C3%A9%20%252e%252e%3Fb%23c%3Ad", None, b""),
        ),
        (lambda publora: publora.managed_users.list(), "GET /workspace/users", None, b""),
        (
            create("zoë@example.com", "Zoë"),
            *("POST /workspace/users", None),
            b'{"username": "zo\\u00eb@example.com", "displayName": "Zo\\u00eb"}',
        ),
        (
            create("zoe@example.com"),
            *("POST /workspace/users", None, b'{"username": "zoe@example.com"}'),
        ),
        (detach(USER), f"DELETE /workspace/users/{USER}", None, b""),
        (detach("a:b"), "DELETE /workspace/users/a%3Ab", None, b""),
        (
            connect(USER, expires_in_days=7, rotate=True),
            *(f"POST /workspace/users/{USER}/connection-url", None),
            b'{"expiresInDays": 7, "rotate": true}',
        ),
        (
            connect(USER),
            *(f"POST /workspace/users/{USER}/connection-url", None),
            b'{"expiresInDays": 90, "rotate": false}',
        ),
        (create_key(USER), f"POST /workspace/users/{USER}/api-key", None, b""),
    ],
)
async def test_each_call_is_the_documented_request(
    call: Call, line: str, user: str | None, body: bytes
) -> None:
    method, _, path = line.partition(" ")
    assert await received(call) == (f"{method} /api/v1{path}", user, body)


async def refused(call: Call) -> str:
    async with AsyncPublora(KEY, base_url="http://localhost:9") as publora:
        with pytest.raises(ConfigurationError) as raised:
            await call(publora)
    return raised.value.message


@pytest.mark.parametrize("call", [detach, connect, create_key, list_for, check_as])
@pytest.mark.parametrize("given", ["", "u" * 513, "u\ud800", "u 1", "\r\nx-publora-key: k", "ü", 5])
async def test_a_user_id_that_would_not_travel_unharmed_is_refused(
    call: Callable[[Any], Call], given: object
) -> None:
    assert (await refused(call(given))).startswith("user_id m")


@pytest.mark.parametrize("call", [check, detach, connect, create_key])
@pytest.mark.parametrize("given", ["a/b", "..", "a\\b", "a\x00"])
async def test_an_id_that_could_be_taken_for_another_path_is_refused(
    call: Callable[[Any], Call], given: str
) -> None:
    what = "platform_id" if call is check else "user_id"
    assert (await refused(call(given))).startswith(f"{what} m")


@pytest.mark.parametrize("given", [None, 5, b"zoe@example.com", ["zoe@example.com"], "", " \t"])
async def test_an_email_that_is_no_text_is_refused(given: str) -> None:
    assert await refused(create(given)) == "email must be text, and not blank"


@pytest.mark.parametrize("given", [5, b"Zoe", ["Zoe"], "", " \t"])
async def test_a_display_name_that_is_no_text_is_refused(given: str) -> None:
    message = await refused(create("zoe@example.com", given))
    assert message == "display_name must be text, and not blank"


@pytest.mark.parametrize("given", [0, -1, 1.0, "90", True, None])
async def test_days_that_are_no_whole_number_above_0_are_refused(given: object) -> None:
    assert await refused(connect(USER, expires_in_days=given)) == (
        f"expires_in_days must be a whole number, 1 or more, not {given!r}"
    )


@pytest.mark.parametrize("given", ["no", 0, 1, None])
async def test_whether_to_rotate_is_said_by_true_or_false(given: object) -> None:
    assert await refused(connect(USER, rotate=given)) == (
        "rotate must be True or False: a new link ends the old one"
    )
