"""The iterator over a fan-out's answers that an executor finds: how it is left."""

import gc
import os
import threading
from queue import SimpleQueue

import pytest
from conftest import KEY
from crowd import answers, ids_of
from executing import Scripted, answering, client
from hostile import HostileServer

from publora_async import ClientStateError, ConfigurationError
from publora_sync import Answers, Publora
from publora_sync._bridge import Bridge


@pytest.fixture(autouse=True)
def _key_in_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLORA_API_KEY", KEY)


def asked(publora: Publora, executor: Scripted, users: int = 20) -> Answers:
    """Ask two workers, one user at a time each."""
    return publora.connections.iter_many(ids_of(users), executor=executor, workers=2, concurrency=2)


def test_leaving_early_cancels_what_has_not_begun_and_waits_for_nothing() -> None:
    executor = Scripted([None, "pending", "pending"])
    with HostileServer(answering) as server, client(server) as publora:
        with asked(publora, executor) as found:
            assert next(found) == answers(["user-0000"])[0]
        assert list(found) == []
    assert [future.cancelled() for future in executor.futures] == [False, True, True]


def test_an_iterator_that_is_dropped_cancels_what_has_not_begun() -> None:
    executor = Scripted([None, "pending", "pending"])
    cancelled: SimpleQueue[object] = SimpleQueue()
    with HostileServer(answering) as server, client(server) as publora:
        for _ in asked(publora, executor):
            break
        gc.collect()
        executor.futures[1].add_done_callback(cancelled.put)
        assert cancelled.get(timeout=5) is executor.futures[1]


def test_an_interrupt_cancels_what_has_not_begun_and_keeps_what_was_answered() -> None:
    executor = Scripted([None, "pending", "pending"])

    def interrupt(done: int, _: int | None, __: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with HostileServer(answering) as server, client(server) as publora:
        with pytest.raises(KeyboardInterrupt) as caught:
            publora.connections.list_many(
                ids_of(20), executor=executor, workers=2, concurrency=2, progress=interrupt
            )
        assert len(executor.chunks[0]) > 2
        assert list(caught.value.results) == answers(executor.chunks[0])  # type: ignore[attr-defined]
    assert executor.futures[1].cancelled()


def test_an_interrupt_of_the_wait_cancels_what_has_not_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    executor = Scripted(["pending", "pending"])
    with HostileServer(answering) as server, client(server) as publora:
        found = asked(publora, executor)
        with monkeypatch.context() as patch:
            checks = iter([False])
            patch.setattr(
                Bridge, "stopped", property(lambda _: next(checks, None) or _raise()), raising=False
            )
            with pytest.raises(KeyboardInterrupt):
                next(found)
    assert all(future.cancelled() for future in executor.futures)


def _raise() -> bool:
    raise KeyboardInterrupt


def test_another_thread_may_leave_while_one_waits() -> None:
    executor = Scripted(["running", "running"])
    rest: list[object] = []
    with HostileServer(answering) as server, client(server) as publora:
        found = asked(publora, executor)
        waiting = threading.Thread(target=lambda: rest.extend(found))
        waiting.start()
        while len(executor.futures) < 2:
            pass
        found.close()
        waiting.join()
    assert rest == []


def test_a_closed_client_asks_nothing() -> None:
    executor = Scripted()
    with HostileServer(answering) as server, client(server) as publora:
        found = asked(publora, executor)
        publora.close()
        with pytest.raises(ClientStateError, match="this client is closed"):
            next(found)
    assert executor.futures == []


def test_answers_do_not_survive_a_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    with HostileServer(answering) as server, client(server) as publora:
        found = asked(publora, Scripted())
        with monkeypatch.context() as patch:
            patch.setattr(os, "getpid", lambda: 1)
            with pytest.raises(ClientStateError, match="before a fork"):
                next(found)
            found.close()
        assert len(list(found)) == 20


def test_several_threads_share_an_iterator() -> None:
    ids = ids_of(200)
    found: list[object] = []
    with HostileServer(answering) as server, client(server) as publora:
        shared = asked(publora, Scripted(), 200)
        threads = [threading.Thread(target=lambda: found.extend(shared)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(found, key=lambda one: one.user_id) == answers(ids)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"executor": 5, "workers": 1}, "executor must be a concurrent.futures.Executor, not int"),
        ({"executor": Scripted()}, "say how many tasks the executor runs at once: workers=4"),
        ({"executor": Scripted(), "workers": 0}, "workers must be a whole number"),
        ({"executor": Scripted(), "workers": 1, "concurrency": 0}, "concurrency must be"),
        ({"executor": Scripted(), "workers": 33}, "they must be 33 or more, not 32"),
        ({"workers": 1}, "go with an executor"),
        ({"send_key": True}, "go with an executor"),
    ],
)
def test_what_cannot_be_used_is_refused_at_once(options: dict[str, object], told: str) -> None:
    with Publora(KEY) as publora, pytest.raises(ConfigurationError, match=told):
        publora.connections.iter_many(["user-0001"], **options)  # type: ignore[arg-type]  # wrong


def test_one_text_is_refused_with_an_executor_too() -> None:
    with Publora(KEY) as publora, pytest.raises(ConfigurationError, match="several ids"):
        publora.connections.iter_many("user-0001", executor=Scripted(), workers=1)
