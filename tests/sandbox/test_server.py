"""The server: where it listens and for how long, in both colours, and what it leaves behind."""

import asyncio
import gc
import logging
import socket
import threading
from typing import Any

import aiohttp
import pytest
import requests
from sandbox_calls import LIST, Address, Ask, address

from publora_async.sandbox import Sandbox

KEY = {"x-publora-key": "YOUR_API_KEY"}
HEAD = b" HTTP/1.1\r\nHost: x\r\nx-publora-key: YOUR_API_KEY\r\n"


def others() -> set[asyncio.Task[Any]]:
    """Give the tasks that run beside the test's own."""
    return asyncio.all_tasks() - {asyncio.current_task()}


def turned_away(where: Address) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(where) != 0


def ended_since(before: set[threading.Thread]) -> bool:
    """Whether every thread that has begun since *before* ends."""
    begun = set(threading.enumerate()) - before
    for thread in begun:
        thread.join(10)
    return not any(thread.is_alive() for thread in begun)


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
