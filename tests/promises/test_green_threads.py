"""Where gevent or eventlet has patched the standard library, a sync client works."""

import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from urllib.request import urlopen

import pytest
from asking import Serve
from hostile import reply, user_asked_about
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
    # They warn of what was imported before, and eventlet of itself. asyncio takes the client's
    # own loop for one that runs in each green thread, and so did the client's warning.
    warn = "error:this call blocks"
    with started(script, server, tmp_path, loop=loop, warn=warn) as process:
        code, output, _ = finished(process)
    assert (code, output) == (0, "[0, 0, 0] 3\n")
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


APP = """
from publora_sync import Publora

publora = Publora(deadline=30)

def app(environ, start_response):
    accounts = publora.connections.list(user_id=environ["PATH_INFO"][1:])
    start_response("200 OK", [])
    return [",".join(accounts.platform_ids).encode()]
"""


@pytest.mark.skipif(
    not (find_spec("gunicorn") and find_spec("gevent")), reason="no gunicorn, or no gevent"
)
@pytest.mark.parametrize("loop", LOOPS)
def test_30a_a_gunicorn_worker_of_gevents_kind_answers_each_request_with_its_own_accounts(
    loop: str, serve: Serve, tmp_path: Path
) -> None:
    def answer(connection: socket.socket) -> None:
        body = {"success": True, "connections": [{"platformId": f"x-{user_asked_about()}"}]}
        connection.sendall(reply(body))

    server = serve(*[answer] * 100)
    (tmp_path / "app.py").write_text(APP)
    script = f"""
import os
from gunicorn.app.wsgiapp import run
os.chdir({str(tmp_path)!r})
os.environ["HOME"] = os.getcwd()  # where it puts a socket of its own
sys.argv = ["gunicorn", "-k", "gevent", "-b", "127.0.0.1:0", "app:app"]
run()
"""
    with started(script, server, tmp_path, loop=loop, warn="ignore") as process:
        assert process.stderr
        listening = (re.search("Listening at: (http://[^ ]+)", line) for line in process.stderr)
        url = next(found[1] for found in listening if found)

        def get(user_id: str) -> str:
            with urlopen(f"{url}/{user_id}", timeout=45) as response:  # noqa: S310  # loopback
                return str(response.read().decode())

        users = [f"u{n}" for n in range(100)]
        with ThreadPoolExecutor(20) as pool:
            assert list(pool.map(get, users)) == [f"x-{user}" for user in users]
        process.terminate()
        assert finished(process)[0] == 0
