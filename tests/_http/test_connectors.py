"""What aiohttp's connectors and the loops' transports have, and do not offer."""

import asyncio
import gc

import aiohttp
import pytest
from hostile import HostileServer, reply, silence
from trust import serving, trusting

from publora_async._http.connectors import let_go, loop_of
from publora_async._http.straight import Connector


def test_a_connector_knows_its_loop() -> None:
    async def both() -> tuple[asyncio.AbstractEventLoop | None, asyncio.AbstractEventLoop]:
        connector = aiohttp.TCPConnector()
        await connector.close()
        return loop_of(connector), asyncio.get_running_loop()

    loop, running = asyncio.run(both())
    assert loop is running


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("in_use", [False, True], ids=["idle", "in use"])
def test_what_outlived_its_loop_is_closed_without_a_warning(
    in_use: bool,  # noqa: FBT001  # a table column
    secure: bool,  # noqa: FBT001
) -> None:
    answer = silence if in_use else reply()
    with HostileServer(answer, tls=serving() if secure else None) as server:
        url = server.base_url.replace("http:", "https:" if secure else "http:")

        async def use() -> aiohttp.BaseConnector:
            session = aiohttp.ClientSession(connector=Connector())
            call = asyncio.ensure_future(session.get(url, ssl=trusting()))
            if in_use:
                call._log_destroy_pending = False  # type: ignore[attr-defined]  # it is meant
                await asyncio.to_thread(server.asked.acquire)
            else:
                await (await call).read()
            connector = session.connector
            assert connector is not None
            session.detach()
            return connector

        loop = asyncio.new_event_loop()
        connector = loop.run_until_complete(use())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        let_go(connector)
        let_go(connector)
        assert server.is_left_alone()
        del connector
        gc.collect()
