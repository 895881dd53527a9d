"""Bounded "ask for each", streaming; knows nothing of connections or of the service."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from functools import partial
from itertools import count, takewhile
from typing import Generic, TypeVar

__all__ = ["FanOut"]

T = TypeVar("T")
R = TypeVar("R")


class FanOut(Generic[T, R]):
    """
    Asks about items, each in a task of its own, and gives the answers as they arrive.

    It is used on the event loop's thread only. How many items it is given, and when, is up to
    its consumer, who keeps a :class:`Window`.

    Args:
        ask: Gives an item's answer. What it raises ends everything.
        ordered: Whether answers come in the order of the items.
    """

    def __init__(self, ask: Callable[[T], Awaitable[R]], *, ordered: bool) -> None:
        self._ask = ask
        self._ordered = ordered
        self._started = 0
        self._taken = 0
        self._done: dict[int, R] = {}
        self._given: list[tuple[int, R]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._error: BaseException | None = None
        self._ended = self._cancelled = False
        self._news = asyncio.Event()

    def start(self, items: Iterable[T], end: Exception | None = None) -> None:
        """
        Begin to ask about *items*.

        Args:
            items: They are numbered from 0 on in the order in which they are given.
            end: What their iterator has raised after them. ``None``: there may be more.
        """
        if isinstance(end, (StopIteration, StopAsyncIteration)):
            self._ended = True
            self._news.set()
        elif end is not None:
            self._fail(end)
        for item in items:
            if self._cancelled:
                return
            self._spawn(partial(self._answer, self._started, item))
            self._started += 1

    def feed(self, items: AsyncIterator[T], room: asyncio.Semaphore) -> None:
        """Start whatever *items* gives, reading one for each that is taken from *room*."""
        self._spawn(partial(self._pull, items, room))

    async def take(self, patience: float | None = None) -> list[tuple[int, R]] | None:
        """
        Wait for answers, and take those that may be handed out.

        Args:
            patience: Seconds after which there may be none yet. ``None``: there is no hurry.

        Returns:
            Pairs of an item's number and its answer; ``None`` when all is over.

        Raises:
            BaseException: What ended everything, once every answer before it has been taken.
        """
        while True:
            if answers := self._ready():
                self._given = answers
                return answers
            if self._error is not None:
                error, self._error = self._error, None
                try:
                    raise error
                finally:
                    # The error holds this frame, and the frame would hold the error.
                    del error
            if self._cancelled or (self._ended and not self._tasks):
                return None
            self._news.clear()
            if patience is None:  # a timeout without an end costs as much as one with
                await self._news.wait()
                continue
            try:
                async with asyncio.timeout(patience):
                    await self._news.wait()
            except TimeoutError:
                return []

    def cancel(self) -> None:
        """Stop asking; what is under way is abandoned."""
        self._cancelled = True
        self._news.set()
        for task in self._tasks:
            task.cancel()

    def arrived(self) -> list[tuple[int, R]]:
        """
        Give the answers that nobody has taken, and those that were taken last.

        Whoever took those may have been interrupted before they were of any use.
        """
        return [*self._given, *self._done.items()]

    async def aclose(self) -> list[tuple[int, R]]:
        """Stop asking, wait until everything under way is released, and give what arrived."""
        self.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        arrived = self.arrived()
        self._given = []
        self._done.clear()
        return arrived

    def _fail(self, error: BaseException) -> None:
        self._error = self._error or error
        self.cancel()

    def _spawn(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        task = asyncio.create_task(self._run(work))
        # An eager one has run already, and may be done.
        if not task.done():
            self._tasks.add(task)

    async def _run(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        # Instead of a callback when it is done, which would take another turn of the loop.
        failure: BaseException | None = None
        try:
            await work()
        except BaseException as error:  # raised where the answers are taken
            # A cancellation that is not ours is what the items' iterator has met.
            if self._cancelled:
                raise
            failure = error
        finally:
            self._tasks.discard(asyncio.current_task())
            self._news.set()
        if failure is not None:
            self._fail(failure)

    async def _answer(self, number: int, item: T) -> None:
        self._done[number] = await self._ask(item)

    async def _pull(self, items: AsyncIterator[T], room: asyncio.Semaphore) -> None:
        try:
            while not self._cancelled:
                await room.acquire()
                try:
                    item = await anext(items)
                except StopAsyncIteration as end:
                    self.start((), end)
                    return
                self.start((item,))
        finally:
            if isinstance(items, AsyncGenerator):
                await items.aclose()

    def _ready(self) -> list[tuple[int, R]]:
        if self._ordered and self._error is None:
            numbers: Iterable[int] = takewhile(self._done.__contains__, count(self._taken))
        else:
            numbers = sorted(self._done)
        answers = [(number, self._done.pop(number)) for number in numbers]
        self._taken += len(answers)
        return answers
