"""The streams of answers of both colours: what each hands out when, and what it leaves behind."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import pytest

from publora_async import (
    AsyncAnswers,
    AsyncPublora,
    ConfigurationError,
    ConnectionList,
    ManagedUser,
    UserConnections,
    UserSucceeded,
)
from publora_async._fan_out import window
from publora_async._fan_out.fan_out import FanOut
from publora_async.sandbox import Sandbox
from publora_sync import Answers, Publora
from publora_sync._bridge import Bridge
from publora_sync._loop_thread import LoopThread


def loop_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "publora"]


async def nothing() -> None:
    pass


class Asked:
    """What asks about users: each is known at once, or held until another has been asked about."""

    def __init__(self) -> None:
        self.user_ids: list[str] = []
        self._held: dict[str, tuple[str, asyncio.Event]] = {}

    def hold(self, user_id: str, *, until: str) -> None:
        self._held[user_id] = (until, asyncio.Event())

    async def ask(self, user_id: str | ManagedUser) -> UserConnections:
        assert isinstance(user_id, str)
        self.user_ids.append(user_id)
        for until, event in self._held.values():
            if until == user_id:
                event.set()
        if user_id in self._held:
            await self._held[user_id][1].wait()
        return UserSucceeded(user_id, ConnectionList())

    def fan_out(self, *, ordered: bool = False) -> FanOut[str | ManagedUser, UserConnections]:
        return FanOut(self.ask, ordered=ordered)


class Stream:
    """Answers of either colour, behind one awaited face."""

    def __init__(self, answers: AsyncAnswers | Answers) -> None:
        self.answers = answers

    async def next(self) -> str | None:
        """Give the next answer's user; ``None`` at the end."""
        if isinstance(self.answers, AsyncAnswers):
            answer = await anext(self.answers, None)
        else:
            answer = await asyncio.to_thread(next, self.answers, None)
        return None if answer is None else answer.user_id

    async def rest(self) -> list[str]:
        seen: list[str] = []
        while (user_id := await self.next()) is not None:
            seen.append(user_id)
        return seen

    async def close(self) -> None:
        if isinstance(self.answers, AsyncAnswers):
            await self.answers.aclose()
        else:
            await asyncio.to_thread(self.answers.close)


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    bridge = Bridge(nothing)
    yield bridge
    bridge.stop()
    assert loop_threads() == []


@pytest.fixture(params=["async", "sync"])
def stream_of(
    request: pytest.FixtureRequest, asked: Asked, bridge: Bridge
) -> Callable[..., Stream]:
    def stream_of(
        user_ids: Iterable[str], *, concurrency: int = 8, ordered: bool = False
    ) -> Stream:
        fan_out = asked.fan_out(ordered=ordered)
        if request.param == "async":
            return Stream(AsyncAnswers(fan_out, user_ids, concurrency))
        return Stream(Answers(fan_out, user_ids, concurrency, bridge))

    return stream_of


async def test_a_fast_answer_is_handed_out_before_a_slow_one(
    stream_of: Callable[..., Stream], asked: Asked
) -> None:
    asked.hold("slow", until="third")
    stream = stream_of(["slow", "fast", "third"], concurrency=2)
    assert await stream.next() == "fast"
    assert sorted(await stream.rest()) == ["slow", "third"]


async def test_in_order_a_slow_answer_is_waited_for(
    stream_of: Callable[..., Stream], asked: Asked
) -> None:
    asked.hold("slow", until="fast")
    stream = stream_of(["slow", "fast", "third"], concurrency=2, ordered=True)
    assert await stream.rest() == ["slow", "fast", "third"]


@pytest.mark.parametrize("close", [True, False], ids=["closed", "dropped"])
async def test_a_stream_that_was_never_begun_asks_nothing_and_starts_no_thread(
    close: bool,  # noqa: FBT001  # a table column
    stream_of: Callable[..., Stream],
    asked: Asked,
) -> None:
    stream = stream_of(["a"])
    if close:
        await stream.close()
        assert await stream.rest() == []
    del stream
    assert loop_threads() == []
    assert asked.user_ids == []


async def test_a_stream_over_an_async_iterable_that_was_closed_before_it_began_reads_nothing(
    asked: Asked,
) -> None:
    read: list[str] = []

    async def user_ids() -> AsyncIterator[str]:
        read.append("a")
        yield "a"

    async with AsyncAnswers(asked.fan_out(), user_ids(), 2) as answers:
        pass
    assert await anext(answers, None) is None
    await asyncio.sleep(0)
    assert read == []


class UnusualError(BaseException):
    """One that is no :class:`Exception`, as is Ctrl-C."""


async def test_what_has_come_before_an_interrupt_is_still_handed_out(
    stream_of: Callable[..., Stream], asked: Asked
) -> None:
    def user_ids() -> Iterator[str]:
        yield from "ab"
        raise UnusualError

    stream = stream_of(user_ids(), concurrency=2, ordered=True)
    seen = [await stream.next()]
    with pytest.raises(UnusualError):
        seen += await stream.rest()
    assert seen + await stream.rest() == ["a", "b"]
    assert asked.user_ids == ["a", "b"]


SlowIds: TypeAlias = Callable[[str, float, Callable[[str], None]], Iterator[str]]


@pytest.fixture
def slow_ids(monkeypatch: pytest.MonkeyPatch) -> SlowIds:
    """Ids of which each takes so many seconds by the window's clock, and no time by ours."""
    now = 0.0

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return now

    def slow_ids(user_ids: str, seconds: float, tell: Callable[[str], None]) -> Iterator[str]:
        nonlocal now
        for user_id in user_ids:
            now += seconds
            tell(user_id)
            yield user_id

    monkeypatch.setattr(window, "time", Clock)
    return slow_ids


