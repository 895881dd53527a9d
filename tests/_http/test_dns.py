"""Host names are resolved on threads that nobody waits for."""

import asyncio
import socket
import threading

import pytest

from publora_async._http.dns import DaemonDns


async def test_names_are_resolved_both_ways() -> None:
    found = await DaemonDns().getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
    assert found == socket.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
    flags = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    assert await DaemonDns().getnameinfo(("127.0.0.1", 80), flags) == ("127.0.0.1", "80")


async def test_what_resolving_raises_is_raised_where_it_is_awaited() -> None:
    with pytest.raises(socket.gaierror):
        await DaemonDns().getaddrinfo("no name", 80)


async def test_a_name_that_is_given_up_before_its_thread_runs_is_not_resolved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held: list[threading.Thread] = []

    def hold(thread: threading.Thread) -> None:
        held.append(thread)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", hold)
        task = asyncio.create_task(DaemonDns().getaddrinfo("127.0.0.1", 80))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: pytest.fail("it has begun"))
    held[0].run()
