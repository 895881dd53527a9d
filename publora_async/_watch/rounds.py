"""Looks at everyone once in each interval, at some again soon, and hands out what has changed."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from itertools import islice
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

    async def events(self) -> AsyncGenerator[Event, None]:
        """Give each event; asking for the next one acknowledges it."""
        # Writing waits for the disk, which the loop must not.
        with ThreadPoolExecutor(1, thread_name_prefix="publora-watch") as self._thread:
            opening = self._thread.submit(self._guarded, StateFile, self.path)
            try:
                self._file = await asyncio.wrap_future(opening)
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
                closing = self._thread.submit(_close, opening)
                await asyncio.shield(asyncio.wrap_future(closing))

    def _guarded(self, call: Callable[..., T], /, *args: object) -> T:
        with usable(self.path):
            return call(*args)

    def _off_loop(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        guarded = partial(self._guarded, partial(call, *args, **kwargs))
        return asyncio.get_running_loop().run_in_executor(self._thread, guarded)

    async def _undelivered(self) -> AsyncIterator[Event]:
        while events := await self._off_loop(self._file.undelivered):
            for event in events:
                yield event
                await self._off_loop(self._file.acknowledge, event, self._now())

    async def _round(self) -> AsyncGenerator[Event, None]:
        look = partial(self._look, gate=self.gate())
        async with aclosing(self._plan()) as plan:
            async for users, forget in plan:
                looks = await _look_at_all(users, look, self.concurrency)
                take_in = self._off_loop(self._file.take_in, looks, self.rules, forget=forget)
                if await take_in:
                    async for event in self._undelivered():
                        yield event

    async def _plan(self) -> AsyncGenerator[tuple[list[str], bool], None]:
        """Give everyone once, spread over a round, and in between whoever is due again."""
        began, every = await self._begin(), self.rules.every
        many, before = await self._listed(), await self._fact("users")
        total = len(many) if isinstance(many, Sized) else before
        users, most = int(total or 1), 8 * self.concurrency
        self.rules = attrs.evolve(self.rules, users=users)
        # The first round, and one for a schedule, is as fast as the service allows.
        is_spread = not self.once and await self._fact("ended") is not None
        size = max(1, min(users // 100, most)) if is_spread else most
        number, batch = 0, list[str]()
        async for chunk in self._chunks(many, size):
            share = min((number + self.draw() / 10) / users, 1) if is_spread else 0
            moment = began + every * share
            # Whose moments have passed, as while somebody's requests timed out, are one batch.
            if batch and (moment > self._now() or len(batch) >= most):
                yield batch, False
                batch = []
            async for due in self._due_until(moment):
                yield due, False
            listed = await self._off_loop(self._file.enter, chunk)
            number += len(listed)
            batch += listed
        yield batch, False
        while unlisted := await self._off_loop(self._file.unlisted):
            # Where half of all are missing, the list may be at fault.
            yield unlisted, 2 * number >= (before or 0)
        end = self._now() + self.rules.soon + 1 if self.once else began + every
        async for due in self._due_until(end):
            yield due, False
        await self._off_loop(self._file.end_round, self._now(), number, began + every)

    async def _begin(self) -> float:
        """Begin a round, or go on with the one in which the watch was stopped."""
        now, began = self._now(), await self._fact("began")
        if began is None or not now - self.rules.every < began <= now:
            began = now
        await self._off_loop(self._file.begin_round, began)
        return began

    def _fact(self, name: str) -> Awaitable[float | None]:
        return self._off_loop(self._file.fact, name)

    async def _due_until(self, moment: float) -> AsyncIterator[list[str]]:
        """Give who is due until *moment*, in seconds since 1970, and wait meanwhile."""
        every = self.rules.every
        while True:
            while users := await self._off_loop(self._file.due, moment, self._now(), every):
                yield users
            # A moment that is so far away was set when the clock showed a later time.
            if not 0 < moment - self._now() <= every + 1:
                return
            due = await self._off_loop(self._file.next_due)
            if self.once and (due is None or due > moment):
                return
            until = moment if due is None else min(moment, due)
            # Times are rounded: to be awake too early by that would be to turn on the spot.
            await self.clock.sleep(max(until - self._now(), 0.001))

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
        user_id, tests = user or None, dict[str, bool | None]()
        found = await self.accounts_of(user_id, gate)
        if isinstance(found, PubloraError):
            if is_detached(found):
                return Look(user, self.clock.now(), ConnectionList(), detached=True)
            return Look(user, self.clock.now(), why=found.summary)
        now = self.clock.now()
        for one in found:
            is_dated = one.status_source == StatusSource.EXPIRY_DATE
            if is_dated and one.status_at(now) == TokenStatus.EXPIRED:
                tests[one.platform_id] = works(await self.test(one.platform_id, user_id, gate), one)
        return Look(user, self.clock.now(), found, tests=tests)

    def _now(self) -> float:
        return self.clock.now().timestamp()


async def _look_at_all(
    users: list[str], look: Callable[[str], Awaitable[Look]], concurrency: int
) -> list[Look]:
    fan_out, waiting, looks = FanOut(look, ordered=False), iter(users), list[Look]()
    fan_out.start(islice(waiting, concurrency))
    try:
        while len(looks) < len(users):
            answers = await fan_out.take() or ()
            looks += [look for _, look in answers]
            fan_out.start(islice(waiting, len(answers)))
    finally:
        await fan_out.aclose()
    return looks


def _close(opening: Future[StateFile]) -> None:
    if not (opening.cancelled() or opening.exception()):
        opening.result().close()
