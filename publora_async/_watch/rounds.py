"""Looks at everyone once in each interval, at some again soon, and hands out what has changed."""

import asyncio
import random
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Sized,
)
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, aclosing, closing
from datetime import UTC, datetime
from functools import partial
from typing import ParamSpec, TypeVar

import attrs

from publora_async._fan_out.fan_out import FanOut
from publora_async._fan_out.user_ids import OWN, Many, Users, check_many, in_chunks
from publora_async._http.gate import Gate
from publora_async._watch.database import usable
from publora_async._watch.events import Event
from publora_async._watch.looks import Look, Rules, works
from publora_async._watch.sights import is_detached
from publora_async._watch.state import StateFile
from publora_async.connection_list import ConnectionList
from publora_async.errors import (
    PubloraError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
    TransportError,
)
from publora_async.records import ConnectionTest, StatusSource, TokenStatus
from publora_async.watch import Clock

__all__ = ["Rounds", "Rules"]

P = ParamSpec("P")
T = TypeVar("T")


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
        rules: How to judge.
        path: The state file.
        clock: Tells the time. ``None``: the computer's.
        gate: Makes what a round's requests go through.
        accounts_of: Lists somebody's accounts; what is not that one's failure alone is raised.
        test: Has one of them tested.
        concurrency: How many users to ask about at once.
        once: Whether to end after a round, with the second looks that it takes.
        draw: Gives numbers from 0 up to 1.
    """

    users: Users
    rules: Rules
    path: str
    clock: Clock = attrs.field(converter=_or_the_computers)
    gate: Callable[[], Gate]
    accounts_of: Callable[[str | None, Gate], Awaitable[ConnectionList | PubloraError]]
    test: Callable[[str, str | None, Gate], Awaitable[ConnectionTest | PubloraError]]
    concurrency: int
    once: bool
    draw: Callable[[], float] = random.random
    _thread: ThreadPoolExecutor = attrs.field(init=False)
    _file: StateFile = attrs.field(init=False)
    _under_way: int = attrs.field(default=0, init=False)
    _all_taken_in: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    _unlisted: set[str] = attrs.field(factory=set, init=False)
    _listed_users: int = attrs.field(default=0, init=False)

    async def events(self) -> AsyncGenerator[Event, None]:
        """Give each event; asking for the next one acknowledges it."""
        # Writing waits for the disk, which the loop must not.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="publora-watch")
        opened = ExitStack()
        try:
            await self._off_loop(self._open, opened)
            async for event in self._undelivered():
                yield event
            while True:
                async with aclosing(self._round()) as news:
                    async for event in news:
                        yield event
                if self.once:
                    break
        finally:
            # Behind whatever the thread is in the middle of, also where nobody waits for that.
            try:
                await asyncio.shield(self._off_loop(opened.close))
            finally:
                self._thread.shutdown()

    def _open(self, opened: ExitStack) -> None:
        self._file = opened.enter_context(closing(StateFile(self.path)))

    def _off_loop(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        def guarded() -> T:
            with usable(self.path):
                return call(*args, **kwargs)

        return asyncio.get_running_loop().run_in_executor(self._thread, guarded)

    async def _undelivered(self) -> AsyncIterator[Event]:
        while events := await self._off_loop(self._file.undelivered):
            for event in events:
                yield event
                await self._off_loop(self._file.acknowledge, event, self._now())

    async def _round(self) -> AsyncGenerator[Event, None]:
        fan_out = FanOut(partial(self._look, gate=self.gate()), ordered=False)
        room = asyncio.Semaphore(self.concurrency)
        self._under_way = 0
        self._all_taken_in.set()
        fan_out.feed(self._to_ask(), room)
        try:
            while (answers := await fan_out.take()) is not None:
                looks = [look for _, look in answers]
                news = await self._off_loop(self._file.take_in, looks, self.rules, self._unlisted)
                self._unlisted.difference_update(look.user for look in looks)
                self._under_way -= len(looks)
                if not self._under_way:
                    self._all_taken_in.set()
                for _ in looks:
                    room.release()
                if news:
                    async for event in self._undelivered():
                        yield event
        finally:
            await fan_out.aclose()
        await self._off_loop(self._file.end_round, self._now(), self._listed_users)

    async def _to_ask(self) -> AsyncIterator[str]:
        """Give everyone once, spread over the round, and in between whoever is due again."""
        began, every = await self._begin(), self.rules.every
        many, before = await self._listed(), await self._fact("users")
        total = len(many) if isinstance(many, Sized) else before
        # The first round, and one for a schedule, is as fast as the service allows.
        is_spread = not self.once and await self._fact("ended") is not None
        users = int(total or 1)
        self.rules = attrs.evolve(self.rules, users=users)
        number = 0
        async for chunk in self._chunks(many, max(1, min(users // 100, 64)) if is_spread else 64):
            share = (number + self.draw() / 10) / users if is_spread else 0.0
            async for user in self._due_until(began + every * share):
                yield user
            for user in await self._off_loop(self._file.enter, chunk):
                number += 1
                yield self._asked(user)
        while unlisted := await self._off_loop(self._file.unlisted):
            for user in unlisted:
                # Where half of all are missing, the list may be at fault.
                if 2 * number >= (before or 0):
                    self._unlisted.add(user)
                yield self._asked(user)
        await self._all_taken_in.wait()
        self._listed_users = number
        end = self._now() + self.rules.soon + 1 if self.once else began + every
        async for user in self._due_until(end, settles=self.once):
            yield user

    async def _begin(self) -> float:
        """Begin a round, or go on with the one in which the watch was stopped."""
        now, began = self._now(), await self._fact("began")
        if began is not None and began == await self._fact("completed"):
            began += self.rules.every
        if began is None or self.once or not now - self.rules.every < began <= now + 1:
            began = now
        await self._off_loop(self._file.begin_round, began)
        return began

    def _fact(self, name: str) -> Awaitable[float | None]:
        return self._off_loop(self._file.fact, name)

    async def _due_until(self, moment: float, *, settles: bool = False) -> AsyncIterator[str]:
        """
        Give who is due until *moment*, and wait meanwhile.

        Args:
            moment: In seconds since 1970.
            settles: Whether to wait only as long as somebody will be due.
        """
        while True:
            for user in await self._off_loop(self._file.due, self._now(), self.rules.every):
                yield self._asked(user)
            # A moment that is so far away was set when the clock showed a later time.
            if not 0 < moment - self._now() <= self.rules.every + 1:
                return
            # What is under way may make somebody due.
            await self._all_taken_in.wait()
            due = await self._off_loop(self._file.next_due)
            if settles and (due is None or due > moment):
                return
            until = moment if due is None else min(moment, due)
            # Times are rounded: to be awake too early by that would be to turn on the spot.
            await self.clock.sleep(max(until - self._now(), 0.001))

    def _asked(self, user: str) -> str:
        self._under_way += 1
        self._all_taken_in.clear()
        return user

    async def _listed(self) -> Many:
        """Give whom to look at; a service that is down is waited for."""
        while True:
            try:
                many = self.users() if callable(self.users) else self.users
                if isinstance(many, Awaitable):
                    many = await many
                if self.users is not None:
                    check_many(many)
            except (RateLimitError, ServerError, TransportError, ResponseDecodeError):
                if self.once:
                    raise
                await self.clock.sleep(self.rules.soon)
            else:
                return () if many is None else many

    async def _chunks(self, many: Many, size: int) -> AsyncIterator[list[str]]:
        if self.users is None:
            yield [OWN]
        async for chunk in in_chunks(many, size):
            yield chunk

    async def _look(self, user: str, *, gate: Gate) -> Look:
        user_id = user or None
        found = await self.accounts_of(user_id, gate)
        if isinstance(found, PubloraError):
            if is_detached(found):
                return Look(user, self.clock.now(), ConnectionList(), detached=True)
            return Look(user, self.clock.now(), why=found.summary)
        now = self.clock.now()
        tests = {
            account.platform_id: works(await self.test(account.platform_id, user_id, gate), account)
            for account in found
            if account.status_source == StatusSource.EXPIRY_DATE
            and account.status_at(now) == TokenStatus.EXPIRED
        }
        return Look(user, self.clock.now(), found, tests=tests)

    def _now(self) -> float:
        return self.clock.now().timestamp()
