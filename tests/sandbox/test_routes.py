"""Which requests make a documented call, and how a reply is encoded."""

import pytest
from sandbox_calls import LIST, Ask, create

from publora_async.sandbox import Sandbox
from publora_async.sandbox._routes import CALLS, error_reply, find_route

ID = "6626a1f5e4b0c91a2d3f4567"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/"),
        ("GET", "/elsewhere"),
        ("GET", "/platform-connections/"),
        ("POST", "/platform-connections"),
        ("GET", "/test-connection/twitter-1"),
        ("PUT", "/workspace/users"),
        ("GET", f"/workspace/users/{ID}"),
        ("POST", f"/workspace/users/{ID}/elsewhere"),
        ("GET", "/../elsewhere"),
    ],
)
async def test_what_is_not_documented_is_not_found(
    sandbox: Sandbox, ask: Ask, method: str, path: str
) -> None:
    status, body = await ask(sandbox, method, path)
    where = f"/api/v1{path}".replace("/v1/..", "")
    assert (status, body) == (404, {"error": f"the sandbox has no {method} {where}"})
    assert sandbox.answers == {("unknown", 404): 1}


async def test_a_query_changes_nothing(sandbox: Sandbox, ask: Ask) -> None:
    assert await ask(sandbox, LIST[0], LIST[1] + "?page=2") == await ask(sandbox, *LIST)


async def test_half_a_character_in_a_name_does_no_harm(sandbox: Sandbox, ask: Ask) -> None:
    _, made = await create(ask, sandbox, username="ada@example.org", displayName="Ada \ud83e")
    assert made["user"]["displayName"] == "Ada ?"


@pytest.mark.parametrize(
    ("method", "path", "name", "parameter"),
    [
        ("GET", "/platform-connections", "GET /platform-connections", ""),
        ("POST", "/test-connection/x-%C3%A9%2F1", "POST /test-connection/{platformId}", "x-é/1"),
        ("GET", "/workspace/users", "GET /workspace/users", ""),
        ("POST", "/workspace/users", "POST /workspace/users", ""),
        ("DELETE", f"/workspace/users/{ID}", "DELETE /workspace/users/{id}", ID),
        ("DELETE", "/workspace/users/", "DELETE /workspace/users/{id}", ""),
        (
            "POST",
            f"/workspace/users/{ID}/connection-url",
            "POST /workspace/users/{id}/connection-url",
            ID,
        ),
        ("POST", "/workspace/users/attach", "POST /workspace/users/attach", ""),
        ("HEAD", "/workspace/users", "GET /workspace/users", ""),
        ("POST", f"/workspace/users/{ID}/api-key", "POST /workspace/users/{id}/api-key", ID),
    ],
)
def test_each_documented_call_is_known_by_method_and_path(
    method: str, path: str, name: str, parameter: str
) -> None:
    assert name in CALLS
    assert find_route(method, f"/api/v1{path}") == (name, parameter)
    assert {find_route(method, prefix + path).name for prefix in ("", "/api/v2")} == {"unknown"}


def test_of_a_long_path_no_more_is_quoted_than_fits_a_line() -> None:
    name, quoted = find_route("GET", "/api/v1/" + "x" * 10_000)
    assert (name, len(quoted)) == ("unknown", 200)


def test_every_documented_call_finds_itself() -> None:
    for name in CALLS:
        method, _, path = name.partition(" ")
        assert find_route(method, "/api/v1" + path).name == name


def test_an_error_has_a_code_only_where_the_service_sends_one() -> None:
    assert error_reply(404, "Not found") == (404, b'{"error":"Not found"}', {})
    assert error_reply(409, "Taken", "email_exists").body == (
        b'{"error":"Taken","code":"email_exists"}'
    )
