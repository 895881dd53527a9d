"""A fan-out over the workers of an executor, in this process or scripted."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pytest
from conftest import KEY
from crowd import answers, ids_of
from executing import Scripted, answering, client, in_turn, refusal, users_asked
from hostile import HostileServer, reply

from publora_async import (
    AuthenticationError,
    ClientStateError,
    ConfigurationError,
    ManagedUser,
    NotFoundError,
    NotSentError,
    RateLimitError,
    ServerError,
    TransportError,
    UserConnectionsList,
)
from publora_async._http import gate
from publora_sync._executors import parcel, plan, spread, users, worker
from publora_sync._executors.answers import ExecutorAnswers


@pytest.fixture(autouse=True)
def _key_in_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLORA_API_KEY", KEY)


def test_every_user_is_answered_under_their_own_id_over_no_more_sockets_than_concurrency() -> None:
    ids = ids_of(300)
    with (
        HostileServer(answering) as server,
        client(server) as publora,
        ThreadPoolExecutor(3) as pool,
    ):
        found = publora.connections.list_many(ids, concurrency=7, executor=pool, workers=3)
        assert server.connections <= 7
    assert list(found) == answers(ids)
    assert sorted(users_asked(server)) == ids


def test_answers_come_in_the_order_of_the_users_where_that_is_asked_for() -> None:
    ids = ids_of(120)
    with (
        HostileServer(answering) as server,
        client(server) as publora,
        ThreadPoolExecutor(3) as pool,
    ):
        asked = publora.connections.iter_many(
            iter(ids), concurrency=6, ordered=True, executor=pool, workers=3
        )
        assert list(asked) == answers(ids)


def test_a_user_comes_back_as_the_answers_user() -> None:
    ada = ManagedUser(id="user-0001", email="ada@example.com")
    with HostileServer(in_turn(refusal(404), None)) as server, client(server) as publora:
        failed, found = publora.connections.list_many(
            [ada, "user-0002"], executor=Scripted(), workers=1, concurrency=1
        )
    assert (failed.user, type(failed.error)) == (ada, NotFoundError)
    assert found == answers(["user-0002"])[0]


@pytest.mark.parametrize(
    "body",
    [
        {"connections": [], "success": True},
        {"success": False, "error": "Not now"},
        {"success": True, "connections": 5},
        b"",
    ],
)
def test_odd_responses_are_read_as_one_process_reads_them(body: object) -> None:
    with HostileServer(reply(body)) as server, client(server) as publora:
        alone = publora.connections.list_many(["user-0001"])
        together = publora.connections.list_many(["user-0001"], executor=Scripted(), workers=1)
    assert together == alone


def test_a_refused_key_stops_the_rest_and_is_raised_with_what_was_answered() -> None:
    ids = ids_of(100)
    executor = Scripted()
    refused = refusal(401, "Invalid API key")
    with (
        HostileServer(*[answering] * 10, refused) as server,
        client(server) as publora,
        pytest.raises(AuthenticationError, match="Invalid API key") as caught,
    ):
        publora.connections.list_many(ids, concurrency=2, executor=executor, workers=2)
    assert sorted(caught.value.results, key=lambda one: one.user_id) == answers(ids[:10])
    # Two chunks were out.
    assert len(server.heads) == 12


class Late(Scripted):
    """Runs the first chunk once the run has failed and waits for it alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, late: Callable[..., object]) -> None:
        super().__init__(["running"])
        wait = spread.Spread._await_news

        def run_and_wait(waiting: spread.Spread, end: float) -> None:
            if waiting._error is not None and not self.futures[0].done():
                self.futures[0].set_result(late(*self.first))
            wait(waiting, end)

        monkeypatch.setattr(spread.Spread, "_await_news", run_and_wait)

    def submit(self, call, /, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN003, ANN201  # as its base
        if not self.futures:
            self.first = args
        return super().submit(call, *args, **kwargs)


def test_a_refused_key_is_raised_with_what_the_chunks_under_way_find(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    executor = Late(monkeypatch, worker.ask)
    found: list[object] = []
    with (
        HostileServer(*[answering] * 4, refusal(401), answering) as server,
        client(server) as publora,
        pytest.raises(AuthenticationError),
    ):
        found.extend(
            publora.connections.iter_many(
                ids_of(100), executor=executor, workers=3, concurrency=3, ordered=True
            )
        )
    late, in_time, _ = executor.chunks
    assert found == answers([*late, *in_time])


def test_nobody_is_asked_about_again_once_the_key_was_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = parcel.Report([(0, NotSentError("held back"))], (), None, None)
    executor = Late(monkeypatch, lambda _: parcel.Parcel(report))
    with HostileServer(refusal(401)) as server, client(server) as publora:
        with pytest.raises(AuthenticationError) as caught:
            publora.connections.list_many(ids_of(100), executor=executor, workers=2, concurrency=2)
        assert (len(server.heads), list(caught.value.results)) == (1, [])


def test_a_refused_key_waits_for_no_chunk_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "LAST", 0.0)
    executor = Scripted(["running", None, "pending"])
    with HostileServer(*[answering] * 4, refusal(401)) as server, client(server) as publora:
        with pytest.raises(AuthenticationError) as caught:
            publora.connections.list_many(ids_of(100), executor=executor, workers=3, concurrency=3)
        assert list(caught.value.results) == answers(executor.chunks[1])
    assert executor.futures[2].cancelled()


@pytest.mark.parametrize("wrong", [None, 5])
def test_what_is_no_id_is_raised_after_the_answers_before_it(wrong: object) -> None:
    ids = ids_of(3)
    with HostileServer(answering) as server, client(server) as publora:
        asked = publora.connections.iter_many(
            [*ids, wrong],  # type: ignore[list-item]  # what is seen to be refused
            executor=Scripted(), workers=1, concurrency=1,
        )  # fmt: skip
        found: list[object] = []
        with pytest.raises(ConfigurationError, match="user_ids must hold user ids"):
            found.extend(asked)
        assert found == answers(ids[: len(found)])
        assert list(asked) == []


def test_what_reading_the_users_raises_is_raised() -> None:
    def read() -> Iterator[str]:
        yield "user-0001"
        raise OSError("the file is gone")

    with (
        HostileServer(answering) as server,
        client(server) as publora,
        pytest.raises(OSError, match="gone"),
    ):
        publora.connections.list_many(read(), executor=Scripted(), workers=2)


def test_users_who_are_read_slowly_are_asked_about_without_those_behind_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(users, "SLOW", -1.0)
    executor = Scripted()
    with HostileServer(answering) as server, client(server) as publora:
        found = publora.connections.list_many(iter(ids_of(5)), executor=executor, workers=2)
    assert list(found) == answers(ids_of(5))
    assert executor.chunks == [[user_id] for user_id in ids_of(5)]


def test_nobody_is_read_before_there_is_room() -> None:
    source = iter(ids_of(5000))
    with (
        HostileServer(answering) as server,
        client(server) as publora,
        publora.connections.iter_many(
            source, executor=Scripted(), workers=2, concurrency=2
        ) as asked,
    ):
        next(asked)
        in_hand = 5000 - len(list(source))
    assert in_hand < 50


def test_one_who_was_given_back_for_a_429_is_asked_again_after_the_pause() -> None:
    ids = ids_of(40)
    executor = Scripted()
    with HostileServer(in_turn(None, refusal(429))) as server, client(server) as publora:
        found = publora.connections.list_many(ids, concurrency=2, executor=executor, workers=2)
    assert list(found) == answers(ids)
    assert len(server.heads) == 41


def test_one_who_is_refused_for_each_attempt_has_the_attempts_of_all_chunks() -> None:
    with HostileServer(refusal(429)) as server, client(server, max_retries=1) as publora:
        (found,) = publora.connections.list_many(["user-0001"], executor=Scripted(), workers=2)
    assert isinstance(found.error, RateLimitError)
    assert (found.error.attempts, found.error.gave_up) == (2, "retries")
    assert len(server.heads) == 2


def test_a_pause_past_the_deadline_holds_everybody_back_at_once() -> None:
    ids = ids_of(200)
    with (
        HostileServer(refusal(429, Retry_After="50")) as server,
        client(server, deadline=10) as publora,
    ):
        found = publora.connections.list_many(ids, concurrency=4, executor=Scripted(), workers=2)
    assert [one.user_id for one in found] == ids
    kinds = {type(one.error) for one in found}
    assert kinds == {RateLimitError, NotSentError}
    assert len(server.heads) <= 4


def outage(monkeypatch: pytest.MonkeyPatch, workers: int | None) -> tuple[int, UserConnectionsList]:
    """Ask about 2,000 users while the service is down; give the number of requests."""
    monkeypatch.setattr(gate, "PATIENCE", 1.0)
    monkeypatch.setattr(gate, "FIRST_PROBE", 0.1)
    with HostileServer(refusal(503)) as server, client(server) as publora:
        if workers is None:
            found = publora.connections.list_many(ids_of(2000))
        else:
            with ThreadPoolExecutor(workers) as pool:
                found = publora.connections.list_many(ids_of(2000), executor=pool, workers=workers)
    return len(server.heads), found


def test_an_outage_costs_four_workers_no_more_than_one_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone, one = outage(monkeypatch, None)
    together, four = outage(monkeypatch, 4)
    assert together <= alone + 20
    assert [user.user_id for user in four] == ids_of(2000)
    assert {type(user.error) for user in four} <= {ServerError, NotSentError}
    held_back = [user for user in four if isinstance(user.error, NotSentError)]
    assert held_back[0].error == next(u for u in one if isinstance(u.error, NotSentError)).error


def test_who_is_held_back_keeps_the_failure_of_the_attempts_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate, "PATIENCE", 0.0)
    with HostileServer(refusal(503)) as server, client(server) as publora:
        found = publora.connections.list_many(
            ids_of(100), executor=Scripted(), workers=1, concurrency=12
        )
        asked = set(users_asked(server))
    failed = {one.user_id for one in found if isinstance(one.error, ServerError)}
    assert failed == asked
    held_back = {one.user_id for one in found if isinstance(one.error, NotSentError)}
    assert held_back == {*ids_of(100)} - asked


