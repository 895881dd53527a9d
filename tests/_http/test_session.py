"""What a pool does with the connections that a child process inherits."""

import asyncio
import gc
import ssl
import subprocess
import sys
import threading

import pytest
from conftest import KEY
from hostile import HostileServer, reply
from trust import AUTHORITY, serving

from publora_async import AsyncPublora
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
