"""What a pool does with the connections that a child process inherits."""

import asyncio
import gc
import ssl
import subprocess
import sys
import threading

import aiohttp
import pytest
from conftest import KEY
from hostile import HostileServer, reply
from seams import transport
from trust import AUTHORITY, serving

from publora_async import AsyncPublora, ClientStateError
from publora_async._http.session import _inherited


@pytest.mark.parametrize("used", [True, False])
async def test_a_child_process_begins_anew_and_keeps_what_it_inherits_for_ever(
    used: bool,  # noqa: FBT001  # a table column
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with HostileServer(reply()) as server:
        publora = AsyncPublora(KEY, base_url=server.base_url)
        if used:
            await publora.connections.list()
        with monkeypatch.context() as child:
            child.setattr("os.getpid", lambda: -1)
            async with publora:
                await publora.connections.list()
        assert server.connections == 1 + used
        assert len(_inherited) == used
        while _inherited:
            kept = _inherited.pop()
            assert not kept.closed
            await kept.close()


async def test_a_child_process_that_drops_a_client_keeps_its_connections_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with HostileServer(reply()) as server:
        publora = AsyncPublora(KEY, base_url=server.base_url)
        await publora.connections.list()
        with monkeypatch.context() as child:
            child.setattr("os.getpid", lambda: -1)
            await publora.close()
            del publora
            gc.collect()
        (kept,) = _inherited
        _inherited.clear()
        assert not kept.closed
        await kept.close()


async def test_a_first_call_reads_the_trust_store_once_and_not_in_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[threading.Thread] = []
    make = ssl.create_default_context

    def note() -> ssl.SSLContext:
        threads.append(threading.current_thread())
        return make(cadata=AUTHORITY.cert_pem.bytes().decode())

    monkeypatch.setattr(ssl, "create_default_context", note)
    with HostileServer(reply(), tls=serving()) as server:
        base_url = server.base_url.replace("http:", "https:")
        async with AsyncPublora(KEY, base_url=base_url) as publora:
            await asyncio.gather(*(publora.connections.list() for _ in range(3)))
            await publora.with_options(deadline=9).connections.list()
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


def test_a_first_call_imports_nothing() -> None:
    with HostileServer(reply()) as server:
        script = f"""
import asyncio, sys
from publora_async import AsyncPublora

async def main():
    async with AsyncPublora({KEY!r}, base_url={server.base_url!r}) as publora:
        before = set(sys.modules)
        await publora.connections.list()
        print(sorted(set(sys.modules) - before))

asyncio.run(main())
"""
        assert subprocess.check_output([sys.executable, "-c", script], text=True) == "[]\n"


class Watched:
    """
    A lock that says who comes to it.

    Attributes:
        came: Released once for each thread that does.
    """

    def __init__(self) -> None:
        self.came = threading.Semaphore(0)
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self.came.release()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_of_two_threads_whose_loops_make_the_first_call_at_once_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publora = AsyncPublora(KEY, base_url="http://127.0.0.1:1")
    pool = transport(publora).pool
    open_session, lock = pool._open, Watched()
    opened: list[aiohttp.ClientSession] = []
    refused: list[str] = []

    async def call() -> None:
        try:
            pool.session()
        except ClientStateError as error:
            refused.append(str(error))

    def call_elsewhere() -> None:
        asyncio.run(call())
        lock.came.release()

    other = threading.Thread(target=call_elsewhere)

    def open_once_the_other_has_come() -> aiohttp.ClientSession:
        opened.append(open_session())
        if len(opened) == 1:
            lock.came.acquire(blocking=False)  # what this thread has released itself
            other.start()
            assert lock.came.acquire(timeout=5)
        return opened[-1]

    async def call_and_close() -> None:
        await call()
        await asyncio.to_thread(other.join)
        await publora.close()

    monkeypatch.setattr(pool, "_open", open_once_the_other_has_come)
    monkeypatch.setattr(pool, "_beginning", lock)
    asyncio.run(call_and_close())
    assert (len(opened), len(refused)) == (1, 1)
    assert refused[0].startswith("this client belongs to another event loop: ")
