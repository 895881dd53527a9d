"""A fan-out on a real Dask cluster: its answers, its deaths, and where the key is."""

import os
import signal
import socket
from pathlib import Path

import pytest
from conftest import KEY
from crowd import Crowd, all_answered, none_answered
from dask_cluster import cluster, needs_dask
from executing import PATIENCE, USERS, answering
from hostile import HostileServer
from processes import ended, finished, started

pytestmark = [pytest.mark.timeout(PATIENCE + 50), needs_dask]

SCRIPT = """
import os
from distributed import Client
from publora_sync import Publora

IDS = [f"user-{{number:04}}" for number in range({users})]
os.chdir(os.path.dirname(__file__))

def open_client():
    client = Client(scheduler_file="scheduler.json", timeout=40)
    client.wait_for_workers(2, timeout=40)
    return client
"""


def test_dask_answers_every_user_over_as_many_sockets_as_were_allowed(tmp_path: Path) -> None:
    script = (
        SCRIPT
        + """
with open_client() as client, Publora() as publora:
    found = publora.connections.list_many(
        IDS, concurrency=8, executor=client.get_executor(), workers=2
    )
    assert [one.user_id for one in found] == IDS
    # The very same users once more are asked about once more.
    again = publora.connections.list_many(
        IDS, concurrency=8, executor=client.get_executor(), workers=2
    )
    assert list(again) == list(found)
    assert list(found) == list(publora.connections.list_many(IDS, concurrency=1))
print(sum(len(one.unwrap()) for one in found))
"""
    )
    with (
        HostileServer(answering) as server,
        cluster(tmp_path, PUBLORA_API_KEY=KEY),
        started(script.format(users=USERS), server, tmp_path, warn="ignore") as process,
    ):
        code, output, errors = finished(process, PATIENCE)
        assert (code, output) == (0, f"{USERS}\n"), errors
        # One of them is that of the process that compares.
        assert server.connections <= 9
        assert len(server.heads) == 3 * USERS
        assert ended(process)


def test_a_worker_of_dask_that_is_killed_loses_no_user(tmp_path: Path) -> None:
    script = (
        SCRIPT
        + """
with open_client() as client, Publora() as publora:
    found = publora.connections.list_many(
        IDS, concurrency=4, executor=client.get_executor(), workers=2
    )
print(sum(len(one.unwrap()) for one in found))
"""
    )
    killed: list[int] = []

    def kill_one(asked: list[tuple[socket.socket, str]]) -> None:
        os.kill(killed[0], signal.SIGKILL)
        all_answered(asked)

    with (
        HostileServer(Crowd(4, kill_one)) as server,
        cluster(tmp_path, PUBLORA_API_KEY=KEY) as workers,
    ):
        killed.append(workers[0])
        with started(script.format(users=USERS), server, tmp_path, warn="ignore") as process:
            code, output, errors = finished(process, PATIENCE)
    assert (code, output) == (0, f"{USERS}\n"), errors


@pytest.mark.parametrize("send_key", [False, True])
def test_the_key_is_nowhere_in_the_scheduler_unless_it_is_sent(
    tmp_path: Path, *, send_key: bool
) -> None:
    script = (
        SCRIPT
        + """
import threading
from urllib.parse import quote
from urllib.request import urlopen

KEY = os.environ["PUBLORA_API_KEY"]
HALVES = KEY[:9], KEY[9:]

def found(halves, dask_scheduler):
    # Whatever text or bytes the process holds; the key itself is put together out of their sight.
    import gc
    text = "".join(halves)
    packed = text.encode()
    hits = []
    def look(one):
        for part in gc.get_referents(one):
            if isinstance(part, str) and part is not text and text in part:
                hits.append("text")
            elif isinstance(part, (bytes, bytearray)) and part is not packed and packed in part:
                hits.append("bytes")
            elif isinstance(part, memoryview) and packed in part.tobytes():
                hits.append("bytes")
            elif isinstance(part, (dict, tuple)) and not gc.is_tracked(part):
                look(part)  # the collector passes over what holds nothing but text and bytes
    for one in gc.get_objects():
        look(one)
    return hits

with open_client() as client, Publora() as publora:
    ask = threading.Thread(
        target=publora.connections.list_many,
        args=(IDS,),
        kwargs=dict(concurrency=4, executor=client.get_executor(), workers=2, send_key={sent}),
    )
    ask.start()
    print("asking", flush=True)
    input()
    names = list(client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.tasks)))
    assert names, "nothing is under way"
    stored = client.run_on_scheduler(found, HALVES)
    client.dump_cluster_state("state", format="yaml", write_from_scheduler=False)
    shown = open("state.yaml").read() + repr(names) + repr(client.get_scheduler_logs())
    shown += repr(client.get_worker_logs()) + repr(client.get_events())
    address = client.scheduler_info()
    workers = [quote(one, safe="") for one in address["workers"]]
    pages = ["main/workers", "main/exceptions", "main/logs"]
    pages += [f"{{kind}}/{{one}}" for kind in ("worker", "call-stacks", "logs") for one in workers]
    pages += [f"{{kind}}/{{quote(one)}}" for kind in ("task", "call-stack") for one in names]
    for page in pages:
        port = address["services"]["dashboard"]
        with urlopen(f"http://127.0.0.1:{{port}}/info/{{page}}.html") as answer:
            shown += answer.read().decode()
    print(bool(stored), KEY in shown, flush=True)
    input()
"""
    )
    release = Crowd(4, none_answered)
    with (
        HostileServer(release) as server,
        cluster(tmp_path, **({} if send_key else {"PUBLORA_API_KEY": KEY})),
        started(script.format(users=4, sent=send_key), server, tmp_path, warn="ignore") as process,
    ):
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "asking\n"
        for _ in range(4):
            assert server.asked.acquire(timeout=PATIENCE)
        process.stdin.write("\n")
        process.stdin.flush()
        seen = process.stdout.readline()
    # In the scheduler's memory it is where it was sent, packed; it is shown in no case.
    assert seen == f"{send_key} False\n"