def test_a_service_that_comes_back_is_found_by_a_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "FIRST_PROBE", 0.05)
    ids = ids_of(300)
    with (
        HostileServer(in_turn(*[refusal(503)] * 16)) as server,
        client(server, max_retries=20) as publora,
        ThreadPoolExecutor(2) as pool,
    ):
        found = publora.connections.list_many(ids, concurrency=8, executor=pool, workers=2)
    assert list(found) == answers(ids)


def test_a_call_past_its_deadline_is_not_asked_again() -> None:
    with HostileServer(refusal(429)) as server, client(server, deadline=0.2) as publora:
        (found,) = publora.connections.list_many(
            ["user-0001"], executor=Scripted(), workers=1, concurrency=1
        )
    assert isinstance(found.error, RateLimitError)


def test_a_chunk_whose_worker_died_is_asked_once_more() -> None:
    ids = ids_of(30)
    executor = Scripted([BrokenExecutor("it died")])
    with HostileServer(answering) as server, client(server) as publora:
        found = publora.connections.list_many(ids, concurrency=2, executor=executor, workers=2)
    assert list(found) == answers(ids)
    assert executor.chunks[1] == executor.chunks[0] or executor.chunks[2] == executor.chunks[0]


@pytest.mark.parametrize(
    "deaths",
    [
        [BrokenProcessPool("gone")] * 2,
        [type("KilledWorker", (Exception,), {"allowed_failures": 1})("gone")],
    ],
    ids=["twice", "by Dask"],
)
def test_a_chunk_is_asked_no_third_time(deaths: list[Exception]) -> None:
    executor = Scripted(deaths)
    ids = ids_of(3)
    with HostileServer(answering) as server, client(server) as publora:
        found = publora.connections.list_many(ids, executor=executor, workers=1, concurrency=1)
    assert [one.user_id for one in found] == ids
    lost = [one.error for one in found.failed]
    assert lost
    assert all(type(error) is TransportError and "died" in str(error) for error in lost)
    assert len(found.failed) == len(executor.chunks[0])


