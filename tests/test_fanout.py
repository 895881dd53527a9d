"""Asking about many users: order, bounds, refusals, and every way of stopping early."""

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import islice

import pytest
from hostile import HostileServer, reply, silence
from virtual_time import Service, connections, outage, run

from publora_async import (
    AsyncPublora,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    PermissionDeniedError,
    UserConnections,
)
from publora_async.sandbox import Faults, Sandbox
from publora_sync import Publora


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    with Sandbox(users=1000) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Iterator[Sandbox]:
    yield shared_sandbox
    shared_sandbox.faults = None


@pytest.fixture
async def publora(sandbox: Sandbox) -> AsyncIterator[AsyncPublora]:
    async with AsyncPublora(sandbox.api_key, base_url=sandbox.base_url) as publora:
        yield publora
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}, "a task was left behind"


@pytest.fixture
def publora_sync(sandbox: Sandbox) -> Iterator[Publora]:
    with Publora(sandbox.api_key, base_url=sandbox.base_url) as publora:
        yield publora


async def test_every_answer_comes_under_its_own_id(
    publora: AsyncPublora, publora_sync: Publora, sandbox: Sandbox
) -> None:
    answers = [answer async for answer in publora.connections.iter_many(sandbox.user_ids)]
    assert sorted(answer.user_id for answer in answers) == sorted(sandbox.user_ids)
    for answer in answers[:20]:
        assert answer.unwrap() == await publora.connections.list(user_id=answer.user_id)
    theirs = await asyncio.to_thread(
        lambda: list(publora_sync.connections.iter_many(sandbox.user_ids))
    )
    assert sorted(theirs, key=lambda answer: answer.user_id) == sorted(
        answers, key=lambda answer: answer.user_id
    )


async def test_answers_come_in_the_order_given_where_it_is_asked_for(
    publora: AsyncPublora, publora_sync: Publora, sandbox: Sandbox
) -> None:
    sandbox.faults = Faults(latency=(0, 0.01))
    ids = sandbox.user_ids[:200]
    ours = [
        answer.user_id async for answer in publora.connections.iter_many(iter(ids), ordered=True)
    ]
    assert ours == list(ids)

    def ask() -> list[str]:
        answers = publora_sync.connections.iter_many(iter(ids), ordered=True)
        return [answer.user_id for answer in answers]

    assert await asyncio.to_thread(ask) == list(ids)
    assert [one.user_id for one in await publora.connections.list_many(ids)] == list(ids)


async def test_an_id_given_twice_is_asked_about_twice(
    publora: AsyncPublora, sandbox: Sandbox
) -> None:
    ids = [sandbox.user_ids[0]] * 3
    assert [one.user_id for one in await publora.connections.list_many(ids)] == ids


async def test_no_more_sockets_and_requests_than_asked_for_at_once() -> None:
    async with Sandbox(users=300, faults=Faults(latency=0.001)) as own:
        async with AsyncPublora(own.api_key, base_url=own.base_url) as publora:
            await publora.connections.list_many(own.user_ids, concurrency=7)
        assert (own.peak_connections, own.peak_in_flight) == (7, 7)


async def test_ids_are_read_no_faster_than_answers_are_used(
    publora: AsyncPublora, sandbox: Sandbox
) -> None:
    read = 0

    def ids() -> Iterator[str]:
        nonlocal read
        for user_id in sandbox.user_ids:
            read += 1
            yield user_id

    async def async_ids() -> AsyncIterator[str]:
        for user_id in ids():
            yield user_id

    for source in (ids(), async_ids()):
        read, used = 0, 0
        async with publora.connections.iter_many(source, concurrency=5) as answers:
            async for _ in answers:
                used += 1
                assert read <= used + 5
                if used == 50:
                    break


async def test_an_async_iterable_that_pauses_does_not_hold_answers_back(
    publora: AsyncPublora, sandbox: Sandbox
) -> None:
    answered = asyncio.Event()

    async def ids() -> AsyncIterator[str]:
        yield sandbox.user_ids[0]
        await answered.wait()
        yield sandbox.user_ids[1]

    seen = []
    async for answer in publora.connections.iter_many(ids()):
        seen.append(answer.user_id)
        answered.set()
    assert seen == list(sandbox.user_ids[:2])


@pytest.mark.parametrize("ids", [[], iter(()), set()])
async def test_nobody_to_ask_about_is_no_answer(
    ids: Iterable[str], publora: AsyncPublora, publora_sync: Publora
) -> None:
    assert [answer async for answer in publora.connections.iter_many(ids)] == []
    assert list(publora_sync.connections.iter_many(ids)) == []


async def test_one_users_failure_is_that_users_result(
    publora: AsyncPublora, sandbox: Sandbox
) -> None:
    good, stranger = sandbox.user_ids[0], "6626a1f5e4b0c91a2d3f4567"
    answers = await publora.connections.list_many(["x", "a b", stranger, good])
    kinds = [type(answer.error) for answer in answers]
    assert kinds == [BadRequestError, ConfigurationError, PermissionDeniedError, type(None)]


@pytest.mark.parametrize("concurrency", [1, 32])
def test_a_key_refused_half_way_ends_all_and_loses_no_answer(concurrency: int) -> None:
    with Sandbox(users=400) as own, Publora(own.api_key, base_url=own.base_url) as publora:
        own.revoke_key(after=100)
        seen: list[UserConnections] = []
        answers = publora.connections.iter_many(own.user_ids, concurrency=concurrency)
        with pytest.raises(AuthenticationError):
            seen.extend(answers)
        assert len(seen) == 100
        assert own.requests <= 100 + concurrency
        with pytest.raises(AuthenticationError) as caught:
            publora.connections.list_many(own.user_ids)
        assert list(caught.value.results) == []


