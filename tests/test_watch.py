"""Watches of both colours, over the sandbox."""

import asyncio
import gc
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from still_clock import until

from publora_async import (
    AsyncPublora,
    AsyncWatch,
    AuthenticationError,
    ClientStateError,
    ConfigurationError,
    Event,
    ManagedUser,
    StateFileError,
)
from publora_async._watch.state import StateFile
from publora_async.sandbox import Clock, Sandbox
from publora_sync import Publora, Watch
from publora_sync._bridge import _Job
from publora_sync._loop_thread import LoopThread

EVERY = timedelta(seconds=0.2)
"""So that a second look comes a hundredth of a second after the first."""

BROKEN = {"linkedin", "instagram", "youtube"}
"""The platforms of the sandbox's own account whose tokens have run out."""


def broken(events: list[Event]) -> set[str]:
    return {event.platform_id.partition("-")[0] for event in events if event.kind == "broke"}


async def take(publora: AsyncPublora, most: int = 1000, **options: Any) -> list[Event]:  # noqa: ANN401
    events = []
    asked: dict[str, Any] = {"every": EVERY, "once": True} | options
    async with publora.connections.watch(**asked) as watch:
        async for event in watch:
            events.append(event)
            if len(events) == most:
                break
    return events


@pytest.mark.filterwarnings("ignore:this call blocks the event loop")
async def test_both_colours_tell_the_same(publora_sandbox: Sandbox) -> None:
    async with AsyncPublora() as publora:
        awaited = await take(publora)
    with Publora() as plain, plain.connections.watch(every=EVERY, once=True) as watch:
        called = list(watch)
    assert broken(awaited) == BROKEN
    assert [(e.kind, e.platform_id) for e in awaited] == [(e.kind, e.platform_id) for e in called]
    assert publora_sandbox.requests == 4


async def test_a_change_is_told_by_the_sandboxs_clock() -> None:
    clock = Clock(skip_sleep=True)
    async with (
        Sandbox(users=3, clock=clock) as sandbox,
        AsyncPublora(sandbox.api_key, base_url=sandbox.base_url) as publora,
    ):
        user_id = sandbox.user_ids[0]
        platform_id = sandbox.connect("facebook", user_id=user_id, status="valid")
        sandbox.schedule(timedelta(hours=30), sandbox.expire, platform_id, user_id=user_id)
        begun = clock.now()
        async with publora.connections.watch(
            publora.managed_users.list, every=timedelta(hours=6), clock=clock, baseline=True
        ) as events:
            async for event in events:
                if event.platform_id == platform_id:
                    break
        assert (event.kind, event.user_id) == ("broke", user_id)
        assert timedelta(hours=30) < clock.now() - begun < timedelta(hours=42)


async def test_asking_for_the_next_event_acknowledges_the_one_before(
    publora_sandbox: Sandbox, tmp_path: Path
) -> None:
    assert publora_sandbox.requests == 0
    state = tmp_path / "accounts.db"
    async with AsyncPublora() as publora:
        first = await take(publora, 2, state=state)
        second = await take(publora, state=state)
        third = await take(publora, state=state)
    assert second[0].id == first[1].id
    assert broken([*first, *second]) == BROKEN
    assert third == []


async def test_a_second_watch_over_a_file_is_refused(
    publora_sandbox: Sandbox, tmp_path: Path
) -> None:
    state = tmp_path / "accounts.db"
    async with AsyncPublora() as publora:
        async with publora.connections.watch(every=EVERY, state=state) as watch:
            await anext(watch)
            with pytest.raises(StateFileError, match="another watch has"):
                await take(publora, state=state)
        assert publora_sandbox.requests == 2
        await take(publora, 1, state=state)


async def test_a_watch_that_is_closed_by_another_task_ends(publora_sandbox: Sandbox) -> None:
    async with AsyncPublora() as publora:
        watch = publora.connections.watch(every=timedelta(hours=1), baseline=True)

        async def all_events() -> list[Event]:
            return [event async for event in watch]

        task = asyncio.create_task(all_events())
        assert await until(lambda: publora_sandbox.requests == 1)
        await watch.aclose()
        assert await task == []
        assert await watch.next_event() is None
        await watch.aclose()


