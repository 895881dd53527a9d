"""A client in a notebook's kernel: cells that are interrupted, and cells that are run again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbclient
import pytest
from kernels import execute, install_kernel, notebook_of
from still_clock import until

from publora_async.sandbox import Faults, Sandbox

LONG = """\
from publora_sync import Publora

publora = Publora()
users = publora.managed_users.list()

def tell(done, of, failed):
    if done == 20:
        print("twenty are answered", flush=True)

publora.connections.list_many(users, concurrency=4, progress=tell)
"""

AFTER = """\
import sys

kept = sys.last_value.results
print(type(sys.last_value).__name__, type(kept).__name__, 20 <= len(kept) < len(users))
print(len(publora.connections.list()) > 0)
"""

AGAIN = """\
from publora_sync import Publora

publora = Publora()
publora.connections.list()
"""

LEFT = """\
import os, threading, time

def held():
    threads = [thread for thread in threading.enumerate() if "publora" in thread.name]
    links = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
             if os.path.lexists(f"/proc/self/fd/{fd}")]
    return len(threads), sum(link.startswith("socket:") for link in links)
"""

ENDED = """\
end = time.monotonic() + 20
while held() != before and time.monotonic() < end:
    time.sleep(0.01)
print(held() == before, before[0])
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(users=2000) as sandbox:
        yield sandbox


async def run(
    folder: Path, sandbox: Sandbox, *cells: str, interrupt_after: str | None = None
) -> list[Any]:
    """Run the cells; the first is interrupted once it has printed that."""
    notebook = notebook_of(*cells)

    async def interrupt(client: nbclient.NotebookClient) -> None:
        if interrupt_after:
            assert await until(lambda: interrupt_after in str(notebook.cells[0].outputs))
            assert client.km is not None
            interrupted = client.km.interrupt_kernel()
            assert interrupted is not None
            await interrupted

    with pytest.MonkeyPatch.context() as environ:
        install_kernel(folder, sandbox, environ)
        await execute(notebook, folder, interrupt)
    return [cell.outputs for cell in notebook.cells]


async def test_an_interrupted_fan_out_keeps_what_was_answered_and_the_client_works_on(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.faults = Faults(latency=0.05)
    first, after = await run(tmp_path, sandbox, LONG, AFTER, interrupt_after="twenty")
    assert [output.get("ename") for output in first] == [None, "KeyboardInterrupt"]
    assert "users were answered: they are its results" in "".join(first[1].traceback)
    said = "".join(output.text for output in after)
    assert said == "KeyboardInterrupt UserConnectionsList True\nTrue\n"


async def test_a_cell_that_is_run_again_adds_up_neither_threads_nor_sockets(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    cells = [AGAIN, LEFT, "before = held()", *[AGAIN] * 5, ENDED]
    *_, last = await run(tmp_path, sandbox, *cells)
    assert last[0].text == "True 1\n"


async def test_a_name_that_is_bound_anew_leaves_no_thread(sandbox: Sandbox, tmp_path: Path) -> None:
    cells = [LEFT, "before = held()", AGAIN, "publora = None", ENDED]
    *_, last = await run(tmp_path, sandbox, *cells)
    assert last[0].text == "True 0\n"
