"""What the consumer of a fan-out keeps: :class:`Window`."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from publora_async._fan_out import window
from publora_async._fan_out.window import Window


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

    monkeypatch.setattr(window, "time", Clock)
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
