"""Asking about many at once: :class:`FanOut`."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from publora_async._fan_out.fan_out import FanOut


class Service:
    """Answers about an item in capitals, at once or when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.released: list[str] = []
        self._held: dict[str, asyncio.Event] = {}

    def hold(self, *items: str) -> None:
        self._held.update((item, asyncio.Event()) for item in items)

    def answer(self, item: str) -> None:
        self._held[item].set()

    async def ask(self, item: str) -> str:
        self.asked.append(item)
        try:
            if item in self._held:
                await self._held[item].wait()
            if item == "bad":
                raise ZeroDivisionError
            return item.upper()
        finally:
            self.released.append(item)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def fan_out(service: Service) -> FanOut[str, str]:
    return FanOut(service.ask, ordered=False)


async def turn() -> None:
    """Let all that is ready run."""
    for _ in range(9):
        await asyncio.sleep(0)


async def test_answers_come_as_they_arrive_each_with_its_number(
    fan_out: FanOut[str, str], service: Service
) -> None:
    service.hold("a", "c")
    fan_out.start(["a", "b"])
    fan_out.start(["c", "d"], StopIteration())
    await turn()
    assert await fan_out.take() == [(1, "B"), (3, "D")]
    service.answer("c")
    assert await fan_out.take() == [(2, "C")]
    service.answer("a")
    assert await fan_out.take() == [(0, "A")]
    assert await fan_out.take() is None


async def test_in_order_one_that_takes_long_holds_back_those_behind_it(service: Service) -> None:
    fan_out = FanOut(service.ask, ordered=True)
    service.hold("b")
    fan_out.start(["a", "b", "c"], StopIteration())
    await turn()
    assert await fan_out.take() == [(0, "A")]
    service.answer("b")
    assert await fan_out.take() == [(1, "B"), (2, "C")]
    assert await fan_out.take() is None


async def test_no_items_are_no_answers(fan_out: FanOut[str, str]) -> None:
    fan_out.start([], StopIteration())
    assert await fan_out.take() is None


async def test_whoever_has_little_patience_is_given_nothing_yet(
    fan_out: FanOut[str, str], service: Service
) -> None:
    service.hold("a")
    fan_out.start(["a"])
    assert await fan_out.take(0.001) == []
    service.answer("a")
    assert await fan_out.take(60) == [(0, "A")]


@pytest.mark.parametrize("ordered", [False, True])
async def test_what_asking_raises_ends_everything_and_comes_after_the_answers_before_it(
    service: Service,
    ordered: bool,  # noqa: FBT001  # a table column
) -> None:
    fan_out = FanOut(service.ask, ordered=ordered)
    service.hold("slow")
    fan_out.start(["slow", "a"])
    await turn()
    fan_out.start(["bad"])
    await turn()
    fan_out.start(["b"])
    assert await fan_out.take() == [(1, "A")]
    with pytest.raises(ZeroDivisionError):
        await fan_out.take()
    assert await fan_out.take() is None
    assert service.asked == ["slow", "a", "bad"]
    assert service.released == ["a", "bad", "slow"]


async def test_what_the_items_raise_keeps_those_before_it_from_being_asked_about(
    fan_out: FanOut[str, str], service: Service
) -> None:
    fan_out.start(["a"])
    await turn()
    fan_out.start(["b"], LookupError())
    assert await fan_out.take() == [(0, "A")]
    with pytest.raises(LookupError):
        await fan_out.take()
    assert await fan_out.take() is None
    assert service.asked == ["a"]


async def test_once_cancelled_nothing_is_asked_and_what_has_come_is_given(
    fan_out: FanOut[str, str], service: Service
) -> None:
    service.hold("a")
    fan_out.start(["a", "b"])
    await turn()
    fan_out.cancel()
    fan_out.start(["c"])
    assert await fan_out.take() == [(1, "B")]
    assert await fan_out.take() is None
    await turn()
    assert service.released == ["b", "a"]
    assert service.asked == ["a", "b"]


async def test_once_closed_all_is_released_and_forgotten(
    fan_out: FanOut[str, str], service: Service
) -> None:
    service.hold("a")
    fan_out.start(["a", "b"])
    await turn()
    await fan_out.aclose()
    assert service.released == ["b", "a"]
    assert await fan_out.take() is None


