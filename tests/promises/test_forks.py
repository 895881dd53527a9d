"""What a forked child does with the client it inherits; its parent notices nothing of it."""

import signal
import socket
import ssl
import threading
from pathlib import Path
from typing import TypeAlias

import pytest
import trustme
from asking import Serve
from hostile import reply
from processes import LOOPS, finished, started

SYNC = """
import gc, os, signal, threading
from publora_async import ClientStateError
from publora_sync import Publora
publora = Publora(max_connections=1)
publora.connections.list()
child = os.fork()
if not child:
    signal.alarm(20)
    CHILD
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
publora.connections.list()
publora.close()
print("the child gave", code)
"""
ASYNC = """
import gc, os, signal
from publora_async import AsyncPublora, ClientStateError
async def main():
    global publora
    publora = AsyncPublora(max_connections=1)
    await publora.connections.list()
    child = os.fork()
    if not child:
        signal.alarm(20)
        CHILD
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    await publora.connections.list()
    await publora.close()
    print("the child gave", code)
run(main())
"""
IN_THREADS = """
calls = [threading.Thread(target=publora.connections.list) for _ in range(9)]
for call in calls: call.start()
for call in calls: call.join()
assert [one.name for one in threading.enumerate()] == ["MainThread", "publora"]
sys.exit(7)
"""
IN_A_GRANDCHILD = """
publora.connections.list()
grandchild = os.fork()
publora.connections.list()
if grandchild: os.wait()
sys.exit(7)
"""

# What a child does, how many requests it makes, what it ends with.
SYNC_CHILDREN = {
    "calls": ("publora.connections.list(); os._exit(7)", 1, 7),
    "calls, exits": ("publora.connections.list(); sys.exit(7)", 1, 7),
    "calls, closes, exits": ("publora.connections.list(); publora.close(); sys.exit(7)", 1, 7),
    "calls, drops, exits": (
        *("publora.connections.list(); del publora; gc.collect(); sys.exit(7)", 1, 7),
    ),
    "calls inside with": ("with publora: publora.connections.list(); sys.exit(7)", 1, 7),
    "calls a derived one": (
        "publora.with_options(deadline=5).connections.list(); sys.exit()",
        1,
        0,
    ),
    "asks about many": ("list(publora.connections.iter_many(['a', 'b'])); sys.exit(7)", 2, 7),
    "calls in threads": (IN_THREADS, 9, 7),
    "calls in a child of its own": (IN_A_GRANDCHILD, 3, 7),
    "closes": ("publora.close(); os._exit(7)", 0, 7),
    "drops": ("del publora; gc.collect(); os._exit(7)", 0, 7),
    "exits": ("sys.exit(7)", 0, 7),
    "closes, exits": ("publora.close(); sys.exit(7)", 0, 7),
    "drops, exits": ("del publora; gc.collect(); sys.exit(7)", 0, 7),
}
FRESH = """
async def call():
    async with publora: await publora.connections.list()
run(call())
"""
REFUSED = """
try: await publora.connections.list()
except ClientStateError: os._exit(7)
"""
ASYNC_CHILDREN = {
    "calls in a loop of its own": (f"{FRESH}os._exit(7)", 1, 7),
    "calls in the parent's loop": (REFUSED, 0, 7),
    "closes": ("await publora.close(); os._exit(7)", 0, 7),
    "drops": ("del publora; gc.collect(); os._exit(7)", 0, 7),
}
# These unwind, and so close, the child's copy of the running loop, too.
ASYNC_CHILDREN_THAT_EXIT = {
    "exits": ("sys.exit(7)", 0, 7),
    "closes, exits": ("await publora.close(); sys.exit(7)", 0, 7),
    "drops, exits": ("del publora; gc.collect(); sys.exit(7)", 0, 7),
    "calls in a loop of its own, exits": (f"{FRESH}sys.exit(7)", 1, 7),
}


Trusted: TypeAlias = tuple[ssl.SSLContext | None, Path | None]


@pytest.fixture(params=["http", "https"])
def trusted(request: pytest.FixtureRequest, tmp_path: Path) -> Trusted:
    """What a server shows and a client trusts; with TLS, a child's goodbye would end a session."""
    if request.param == "http":
        return None, None
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return context, tmp_path / "ca.pem"


def with_child(script: str, child: str) -> str:
    """Put what the child does where the script says so."""
    margin = script.partition("CHILD")[0].rpartition("\n")[2]
    return script.replace("CHILD", child.strip().replace("\n", f"\n{margin}"))


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("child", SYNC_CHILDREN)
def test_29_a_sync_client_works_in_a_child_and_the_parent_is_undisturbed(
    child: str, loop: str, trusted: Trusted, serve: Serve, tmp_path: Path
) -> None:
    context, authority = trusted
    server = serve(reply(), tls=context)
    text, requests, code = SYNC_CHILDREN[child]
    script = with_child(SYNC, text)
    if loop == "uvloop" and "exit" in child and not requests:
        # libuv, at the exit of a child, waits for the parent's threads that looked a name up.
        code = -signal.SIGSEGV
    with started(script, server, tmp_path, loop=loop, trusted=authority) as process:
        assert finished(process) == (0, f"the child gave {code}\n", "")
    # The parent's requests went out on one and the same connection, each child's on another.
    processes = 1 + min(requests, 1) + (requests == 3)
    assert (len(server.heads), server.connections) == (2 + requests, processes)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("child", {**ASYNC_CHILDREN, **ASYNC_CHILDREN_THAT_EXIT})
