"""What a forked child does with the client it inherits; its parent notices nothing of it."""

import multiprocessing
import socket
import ssl
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest
import trustme
from asking import Serve
from hostile import reply
from processes import LOOPS, finished, started

if TYPE_CHECKING:
    import subprocess

SYNC = """
import gc, os, signal, threading
from publora_sync import Publora

def calls():
    publora.connections.list()

def calls_a_derived_one():
    publora.with_options(deadline=5).connections.list()

def calls_inside_with():
    with publora:
        calls()

def asks_about_many():
    list(publora.connections.iter_many(["a", "b"]))

def calls_in_threads():
    threads = [threading.Thread(target=calls) for _ in range(9)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert [one.name for one in threading.enumerate()] == ["MainThread", "publora"]

def forks():
    if os.fork(): os.wait()

def closes():
    publora.close()

def drops():
    global publora
    del publora
    gc.collect()

def exits():
    sys.exit(7)

def leaves():
    os._exit(7)

publora = Publora(max_connections=1)
calls()
for child in sys.stdin.read().splitlines():
    forked = os.fork()
    if not forked:
        signal.alarm(20)
        for step in child.split():
            globals()[step]()
    print(child, os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]), flush=True)
    calls()
closes()
"""
ASYNC = """
import gc, os, signal
from publora_async import AsyncPublora, ClientStateError

async def calls():
    await publora.connections.list()

async def calls_in_vain():
    try: await calls()
    except ClientStateError: pass
    else: leaves()

async def calls_in_a_loop_of_its_own():
    async def call():
        async with publora: await calls()
    run(call())

async def closes():
    await publora.close()

async def drops():
    global publora
    del publora
    gc.collect()

async def exits():
    sys.exit(7)

async def leaves():
    os._exit(7)

async def main():
    global publora
    publora = AsyncPublora(max_connections=1)
    await calls()
    for child in sys.stdin.read().splitlines():
        forked = os.fork()
        if not forked:
            signal.alarm(20)
            for step in child.split():
                await globals()[step]()
        print(child, os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]), flush=True)
        await calls()
    await closes()
run(main())
"""