async def test_an_answer_is_handed_out_before_the_next_id_is_read_where_they_come_slowly(
    stream_of: Callable[..., Stream], slow_ids: SlowIds
) -> None:
    seen: list[str] = []
    stream = stream_of(slow_ids("abc", 60, lambda user_id: seen.append(f"{user_id} read")))
    while (user_id := await stream.next()) is not None:
        seen.append(f"{user_id} answered")
    assert seen == [f"{user_id} {what}" for user_id in "abc" for what in ("read", "answered")]


async def test_ids_that_come_slowly_are_read_on_while_there_is_no_answer(
    stream_of: Callable[..., Stream], asked: Asked, slow_ids: SlowIds
) -> None:
    for user_id, until in [("a", "c"), ("b", "nobody"), ("c", "nobody")]:
        asked.hold(user_id, until=until)
    stream = stream_of(slow_ids("abc", 0.02, lambda _: None))
    assert await stream.next() == "a"
    assert asked.user_ids == ["a", "b", "c"]
    await stream.close()


async def test_ids_of_an_async_generator_end_with_the_stream(asked: Asked) -> None:
    closed = asyncio.Event()

    async def user_ids() -> AsyncIterator[str]:
        try:
            for number in range(99):
                yield str(number)
        finally:
            closed.set()

    held = user_ids()
    answers = AsyncAnswers(asked.fan_out(), held, 2)
    assert await anext(answers) == UserSucceeded("0", ConnectionList())
    del answers
    await asyncio.wait_for(closed.wait(), 10)


def test_a_sync_stream_reads_its_ids_on_the_thread_that_uses_it(
    asked: Asked, bridge: Bridge
) -> None:
    readers: set[int] = set()

    def user_ids() -> Iterator[str]:
        for number in range(99):
            readers.add(threading.get_ident())
            yield str(number)

    assert len(list(Answers(asked.fan_out(), user_ids(), 8, bridge))) == 99
    assert readers == {threading.get_ident()}


def test_a_sync_stream_takes_few_steps_to_the_loops_thread(
    asked: Asked, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = 0
    started = bridge._started

    def count() -> LoopThread:
        nonlocal steps
        steps += 1
        return started()

    monkeypatch.setattr(bridge, "_started", count)
    user_ids = [str(number) for number in range(200)]
    answers = list(Answers(asked.fan_out(), user_ids, 32, bridge))
    assert sorted(answers, key=lambda answer: int(answer.user_id)) == [
        UserSucceeded(user_id, ConnectionList()) for user_id in user_ids
    ]
    assert steps < 100


@pytest.mark.parametrize("generated", [True, False])
def test_threads_that_share_a_sync_stream_lose_nothing(
    generated: bool,  # noqa: FBT001  # a table column
    asked: Asked,
    bridge: Bridge,
) -> None:
    def generate() -> Iterator[str]:
        for user_id in user_ids:
            time.sleep(0)  # for the others to have a turn
            yield user_id

    user_ids = [str(number) for number in range(300)]
    given = generate() if generated else user_ids
    answers = Answers(asked.fan_out(), given, 16, bridge)
    with ThreadPoolExecutor(4) as threads:
        shares = list(threads.map(lambda _: list(answers), range(4)))
    assert sorted(answer.user_id for share in shares for answer in share) == sorted(user_ids)
    assert sorted(asked.user_ids) == sorted(user_ids)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(users=2) as sandbox:
        yield sandbox


async def test_an_async_iterable_that_pauses_does_not_hold_answers_back(sandbox: Sandbox) -> None:
    answered = asyncio.Event()

    async def ids() -> AsyncIterator[str]:
        yield sandbox.user_ids[0]
        await answered.wait()
        yield sandbox.user_ids[1]

    seen = []
    async with AsyncPublora(sandbox.api_key, base_url=sandbox.base_url) as publora:
        async for answer in publora.connections.iter_many(ids()):
            seen.append(answer.user_id)
            answered.set()
    assert seen == list(sandbox.user_ids)


@pytest.mark.parametrize("ids", [[], iter(()), set()])
async def test_nobody_to_ask_about_is_no_answer(ids: Iterable[str], sandbox: Sandbox) -> None:
    async with AsyncPublora(sandbox.api_key, base_url=sandbox.base_url) as publora:
        assert [answer async for answer in publora.connections.iter_many(ids)] == []
    with Publora(sandbox.api_key, base_url=sandbox.base_url) as publora_sync:
        assert await asyncio.to_thread(list, publora_sync.connections.iter_many(ids)) == []


@pytest.mark.parametrize("concurrency", [0, -1, 1.5, True, "many", None])
def test_a_concurrency_that_is_no_number_is_refused_at_once(concurrency: object) -> None:
    for publora in (AsyncPublora("k"), Publora("k")):
        with pytest.raises(ConfigurationError, match=r"^concurrency must be a whole number"):
            publora.connections.iter_many([], concurrency=concurrency)  # type: ignore[arg-type]


def test_one_id_in_place_of_several_is_refused_at_once() -> None:
    for publora in (AsyncPublora("k"), Publora("k")):
        with pytest.raises(ConfigurationError, match=r"\[user_id\] asks about one user"):
            publora.connections.iter_many("6626a1f5e4b0c91a2d3f4567")
