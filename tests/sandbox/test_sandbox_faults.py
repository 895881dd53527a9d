"""Faults as a client meets them: on the wire, counted, set while the sandbox runs."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import requests

from publora_async.sandbox import Faults, Sandbox

Ask = Callable[..., Awaitable[tuple[int, Any]]]

LIST = ("GET", "/platform-connections")
LISTING = "GET /platform-connections"
INTERNAL = (500, {"error": "Internal server error"})
UNAVAILABLE = (503, {"error": "Service unavailable"})


def address(sandbox: Sandbox) -> tuple[str, int]:
    host, port = sandbox.base_url.removeprefix("http://").removesuffix("/api/v1").split(":")
    return host, int(port)


def request(method: str, path: str, *, user_id: str = "", body: bytes = b"") -> bytes:
    head = f"{method} /api/v1{path} HTTP/1.1\r\nHost: x\r\nx-publora-key: YOUR_API_KEY\r\n"
    if user_id:
        head += f"x-publora-user-id: {user_id}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def answered(sandbox: Sandbox, sent: bytes) -> tuple[bytes, bool]:
    """Send *sent*, and give whatever comes until the end, and whether that is a reset."""
    received = b""
    with socket.create_connection(address(sandbox)) as client:
        try:
            client.sendall(sent)
            while piece := client.recv(2**16):
                received += piece
        except (ConnectionResetError, BrokenPipeError):
            return received, True
    return received, False


def promised_and_sent(received: bytes) -> tuple[int, int]:
    """Give the length of the body in *received*, as its headers have it and as it is."""
    head, _, body = received.partition(b"\r\n\r\n")
    [length] = (
        int(line.partition(b":")[2])
        for line in head.splitlines()
        if line.lower().startswith(b"content-length:")
    )
    return length, len(body)


USER = Sandbox().user_ids[3]
OTHER = Sandbox().user_ids[4]
RESETS = {
    "by rate": Faults(reset_rate=1),
    "by user": Faults(reset_users=[USER]),
    "in an outage": Faults(outage_requests=(0, 1), outage_answer="reset"),
}


@pytest.mark.parametrize("faults", RESETS.values(), ids=RESETS)
@pytest.mark.parametrize("body", [b"", b"{" * 500_000], ids=["no body", "a body half read"])
def test_a_reset_connection_ends_without_a_byte(faults: Faults, body: bytes) -> None:
    """One that is merely closed would end without an error."""
    sent = request("POST", f"/workspace/users/{USER.upper()}/api-key", body=body)
    with Sandbox(faults=faults) as sandbox:
        assert answered(sandbox, sent) == (b"", True)
    assert (sandbox.requests, sandbox.answers) == (1, {})


@pytest.mark.parametrize("faults", [Faults(cut_rate=1), Faults(cut_users=[USER])])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/platform-connections", 200),
        ("GET", "/workspace/users", 200),
        ("POST", "/test-connection/nothing-1", 404),
    ],
)
def test_a_cut_body_is_half_of_what_its_headers_promise(
    faults: Faults, method: str, path: str, status: int
) -> None:
    with Sandbox(faults=faults) as sandbox:
        received, was_reset = answered(sandbox, request(method, path, user_id=USER))
    promised, sent = promised_and_sent(received)
    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert (promised // 2, was_reset) == (sent, False)
    assert 0 < sent < promised
    assert [answer for _, answer in sandbox.answers] == [status]
    assert [fault for _, fault in sandbox.faulted] == ["cut"]


def test_without_a_fault_a_body_is_as_long_as_its_headers_promise() -> None:
    """What the test above reads off would be wrong of a server that is well."""
    closing = b"GET /api/v1/platform-connections HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with Sandbox() as sandbox:
        received, was_reset = answered(sandbox, closing)
    promised, sent = promised_and_sent(received)
    assert (promised, was_reset) == (sent, False)


@pytest.mark.parametrize("turns", range(14))
@pytest.mark.parametrize(
    "faults", [Faults(reset_rate=1), Faults(cut_rate=1), Faults(error_rate=1), Faults(latency=999)]
)
async def test_a_client_that_leaves_before_its_fault_does_no_harm(
    faults: Faults, turns: int, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    async with Sandbox(faults=faults) as sandbox:
        with socket.create_connection(address(sandbox)) as client:
            client.sendall(request(*LIST))
            for _ in range(turns):
                await asyncio.sleep(0)
        sandbox.faults = None
        assert (await ask(sandbox, *LIST))[0] == 200
    assert [r for r in caplog.records if r.levelno > logging.DEBUG] == []


async def test_leaving_waits_for_no_latency() -> None:
    async with Sandbox(faults=Faults(latency=999)) as sandbox:
        with socket.create_connection(address(sandbox)) as client:
            client.sendall(request(*LIST))
            while not sandbox.faulted:  # noqa: ASYNC110 - the sandbox announces no event
                await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert (sandbox.faulted, sandbox.answers) == ({(LISTING, "latency"): 1}, {})


async def test_every_request_waits_its_latency_whatever_its_answer_is(ask: Ask) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    faults = Faults(latency=0.25, outage_requests=(1, 1), sleep=sleep)
    async with Sandbox(faults=faults) as sandbox:
        assert [(await ask(sandbox, *LIST))[0] for _ in range(3)] == [200, 503, 200]
    assert waited == [0.25] * 3
    assert sandbox.faulted == {(LISTING, "latency"): 3, (LISTING, "outage"): 1}


async def test_a_window_of_requests_is_out_and_nothing_else(ask: Ask) -> None:
    async with Sandbox(faults=Faults(outage_requests=(3, 2))) as sandbox:
        asked = [await ask(sandbox, *LIST) for _ in range(8)]
    assert [status for status, _ in asked] == [200] * 3 + [503] * 2 + [200] * 3
    assert asked[3] == UNAVAILABLE
    assert sandbox.requests == 8
    assert sandbox.answers == {(LISTING, 200): 6, (LISTING, 503): 2}
    assert sandbox.faulted == {(LISTING, "outage"): 2}


@pytest.mark.parametrize(
    ("retry_after", "header"), [(1, "1"), (None, None), ("tomorrow", "tomorrow")]
)
async def test_what_exceeds_the_limit_is_429(
    retry_after: int | str | None, header: str | None
) -> None:
    faults = Faults(rate_limit=2, retry_after=retry_after, clock=lambda: 0.0)
    async with Sandbox(faults=faults) as sandbox, aiohttp.ClientSession() as session:
        found = []
        for _ in range(3):
            async with session.get(sandbox.base_url + LIST[1]) as response:
                found.append((response.status, response.headers.get("Retry-After")))
    assert found == [(401, None), (401, None), (429, header)]
    assert sandbox.faulted == {(LISTING, "rate_limit"): 1}


async def test_a_faulted_request_does_not_reach_the_service(ask: Ask) -> None:
    """Nobody is created, no key is checked, and the connection is good for the next request."""
    create = {"data": {"username": "ann@b.cd"}}
    async with Sandbox(faults=Faults(error_rate=1)) as sandbox:
        assert await ask(sandbox, "POST", "/workspace/users", key="wrong", **create) == INTERNAL
        assert await ask(sandbox, "POST", "/workspace/users", **create) == INTERNAL
        sandbox.faults = None
        assert (await ask(sandbox, "POST", "/workspace/users", **create))[0] == 201
    assert (sandbox.requests, sandbox.peak_connections) == (3, 1)
    assert sandbox.faulted == {("POST /workspace/users", "error"): 2}


async def test_a_users_fault_meets_whoever_asks_for_the_user_in_whatever_way(ask: Ask) -> None:
    async with Sandbox(faults=Faults(error_users={USER: 403})) as sandbox:
        for call in (LIST, ("POST", "/test-connection/twitter-1")):
            assert await ask(sandbox, *call, user_id=USER) == (403, {"error": "Forbidden"})
        assert (await ask(sandbox, "DELETE", f"/workspace/users/{USER.upper()}"))[0] == 403
        assert (await ask(sandbox, *LIST, user_id=OTHER))[0] == 200
        assert (await ask(sandbox, *LIST))[0] == 200
        assert sandbox.requests_of == {USER: 3}
        sandbox.faults = Faults(cut_users=[OTHER], calls=["GET /workspace/users"])
        assert (await ask(sandbox, *LIST, user_id=USER))[0] == 200
        assert (await ask(sandbox, *LIST, user_id=OTHER))[0] == 200
    assert sandbox.requests_of == {USER: 3, OTHER: 1}


def test_an_outage_lasts_until_it_is_ended_from_whatever_thread() -> None:
    with Sandbox(faults=Faults(error_rate=1)) as sandbox, requests.Session() as session:

        def status() -> int:
            return session.get(sandbox.base_url + LIST[1]).status_code

        found = [status()]
        sandbox.start_outage()
        found += [status(), status()]
        sandbox.faults = None
        found.append(status())
        sandbox.start_outage(answer=500)
        found.append(status())
        sandbox.start_outage(answer="reset")
        with pytest.raises(requests.ConnectionError):
            status()
        sandbox.end_outage()
        found.append(status())
    assert found == [500, 503, 503, 503, 500, 401]
    assert sandbox.faulted == {(LISTING, "error"): 1, (LISTING, "outage"): 5}


def test_an_outage_answers_with_an_error() -> None:
    sandbox = Sandbox()
    for answer in (200, "cut"):
        with pytest.raises(ValueError, match="answer must be a whole number from 400 to 599"):
            sandbox.start_outage(answer=answer)  # type: ignore[arg-type]


async def test_faults_that_are_set_begin_anew(ask: Ask) -> None:
    faults = Faults(outage_requests=(0, 1))
    sandbox = Sandbox()
    assert sandbox.faults is None
    async with sandbox:
        for _ in range(2):
            sandbox.faults = faults
            assert [(await ask(sandbox, *LIST))[0] for _ in range(2)] == [503, 200]
        assert sandbox.faults is faults


async def test_rates_hit_the_same_requests_in_every_sandbox_of_a_seed(ask: Ask) -> None:
    runs = []
    for seed in (7, 7, 8):
        async with Sandbox(seed=seed, faults=Faults(error_rate=0.5)) as sandbox:
            runs.append([(await ask(sandbox, *LIST))[0] for _ in range(32)])
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize("faults", [None, Faults()])
def test_without_faults_a_request_is_not_looked_at(faults: Faults | None) -> None:
    sandbox = Sandbox(faults=faults)
    assert sandbox._injector.idle
    assert sandbox.faults is faults
