"""Both clients in the cells of a notebook, whose kernel runs an event loop of its own."""

import html
import json
import re
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

from publora_async import AsyncPublora, ConnectionList
from publora_async.sandbox import Sandbox

Run = Callable[..., Awaitable[list[Any]]]

# With nest_asyncio, or anything like it, the running loop could be run from within.
LIST = """\
import asyncio
from publora_sync import Publora

loop = asyncio.get_running_loop()
done = loop.create_future()
done.set_result(None)
try:
    loop.run_until_complete(done)
except RuntimeError as error:
    print(error)

publora = Publora()
publora.connections.list()
"""

AWAIT = """\
from publora_async import AsyncPublora

async with AsyncPublora() as awaited:
    accounts = await awaited.connections.list()
accounts
"""

# Verbose: the values of all variables, in every frame of the traceback.
FAIL = """\
%xmode Verbose
from publora_sync import Publora

Publora().connections.list(user_id="0" * 24)
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def run(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give a function that runs cells in a new kernel, and gives back what each puts out."""
    # A kernel of our own, since none need be registered; all that Jupyter writes is in tmp_path.
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("PUBLORA_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("PUBLORA_API_KEY", sandbox.api_key)
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Publora's tests",
        "language": "python",
    }
    folder = tmp_path / "kernels" / "publora-tests"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec), "utf-8")

    async def run(*cells: str) -> list[Any]:
        notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]  # it has no types
            cells=[*map(nbformat.v4.new_code_cell, cells)]
        )
        client = nbclient.NotebookClient(
            notebook,
            kernel_name="publora-tests",
            resources={"metadata": {"path": str(tmp_path)}},
            allow_errors=True,
            timeout=60,  # for a cell that would hang
        )
        await client.async_execute()
        return [cell.outputs for cell in notebook.cells]

    return run


async def listed(sandbox: Sandbox) -> ConnectionList:
    async with AsyncPublora(sandbox.api_key, base_url=sandbox.base_url) as publora:
        return await publora.connections.list()


async def test_either_client_lists_in_a_cell_and_the_list_shows_itself_as_a_table(
    sandbox: Sandbox, run: Run
) -> None:
    accounts = await listed(sandbox)
    table = accounts._repr_html_()
    cells = re.findall("<td>(.*?)</td>", table)
    assert [*map(html.unescape, cells[3::6])] == accounts.platform_ids

    def shown(execution_count: int) -> object:
        return {
            "output_type": "execute_result",
            "data": {"text/plain": repr(accounts), "text/html": table},
            "metadata": {},
            "execution_count": execution_count,
        }

    assert await run(LIST, AWAIT) == [
        [
            {
                "output_type": "stream",
                "name": "stdout",
                "text": "This event loop is already running\n",
            },
            shown(1),
        ],
        [shown(2)],
    ]


async def test_an_error_in_a_cell_is_ours_and_its_traceback_does_not_show_the_key(
    sandbox: Sandbox, run: Run
) -> None:
    ((_, error),) = await run(FAIL)
    traceback = error.pop("traceback")

    assert error == {
        "output_type": "error",
        "ename": "PermissionDeniedError",
        "evalue": (
            "HTTP 403: User is not managed by key; the key is good, but this user is not in its "
            "workspace: check the user id"
        ),
    }
    assert "user_id='000000000000000000000000'" in "".join(traceback)
    assert sandbox.api_key not in "".join(traceback)
