"""Asking about many at once, and what its consumer keeps: :class:`FanOut` and :class:`Window`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from publora_async import _fan_out
from publora_async._fan_out import FanOut, Window


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


def filled(window: Window[str, str]) -> list[str]:
    """Answer all that *window* reads."""
    items, _ = window.read()
    window.put([(0, item.upper()) for item in items])
    return items


def test_a_window_has_room_for_what_has_been_handed_out() -> None:
    window = Window[str, str]("abcde", 3)
    assert filled(window) == ["a", "b", "c"]
    assert (window.room, window.read()) == (0, ([], None))
    assert window.hand_out() == (0, "A")
    assert window.room == 1
    assert window.read() == (["d"], None)


def test_a_window_tells_what_has_ended_its_items() -> None:
    def items() -> Iterator[str]:
        yield "a"
        raise LookupError

    for source, kind in [("a", StopIteration), (items(), LookupError)]:
        window = Window[str, str](source, 3)
        assert window.room == 3
        read, end = window.read()
        assert (read, type(end)) == (["a"], kind)
        assert window.room == 0


def test_a_window_over_items_that_are_read_elsewhere_never_reads() -> None:
    window = Window[str, str](None, 3)
    assert window.room == 0
    window.put([(7, "A")])
    assert window.hand_out() == (7, "A")
    assert window.hand_out() is None


def test_a_window_that_stops_reading_still_hands_out_and_a_closed_one_does_not() -> None:
    for end, last in [(Window.stop_reading, (0, "A")), (Window.close, None)]:
        window = Window[str, str]("abc", 1)
        filled(window)
        end(window)
        assert window.room == 0
        assert window.hand_out() == last
        assert window.is_closed == (last is None)


def test_a_window_is_closed_when_all_is_over() -> None:
    window = Window[str, str]("", 1)
    window.put([])
    assert not window.is_closed
    window.put(None)
    assert window.is_closed


@pytest.fixture
def take_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let time pass, by the clock of the window."""
    now = 0.0

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return now

    def pass_(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(_fan_out, "time", Clock)
    return pass_


@pytest.mark.parametrize(
    ("seconds", "reads", "patience"),
    [
        (0, [["a", "b", "c"]], [None]),
        (0.009, [["a", "b"], ["c"]], [0.018, None]),
        (2, [["a"], ["b"], ["c"]], [2, 2, None]),
    ],
)
def test_items_that_come_slowly_are_given_without_waiting_for_those_behind_them(
    seconds: float,
    reads: list[list[str]],
    patience: list[Any],
    take_time: Callable[[float], None],
) -> None:
    def items() -> Iterator[str]:
        for item in "abcd":
            take_time(seconds)
            yield item

    window = Window[str, str](items(), 3)
    for items_read, waits in zip(reads, patience, strict=True):
        assert window.read() == (items_read, None)
        assert window.patience == (None if waits is None else pytest.approx(waits))
