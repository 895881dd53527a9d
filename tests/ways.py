"""Every way to ask about many users, for a client of either colour."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Literal

import attrs
from colours import Question

from publora_async import AsyncPublora, UserConnections

__all__ = ["ITER_WAYS", "SIZE", "WAYS", "Way"]

SIZE = 4
"""How many users are asked about at once."""


@attrs.frozen
class Way:
    """
    One way to ask about many users.

    Attributes:
        method: The resource's.
        ordered: Whether ``iter_many`` is to keep the order.
        stream: Whether the ids come from a generator, for an async client from an async one.
    """

    method: Literal["iter_many", "list_many"]
    ordered: bool = False
    stream: bool = False

    def __str__(self) -> str:
        return "-".join([self.method, *["ordered"] * self.ordered, *["stream"] * self.stream])

    @property
    def keeps_order(self) -> bool:
        """Whether the answers come in the order of the ids."""
        return self.ordered or self.method == "list_many"

    def iterate(self, publora: Any, user_ids: Iterable[str], concurrency: int = SIZE) -> Any:  # noqa: ANN401  # either colour
        """Call ``iter_many``."""
        return publora.connections.iter_many(
            self._given(publora, user_ids), concurrency=concurrency, ordered=self.ordered
        )

    def ask(
        self,
        user_ids: Iterable[str],
        seen: list[UserConnections],
        *,
        step: Callable[[], object] = lambda: None,
        concurrency: int = SIZE,
    ) -> Question:
        """
        Make the question.

        Args:
            user_ids: Whom to ask about.
            seen: Where the answers are put.
            step: Called after each answer; what is true ends the loop of ``iter_many``.
            concurrency: As the resource's.
        """

        # Nothing but the loop itself holds the iterator: it is dropped as soon as that is left.
        def loop(publora: Any) -> None:  # noqa: ANN401  # either colour
            for answer in self.iterate(publora, user_ids, concurrency):
                seen.append(answer)
                if step():
                    break

        async def loop_async(publora: AsyncPublora) -> None:
            async for answer in self.iterate(publora, user_ids, concurrency):
                seen.append(answer)
                if step():
                    break

        def gather(publora: Any) -> Any:  # noqa: ANN401  # either colour
            return publora.connections.list_many(
                self._given(publora, user_ids),
                concurrency=concurrency,
                progress=lambda *_: step(),
            )

        def list_(publora: Any) -> None:  # noqa: ANN401  # either colour
            seen.extend(gather(publora))

        async def list_async(publora: AsyncPublora) -> None:
            seen.extend(await gather(publora))

        in_colours = (loop, loop_async) if self.method == "iter_many" else (list_, list_async)
        return lambda publora: in_colours[isinstance(publora, AsyncPublora)](publora)

    def _given(self, publora: object, user_ids: Iterable[str]) -> Any:  # noqa: ANN401  # of either kind
        if not self.stream:
            return user_ids
        return _one_by_one(user_ids) if isinstance(publora, AsyncPublora) else iter(user_ids)


async def _one_by_one(user_ids: Iterable[str]) -> AsyncIterator[str]:
    for user_id in user_ids:
        yield user_id


ITER_WAYS = [
    Way("iter_many", ordered, stream) for ordered in (False, True) for stream in (False, True)
]
WAYS = [*ITER_WAYS, Way("list_many"), Way("list_many", stream=True)]