@pytest.mark.parametrize(("closings", "cancels"), [(2, False), (1, True), (2, True)])
async def test_a_watch_that_is_closed_twice_ends_and_a_cancellation_meanwhile_is_raised(
    publora_sandbox: Sandbox, closings: int, *, cancels: bool
) -> None:
    async with AsyncPublora() as publora:
        watch = publora.connections.watch(every=timedelta(hours=1), baseline=True)
        task = asyncio.create_task(watch.next_event())
        assert await until(lambda: publora_sandbox.requests == 1)
        closed = []
        for _ in range(closings):
            closed.append(asyncio.create_task(watch.aclose()))
            await asyncio.sleep(0)
        if cancels:
            task.cancel()
        await asyncio.gather(*closed)
        await asyncio.wait([task])
        assert task.cancelled() == cancels


async def test_a_watch_that_is_closed_ends_for_who_was_cancelled_before_too(
    publora_sandbox: Sandbox,
) -> None:
    async with AsyncPublora() as publora:
        watch = publora.connections.watch(every=timedelta(hours=1), baseline=True)

        async def all_events() -> list[Event]:
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            return [event async for event in watch]

        task = asyncio.create_task(all_events())
        await asyncio.sleep(0)
        task.cancel()
        assert await until(lambda: publora_sandbox.requests == 1)
        await watch.aclose()
        assert await task == []


async def test_a_watch_that_is_cancelled_gives_its_file_back(
    publora_sandbox: Sandbox, tmp_path: Path
) -> None:
    state = tmp_path / "accounts.db"
    async with AsyncPublora() as publora:
        watch = publora.connections.watch(every=timedelta(hours=1), baseline=True, state=state)
        task = asyncio.create_task(watch.next_event())
        assert await until(lambda: publora_sandbox.requests == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await watch.next_event() is None
        assert await take(publora, state=state, baseline=True) == []


def test_a_sync_watch_that_is_dropped_gives_its_file_back(
    publora_sandbox: Sandbox, tmp_path: Path
) -> None:
    state = tmp_path / "accounts.db"
    with Publora() as publora:
        watch = publora.connections.watch(every=EVERY, state=state)
        next(watch)
        watch.close()
        watch = publora.connections.watch(every=EVERY, state=state)
        assert next(watch).kind == "broke"
        del watch
        gc.collect()

        def again() -> bool:
            try:
                with publora.connections.watch(every=EVERY, state=state) as another:
                    return next(another).kind == "broke"
            except StateFileError:
                return False

        assert any(again() for _ in range(1000))
    assert publora_sandbox.requests > 0
    assert "publora-watch" not in {
        thread.name.rpartition("_")[0] for thread in threading.enumerate()
    }


def test_an_event_that_was_found_for_a_call_that_is_interrupted_is_given_again(
    publora_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert publora_sandbox.requests == 0
    state, wait = tmp_path / "accounts.db", _Job.wait

    def interrupted(job: _Job[object], loop_thread: LoopThread) -> None:
        wait(job, loop_thread)
        raise KeyboardInterrupt

    with Publora() as publora:
        watch = publora.connections.watch(every=EVERY, state=state)
        with monkeypatch.context() as patched:
            patched.setattr(_Job, "wait", interrupted)
            with pytest.raises(KeyboardInterrupt):
                next(watch)
        assert watch.next_event() is None
        with publora.connections.watch(every=EVERY, state=state, once=True) as another:
            assert broken(list(another)) == BROKEN


def listing(publora: Publora) -> Callable[[], list[ManagedUser]]:
    return lambda: list(publora.managed_users.list())


def generating(publora: Publora) -> Callable[[], Iterator[ManagedUser]]:
    return lambda: (user for user in publora.managed_users.list())


def awaiting(publora: Publora) -> Any:  # noqa: ANN401  # an async function
    async def users() -> list[ManagedUser]:
        return list(await asyncio.to_thread(publora.managed_users.list))

    return users


@pytest.mark.parametrize("users_of", [listing, generating, awaiting])
def test_the_users_of_a_sync_watch_may_come_by_its_client(
    publora_sandbox: Sandbox, users_of: Callable[[Publora], Any]
) -> None:
    with Publora() as publora:
        watch: Watch = publora.connections.watch(users_of(publora), every=EVERY, once=True)
        with watch:
            users = {event.user_id for event in watch}
    assert users <= set(publora_sandbox.user_ids)
    assert users


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"users": "62f5c97a89ef47ccc5e69024"}, "several ids"),
        ({"users": iter(["a"])}, "users can be read only once: give a list"),
        ({"users": 7}, "users must be ids, or a function that gives them, not int"),
        ({"every": timedelta(0)}, "every must be more than nothing"),
        ({"every": 15}, "every must be a timedelta"),
        ({"within": 7}, "within must be a timedelta"),
        ({"concurrency": 0}, "concurrency must be"),
        ({"state": ""}, "state must name a file, or be None"),
    ],
)
async def test_what_cannot_be_watched_is_refused_at_once(
    options: dict[str, Any], said: str, publora_sandbox: Sandbox
) -> None:
    async with AsyncPublora() as publora:
        with pytest.raises(ConfigurationError, match=said):
            publora.connections.watch(**options)
    with Publora() as plain, pytest.raises(ConfigurationError, match=said):
        plain.connections.watch(**options)
    assert publora_sandbox.requests == 0


