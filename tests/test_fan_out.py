"""Asking about many users: what may be given, and what is refused before anything is asked."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator

import pytest
from hostile import HostileServer, reply

from publora_async import AsyncPublora, ConfigurationError, RateLimitError, ServerError
from publora_async.sandbox import Sandbox
from publora_sync import Publora


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(users=2) as sandbox:
        yield sandbox


@pytest.fixture
async def publora(sandbox: Sandbox) -> AsyncIterator[AsyncPublora]:
    async with AsyncPublora(sandbox.api_key, base_url=sandbox.base_url) as publora:
        yield publora


@pytest.fixture
def publora_sync(sandbox: Sandbox) -> Iterator[Publora]:
    with Publora(sandbox.api_key, base_url=sandbox.base_url) as publora:
        yield publora


async def test_an_async_iterable_that_pauses_does_not_hold_answers_back(
    publora: AsyncPublora, sandbox: Sandbox
) -> None:
    answered = asyncio.Event()

    async def ids() -> AsyncIterator[str]:
        yield sandbox.user_ids[0]
        await answered.wait()
        yield sandbox.user_ids[1]

    seen = []
    async for answer in publora.connections.iter_many(ids()):
        seen.append(answer.user_id)
        answered.set()
    assert seen == list(sandbox.user_ids)


@pytest.mark.parametrize("ids", [[], iter(()), set()])
async def test_nobody_to_ask_about_is_no_answer(
    ids: Iterable[str], publora: AsyncPublora, publora_sync: Publora
) -> None:
    assert [answer async for answer in publora.connections.iter_many(ids)] == []
    assert list(publora_sync.connections.iter_many(ids)) == []


@pytest.mark.parametrize("concurrency", [0, -1, 1.5, True, "many", None])
def test_a_concurrency_that_is_no_number_is_refused_at_once(concurrency: object) -> None:
    for publora in (AsyncPublora("k"), Publora("k")):
        with pytest.raises(ConfigurationError, match=r"^concurrency must be a whole number"):
            publora.connections.iter_many([], concurrency=concurrency)  # type: ignore[arg-type]


def test_one_id_in_place_of_several_is_refused_at_once() -> None:
    for publora in (AsyncPublora("k"), Publora("k")):
        with pytest.raises(ConfigurationError, match=r"\[user_id\] asks about one user"):
            publora.connections.iter_many("6626a1f5e4b0c91a2d3f4567")


async def test_a_client_without_budget_says_so_on_the_error() -> None:
    with HostileServer(reply({}, status=503, headers={"Retry-After": "0"})) as server:
        async with AsyncPublora("k", base_url=server.base_url) as publora:
            while publora._transport._budget.spend(RateLimitError(429, ""), gated=True):
                pass
            with pytest.raises(ServerError) as caught:
                await publora.connections.list()
    assert caught.value.gave_up == "budget"
    assert len(server.heads) == 1