class Source:
    """An async iterator that is no generator."""

    def __init__(self, items: str) -> None:
        self._items = iter(items)

    def __aiter__(self) -> "Source":
        return self

    async def __anext__(self) -> str:
        try:
            return next(self._items)
        except StopIteration:
            raise StopAsyncIteration from None


async def generated(items: str, closed: asyncio.Event) -> AsyncIterator[str]:
    try:
        for item in items:
            yield item
    finally:
        closed.set()


async def test_an_async_source_is_read_one_for_each_that_there_is_room_for(
    fan_out: FanOut[str, str], service: Service
) -> None:
    room = asyncio.Semaphore(2)
    fan_out.feed(Source("abc"), room)
    await turn()
    assert service.asked == ["a", "b"]
    assert await fan_out.take() == [(0, "A"), (1, "B")]
    room.release()
    assert await fan_out.take() == [(2, "C")]
    room.release()
    assert await fan_out.take() is None


async def test_an_async_generator_that_is_not_read_to_its_end_is_closed(
    fan_out: FanOut[str, str],
) -> None:
    closed = asyncio.Event()
    fan_out.feed(generated("abc", closed), asyncio.Semaphore(1))
    assert await fan_out.take() == [(0, "A")]
    assert not closed.is_set()
    await fan_out.aclose()
    assert closed.is_set()


@pytest.fixture
async def _eagerly() -> None:
    """Have tasks run eagerly."""
    if not hasattr(asyncio, "eager_task_factory"):
        pytest.skip("there are no eager tasks before CPython 3.12")
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)


@pytest.mark.usefixtures("_eagerly")
async def test_eager_tasks_are_over_when_the_last_one_is(
    fan_out: FanOut[str, str], service: Service
) -> None:
    service.hold("b")
    fan_out.start(["a", "b", "c"], StopIteration())
    assert await fan_out.take() == [(0, "A"), (2, "C")]
    service.answer("b")
    assert await fan_out.take() == [(1, "B")]
    assert await fan_out.take() is None


@pytest.mark.usefixtures("_eagerly")
async def test_what_an_eager_task_raises_keeps_the_others_from_being_asked_about(
    fan_out: FanOut[str, str], service: Service
) -> None:
    service.hold("slow")
    fan_out.start(["slow", "bad", "a"], StopIteration())
    with pytest.raises(ZeroDivisionError):
        await fan_out.take()
    assert await fan_out.take() is None
    await turn()
    assert service.released == ["bad", "slow"]
    assert service.asked == ["slow", "bad"]


@pytest.mark.usefixtures("_eagerly")
async def test_an_eager_task_that_reads_items_reads_them_all(fan_out: FanOut[str, str]) -> None:
    fan_out.feed(generated("abc", asyncio.Event()), asyncio.Semaphore(9))
    assert await fan_out.take() == [(0, "A"), (1, "B"), (2, "C")]
    assert await fan_out.take() is None


@pytest.mark.usefixtures("_eagerly")
async def test_an_eager_task_that_reads_items_reads_none_after_a_failure(
    fan_out: FanOut[str, str], service: Service
) -> None:
    read: list[str] = []

    async def items() -> AsyncIterator[str]:
        for item in ["a", "bad", "b"]:
            read.append(item)
            yield item

    fan_out.feed(items(), asyncio.Semaphore(9))
    assert await fan_out.take() == [(0, "A")]
    with pytest.raises(ZeroDivisionError):
        await fan_out.take()
    assert await fan_out.take() is None
    assert service.asked == read == ["a", "bad"]


async def test_closing_gives_what_was_taken_last_and_what_nobody_took(
    fan_out: FanOut[str, str], service: Service
) -> None:
    service.hold("b", "c", "d")
    fan_out.start(["a", "b", "c", "d"])
    for number, (item, capital) in enumerate([("a", "A"), ("b", "B")]):
        if number:
            service.answer(item)
        assert await fan_out.take() == [(number, capital)]
    service.answer("c")
    await turn()
    assert await fan_out.aclose() == [(1, "B"), (2, "C")]
    assert await fan_out.aclose() == []
    assert await fan_out.take() is None