async def test_soon_can_be_later_than_the_service_has_it(publora_sandbox: Sandbox) -> None:
    publora_sandbox.set_connections(["threads"])
    async with AsyncPublora() as publora:
        assert await take(publora) == []
        (event,) = await take(publora, within=timedelta(days=365))
    assert event.kind == "expiring"


async def test_where_the_service_says_nothing_of_a_token_the_live_test_does(
    publora_sandbox: Sandbox,
) -> None:
    publora_sandbox.form = "contract"
    async with AsyncPublora() as publora:
        events = await take(publora)
    assert {event.reason for event in events if event.kind == "broke"} == {"live_test"}


@pytest.mark.parametrize("turns", [0, 10, 40, 160, 640])
async def test_a_call_that_is_cancelled_at_any_moment_loses_nothing(
    publora_sandbox: Sandbox, tmp_path: Path, turns: int
) -> None:
    state = tmp_path / "accounts.db"
    async with AsyncPublora() as publora:
        watch = publora.connections.watch(every=EVERY, once=True, state=state)
        call = asyncio.create_task(watch.next_event())
        for _ in range(turns):
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])
        await watch.aclose()
        assert broken(await take(publora, state=state)) == BROKEN
    assert publora_sandbox.requests > 0


async def test_a_call_that_is_cancelled_twice_gives_the_file_back(
    publora_sandbox: Sandbox, tmp_path: Path
) -> None:
    state = tmp_path / "accounts.db"
    async with AsyncPublora() as publora:
        for turns in range(40):
            watch = publora.connections.watch(every=timedelta(hours=1), state=state)
            call = asyncio.create_task(watch.next_event())
            for _ in range(turns):
                await asyncio.sleep(0)
            call.cancel()
            await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await watch.aclose()
    assert publora_sandbox.requests >= 0
    StateFile(str(state)).close()


@pytest.mark.parametrize("whose", ["call", "closing"])
@pytest.mark.parametrize("later", [0, 1, 3])
async def test_a_watch_that_is_closed_at_any_moment_loses_nothing_and_gives_the_file_back(
    publora_sandbox: Sandbox, tmp_path: Path, whose: str, later: int
) -> None:
    async with AsyncPublora() as publora:
        for turns in (0, 1, 2, 3, 5, 8, 13, 20, 40, 80, 160):
            state = tmp_path / f"{turns}.db"
            watch = publora.connections.watch(every=EVERY, once=True, state=state)
            tasks = {"call": asyncio.create_task(watch.next_event())}
            for _ in range(turns):
                await asyncio.sleep(0)
            tasks["closing"] = asyncio.create_task(watch.aclose())
            for _ in range(later):
                await asyncio.sleep(0)
            tasks[whose].cancel()
            if whose == "closing" and not later:  # it has not even begun
                await watch.aclose()
            await asyncio.wait(tasks.values())
            assert {name for name, task in tasks.items() if task.cancelled()} <= {whose}
            assert await watch.next_event() is None
            StateFile(str(state)).close()
            event = None if tasks["call"].cancelled() else tasks["call"].result()
            got = [event] if isinstance(event, Event) else []
            assert broken([*got, *await take(publora, state=state)]) == BROKEN
    assert publora_sandbox.requests > 0