def test_a_cancelled_chunk_is_asked_once_more() -> None:
    executor = Scripted(["pending"])
    with HostileServer(answering) as server, client(server) as publora:
        asked = publora.connections.iter_many(["user-0001"], executor=executor, workers=1)
        waiting = threading.Thread(target=lambda: found.extend(asked))
        found: list[object] = []
        waiting.start()
        while not executor.futures:
            pass
        executor.futures[0].cancel()
        waiting.join()
    assert found == answers(["user-0001"])


def test_the_work_of_a_broken_executor_goes_on_in_this_process(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ids = ids_of(100)
    executor = Scripted([None, BrokenExecutor("it died"), BrokenExecutor])
    with HostileServer(answering) as server, client(server) as publora:
        found = publora.connections.list_many(ids, concurrency=4, executor=executor, workers=2)
    assert list(found) == answers(ids)
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "the executor is broken: its work goes on in this process"
    ]


def test_an_executor_that_takes_no_work_is_an_error_of_ours() -> None:
    with (
        HostileServer(answering) as server,
        client(server) as publora,
        pytest.raises(ClientStateError, match="the executor takes no work: RuntimeError: no more"),
    ):
        publora.connections.list_many(ids_of(3), executor=Scripted([RuntimeError]), workers=1)


def test_a_worker_of_another_version_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    executor = Scripted()
    old = parcel.Parcel.unpacked

    def unpacked(self: parcel.Parcel[object]) -> object:
        with monkeypatch.context() as patch:
            if executor.futures:
                patch.setattr(parcel, "__version__", "9.9.9")
            return old(self)

    monkeypatch.setattr(parcel.Parcel, "unpacked", unpacked)
    with (
        HostileServer(answering) as server,
        client(server) as publora,
        pytest.raises(
            ConfigurationError,
            match=r"have publora 9\.9\.9 and .*: install the same version on both",
        ),
    ):
        publora.connections.list_many(ids_of(3), executor=executor, workers=1)
    assert server.heads == []


