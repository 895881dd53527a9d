"""Who is looked at when, by a clock that jumps; what is asked is answered at once."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import attrs
import pytest

from publora_async import (
    AuthenticationError,
    ConfigurationError,
    Connection,
    ConnectionList,
    ConnectionTest,
    Event,
    ManagedUser,
    PermissionDeniedError,
    PubloraError,
    ServerError,
)
from publora_async._http.gate import Gate
from publora_async._watch.judge import Rules
from publora_async._watch.rounds import Rounds
from publora_async.sandbox import Clock

START = datetime(2026, 11, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
DOWN = ServerError(500, "down")
DETACHED = PermissionDeniedError(403, "User is not managed by key")


class OverError(Exception):
    """The time of a test is over."""


class BoundedClock(Clock):
    """Jumps, until it is over."""

    end = START + 24 * HOUR

    def __init__(self) -> None:
        super().__init__(START, skip_sleep=True)

    async def sleep(self, seconds: float) -> None:
        if self.now() + timedelta(seconds=seconds) > self.end:
            raise OverError
        await super().sleep(seconds)


@attrs.define
class World:
    """
    A service as it is at each moment.

    Attributes:
        accounts: Gives what is found for a user at a time, or what goes wrong.
        clock: The time.
        looks: When who was looked at, in hours.
        tests: Which accounts were tested.
        tested: What a test gives.
    """

    accounts: Callable[[str | None, datetime], Iterable[Connection] | PubloraError]
    clock: BoundedClock = attrs.field(factory=BoundedClock)
    looks: list[tuple[float, str | None]] = attrs.field(factory=list)
    tests: list[str] = attrs.field(factory=list)
    tested: ConnectionTest | PubloraError = attrs.field(
        factory=lambda: ConnectionTest(platform_id="x-1", status="ok")
    )

    async def accounts_of(self, user_id: str | None, _: Gate) -> ConnectionList | PubloraError:
        now = self.clock.now()
        self.looks.append(((now - START) / HOUR, user_id))
        found = self.accounts(user_id, now)
        if isinstance(found, AuthenticationError):
            raise found
        return found if isinstance(found, PubloraError) else ConnectionList(found)

    async def test(self, platform_id: str, _: str | None, __: Gate) -> Any:  # noqa: ANN401
        self.tests.append(platform_id)
        return self.tested

    def watch(
        self, users: object, path: str = ":memory:", *, once: bool = False, baseline: bool = False
    ) -> Rounds:
        """Watch them, a round each six hours."""
        rules = Rules(6 * 3600.0, baseline=baseline, once=once, draw=lambda: 0.0)
        gate: Any = lambda: None  # noqa: E731
        whom: Any = users
        return Rounds(whom, rules, path, self.clock, gate, self.accounts_of, self.test, 4)


async def told(rounds: Rounds, most: int = 1000) -> list[tuple[float, Event]]:
    """Watch until the time is over; give what is told, and when."""
    events = []
    stream = rounds.events()
    try:
        async for event in stream:
            events.append(((rounds.clock.now() - START) / HOUR, event))
            if len(events) == most:
                break
    except OverError:
        pass
    finally:
        await stream.aclose()
    assert not [one for one in threading.enumerate() if one.name.startswith("publora-watch")]
    return events


def fine(_: str | None, __: datetime) -> list[Connection]:
    return [Connection(platform_id="x-1", token_status="valid")]


def broken_from(hour: float) -> Callable[[str | None, datetime], list[Connection]]:
    def accounts(_: str | None, now: datetime) -> list[Connection]:
        status = "expired" if now >= START + hour * HOUR else "valid"
        return [Connection(platform_id="x-1", token_status=status)]

    return accounts


def moment(user: str) -> float:
    """When a user is looked at in a round, in hours."""
    return 6 * crc32(user.encode()) / 2**32


async def test_the_first_round_is_quick_and_the_others_are_spread() -> None:
    world = World(fine)
    users = [f"u{number}" for number in range(12)]
    world.clock.end = START + 12 * HOUR
    assert await told(world.watch(users)) == []
    assert sorted(world.looks[:12]) == sorted((0, user) for user in users)
    moments = sorted((moment(user) + hours, user) for user in users for hours in (0, 6))
    hours, asked = zip(*world.looks[12:], strict=True)
    assert sorted(asked) == sorted(user for _, user in moments)
    assert hours == pytest.approx([hour for hour, _ in moments], abs=0.01)


async def test_a_stream_of_many_more_users_than_before_takes_no_longer_than_a_round() -> None:
    counts = iter([2])

    async def users() -> AsyncIterator[str]:
        for number in range(next(counts, 20)):
            yield f"u{number}"

    world = World(fine)
    world.clock.end = START + 12 * HOUR
    await told(world.watch(users))
    assert {user for hour, user in world.looks if hour < 6} == {"u0", "u1"}
    assert {user for _, user in world.looks} == {f"u{number}" for number in range(20)}


async def test_who_is_named_twice_is_looked_at_once() -> None:
    world = World(fine)
    world.clock.end = START + HOUR
    await told(world.watch(["b", "a", "b"]))
    assert world.looks == [(0, "a"), (0, "b")]


async def test_the_keys_own_account_is_looked_at() -> None:
    world = World(broken_from(5))
    ((hour, event),) = await told(world.watch(None))
    assert (event.kind, event.user_id) == ("broke", None)
    assert hour == pytest.approx(6.3, abs=0.02)


@pytest.mark.parametrize("form", ["list", "users", "function", "generator", "awaited", "async"])
async def test_users_come_in_any_form(form: str) -> None:
    users = [ManagedUser(id="a"), ManagedUser(id="b")]

    async def stream() -> AsyncIterator[ManagedUser]:
        for user in users:
            yield user

    async def wait() -> list[ManagedUser]:
        return users

    forms: dict[str, object] = {
        "list": ["a", "b"],
        "users": users,
        "function": lambda: users,
        "generator": lambda: (user for user in users),
        "awaited": wait,
        "async": stream,
    }
    world = World(fine)
    await told(world.watch(forms[form]))
    assert [user for _, user in world.looks] == ["a", "b", *["b", "a"] * 4]


async def test_a_second_look_comes_soon_and_makes_it_news() -> None:
    world = World(broken_from(7))
    events = await told(world.watch([f"u{number}" for number in range(40)], baseline=True))
    assert sorted(event.user_id or "" for _, event in events) == sorted(
        f"u{number}" for number in range(40)
    )
    # All break at one time, which may be an error of the service: half a round is waited.
    assert max(hour for hour, _ in events) < 7 + 2 * 6


async def test_an_account_is_looked_at_when_its_date_has_come() -> None:
    date = START + 8.5 * HOUR

    def accounts(_: str | None, now: datetime) -> list[Connection]:
        status = "expired" if now >= date else "expiring_soon"
        return [Connection(platform_id="x-1", token_status=status, access_token_expires_at=date)]

    world = World(accounts)
    ((hour, event),) = await told(world.watch(["a"], baseline=True))
    assert event.kind == "broke"
    assert hour == pytest.approx(8.5 + 0.3, abs=0.02)


async def test_a_date_is_not_waited_for_by_asking() -> None:
    date = START + moment("a") * HOUR - timedelta(seconds=0.5)

    def dated(_: str | None, __: datetime) -> list[Connection]:
        if len(world.looks) > 9:
            raise OverError
        return [Connection(platform_id="x-1", token_status="valid", access_token_expires_at=date)]

    world = World(dated)
    world.clock.end = START + 11 * HOUR
    await told(world.watch(["a"], baseline=True))
    assert world.looks == [(0, "a"), (pytest.approx(moment("a"), abs=0.01), "a")]


async def test_who_fails_slowly_again_and_again_holds_up_nobody_else() -> None:
    def accounts(user: str | None, now: datetime) -> Iterable[Connection] | PubloraError:
        if user == "c":
            return fine(user, now)
        if len(world.looks) > 99:
            raise OverError
        world.clock.advance(7 * HOUR)
        return DOWN

    world = World(accounts)
    world.clock.end = START + 9999 * HOUR
    await told(world.watch(["a", "b", "c"]))
    assert [user for _, user in world.looks].count("c") > 20
    world.looks.clear()
    await told(world.watch(["a", "b", "c"], once=True))
    assert [user for _, user in world.looks] == ["a", "b", "c", "a", "b"]


async def test_whose_moments_have_passed_meanwhile_are_looked_at_at_once() -> None:
    is_there = asyncio.Event()
    users = sorted((f"u{number}" for number in range(12)), key=moment)

    class Slow(World):
        async def accounts_of(self, user_id: str | None, gate: Gate) -> Any:  # noqa: ANN401
            found = await super().accounts_of(user_id, gate)
            if self.clock.now() > START and user_id == users[2]:
                self.clock.set(START + (moment(users[5]) + 0.01) * HOUR)
            elif self.clock.now() > START and user_id == users[3]:
                await is_there.wait()
            elif self.clock.now() > START and user_id == users[5]:
                is_there.set()
            return found

    world = Slow(fine)
    world.clock.end = START + 6 * HOUR
    await told(world.watch(users))
    late = moment(users[5])
    expected = [late if 2 < n < 6 else moment(user) for n, user in enumerate(users)]
    assert [user for _, user in world.looks[12:]] == users
    assert [hour for hour, _ in world.looks[12:]] == pytest.approx(expected, abs=0.05)


async def test_who_cannot_be_asked_is_asked_again_ever_later_and_never_gone() -> None:
    def accounts(user: str | None, now: datetime) -> Iterable[Connection] | PubloraError:
        return DOWN if START < now < START + 5 * HOUR else fine(user, now)

    world = World(accounts)
    world.clock.end = START + 14 * HOUR
    assert await told(world.watch(["a"])) == []
    world = World(lambda _, __: DOWN)
    world.clock.end = START + 5.9 * HOUR
    assert await told(world.watch(["a"])) == []
    hours = [hour for hour, _ in world.looks]
    assert hours == pytest.approx([0, 0.3, 0.6, 0.9, 1.35, 2.02, 3.04, 4.56], rel=0.05)


async def test_who_is_no_longer_listed_is_asked_once_more_and_forgotten() -> None:
    lists = iter([["a", "b"]])
    world = World(fine)
    assert await told(world.watch(lambda: next(lists, ["a"]))) == []
    assert [user for _, user in world.looks] == ["a", "b", "b", "a", "b", "a", "b", "a", "a"]


async def test_who_is_no_longer_listed_as_no_longer_managed_is_gone() -> None:
    def accounts(user: str | None, now: datetime) -> Iterable[Connection] | PubloraError:
        return DETACHED if user == "b" and now > START else fine(user, now)

    lists = iter([["a", "b"]])
    ((_, event),) = await told(World(accounts).watch(lambda: next(lists, ["a"])))
    assert (event.kind, event.user_id, event.reason) == ("gone", "b", "service")


async def test_a_list_that_lacks_half_of_all_users_is_not_believed_at_first() -> None:
    lists = iter([["a", "b", "c"], []])
    world = World(lambda _, __: [Connection(platform_id="x-1", token_status="expired")])
    events = await told(world.watch(lambda: next(lists, ["a", "b", "c"])))
    assert sorted(event.user_id or "" for _, event in events) == ["a", "b", "c"]
    lists = iter([["a", "b", "c"]])
    world = World(fine)
    world.clock.end = START + 36 * HOUR
    await told(world.watch(lambda: next(lists, ["a"])))
    asked = "".join(user or "" for _, user in world.looks)
    assert asked == "abc" + 4 * "cba" + "aa"


@pytest.mark.parametrize("users", [lambda: None, lambda: "abc", lambda: 7, [""], lambda: [None]])
async def test_what_is_no_id_is_never_taken_for_the_keys_own_account(users: object) -> None:
    world = World(fine)
    with pytest.raises(ConfigurationError):
        await told(world.watch(users))
    assert world.looks == []


async def test_a_clock_that_is_set_back_makes_nobody_wait() -> None:
    world = World(fine)

    def set_back(user: str | None, now: datetime) -> list[Connection]:
        if user == "b" and now > START + 6 * HOUR:
            world.clock.end = START - 90 * HOUR
            world.clock.set(START - 102 * HOUR)
        return fine(user, now)

    world.accounts = set_back
    await told(world.watch(["a", "b", "c"]))
    hours = [hour for hour, user in world.looks if user == "a" and hour < 0]
    moments = [-102 + moment("a"), -96 + moment("a")]
    assert hours == pytest.approx([-102, *moments], abs=0.05)


async def test_a_list_of_users_that_cannot_be_had_is_waited_for() -> None:
    failures = [DOWN, DOWN]

    def users() -> list[str]:
        if failures:
            raise failures.pop()
        return ["a"]

    world = World(fine)
    await told(world.watch(users))
    assert world.looks[0][0] == pytest.approx(0.6, abs=0.01)
    failures.append(DOWN)
    with pytest.raises(ServerError):
        await told(world.watch(users, once=True))


async def test_while_users_cannot_be_listed_those_that_are_known_are_looked_at() -> None:
    lists = iter([["a", "b"]])

    def users() -> list[str]:
        try:
            return next(lists)
        except StopIteration:
            raise DOWN from None

    events = await told(World(broken_from(7)).watch(users, baseline=True))
    assert sorted(event.user_id or "" for _, event in events) == ["a", "b"]
    assert max(hour for hour, _ in events) < 7 + 2 * 6


async def test_where_listing_fails_midway_nobody_is_missing() -> None:
    counts = iter([None, 1, 1, 1])

    async def users() -> AsyncIterator[str]:
        count = next(counts, None)
        for number, user in enumerate(["a", "b", "c"]):
            if number == count:
                raise DOWN
            yield user

    world = World(lambda _, __: [Connection(platform_id="x-1", token_status="expired")])
    events = await told(world.watch(users))
    assert sorted(event.user_id or "" for _, event in events) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("platform", "tested", "reason"),
    [
        ("x", ConnectionTest(platform_id="x-1", status="error", message="no"), "live_test"),
        ("x", DOWN, None),
        ("pinterest", ConnectionTest(platform_id="x", status="error"), "expiry_date"),
        ("telegram", ConnectionTest(platform_id="x", status="error"), "expiry_date"),
        ("x", ConnectionTest(platform_id="x-1", status="ok"), None),
    ],
)
async def test_only_what_has_expired_by_its_date_alone_is_tested(
    platform: str, tested: ConnectionTest | PubloraError, reason: str | None
) -> None:
    accounts = [
        Connection(platform_id=f"{platform}-1", access_token_expires_at=START - HOUR),
        Connection(platform_id="b-1", access_token_expires_at=START + 900 * HOUR),
        Connection(platform_id="c-1", token_status="valid", access_token_expires_at=START - HOUR),
    ]
    world = World(lambda _, __: accounts, tested=tested)
    events = await told(world.watch(["a"], once=True))
    assert [event.reason for _, event in events] == ([reason] if reason else [])
    assert set(world.tests) == ({"x-1"} if platform == "x" else set())


async def test_once_ends_with_the_second_looks_that_it_takes() -> None:
    world = World(lambda user, now: DOWN if user == "b" else broken_from(0)(user, now))
    ((hour, event),) = await told(world.watch(["a", "b"], once=True))
    assert hour == pytest.approx(1.5, abs=0.01)
    assert event.user_id == "a"
    world = World(fine)
    assert await told(world.watch(["a"], once=True)) == []
    assert world.clock.now() == START


@pytest.mark.parametrize("who", ["u0", "u8"])
async def test_once_tells_of_who_was_looked_at_first_or_last_too(tmp_path: Path, who: str) -> None:
    """As by cron, where no watch has seen others before."""
    path, users = str(tmp_path / "accounts.db"), [f"u{number}" for number in range(9)]

    def one_is_broken(user: str | None, now: datetime) -> list[Connection]:
        world.clock.advance(timedelta(seconds=1))
        return (broken_from(0) if user == who else fine)(user, now)

    assert await told(World(fine).watch(users, path, once=True)) == []
    world = World(one_is_broken)
    ((hour, event),) = await told(world.watch(users, path, once=True))
    assert event.user_id == who
    assert hour == pytest.approx(1.5, abs=0.02)


async def test_a_refused_key_ends_it() -> None:
    world = World(lambda _, __: AuthenticationError(401, "Invalid API key"))
    with pytest.raises(AuthenticationError):
        await told(world.watch(["a"]))


async def test_what_was_not_acknowledged_is_told_again(tmp_path: Path) -> None:
    path = str(tmp_path / "accounts.db")
    ((_, first),) = await told(World(broken_from(0)).watch(["a"], path), most=1)
    ((_, again),) = await told(World(broken_from(0)).watch(["a"], path))
    assert again == first
    assert await told(World(broken_from(0)).watch(["a"], path)) == []


async def test_what_was_not_acknowledged_is_told_before_anybody_is_listed(tmp_path: Path) -> None:
    def users() -> list[str]:
        raise DOWN

    path = str(tmp_path / "accounts.db")
    ((_, first),) = await told(World(broken_from(0)).watch(["a"], path), most=1)
    stream = World(fine).watch(users, path, once=True).events()
    assert await anext(stream) == first
    with pytest.raises(ServerError):
        await anext(stream)


async def test_a_watch_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    path = str(tmp_path / "accounts.db")
    users = sorted((f"u{number}" for number in range(6)), key=moment)
    world = World(fine)
    world.clock.end = START + (6 + moment(users[1]) + 0.01) * HOUR
    await told(world.watch(users, path))
    later = World(fine)
    later.clock.set(START + (6 + moment(users[3]) + 0.01) * HOUR)
    later.clock.end = START + 12 * HOUR
    await told(later.watch(users, path))
    # Those whose time has passed at once, the others at theirs.
    assert sorted(user or "" for _, user in later.looks[:2]) == sorted(users[2:4])
    assert [user for _, user in later.looks[2:]] == users[4:]
    hours = [6 + moment(users[number]) for number in (3, 3, 4, 5)]
    assert [hour for hour, _ in later.looks] == pytest.approx(hours, abs=0.03)


@pytest.mark.parametrize("hours", [-1000, 1000])
async def test_a_clock_that_was_set_has_everybody_looked_at(tmp_path: Path, hours: float) -> None:
    path = str(tmp_path / "accounts.db")
    await told(World(fine).watch(["a"], path))
    world = World(fine)
    world.clock.set(START + hours * HOUR)
    world.clock.end = world.clock.now() + HOUR
    await told(world.watch(["a"], path))
    assert world.looks == [(hours, "a")]


async def test_the_computers_clock_tells_the_time_otherwise() -> None:
    world = World(broken_from(-9999))
    rounds = attrs.evolve(world.watch(["a"], once=True), clock=None, rules=Rules(0.02, once=True))
    assert [event.kind async for event in rounds.events()] == ["broke"]
    now = rounds.clock.now()
    assert abs(datetime.now(UTC) - now) < HOUR