async def test_an_event_that_comes_as_the_watch_is_closed_is_given_and_not_acknowledged() -> None:
    come, acknowledged = asyncio.Event(), False
    event = Event(user_id=None, platform_id="x", since=Clock().now(), reason="list")

    async def events() -> AsyncGenerator[Event, None]:
        nonlocal acknowledged
        await come.wait()
        yield event
        acknowledged = True

    generator = events()
    watch = AsyncWatch(generator)
    calls = [asyncio.create_task(watch.next_event()) for _ in range(2)]
    await asyncio.sleep(0)
    come.set()
    closing = asyncio.create_task(watch.aclose())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([*calls, closing])
    assert [call.result() for call in calls] == [event, None]
    assert closing.cancelled()
    assert not acknowledged
    assert await anext(generator, None) is None


async def test_a_call_whose_end_is_put_off_by_the_users_leaves_its_task_uncancelled(
    publora_sandbox: Sandbox,
) -> None:
    asked = asyncio.Event()

    async def users() -> list[str]:
        asked.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return [*publora_sandbox.user_ids]

    async with AsyncPublora() as publora:
        watch = publora.connections.watch(users, every=EVERY, once=True)

        async def cancellations() -> int:
            await watch.next_event()
            task = asyncio.current_task()
            return task.cancelling() if task else -1

        call = asyncio.create_task(cancellations())
        await asked.wait()
        await watch.aclose()
        assert await call == 0


async def test_what_the_users_raise_is_raised_a_timeout_too(publora_sandbox: Sandbox) -> None:
    async def users() -> list[str]:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
        return []

    async with AsyncPublora() as publora:
        with pytest.raises(TimeoutError):
            await take(publora, users=users)
    assert publora_sandbox.requests == 0


async def test_the_users_are_read_in_the_task_and_the_context_of_who_asks(
    publora_sandbox: Sandbox,
) -> None:
    span, tasks = ContextVar("span", default=0), set[object]()

    async def users() -> AsyncGenerator[str, None]:
        token = span.set(1)
        for user_id in publora_sandbox.user_ids:
            tasks.add(asyncio.current_task())
            yield user_id
        span.reset(token)

    async with AsyncPublora() as publora:
        events = await take(publora, users=users, concurrency=1)
    assert events
    assert tasks == {asyncio.current_task()}


async def test_two_tasks_may_share_a_watch(publora_sandbox: Sandbox) -> None:
    assert publora_sandbox.requests == 0
    async with AsyncPublora() as publora:
        watch = publora.connections.watch(every=EVERY, once=True)

        async def all_events() -> list[Event]:
            return [event async for event in watch]

        both = await asyncio.gather(all_events(), all_events())
    assert broken([*both[0], *both[1]]) == BROKEN


async def test_a_refused_key_ends_a_watch(publora_sandbox: Sandbox) -> None:
    publora_sandbox.revoke_key()
    async with AsyncPublora() as publora:
        with pytest.raises(AuthenticationError):
            await take(publora)


async def test_a_watch_that_was_begun_before_a_fork_is_the_parents(
    publora_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with AsyncPublora() as publora:
        watch = publora.connections.watch(every=EVERY)
        with monkeypatch.context() as patched:
            patched.setattr("publora_async.watch.os.getpid", lambda: 0)
            with pytest.raises(ClientStateError, match="begun before a fork"):
                await watch.next_event()
            await watch.aclose()
        assert await watch.next_event() is not None
        await watch.aclose()
    assert publora_sandbox.requests > 0


def test_a_sync_watch_can_be_closed_after_its_client(publora_sandbox: Sandbox) -> None:
    publora = Publora()
    with publora.connections.watch(every=EVERY) as watch:
        next(watch)
        publora.close()
    watch.close()
    assert publora_sandbox.requests > 0
