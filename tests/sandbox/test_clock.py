"""A clock that tests can move, sleeps by it, and the changes that it brings about."""

import asyncio
import logging
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sandbox_calls import LIST, Ask, listed

from publora_async.sandbox import Clock, Sandbox

START = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_a_clock_with_a_start_stands_still_until_it_is_moved() -> None:
    clock = Clock(START.astimezone(timezone(2 * HOUR)))
    assert (clock.now(), clock.now().tzinfo, repr(clock)) == (
        START,
        UTC,
        "Clock(2026-10-01T12:00:00+00:00)",
    )
    clock.advance(DAY)
    assert clock.now() == START + DAY
    clock.advance(-2 * DAY)
    assert clock.now() == START - DAY
    clock.set(START + HOUR)
    assert clock.now() == START + HOUR


def test_without_a_start_it_shows_the_real_time_and_goes_on_from_wherever_it_is_set() -> None:
    clock = Clock()
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    clock.set(START)
    shown = clock.now()
    assert START <= shown < START + HOUR
    while clock.now() == shown:
        pass
    clock.advance(DAY)
    assert START + DAY < clock.now() < START + DAY + HOUR


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 10, 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="start must be an aware datetime"):
        Clock(naive)
    with pytest.raises(ValueError, match="moment must be an aware datetime"):
        Clock().set(naive)
    with pytest.raises(ValueError, match="when must be an aware datetime"):
        Sandbox().schedule(naive, print)


async def test_a_sleep_ends_when_the_clock_has_come_so_far_and_not_before() -> None:
    clock = Clock(START)
    short, long = (asyncio.create_task(clock.sleep(seconds)) for seconds in (60, 3600))
    await asyncio.sleep(0)
    clock.advance(timedelta(seconds=59))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not short.done()
    clock.advance(timedelta(seconds=1))
    await short
    assert not long.done()
    clock.set(START + DAY)
    await long
    await clock.sleep(0)


async def test_a_sleep_ends_also_when_another_thread_moves_the_clock() -> None:
    clock = Clock(START)
    sleeping = asyncio.create_task(clock.sleep(3600))
    await asyncio.sleep(0)
    mover = threading.Thread(target=clock.advance, args=[HOUR])
    mover.start()
    await asyncio.wait_for(sleeping, 20)
    mover.join()


async def test_a_sleep_by_the_real_time_ends_by_itself() -> None:
    clock = Clock()
    before = clock.now()
    await clock.sleep(0.01)
    assert clock.now() - before >= timedelta(seconds=0.01)


async def test_a_sleep_that_is_skipped_takes_the_clock_to_its_end() -> None:
    clock = Clock(START, skip_sleep=True)
    woken = []

    async def sleeper(hours: int) -> None:
        await clock.sleep(3600 * hours)
        woken.append((hours, clock.now() - START))

    await asyncio.gather(*map(sleeper, (5, 2, 9)))
    assert woken == [(2, 2 * HOUR), (5, 5 * HOUR), (9, 9 * HOUR)]


async def test_a_sleep_that_is_cancelled_holds_nobody_up() -> None:
    clock = Clock(START, skip_sleep=True)
    first = asyncio.create_task(clock.sleep(1))
    second = asyncio.create_task(clock.sleep(2))
    first.cancel()
    await second
    assert (first.cancelled(), clock.now()) == (True, START + timedelta(seconds=2))


def test_a_sleeper_whose_loop_is_closed_does_not_stop_the_clock() -> None:
    clock = Clock(START)
    loop = asyncio.new_event_loop()
    sleeping = loop.create_task(clock.sleep(60))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    clock.advance(HOUR)
    assert clock.now() == START + HOUR
    sleeping._log_destroy_pending = False  # type: ignore[attr-defined]  # that is the point
    sleeping.get_coro().close()


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


