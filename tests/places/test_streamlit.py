"""Streamlit's sessions: each shows its user's accounts, by one client for all of them."""

import asyncio
import logging
import os
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest
from places.serving import Held, expected, free_port, require, served

from publora_async import ConnectionList
from publora_async.sandbox import Sandbox

pytestmark = [
    pytest.mark.timeout(300),  # seconds, of which a slow machine's server takes some
    pytest.mark.skipif(not hasattr(os, "killpg"), reason="no SIGTERM that asks to end"),
]
logger = logging.getLogger("places")

USERS = 200
RERUN = 10
IN_FLIGHT = 60


def as_shown(accounts: ConnectionList) -> list[str]:
    return accounts.platform_ids


async def shown(session: aiohttp.ClientSession, user: str, runs: int) -> list[list[str]]:
    """Open the page as a browser does, run it so many times, and give which ids it shows."""
    from pyarrow import ipc
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    run = BackMsg()
    run.rerun_script.query_string = urlencode({"user": user})
    tables = []
    async with session.ws_connect("/_stcore/stream", protocols=["streamlit"], max_msg_size=0) as ws:
        for _ in range(runs):
            await ws.send_bytes(run.SerializeToString())
            async for message in ws:
                said = ForwardMsg.FromString(message.data)
                kind = said.WhichOneof("type")
                if kind == "script_finished":
                    break
                element = said.delta.new_element
                if kind == "delta" and element.WhichOneof("type") == "dataframe":
                    table = ipc.open_stream(element.dataframe.arrow_data.data).read_all()
                    tables.append(table["platform_id"].to_pylist())
    return tables


async def test_streamlit_shows_each_user_their_accounts_in_each_rerun(tmp_path: Path) -> None:
    require("streamlit", "pyarrow", "pandas")
    command = (
        "-m streamlit run streamlit_app.py --server.headless true --server.address 127.0.0.1 "
        f"--server.port {free_port()} --browser.gatherUsageStats false "
        # A run of the script ends with a full collection, which 200 runs at once wait for.
        "--server.fileWatcherType none --runner.postScriptGC false"
    )
    async with Sandbox(users=USERS) as sandbox:
        due = await expected(sandbox, as_shown)
        async with (
            served(sandbox, tmp_path, *command.split()) as server,
            aiohttp.ClientSession(server.url, connector=aiohttp.TCPConnector(limit=0)) as session,
        ):
            got = await asyncio.gather(*(shown(session, user, 1) for user in due))
            assert dict(zip(due, got, strict=True)) == {user: [due[user]] for user in due}
            again = [*due][:RERUN]
            twice = await asyncio.gather(*(shown(session, user, 2) for user in again))
            assert twice == [[due[user]] * 2 for user in again]
            held = Held(sandbox)
            asking = [asyncio.create_task(shown(session, user, 1)) for user in [*due][:IN_FLIGHT]]
            await held.have(IN_FLIGHT)
            server.end()
            seconds = await server.ended()
            held.let_go()
            last = await asyncio.gather(*asking)
    logger.info("streamlit: %d, then %d, in %.1f s", len(got), sum(map(bool, last)), seconds)
    assert (server.code, server.complaints()) == (0, [])
    assert (await server.left()).count("the thread publora") == 1
