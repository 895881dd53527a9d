"""Both clients in the cells of a notebook, whose kernel runs an event loop of its own."""

import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.lib.pretty import pretty
from kernels import execute, install_kernel, notebook_of

from publora_async import AsyncPublora, ConnectionList, UserConnectionsList
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

LIST_MANY = """\
from publora_sync import Publora

publora = Publora()
user_ids = [user.id for user in publora.managed_users.list()]
publora.connections.list_many(user_ids, progress=True)
"""

AWAIT_MANY = """\
from publora_async import AsyncPublora

async with AsyncPublora() as awaited:
    user_ids = [user.id for user in await awaited.managed_users.list()]
    answers = await awaited.connections.list_many(user_ids, progress=True)
answers
"""

NO_WIDGETS = """\
import sys

sys.modules["ipywidgets"] = None
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
    install_kernel(tmp_path, sandbox, monkeypatch)

    async def run(*cells: str) -> list[Any]:
        notebook = notebook_of(*cells)
        await execute(notebook, tmp_path)
        return [cell.outputs for cell in notebook.cells]

    return run


async def listed(sandbox: Sandbox) -> ConnectionList:
    async with AsyncPublora(sandbox.api_key, base_url=sandbox.base_url) as publora:
        return await publora.connections.list()


async def listed_many(sandbox: Sandbox) -> UserConnectionsList:
    async with AsyncPublora(sandbox.api_key, base_url=sandbox.base_url) as publora:
        return await publora.connections.list_many(sandbox.user_ids)


def shown(result: ConnectionList | UserConnectionsList, execution_count: int) -> object:
    printed: str = pretty(result)  # type: ignore[no-untyped-call]  # it has no types
    return {
        "output_type": "execute_result",
        "data": {"text/plain": printed, "text/html": result._repr_html_()},
        "metadata": {},
        "execution_count": execution_count,
    }


async def test_either_client_lists_in_a_cell_and_the_list_shows_itself_as_a_table(
    sandbox: Sandbox, run: Run
) -> None:
    accounts = await listed(sandbox)
    notes = re.findall('<span class="publora-note"><bdi>(.*?)</bdi>', accounts._repr_html_())
    assert [one for one in notes if one in accounts.platform_ids] == accounts.platform_ids

    assert await run(LIST, AWAIT) == [
        [
            {
                "output_type": "stream",
                "name": "stdout",
                "text": "This event loop is already running\n",
            },
            shown(accounts, 1),
        ],
        [shown(accounts, 2)],
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
            "workspace: check the user id "
            "(GET /platform-connections for user 000000000000000000000000)"
        ),
    }
    assert "user_id='000000000000000000000000'" in "".join(traceback)
    assert sandbox.api_key not in "".join(traceback)


async def test_a_fan_out_draws_a_bar_as_a_widget_and_gives_a_table(
    sandbox: Sandbox, run: Run
) -> None:
    answers = await listed_many(sandbox)
    for number, (bar, result) in enumerate(await run(LIST_MANY, AWAIT_MANY), 1):
        view = bar.data.pop("application/vnd.jupyter.widget-view+json")
        assert view.pop("model_id")
        assert view == {"version_major": 2, "version_minor": 0}
        assert bar == {
            "output_type": "display_data",
            "data": {"text/plain": "  0%|          | 0/10 [00:00<?, ? users/s]"},
            "metadata": {},
        }
        assert result == shown(answers, number)


@pytest.mark.parametrize("cell", [LIST_MANY, AWAIT_MANY], ids=["sync", "async"])
async def test_without_ipywidgets_the_bar_is_text_and_nothing_warns(
    cell: str, sandbox: Sandbox, run: Run
) -> None:
    answers = await listed_many(sandbox)
    _, (*pieces, result) = await run(NO_WIDGETS, cell)
    assert {(piece.output_type, piece.name) for piece in pieces} == {("stream", "stderr")}
    text = "".join(piece.text for piece in pieces)
    assert re.fullmatch(
        r"\r  0%\| +\| 0/10 \[00:00<\?, \? users/s\](\r +\d+%.*?)*"
        r"\r100%\|█+\| 10/10 \[00:0.*? users/s\]\n",
        text,
    )
    assert result == shown(answers, 2)
