"""Bounded "ask for each", streaming; knows nothing of connections or of the service."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Generic, TypeVar

__all__ = ["FanOut"]

T = TypeVar("T")
R = TypeVar("R")


class FanOut(Generic[T, R]):
    """
    Asks about items, a bounded number at a time, and gives the answers as they arrive.

    Whoever drives it claims and starts items while :attr:`free` allows, takes answers, and says
    when one of them has been handed out. An item counts from its start until its answer is
    handed out, so memory is bounded by *concurrency*, and no consumer is run ahead of.

    Args:
        ask: Gives an item's answer. What it raises ends everything.
        concurrency: How many items may be between start and handing out.
        ordered: Whether answers come in the order of the items.
    """

    def __init__(
        self, ask: Callable[[T], Awaitable[R]], *, concurrency: int, ordered: bool
    ) -> None:
        self._ask = ask
        self._concurrency = concurrency
        self._ordered = ordered
        self._claimed = 0
        self._taken = 0
        self._handed_out = 0
        self._done: dict[int, R] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._error: BaseException | None = None
        self._ended = self._cancelled = False
        self._news = asyncio.Event()

    @property
    def free(self) -> int:
        """How many more items may be started."""
        return 0 if self._ended else self._concurrency - self._claimed + self._handed_out

    def claim(self, items: Sequence[T]) -> Iterable[tuple[int, T]]:
        """Number *items*, no more than are free, for :meth:`start`. On the consumer's thread."""
        first = self._claimed
        self._claimed += len(items)
        return enumerate(items, first)

    def start(self, numbered: Iterable[tuple[int, T]]) -> None:
        """Begin to ask about what was claimed. On the loop's thread."""
        for index, item in numbered:
            self._spawn(partial(self._answer, index, item))

    def feed(self, items: AsyncIterator[T]) -> None:
        """Start whatever *items* gives, reading it no faster than there is room."""
        self._spawn(partial(self._pull, items))

    def end(self) -> None:
        """Say that there are no more items."""
        self._ended = True
        self._news.set()

    def fail(self, error: BaseException) -> None:
        """Stop asking; *error* is raised once the answers before it are taken."""
        self._error = self._error or error
        self.cancel()

    def hand_out(self) -> None:
        """Say that one of the taken answers has been handed out. On the consumer's thread."""
        self._handed_out += 1
        self._news.set()

    async def take(self) -> list[tuple[int, R]]:
        """
        Wait for answers, and take those that may be handed out; none when all is over.

        Returns:
            Pairs of an item's number and its answer.

        Raises:
            BaseException: What ended everything, once every answer before it has been taken.
        """
        while True:
            if answers := self._ready():
                return answers
            if self._error is not None:
                error, self._error = self._error, None
                try:
                    raise error
                finally:
                    # The error holds this frame, and the frame would hold the error.
                    del error
            if self._cancelled or (self._ended and not self._tasks):
                return []
            await self._changed()

    def cancel(self) -> None:
        """Stop asking; what is under way is abandoned. On the loop's thread."""
        self._cancelled = True
        self.end()
        for task in self._tasks:
            task.cancel()

    async def aclose(self) -> None:
        """Stop asking, forget the answers, and wait until everything under way is released."""
        self.cancel()
        self._done.clear()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        self._tasks.add(asyncio.create_task(self._run(work)))

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
            self.fail(failure)

    async def _answer(self, index: int, item: T) -> None:
        self._done[index] = await self._ask(item)

    async def _pull(self, items: AsyncIterator[T]) -> None:
        while True:
            while not self.free:
                await self._changed()
            try:
                item = await anext(items)
            except StopAsyncIteration:
                self.end()
                return
            self.start(self.claim([item]))

    async def _changed(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _ready(self) -> list[tuple[int, R]]:
        if not self._ordered or self._error is not None:
            answers = sorted(self._done.items())
            self._done.clear()
        else:
            answers = []
            while (index := self._taken + len(answers)) in self._done:
                answers.append((index, self._done.pop(index)))
        self._taken += len(answers)
        return answers
