"""A fan-out that its consumer does not see through asks nothing more, and lets go of all."""

import asyncio
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import pytest
from asking import ClientOf, Serve
from crowd import (
    Asked,
    Crowd,
    all_answered,
    all_left,
    answers,
    first_answered,
    ids_of,
    other_tasks,
)
from seams import on_loop_thread
from ways import ITER_WAYS, SIZE, WAYS, Way

from publora_async import AsyncPublora, UserConnections

every_way = pytest.mark.parametrize("way", WAYS, ids=str)
USERS = ids_of(100)


ORDERED_WAYS = [way for way in ITER_WAYS if way.ordered]


def raise_zero_division() -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("way", ITER_WAYS, ids=str)
async def test_34_leaving_the_loop_ends_the_asking(
    way: Way, serve: Serve, client_of: ClientOf
) -> None:
    seen: list[UserConnections] = []
    server = serve(Crowd(SIZE, first_answered))
    client = client_of(server)
    tasks = await client.on_loop(other_tasks)
    await client.ask(way.ask(USERS, seen, step=lambda: True))
    assert seen == answers(USERS[:1])
    assert await all_left(client, server, tasks) == SIZE


@every_way
async def test_34_an_exception_in_the_consumer_ends_the_asking(
    way: Way, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(Crowd(SIZE, first_answered))
    client = client_of(server)
    tasks = await client.on_loop(other_tasks)
    with pytest.raises(ZeroDivisionError):
        await client.ask(way.ask(USERS, [], step=raise_zero_division))
    assert await all_left(client, server, tasks) == SIZE


class UnusualError(BaseException):
    """One that is no :class:`Exception`, as are Ctrl-C and a cancellation."""


@pytest.mark.parametrize("error", [ZeroDivisionError, UnusualError, asyncio.CancelledError])
@every_way
async def test_34_an_error_of_the_ids_ends_the_asking_and_is_raised(
    way: Way, error: type[BaseException], serve: Serve, client_of: ClientOf
) -> None:
    def ids() -> Iterator[str]:
        yield from USERS[:SIZE]
        raise error

    seen: list[UserConnections] = []
    server = serve(Crowd(SIZE, first_answered))
    client = client_of(server)
    tasks = await client.on_loop(other_tasks)
    with pytest.raises(error):
        await client.ask(way.ask(ids(), seen))
    assert seen == answers(USERS[:1] if way.method == "iter_many" else [])
    assert await all_left(client, server, tasks) == SIZE


@pytest.mark.parametrize("way", ITER_WAYS, ids=str)
async def test_34_a_closed_iterator_has_let_go_and_gives_nothing_more(
    way: Way, serve: Serve, client_of: ClientOf
) -> None:
    async def ask_async(publora: AsyncPublora) -> None:
        async with way.iterate(publora, USERS) as found:
            seen.append(await anext(found))
        assert await other_tasks() == tasks
        await found.aclose()
        seen.extend([answer async for answer in found])

    def ask(publora: Any) -> Any:  # noqa: ANN401  # either colour
        if isinstance(publora, AsyncPublora):
            return ask_async(publora)
        with way.iterate(publora, USERS) as found:
            seen.append(next(found))
        found.close()
        return seen.extend(found)

    seen: list[UserConnections] = []
    server = serve(Crowd(SIZE, first_answered))
    client = client_of(server)
    tasks = await client.on_loop(other_tasks)
    await client.ask(ask)
    assert seen == answers(USERS[:1])
    assert await all_left(client, server, tasks) == SIZE


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("way", ITER_WAYS, ids=str)
async def test_34_a_closed_iterator_forgets_what_was_answered(
    way: Way,
    together: bool,  # noqa: FBT001  # a table column
    serve: Serve,
    client_of: ClientOf,
) -> None:
    """Together with the answer that was handed out, or after it."""

    def answer(asked: list[Asked]) -> None:
        later.extend([] if together else sorted(asked, key=itemgetter(1))[1:])
        (all_answered if together else first_answered)(asked)

    async def all_have_come() -> None:
        all_answered(later)
        if rest := await other_tasks() - tasks:
            await asyncio.wait(rest)

    async def ask_async(publora: AsyncPublora) -> None:
        async with way.iterate(publora, USERS[:SIZE]) as found:
            seen.append(await anext(found))
            await all_have_come()
        seen.extend([answer async for answer in found])

    def ask(publora: Any) -> Any:  # noqa: ANN401  # either colour
        if isinstance(publora, AsyncPublora):
            return ask_async(publora)
        with way.iterate(publora, USERS[:SIZE]) as found:
            seen.append(next(found))
            on_loop_thread(publora, all_have_come)
        return seen.extend(found)

    later, seen = list[Asked](), list[UserConnections]()
    server = serve(Crowd(SIZE, answer))
    client = client_of(server)
    tasks = await client.on_loop(other_tasks)
    await client.ask(ask)
    assert len(seen) == 1
    assert len(server.heads) == SIZE


@pytest.mark.parametrize("way", ORDERED_WAYS, ids=str)
async def test_34_an_error_of_the_ids_loses_no_answer_that_has_come(
    way: Way, serve: Serve, client_of: ClientOf
) -> None:
    def ids() -> Iterator[str]:
        yield from USERS[:SIZE]
        raise ZeroDivisionError

    seen: list[UserConnections] = []
    server = serve(Crowd(SIZE, all_answered))
    client = client_of(server)
    with pytest.raises(ZeroDivisionError):
        await client.ask(way.ask(ids(), seen))
    assert seen == answers(USERS[:SIZE])
    assert len(server.heads) == SIZE
