"""How requests are answered on the wire, counted, cut and reset."""

import asyncio
import json
import logging
import socket

import aiohttp
import pytest
import requests
from sandbox_calls import LIST, USERS, Ask, address

from publora_async.sandbox import Faults, Sandbox
from publora_async.sandbox._service import Service

KEY = {"x-publora-key": "YOUR_API_KEY"}
HEAD = b" HTTP/1.1\r\nHost: x\r\nx-publora-key: YOUR_API_KEY\r\n"


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
RESETS = {
    "by rate": Faults(reset_rate=1),
    "by user": Faults(reset_users=[USER]),
    "in an outage": Faults(outage_requests=(0, 1), outage_answer="reset"),
}


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
        ("DELETE /workspace/users/{id}", 400): 1,
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


async def test_a_long_listing_is_sent_in_pieces_while_others_are_answered(ask: Ask) -> None:
    """A million users are listed as far as somebody reads, and no further."""
    async with Sandbox(users=1_000_000) as sandbox, aiohttp.ClientSession() as session:
        url = sandbox.base_url + USERS[1]
        async with session.get(url, headers={"x-publora-key": "YOUR_API_KEY"}) as response:
            assert response.headers["Transfer-Encoding"] == "chunked"
            start = await response.content.readuntil(b"},")
            assert (
                json.loads(start.removesuffix(b",") + b"]}")["users"][0]["_id"]
                == (sandbox.user_ids[0])
            )
            assert (await ask(sandbox, *LIST))[0] == 200


def test_a_client_that_waits_to_be_told_is_told_at_once_to_send_its_body() -> None:
    """Without that it waits for a second, as curl does, or for ever."""
    body = b'{"username":"a@b.cd"}'
    start = b"POST /api/v1/workspace/users" + HEAD + b"Expect: 100-Continue\r\n"
    with Sandbox() as sandbox, socket.create_connection(address(sandbox)) as client:
        client.sendall(start + b"Content-Length: %d\r\n\r\n" % len(body))
        stream = client.makefile("rb")
        assert [stream.readline(), stream.readline()] == [b"HTTP/1.1 100 Continue\r\n", b"\r\n"]
        client.sendall(body)
        assert stream.readline() == b"HTTP/1.1 201 Created\r\n"
        stream.close()


@pytest.mark.parametrize(
    ("path", "status"), [("/platform-connections", 200), ("/workspace/users", 200), ("/posts", 404)]
)
@pytest.mark.parametrize("faults", [None, Faults(cut_rate=1)])
def test_head_gives_the_headers_alone(path: str, status: int, faults: Faults | None) -> None:
    closing = HEAD + b"Connection: close\r\n\r\n"
    with Sandbox(faults=faults) as sandbox:
        received, _ = answered(sandbox, b"HEAD /api/v1" + path.encode() + closing)
    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert b"Content-Type: application/json\r\n" in received
    assert received.endswith(b"\r\n\r\n")
    assert received.count(b"\r\n\r\n") == 1
    name = "unknown" if status == 404 else f"GET {path}"
    assert sandbox.answers == {(name, status): 1}


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
