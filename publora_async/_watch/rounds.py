"""Looks at everyone once in each round, at some again soon, and hands out what has changed."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from math import inf
from typing import ParamSpec, TypeVar

import attrs

from publora_async._fan_out.fan_out import FanOut
from publora_async._fan_out.user_ids import Users, in_chunks
from publora_async._http.gate import Gate
from publora_async._watch.changes import is_detached
from publora_async._watch.database import usable
from publora_async._watch.events import Event
from publora_async._watch.judge import Look, Rules
from publora_async._watch.state import StateFile
from publora_async.connection_list import ConnectionList
from publora_async.errors import (
    PubloraError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
    TransportError,
)
from publora_async.records import ConnectionTest, Platform, StatusSource, TokenStatus
from publora_async.watch import Clock

__all__ = ["Rounds", "Rules"]

P = ParamSpec("P")
T = TypeVar("T")

_MAY_PASS = (RateLimitError, ServerError, TransportError, ResponseDecodeError)
_NOT_TOLD_BY_TEST = {Platform.PINTEREST, Platform.TELEGRAM}
"""Nothing tests Pinterest, and what Telegram complains of is mended in Telegram."""


class _ComputersClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float, /) -> None:
        await asyncio.sleep(seconds)


def _or_the_computers(clock: Clock | None) -> Clock:
    return clock or _ComputersClock()


@attrs.define
class Rounds:
    """
    A watch at work.

    Attributes:
        users: Whom to look at, given anew for each round. ``None``: the key's own account.
        rules: When to look, and how to judge.
        path: The state file. ``":memory:"``: none.
        clock: Tells the time. ``None``: the computer's.
        gate: Makes what a round's requests go through.
        accounts_of: Lists somebody's accounts; what is not that one's failure alone is raised.
        test: Has one of them tested.
        concurrency: How many users to ask about at once.
    """

    users: Users
    rules: Rules
    path: str
    clock: Clock = attrs.field(converter=_or_the_computers)
    gate: Callable[[], Gate]
    accounts_of: Callable[[str | None, Gate], Awaitable[ConnectionList | PubloraError]]
    test: Callable[[str, str | None, Gate], Awaitable[ConnectionTest | PubloraError]]
    concurrency: int
    _thread: ThreadPoolExecutor = attrs.field(init=False)

    async def events(self) -> AsyncGenerator[Event, None]:
        """Give each event; asking for the next one acknowledges it."""
        file = StateFile(self.path)
        # Writing waits for the disk, which the loop must not.
        with ThreadPoolExecutor(1, thread_name_prefix="publora-watch") as self._thread:
            try:
                await self._off_loop(file.open)
                async with aclosing(self._looks(file)) as batches:
                    async for looks in batches:
                        await self._off_loop(file.take_in, looks, self.rules)
                        while events := await self._off_loop(file.undelivered):
                            for event in events:
                                yield event
                                await self._off_loop(file.acknowledge, event, self._now())
            finally:
                # Behind whatever the thread is in the middle of, also where nobody waits for that.
                await asyncio.shield(self._off_loop(file.close))

    def _off_loop(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        def guarded() -> T:
            with usable(self.path):
                return call(*args, **kwargs)

        return asyncio.get_running_loop().run_in_executor(self._thread, guarded)

    def _now(self) -> float:
        return self.clock.now().timestamp()

    async def _looks(self, file: StateFile) -> AsyncGenerator[list[Look], None]:
        """Look at whoever is due, round after round; first at nobody: news may be left over."""
        once, every, most = self.rules.once, self.rules.every, 8 * self.concurrency
        yield []
        while True:
            listed = await self._list_users(file)
            began = self._now()
            begin = partial(file.begin_round, are_all_entered=listed)
            users = await self._off_loop(begin, began, self.rules)
            self.rules = attrs.evolve(self.rules, users=max(users, 1))
            look = partial(self._look, gate=self.gate())
            end = inf if once else began + (every if listed else self.rules.soon)
            while True:
                now, first = self._now(), await self._off_loop(file.next_due, most)
                if once and (not first or first[0][0] > 0):
                    # All have been looked at: now for the second looks, with those at the end.
                    end = min(end, now + self.rules.soon + 1)
                if due := [user for at, user in first if at <= min(now, end)]:
                    yield await _all(look, due, self.concurrency)
                    continue
                wakes = min([end, *(at for at, _ in first)])
                # A clock that was set back begins a round, too.
                if not began <= now < end or (once and wakes == end):
                    break
                # Who is due a moment later is looked at together with the first.
                await self.clock.sleep(min(wakes + every / 1000, end) - now)
            if listed:
                await self._off_loop(file.end_round, self._now())
            if once:
                return

    async def _list_users(self, file: StateFile) -> bool:
        """Note whom to look at; tell whether all could be listed."""
        try:
            async for chunk in in_chunks(self.users, 1000):
                await self._off_loop(file.enter, chunk)
        except _MAY_PASS:
            if self.rules.once:
                raise
            return False
        return True

    async def _look(self, user: str, *, gate: Gate) -> Look:
        user_id, tests = user or None, dict[str, bool | None]()
        found = await self.accounts_of(user_id, gate)
        if isinstance(found, PubloraError):
            detached = is_detached(found)
            nothing = ConnectionList() if detached else None
            return Look(user, self.clock.now(), nothing, why=found.summary, detached=detached)
        now = self.clock.now()
        for one in found:
            is_dated = one.status_source == StatusSource.EXPIRY_DATE
            is_told_by_test = one.platform not in _NOT_TOLD_BY_TEST
            if is_dated and is_told_by_test and one.status_at(now) == TokenStatus.EXPIRED:
                tested = await self.test(one.platform_id, user_id, gate)
                tests[one.platform_id] = None if isinstance(tested, PubloraError) else tested.ok
        return Look(user, self.clock.now(), found, tests=tests)


async def _all(
    look: Callable[[str], Awaitable[Look]], users: list[str], concurrency: int
) -> list[Look]:
    fan_out, waiting, looks = FanOut(look, ordered=False), iter(users), list[Look]()
    fan_out.start(islice(waiting, concurrency))
    try:
        while len(looks) < len(users):
            answers = await fan_out.take() or ()
            looks += [answer for _, answer in answers]
            fan_out.start(islice(waiting, len(answers)))
    finally:
        await fan_out.aclose()
    return looks