def test_29_an_async_client_works_in_a_childs_own_loop_and_the_parent_is_undisturbed(
    child: str, loop: str, trusted: Trusted, serve: Serve, tmp_path: Path
) -> None:
    if loop == "uvloop" and child in ASYNC_CHILDREN_THAT_EXIT:
        pytest.skip("uvloop's own close() in the child breaks every connection of the parent's")
    context, authority = trusted
    server = serve(reply(), tls=context)
    text, requests, code = {**ASYNC_CHILDREN, **ASYNC_CHILDREN_THAT_EXIT}[child]
    # asyncio warns of the copies of the parent's transports where the child exits.
    warn = "ignore::ResourceWarning" if child in ASYNC_CHILDREN_THAT_EXIT else "error"
    script = with_child(ASYNC, text)
    with started(script, server, tmp_path, loop=loop, warn=warn, trusted=authority) as process:
        assert finished(process) == (0, f"the child gave {code}\n", "")
    assert (len(server.heads), server.connections) == (2 + requests, 1 + requests)


IN_FLIGHT = """
import os, signal, threading
from publora_sync import Publora
publora = Publora()
publora.connections.list()
answers = []
other = threading.Thread(target=lambda: answers.append(publora.connections.list()))
other.start()
input()
child = os.fork()
if not child:
    signal.alarm(20)
    publora.connections.list()
    publora.close()
    sys.exit(7)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print("the child gave", code, flush=True)
other.join()
print(len(publora.connections.list()), len(answers))
publora.close()
"""


@pytest.mark.parametrize("loop", LOOPS)
def test_29_a_call_in_flight_at_the_fork_is_answered_in_the_parent_alone(
    loop: str, trusted: Trusted, serve: Serve, tmp_path: Path
) -> None:
    ended = threading.Event()

    def answer_once_the_child_has_ended(connection: socket.socket) -> None:
        ended.wait()
        connection.sendall(reply())

    context, authority = trusted
    server = serve(reply(), answer_once_the_child_has_ended, reply(), tls=context)
    with started(IN_FLIGHT, server, tmp_path, loop=loop, trusted=authority) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(2):
            server.asked.acquire()
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "the child gave 7\n"
        ended.set()
        assert finished(process) == (0, "0 1\n", "")
    assert (len(server.heads), server.connections) == (4, 2)


HALF_WAY = """
import os, signal
from publora_async import AsyncPublora, ClientStateError
from publora_sync import Publora
with Publora() as publora:
    answers = publora.connections.iter_many(["a", "b", "c"], concurrency=1)
    next(answers)
    child = os.fork()
    if not child:
        signal.alarm(20)
        try:
            next(answers)
        except ClientStateError as error:
            answers.close()
            del answers
            print(error, len(list(publora.connections.iter_many(["x"]))), flush=True)
        sys.exit(7)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print("the child gave", code, [answer.user_id for answer in answers])
"""


@pytest.mark.parametrize("loop", LOOPS)
def test_29_answers_begun_before_a_fork_are_the_parents(
    loop: str, serve: Serve, tmp_path: Path
) -> None:
    server = serve(reply())
    with started(HALF_WAY, server, tmp_path, loop=loop) as process:
        code, output, errors = finished(process)
    assert (code, errors) == (0, "")
    assert output.splitlines() == [
        "these answers were begun before a fork: ask anew here 1",
        "the child gave 7 ['b', 'c']",
    ]
    assert (len(server.heads), server.connections) == (4, 2)


PREFORK = """
import os, signal
from publora_async import AsyncPublora
from publora_sync import Publora
publora, other = Publora(), AsyncPublora()
if BEFORE:
    publora.connections.list()
workers = []
for _ in range(3):
    workers.append(os.fork())
    if not workers[-1]:
        signal.alarm(20)
        for _ in range(2):
            publora.connections.list()
        run(other.connections.list())
        sys.exit(7)
print([os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in workers])
publora.connections.list()
publora.close()
run(other.close())
"""


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("before", [False, True], ids=["first used in the workers", "used before"])
def test_29_prefork_workers_use_the_modules_clients(
    before: bool,  # noqa: FBT001  # a table column
    loop: str,
    serve: Serve,
    tmp_path: Path,
) -> None:
    server = serve(reply())
    script = PREFORK.replace("BEFORE", str(before))
    ignore = "ignore::ResourceWarning"
    with started(script, server, tmp_path, loop=loop, warn=ignore) as process:
        assert finished(process) == (0, "[7, 7, 7]\n", "")
    assert (len(server.heads), server.connections) == (9 + 1 + before, 3 * 2 + 1)


POOLS = """
import multiprocessing, os
from concurrent.futures import ProcessPoolExecutor
from publora_sync import Publora
publora = Publora()

def work(number):
    return os.getpid(), len(publora.connections.list())

if __name__ == "__main__":
    publora.connections.list()
    context = multiprocessing.get_context("METHOD")
    with WORKERS as pool:
        done = list(pool.map(work, range(6)))
    process = context.Process(target=work, args=(7,))
    process.start()
    process.join()
    publora.connections.list()
    publora.close()
    print([answer for _, answer in done], process.exitcode, len({pid for pid, _ in done}))
"""


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("workers", ["context.Pool(2)", "ProcessPoolExecutor(2, context)"])
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_29_pools_of_processes_work(
    method: str, workers: str, loop: str, serve: Serve, tmp_path: Path
) -> None:
    server = serve(reply())
    script = POOLS.replace("METHOD", method).replace("WORKERS", workers)
    with started(script, server, tmp_path, loop=loop) as process:
        code, output, errors = finished(process)
    assert (code, errors) == (0, "")
    assert output.startswith("[0, 0, 0, 0, 0, 0] 0 ")
    assert (len(server.heads), server.connections) == (9, 2 + int(output.split()[-1]))
