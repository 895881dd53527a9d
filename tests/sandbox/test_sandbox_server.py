"""The HTTP server: lifetime in both colours, counters, and what goes wrong on the wire."""

import asyncio
import gc
import logging
import socket
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import aiohttp
import pytest
import requests

from publora_async.sandbox import Sandbox
from publora_async.sandbox._service import Service

Ask = Callable[..., Awaitable[tuple[int, Any]]]
Address = tuple[str, int]

LIST = ("GET", "/platform-connections")
KEY = {"x-publora-key": "YOUR_API_KEY"}
HEAD = b" HTTP/1.1\r\nHost: x\r\nx-publora-key: YOUR_API_KEY\r\n"


def address(sandbox: Sandbox) -> Address:
    host, port = sandbox.base_url.removeprefix("http://").removesuffix("/api/v1").split(":")
    return host, int(port)


def others() -> set[asyncio.Task[Any]]:
    """Give the tasks that run beside the test's own."""
    return asyncio.all_tasks() - {asyncio.current_task()}


def turned_away(where: Address) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(where) != 0


async def test_it_listens_on_loopback_while_entered(ask: Ask) -> None:
    sandbox = Sandbox()
    for _ in range(2):
        async with sandbox as entered:
            assert entered is sandbox
            where = address(sandbox)
            assert where[0] == "127.0.0.1"
            assert (await ask(sandbox, *LIST))[0] == 200
        assert turned_away(where)
    assert sandbox.requests == 2


def ended_since(before: set[threading.Thread]) -> bool:
    """Whether every thread that has begun since *before* ends."""
    begun = set(threading.enumerate()) - before
    for thread in begun:
        thread.join(10)
    return not any(thread.is_alive() for thread in begun)


def test_it_runs_on_a_thread_of_its_own_for_plain_code() -> None:
    sandbox = Sandbox()
    before = set(threading.enumerate())
    for _ in range(2):
        with sandbox as entered, requests.Session() as session:
            assert entered is sandbox
            where = address(sandbox)
            answer = session.get(sandbox.base_url + LIST[1], headers=KEY)
            assert len(answer.json()["connections"]) == 15
        assert turned_away(where)
        assert ended_since(before)


def test_the_contracts_python_snippet_runs_with_only_the_address_changed() -> None:
    with Sandbox() as sandbox:
        with requests.Session() as session:
            response = session.get(
                f"{sandbox.base_url}/platform-connections",
                headers={"x-publora-key": "YOUR_API_KEY"},
            )
        connections = response.json()["connections"]
        expired = [
            conn["platformId"].partition("-")[0]
            for conn in connections
            if conn.get("accessTokenExpiresAt")
            and datetime.fromisoformat(
                conn["accessTokenExpiresAt"].replace("Z", "+00:00")  # noqa: FURB162 - as it stands
            )
            < datetime.now(UTC)
        ]
    assert expired == ["linkedin"]


def test_without_being_entered_it_has_no_address() -> None:
    sandbox = Sandbox()
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.base_url
    with sandbox:
        assert sandbox.base_url
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.base_url


async def test_it_is_not_entered_twice(sandbox: Sandbox) -> None:
    with pytest.raises(RuntimeError, match="running already"):
        async with sandbox:
            pass
    with pytest.raises(RuntimeError, match="running already"), sandbox:
        pass
    assert not turned_away(address(sandbox))


async def test_a_taken_port_is_named_and_leaves_nothing_behind(sandbox: Sandbox) -> None:
    port = address(sandbox)[1]
    second = Sandbox(port=port)
    with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}, take another port"):
        async with second:
            pass
    before = set(threading.enumerate())
    with pytest.raises(OSError, match="take another port"), second:
        pass
    assert ended_since(before)


def test_a_port_can_be_asked_for() -> None:
    with Sandbox() as free:
        port = address(free)[1]
    with Sandbox(port=port) as sandbox:
        assert sandbox.base_url == f"http://127.0.0.1:{port}/api/v1"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"users": -1}, "users must be a whole number from 0 to 2147483648, not -1"),
        ({"users": 2**31 + 1}, "users must be a whole number"),
        ({"users": 1.0}, "users must be a whole number"),
        ({"users": True}, "users must be a whole number"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"seed": "a"}, "seed must be a whole number"),
        ({"port": 65536}, "port must be a whole number from 0 to 65535, not 65536"),
        ({"form": "tomorrow"}, 'form must be "today" or "contract", not \'tomorrow\''),
        ({"now": datetime(2026, 10, 1)}, "now must be an aware datetime"),  # noqa: DTZ001
        ({"api_key": ""}, "api_key must be printable ASCII"),
        ({"api_key": "sk 1"}, "api_key must be printable ASCII"),
    ],
)
def test_a_setting_out_of_range_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sandbox(**options)


def test_a_negative_number_of_requests_is_refused() -> None:
    with pytest.raises(ValueError, match="after must be a whole number"):
        Sandbox().revoke_key(after=-1)


