"""Where gevent or eventlet has patched the standard library, a sync client works."""

import socket
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest
from asking import Serve
from hostile import reply
from processes import LOOPS, finished, started

PATCH = {
    "gevent": "from gevent import monkey; monkey.patch_all()",
    "eventlet": "import eventlet; eventlet.monkey_patch()",
}

ASK = """
import threading

from publora_sync import Publora

def ask(user_id):
    found.append(len(publora.connections.list(user_id=user_id)))

found = []
with Publora(deadline=9) as publora:
    publora.connections.list()
    threads = [threading.Thread(target=ask, args=[user_id]) for user_id in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(found, len(publora.connections.list_many("abc"[n] for n in range(3))))
"""

REFUSED = (
    "the client's event loop cannot start: its thread is gevent's or eventlet's, but select is "
    "not: patch all"
)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("patch", PATCH)
def test_30a_a_client_works_among_green_threads_whose_calls_are_under_way_together(
    patch: str, loop: str, serve: Serve, tmp_path: Path
) -> None:
    if not find_spec(patch):
        pytest.skip(f"no {patch}")
    together = threading.Barrier(3)

    def answer_all_at_once(connection: socket.socket) -> None:
        together.wait(9)
        connection.sendall(reply())

    server = serve(reply(), *[answer_all_at_once] * 3, reply())
    script = f"{PATCH[patch]}\n{ASK}"
    # They warn of what was imported before, and eventlet of itself.
    with started(script, server, tmp_path, loop=loop, warn="ignore") as process:
        assert finished(process) == (0, "[0, 0, 0] 3\n", "")
    assert len(server.heads) == 7


@pytest.mark.skipif(not find_spec("gevent"), reason="no gevent")
@pytest.mark.parametrize("loop", LOOPS)
def test_30a_a_client_refuses_green_threads_in_which_its_loop_would_block_the_process(
    loop: str, serve: Serve, tmp_path: Path
) -> None:
    server = serve(reply())
    script = """
from gevent import monkey; monkey.patch_thread()
from publora_sync import ClientStateError, Publora
try:
    Publora().connections.list()
except ClientStateError as error:
    print(error)
"""
    with started(script, server, tmp_path, loop=loop, warn="ignore") as process:
        assert finished(process) == (0, f"{REFUSED}\n", "")
    assert server.heads == []