def test_a_report_of_another_version_is_a_clear_error() -> None:
    class Foreign(Scripted):
        def submit(self, call, /, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN003, ANN202  # as its base
            future = super().submit(call, *args, **kwargs)
            future.result().version = "0.0.1"
            return future

    with (
        HostileServer(answering) as server,
        client(server) as publora,
        pytest.raises(ConfigurationError, match=r"and 0\.0\.1"),
    ):
        publora.connections.list_many(ids_of(3), executor=Foreign(), workers=1)


def test_workers_without_the_sdk_are_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "LAST", 0.0)
    executor = Scripted(["pending", ModuleNotFoundError("No module named 'publora_sync'")])
    with (
        HostileServer(answering) as server,
        client(server) as publora,
        pytest.raises(
            ConfigurationError, match=r"cannot run the SDK .*publora_sync.*: install publora "
        ),
    ):
        publora.connections.list_many(ids_of(3), executor=executor, workers=2)
    assert executor.futures[0].cancelled()


def test_a_worker_without_a_key_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUBLORA_API_KEY")
    with HostileServer(answering) as server, client(server) as publora:
        with pytest.raises(ConfigurationError, match="no API key"):
            publora.connections.list_many(ids_of(3), executor=Scripted(), workers=1)
        found = publora.connections.list_many(
            ids_of(3), executor=Scripted(), workers=1, send_key=True
        )
    assert list(found) == answers(ids_of(3))


def test_chunks_grow_while_they_are_short_and_shrink_when_they_are_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    executor = Scripted()
    with HostileServer(answering) as server, client(server) as publora:
        monkeypatch.setattr(plan, "SHORT", 60.0)
        publora.connections.list_many(
            iter(ids_of(100)), executor=executor, workers=1, concurrency=2
        )
        assert [len(chunk) for chunk in executor.chunks] == [8, 16, 32, 44]
        monkeypatch.setattr(plan, "SHORT", 0.0)
        monkeypatch.setattr(plan, "LONG", 0.0)
        executor.chunks.clear()
        publora.connections.list_many(iter(ids_of(20)), executor=executor, workers=1, concurrency=2)
        assert [len(chunk) for chunk in executor.chunks] == [8, 8, 4]


def test_no_two_chunks_are_the_same_to_an_engine() -> None:
    packed = []

    class Noting(Scripted):
        def submit(self, call, /, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN003, ANN202  # as its base
            packed.append(args[0].packed)
            return super().submit(call, *args, **kwargs)

    with HostileServer(answering) as server, client(server) as publora:
        for _ in range(2):
            publora.connections.list_many(["user-0001"], executor=Noting(), workers=1)
    assert len({*packed}) == 2
    assert all(KEY.encode() not in one for one in packed)


class Watched:
    """Stands for a bridge; says that it is open until the wait has looked at it that often."""

    def __init__(self, looks: int, then: Callable[[], bool]) -> None:
        self._looks = iter(range(looks))
        self._then = then

    @property
    def stopped(self) -> bool:
        return next(self._looks, None) is None and self._then()


@pytest.mark.parametrize("looks", [0, 2])
def test_a_client_that_is_closed_meanwhile_ends_the_wait(
    monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    monkeypatch.setattr(spread, "SLICE", 0.01)
    executor = Scripted(["pending"])
    with HostileServer(answering) as server, client(server) as publora:
        asked = publora.connections.iter_many(["user-0001"], executor=executor, workers=1)
        assert isinstance(asked, ExecutorAnswers)
        asked._spread._bridge = Watched(looks, lambda: True)  # type: ignore[assignment]
        with pytest.raises(ClientStateError, match="closed meanwhile"):
            next(asked)
    assert executor.futures[0].cancelled()


def test_who_leaves_while_another_thread_waits_ends_the_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spread, "SLICE", 0.01)

    def leave() -> bool:
        asked.close()
        return False

    executor = Scripted(["running"])
    with HostileServer(answering) as server, client(server) as publora:
        asked = publora.connections.iter_many(["user-0001"], executor=executor, workers=1)
        assert isinstance(asked, ExecutorAnswers)
        asked._spread._bridge = Watched(2, leave)  # type: ignore[assignment]
        assert list(asked) == []