async def test_the_answers_before_a_refused_key_are_on_the_error() -> None:
    async with Sandbox(users=400) as own:
        async with AsyncPublora(own.api_key, base_url=own.base_url) as publora:
            own.revoke_key(after=100)
            with pytest.raises(AuthenticationError) as caught:
                await publora.connections.list_many(own.user_ids)
        assert len(caught.value.results) == 100
        assert own.requests <= 132


async def test_leaving_the_loop_ends_the_asking() -> None:
    async with Sandbox(users=1000) as own:
        async with AsyncPublora(own.api_key, base_url=own.base_url) as publora:
            used = 0
            async for _ in publora.connections.iter_many(own.user_ids, concurrency=20):
                used += 1
                if used == 100:
                    break
            await publora.connections.list()
        assert own.requests <= 100 + 20 + 1


def test_leaving_the_sync_loop_ends_the_asking() -> None:
    with Sandbox(users=1000) as own:
        with Publora(own.api_key, base_url=own.base_url) as publora:
            answers = publora.connections.iter_many(own.user_ids, concurrency=20)
            assert len(list(islice(answers, 100))) == 100
            answers.close()
            answers.close()
            assert list(answers) == []
            publora.connections.list()
        assert own.requests <= 100 + 20 + 1


async def test_an_exception_in_the_consumer_ends_the_asking() -> None:
    async with Sandbox(users=1000) as own:
        async with AsyncPublora(own.api_key, base_url=own.base_url) as publora:

            async def consume() -> None:
                async with publora.connections.iter_many(own.user_ids, concurrency=4) as answers:
                    async for _ in answers:
                        raise ZeroDivisionError

            with pytest.raises(ZeroDivisionError):
                await consume()
            await publora.connections.list()
        assert own.requests <= 1 + 4 + 1


async def test_a_cancelled_consumer_cancels_what_is_under_way() -> None:
    with HostileServer(silence) as server:
        async with AsyncPublora("k", base_url=server.base_url) as publora:
            task = asyncio.create_task(publora.connections.list_many(["a", "b", "c"]))
            for _ in range(3):
                await asyncio.to_thread(server.asked.acquire)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("sync", [False, True])
async def test_an_error_of_the_ids_iterator_is_raised_after_the_answers(
    sync: bool,  # noqa: FBT001  # a table column
    publora: AsyncPublora,
    publora_sync: Publora,
    sandbox: Sandbox,
) -> None:
    def ids() -> Iterator[str]:
        yield from sandbox.user_ids[:4]
        raise ZeroDivisionError

    async def async_ids() -> AsyncIterator[str]:
        for user_id in ids():
            yield user_id

    seen: list[UserConnections] = []

    def consume() -> None:
        seen.extend(publora_sync.connections.iter_many(ids(), concurrency=2))

    async def consume_async(source: AsyncIterator[str] | Iterator[str]) -> None:
        async for answer in publora.connections.iter_many(source, concurrency=2):
            seen.append(answer)  # noqa: PERF401  # what came before the error is kept

    with pytest.raises(ZeroDivisionError):
        await (asyncio.to_thread(consume) if sync else consume_async(ids()))
    with pytest.raises(ZeroDivisionError):
        await consume_async(async_ids())


@pytest.mark.parametrize("concurrency", [0, -1, 1.5, True, "many", None])
def test_a_concurrency_that_is_no_number_is_refused_at_once(concurrency: object) -> None:
    for publora in (AsyncPublora("k"), Publora("k")):
        with pytest.raises(ConfigurationError, match=r"^concurrency must be a whole number"):
            publora.connections.iter_many([], concurrency=concurrency)  # type: ignore[arg-type]


def test_one_id_in_place_of_several_is_refused_at_once() -> None:
    for publora in (AsyncPublora("k"), Publora("k")):
        with pytest.raises(ConfigurationError, match=r"\[user_id\] asks about one user"):
            publora.connections.iter_many("6626a1f5e4b0c91a2d3f4567")


def test_memory_does_not_grow_with_the_number_of_users() -> None:
    def peak(users: int) -> int:
        async def ask() -> int:
            resource = connections(Service(lambda *_: None))
            tracemalloc.start()
            async for _ in resource.iter_many(map(str, range(users))):
                pass
            top = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return top

        # The service keeps a time for each request; everything else is counted.
        gc.collect()
        return run(ask()) - 32 * users

    assert peak(20_000) < peak(2_000) + 500_000


def test_the_consumers_pace_is_the_fan_outs_pace() -> None:
    async def ask() -> list[float]:
        service = Service(outage(1e9, 1e9), latency=0.1)
        resource = connections(service)
        async for _ in resource.iter_many(map(str, range(100)), concurrency=5):
            await asyncio.sleep(1)  # virtual
        return service.requests

    requests = run(ask())
    assert len(requests) == 100
    assert all(later >= number - 5 for number, later in enumerate(requests))


def test_a_hostile_answer_is_one_users_error() -> None:
    with (
        HostileServer(reply(b"<html>"), reply()) as server,
        Publora("k", base_url=server.base_url) as publora,
    ):
        answers = publora.connections.list_many(["a", "b"], concurrency=1)
    assert [answer.error is None for answer in answers] == [False, True]