async def statuses(ask: Ask, sandbox: Sandbox) -> list[tuple[str, str | None]]:
    return [(c["tokenStatus"], c["tokenExpiresIn"]) for c in await listed(ask, sandbox)]


async def test_statuses_follow_the_clock_forward_and_back(ask: Ask, clock: Clock) -> None:
    """Each word changes exactly when it should, though listings are kept."""
    second = timedelta(seconds=1)
    async with Sandbox(clock=clock) as sandbox:
        linkedin = []
        for moment in (
            timedelta(),
            timedelta(minutes=30),
            timedelta(minutes=30) + timedelta.resolution,
            timedelta(days=34, hours=6, minutes=30),
            timedelta(days=34, hours=6, minutes=30) + timedelta.resolution,
            timedelta(days=41, hours=6, minutes=30) - second,
            timedelta(days=41, hours=6, minutes=30),
            DAY,
        ):
            clock.set(START + moment)
            linkedin.append((await statuses(ask, sandbox))[2])
    assert linkedin == [
        ("valid", "41d 6h"),
        ("valid", "41d 6h"),
        ("valid", "41d 5h"),
        ("valid", "7d 0h"),
        ("expiring_soon", "6d 23h"),
        ("expiring_soon", "< 1h"),
        ("expired", "expired"),
        ("valid", "40d 6h"),
    ]


async def test_moving_the_clock_moves_no_date(ask: Ask, clock: Clock) -> None:
    dates = ("accessTokenExpiresAt", "lastSuccessfulPost", "lastError")
    async with Sandbox(clock=clock) as sandbox:
        before = [[c[name] for name in dates] for c in await listed(ask, sandbox)]
        clock.advance(100 * DAY)
        after = [[c[name] for name in dates] for c in await listed(ask, sandbox)]
        assert sandbox.now == START + 100 * DAY
        assert sandbox.clock is clock
    assert before == after


async def test_an_account_connected_later_is_judged_from_then_on(ask: Ask, clock: Clock) -> None:
    async with Sandbox(clock=clock) as sandbox:
        clock.advance(50 * DAY)
        platform_id = sandbox.connect("linkedin")
        (found,) = [c for c in await listed(ask, sandbox) if c["platformId"] == platform_id]
        assert (found["tokenStatus"], found["tokenExpiresIn"]) == ("valid", "60d 0h")
        clock.advance(59 * DAY)
        (found,) = [c for c in await listed(ask, sandbox) if c["platformId"] == platform_id]
        assert (found["tokenStatus"], found["tokenExpiresIn"]) == ("expiring_soon", "1d 0h")
        _, test = await ask(sandbox, "POST", f"/test-connection/{platform_id}")
        assert (test["status"], test["tokenExpiresIn"]) == ("ok", "1d 0h")


async def test_what_is_scheduled_happens_on_time_and_in_order(ask: Ask, clock: Clock) -> None:
    async with Sandbox(clock=clock) as sandbox:
        (platform_id,) = sandbox.set_connections(["linkedin"])
        sandbox.schedule(START + 3 * DAY, sandbox.rename, platform_id, "later")
        sandbox.schedule(2 * DAY, sandbox.rename, platform_id, "sooner")
        sandbox.schedule(2 * DAY, sandbox.expire, platform_id, last_error="revoked")
        clock.advance(2 * DAY - timedelta.resolution)
        assert (await listed(ask, sandbox))[0]["tokenStatus"] == "valid"
        clock.advance(20 * DAY)
        (found,) = await listed(ask, sandbox)
    assert (found["username"], found["accessTokenExpiresAt"]) == (
        "later",
        "2026-10-03T12:00:00.000Z",
    )
    assert found["lastError"] == {"message": "revoked", "occurredAt": "2026-10-03T12:00:00.000Z"}


