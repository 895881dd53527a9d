"""Time that passes only when a test says so, on an event loop whose sockets work as ever."""

import asyncio
import math
import time
from collections.abc import Callable
from contextvars import Context
from typing import Any

__all__ = ["StillClock", "until"]


async def until(happens: Callable[[], object]) -> bool:
    """Wait until *happens* is true, for 20 real seconds at most; gives whether it is."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if happens():
            return True
        time.sleep(0)  # noqa: ASYNC251  # else each step of another thread waits for its turn
        await asyncio.sleep(0)
    return False


class _Alarm:
    """What a loop gives for a call at a later moment."""

    def __init__(self, moment: float, ring: Callable[[], object]) -> None:
        self._moment = moment
        self.ring = ring
        self.is_cancelled = False

    def when(self) -> float:
        return self._moment

    def cancel(self) -> None:
        self.is_cancelled = True


class StillClock:
    """
    The clock of a running loop, stopped.

    Attributes:
        now: The moment it shows, a quarter past a second at first: rounding would be seen.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.now = math.floor(loop.time()) + 0.25
        self._loop = loop
        self._alarms: list[_Alarm] = []
        self._own = {"time": self._time, "call_at": self._call_at, "call_later": self._call_later}

    def stop(self) -> None:
        vars(self._loop).update(self._own)

    def go_on(self) -> None:
        for name in self._own:
            delattr(self._loop, name)

    @property
    def is_set(self) -> bool:
        """Whether anything waits for a later moment."""
        return any(not alarm.is_cancelled for alarm in tuple(self._alarms))

    async def advance(self, seconds: float) -> None:
        """Let so much time pass, and all that is due in it happen. On the loop."""
        end = self.now + seconds
        await self.settle()
        while due := [one for one in self._alarms if one.when() <= end and not one.is_cancelled]:
            alarm = min(due, key=_Alarm.when)
            self._alarms.remove(alarm)
            self.now = max(self.now, alarm.when())
            alarm.ring()
            await self.settle()
        self.now = max(self.now, end)

    async def settle(self) -> None:
        """Have whatever can happen now happen: what a server has sent is read, and answered."""
        for _ in range(50):
            await asyncio.sleep(0)

    def _time(self) -> float:
        return self.now

    def _call_at(
        self,
        when: float,
        call: Callable[..., object],
        *args: Any,  # noqa: ANN401  # as the loop's own
        context: Context | None = None,
    ) -> _Alarm:
        def ring() -> None:
            self._loop.call_soon(call, *args, context=context)

        self._alarms.append(_Alarm(when, ring))
        return self._alarms[-1]

    def _call_later(
        self,
        delay: float,
        call: Callable[..., object],
        *args: Any,  # noqa: ANN401  # as the loop's own
        context: Context | None = None,
    ) -> _Alarm:
        return self._call_at(self.now + delay, call, *args, context=context)
