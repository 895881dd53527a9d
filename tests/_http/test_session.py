"""What a pool does with the connections that a child process inherits."""

import gc

import pytest
from conftest import KEY
from hostile import HostileServer, reply

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
