"""What runs in a worker: the clients that a process keeps, and pools of real processes."""

import os
import signal
from pathlib import Path

import pytest
from conftest import KEY
from crowd import ids_of
from executing import PATIENCE, USERS, Scripted, answering, client
from hostile import HostileServer, silence
from processes import ended, finished, started

from publora_sync._executors import worker

SCRIPT = """
import multiprocessing, os
from concurrent.futures import ProcessPoolExecutor
from publora_sync import Publora

KIND, IDS = {kind!r}, [f"user-{{number:04}}" for number in range({users})]

def pool():
    if "loky" in KIND:
        import loky
        return (loky.ProcessPoolExecutor if KIND == "loky" else loky.get_reusable_executor)(2)
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(KIND))

def ask(publora, executor):
    return publora.connections.list_many(IDS, concurrency=8, executor=executor, workers=2)

"""
pytestmark = pytest.mark.timeout(PATIENCE + 50)

KINDS = ["fork", "spawn", "forkserver", "loky", "loky, reusable"]


@pytest.mark.parametrize("kind", KINDS)
def test_processes_answer_every_user_over_as_many_sockets_as_were_allowed(
    kind: str, tmp_path: Path
) -> None:
    script = (
        SCRIPT
        + """
if __name__ == "__main__":
    with Publora() as publora, pool() as executor:
        found = ask(publora, executor)
        assert [one.user_id for one in found] == IDS
        assert list(found) == list(publora.connections.list_many(IDS, concurrency=1))
        assert os.environ["PUBLORA_API_KEY"] not in repr(vars(executor))
    print(sum(len(one.unwrap()) for one in found))
"""
    )
    with (
        HostileServer(answering) as server,
        started(script.format(kind=kind, users=USERS), server, tmp_path) as process,
    ):
        assert finished(process, PATIENCE) == (0, f"{USERS}\n", "")
        # One of them is that of the process that compares.
        assert server.connections <= 9
        assert server.is_left_alone()
        assert ended(process)


def test_a_killed_worker_loses_no_user(tmp_path: Path) -> None:
    script = (
        SCRIPT
        + """
if __name__ == "__main__":
    import signal
    with Publora() as publora, pool() as executor:
        with publora.connections.iter_many(IDS, executor=executor, workers=2) as answers:
            found = [next(answers)]
            for pid in list(executor._processes)[:1]:
                os.kill(pid, signal.SIGKILL)
            found += answers
    assert sorted(one.user_id for one in found) == sorted(IDS)
    print(sum(len(one.unwrap()) for one in found))
"""
    )
    with (
        HostileServer(answering) as server,
        started(script.format(kind="forkserver", users=2 * USERS), server, tmp_path) as process,
    ):
        code, output, _ = finished(process, PATIENCE)
        assert (code, output) == (0, f"{2 * USERS}\n")
        assert ended(process)


def test_ctrl_c_ends_all_processes(tmp_path: Path) -> None:
    script = (
        SCRIPT
        + """
if __name__ == "__main__":
    try:
        with Publora() as publora, pool() as executor:
            ask(publora, executor)
    except KeyboardInterrupt:
        print("interrupted")
"""
    )
    with (
        HostileServer(silence) as server,
        started(script.format(kind="fork", users=2 * USERS), server, tmp_path) as process,
    ):
        for _ in range(8):
            assert server.asked.acquire(timeout=20)
        os.killpg(process.pid, signal.SIGINT)
        code, output, _ = finished(process, PATIENCE)
        assert (code, output) == (0, "interrupted\n")
        assert server.is_left_alone()
        assert ended(process)


def test_a_process_keeps_one_client_from_chunk_to_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLORA_API_KEY", KEY)
    with HostileServer(answering) as server, client(server) as publora:
        for _ in range(3):
            publora.connections.list_many(ids_of(30), executor=Scripted(), workers=2, concurrency=2)
        assert len(worker._CLIENTS) == 1
        assert server.connections == 1


def test_a_process_keeps_few_clients() -> None:
    with HostileServer(answering) as server, client(server) as publora:
        for number in range(6):
            derived = publora.with_options(api_key=f"sk_test.{number}")
            derived.connections.list_many(
                ["user-0001"], executor=Scripted(), workers=1, send_key=True
            )
        assert len(worker._CLIENTS) == worker.MOST_CLIENTS
        keys = [settings.api_key for _, settings in worker._CLIENTS]
    assert keys == [f"sk_test.{number}" for number in range(2, 6)]