def test_its_time_is_in_utc() -> None:
    here = datetime(2026, 10, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    assert Sandbox(now=here).now.isoformat() == "2026-10-01T12:00:00+00:00"
    assert Sandbox().now.tzinfo is UTC


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
        ("GET", "/workspace/users/6626a1f5e4b0c91a2d3f4567"),
        ("POST", "/workspace/users/6626a1f5e4b0c91a2d3f4567/elsewhere"),
        ("GET", "/../elsewhere"),
    ],
)
async def test_what_is_not_documented_is_not_found(
    sandbox: Sandbox, ask: Ask, method: str, path: str
) -> None:
    assert await ask(sandbox, method, path) == (404, {"error": "Not found"})
    assert sandbox.answers == {("unknown", 404): 1}


async def test_a_query_changes_nothing(sandbox: Sandbox, ask: Ask) -> None:
    assert await ask(sandbox, LIST[0], LIST[1] + "?page=2") == await ask(sandbox, *LIST)


async def test_requests_and_answers_are_counted(sandbox: Sandbox, ask: Ask) -> None:
    await ask(sandbox, *LIST)
    await ask(sandbox, *LIST)
    await ask(sandbox, *LIST, key="wrong")
    await ask(sandbox, "POST", "/test-connection/twitter-1")
    await ask(sandbox, "DELETE", "/workspace/users/nobody")
    await ask(sandbox, "GET", "/workspace/users")
    assert sandbox.requests == 6
    assert sandbox.answers == {
        ("GET /platform-connections", 200): 2,
        ("GET /platform-connections", 401): 1,
        ("POST /test-connection/{platformId}", 404): 1,
        ("DELETE /workspace/users/{id}", 404): 1,
        ("GET /workspace/users", 200): 1,
    }
    assert (sandbox.peak_connections, sandbox.peak_in_flight) == (1, 1)


async def test_the_peaks_are_those_of_what_was_open_at_once(sandbox: Sandbox) -> None:
    """Three requests whose bodies are held back are in flight until the bodies come."""
    body = b'{"username":"a@b.cd"}'
    start = b"POST /api/v1/workspace/users" + HEAD + b"Content-Length: %d\r\n\r\n" % len(body)
    pairs = [await asyncio.open_connection(*address(sandbox)) for _ in range(3)]
    for _, writer in pairs:
        writer.write(start)
    while sandbox.requests < 3:  # noqa: ASYNC110 - the sandbox announces no event
        await asyncio.sleep(0)
    assert (sandbox.answers, sandbox.peak_in_flight) == ({}, 3)
    for reader, writer in pairs:
        writer.write(body)
        await reader.readline()
        writer.close()
        await writer.wait_closed()
    assert (sandbox.peak_connections, sandbox.peak_in_flight) == (3, 3)
    assert sandbox.answers == {
        ("POST /workspace/users", 201): 1,
        ("POST /workspace/users", 409): 2,
    }


async def test_a_crash_is_an_internal_server_error_and_is_logged(
    sandbox: Sandbox, ask: Ask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Service, "reply", crash)
    assert await ask(sandbox, *LIST) == (500, {"error": "Internal server error"})
    assert [(record.name, record.message) for record in caplog.records] == [
        ("publora_async.sandbox", "the sandbox could not answer GET /platform-connections")
    ]


def test_a_body_of_megabytes_is_refused() -> None:
    with Sandbox() as sandbox, requests.Session() as session:
        url = f"{sandbox.base_url}/workspace/users"
        answer = session.post(url, headers=KEY, data=b" " * 2**21)
    assert (answer.status_code, answer.json()) == (413, {"error": "Request body is too large"})


REQUESTS = {
    "nothing": b"",
    "half a request": b"GET /api/v1/platform-conn",
    "a request": b"GET /api/v1/platform-connections" + HEAD + b"\r\n",
    "half a body": b"POST /api/v1/workspace/users" + HEAD + b"Content-Length: 9\r\n\r\n{",
    "a long answer": b"GET /api/v1/workspace/users" + HEAD + b"\r\n",
}


@pytest.mark.parametrize("turns", range(14))
@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
async def test_leaving_ends_every_connection_at_any_stage(
    request_: bytes, turns: int, caplog: pytest.LogCaptureFixture
) -> None:
    """No task is left, nothing is logged, and the client sees the end at once."""
    async with Sandbox(users=1_000_000) as sandbox:
        with_it = [socket.create_connection(address(sandbox)) for _ in range(3)]
        for client in with_it:
            client.sendall(request_)
        for _ in range(turns):
            await asyncio.sleep(0)
    assert (others(), caplog.records) == (set(), [])
    for client in with_it:
        with client:
            try:
                while client.recv(2**16):
                    pass
            except ConnectionResetError:
                pass
    gc.collect()


@pytest.mark.parametrize("turns", range(14))
@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
async def test_a_client_that_leaves_at_any_stage_does_no_harm(
    request_: bytes, turns: int, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    async with Sandbox(users=1_000_000) as sandbox:
        with socket.create_connection(address(sandbox)) as client:
            client.sendall(request_)
            for _ in range(turns):
                await asyncio.sleep(0)
        assert (await ask(sandbox, *LIST))[0] == 200
    assert [r for r in caplog.records if r.levelno > logging.DEBUG] == []


async def test_leaving_waits_for_no_idle_connection() -> None:
    async with aiohttp.ClientSession() as session:
        async with Sandbox() as sandbox, session.get(sandbox.base_url, headers=KEY) as response:
            await response.read()
        assert others() == set()