# What each child does, and how many processes make how many requests by it.
SYNC_CHILDREN = {
    "calls leaves": (1, 1),
    "calls exits": (1, 1),
    "calls closes exits": (1, 1),
    "calls drops exits": (1, 1),
    "calls_inside_with exits": (1, 1),
    "calls_a_derived_one exits": (1, 1),
    "asks_about_many exits": (1, 2),
    "calls_in_threads exits": (1, 9),
    "calls forks calls exits": (2, 3),
    "closes leaves": (0, 0),
    "drops leaves": (0, 0),
    "exits": (0, 0),
    "closes exits": (0, 0),
    "drops exits": (0, 0),
}
ASYNC_CHILDREN = {
    "calls_in_a_loop_of_its_own leaves": (1, 1),
    "calls_in_vain leaves": (0, 0),
    "closes leaves": (0, 0),
    "drops leaves": (0, 0),
    # These unwind, and so close, the child's copy of the running loop, too.
    "exits": (0, 0),
    "closes exits": (0, 0),
    "drops exits": (0, 0),
    "calls_in_a_loop_of_its_own exits": (1, 1),
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


def run_with_children(
    script: "subprocess.Popen[str]", children: Iterable[str]
) -> tuple[int, list[str], str]:
    """Have *script* make these children one after the other; gives the code of each."""
    assert script.stdin is not None
    script.stdin.write("\n".join(children))
    code, output, errors = finished(script)
    return code, output.splitlines(), errors


@pytest.mark.parametrize("loop", LOOPS)
def test_29_a_sync_client_works_in_a_child_and_the_parent_is_undisturbed(
    loop: str, trusted: Trusted, serve: Serve, tmp_path: Path
) -> None:
    context, authority = trusted
    server = serve(reply(), tls=context)
    ends = dict.fromkeys(SYNC_CHILDREN, 7)
    with started(SYNC, server, tmp_path, loop=loop, trusted=authority) as script:
        assert run_with_children(script, ends) == (
            *(0, [f"{child} {end}" for child, end in ends.items()], ""),
        )
    processes, requests = map(sum, zip(*(SYNC_CHILDREN[child] for child in ends), strict=True))
    # All of the parent's requests went out on one connection, each child's on another.
    assert (len(server.heads), server.connections) == (1 + len(ends) + requests, 1 + processes)


@pytest.mark.parametrize("loop", LOOPS)
def test_29_an_async_client_works_in_a_childs_own_loop_and_the_parent_is_undisturbed(
    loop: str, trusted: Trusted, serve: Serve, tmp_path: Path
) -> None:
    context, authority = trusted
    server = serve(reply(), tls=context)
    # Where the loop is uvloop's, to close its copy breaks the parent's connections, whoever's. From
    # CPython 3.14 on, asyncio's cannot be run to its end in a child.
    unwinds = loop == "asyncio" and sys.version_info < (3, 14)
    children = [one for one in ASYNC_CHILDREN if unwinds or "exits" not in one]
    # asyncio warns of the copies of the parent's transports at the exit of a child.
    ignore = "ignore::ResourceWarning"
    with started(ASYNC, server, tmp_path, loop=loop, warn=ignore, trusted=authority) as script:
        assert run_with_children(script, children) == (0, [f"{one} 7" for one in children], "")
    processes, requests = map(sum, zip(*(ASYNC_CHILDREN[one] for one in children), strict=True))
    assert (len(server.heads), server.connections) == (1 + len(children) + requests, 1 + processes)


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
    done = []
    for pool in (context.Pool(2), ProcessPoolExecutor(2, context)):
        with pool:
            done += pool.map(work, range(6))
    process = context.Process(target=work, args=(7,))
    process.start()
    process.join()
    publora.connections.list()
    publora.close()
    print([answer for _, answer in done], process.exitcode, len({pid for pid, _ in done}))
"""


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_29_pools_of_processes_work(method: str, loop: str, serve: Serve, tmp_path: Path) -> None:
    server = serve(reply())
    with started(POOLS.replace("METHOD", method), server, tmp_path, loop=loop) as process:
        code, output, errors = finished(process)
    assert (code, errors) == (0, "")
    assert output.startswith(f"{[0] * 12} 0 ")
    assert (len(server.heads), server.connections) == (15, 2 + int(output.split()[-1]))


@pytest.mark.parametrize("loop", LOOPS)
def test_29_a_client_that_was_closed_leaves_no_thread_that_a_fork_is_warned_of(
    loop: str, serve: Serve, tmp_path: Path
) -> None:
    server = serve(reply())
    # The thread of a look-up that Python has seen end lives on in the system for an instant.
    script = """
import os, time
from publora_sync import Publora
with Publora() as publora:
    publora.connections.list()
    named = os.environ["PUBLORA_BASE_URL"].replace("127.0.0.1", "localhost")
    publora.with_options(base_url=named).connections.list()
end = time.monotonic() + 10
while len(os.listdir("/proc/self/task")) > 1 and time.monotonic() < end:
    pass
print(len(os.listdir("/proc/self/task")))
"""
    if not Path("/proc/self/task").exists():
        pytest.skip("the system does not tell of its threads")
    with started(script, server, tmp_path, loop=loop) as process:
        assert finished(process) == (0, "1\n", "")


@pytest.mark.parametrize("loop", LOOPS)
def test_29_a_fork_at_once_after_closing_is_not_warned_of(
    loop: str, serve: Serve, tmp_path: Path
) -> None:
    server = serve(reply())
    script = """
import os, warnings
from publora_sync import Publora
warnings.simplefilter("always")
for _ in range(20):
    with Publora() as publora:
        publora.connections.list()
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
"""
    if not Path("/proc/self/task").exists():
        pytest.skip("the system does not tell of its threads")
    with started(script, server, tmp_path, loop=loop) as process:
        assert finished(process) == (0, "", "")