async def test_an_outage_and_the_contracts_form_can_be_scheduled(ask: Ask, clock: Clock) -> None:
    async with Sandbox(clock=clock) as sandbox:
        sandbox.schedule(1 * HOUR, sandbox.start_outage)
        sandbox.schedule(2 * HOUR, sandbox.end_outage)
        sandbox.schedule(3 * HOUR, setattr, sandbox, "form", "contract")
        seen = []
        for _ in range(4):
            status, body = await ask(sandbox, *LIST)
            seen.append((status, len(body.get("connections", [{}])[0])))
            clock.advance(HOUR)
    assert seen == [(200, 11), (503, 0), (200, 11), (200, 5)]


async def test_a_scheduled_change_may_schedule_the_next(ask: Ask, clock: Clock) -> None:
    async with Sandbox(clock=clock) as sandbox:

        def connect() -> None:
            sandbox.connect("twitter", status="valid")
            sandbox.schedule(DAY, connect)

        sandbox.schedule(DAY, connect)
        clock.advance(7 * DAY)
        assert len(await listed(ask, sandbox)) == 15 + 7


async def test_what_a_scheduled_change_raises_is_raised_when_the_sandbox_is_left(
    ask: Ask, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = Sandbox(clock=clock)
    with pytest.RaisesGroup(pytest.RaisesExc(ValueError, match="'linkedin-1' is not connected")):
        async with sandbox:
            sandbox.schedule(DAY, sandbox.expire, "linkedin-1")
            clock.advance(DAY)
            assert len(await listed(ask, sandbox)) == 15
    with sandbox:
        """It is raised once."""
    assert [(r.levelno, r.message) for r in caplog.records if r.levelno > logging.INFO] == [
        (logging.ERROR, "a change of 2026-10-02 12:00:00+00:00 failed")
    ]


def test_it_is_raised_from_a_sandbox_on_a_thread_of_its_own_too(clock: Clock) -> None:
    with (
        pytest.RaisesGroup(pytest.RaisesExc(ValueError, match="'nobody' is not a managed user")),
        Sandbox(clock=clock) as sandbox,
    ):
        sandbox.schedule(timedelta(), sandbox.detach_user, "nobody")
        sandbox.connect("twitter")


async def test_a_failure_of_the_test_itself_is_not_hidden_by_one_of_a_change(clock: Clock) -> None:
    async def fail() -> None:
        async with Sandbox(clock=clock) as sandbox:
            sandbox.schedule(timedelta(), sandbox.detach_user, "nobody")
            sandbox.connect("twitter")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()


def test_changes_from_many_threads_while_it_serves_are_all_there() -> None:
    """The accounts that eight threads connect and rename, while the server answers."""
    with Sandbox(clock=Clock(START)) as sandbox:
        ids: list[str] = []

        def change() -> None:
            for _ in range(25):
                platform_id = sandbox.connect("twitter", status="valid")
                sandbox.rename(platform_id, f"@{platform_id}")
                ids.append(platform_id)

        threads = [threading.Thread(target=change) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = sandbox._connections.accounts(None)[15:]
    assert {account.platform_id for account in found} == {*ids}
    assert len(ids) == 200
    assert all(account.username == f"@{account.platform_id}" for account in found)


async def test_a_week_of_alarms_takes_no_time(ask: Ask) -> None:
    """A watcher that looks every six hours, by a clock that skips its sleeps."""
    clock = Clock(START, skip_sleep=True)
    async with Sandbox(clock=clock) as sandbox:
        (platform_id,) = sandbox.set_connections(["linkedin"])
        sandbox.schedule(DAY, sandbox.expire, platform_id)
        sandbox.schedule(3 * DAY, sandbox.connect, "linkedin")
        seen = [(START, "valid")]
        while clock.now() < START + 7 * DAY:
            status = (await listed(ask, sandbox))[0]["tokenStatus"]
            if status != seen[-1][1]:
                seen.append((clock.now(), status))
            await clock.sleep(6 * 3600)
    assert seen == [(START, "valid"), (START + DAY, "expired"), (START + 3 * DAY, "valid")]
