"""What a client may spend on retries, so that an outage does not multiply its requests."""

import asyncio
import math
from collections import Counter
from typing import Any

import pytest
from asking import ClientOf, Serve, failure, listing
from colours import Client, Question
from hostile import reply, then_hang_up
from virtual_time import Service, connections, outage, run

from publora_async import (
    ConnectionList,
    GaveUp,
    PubloraError,
    RateLimitError,
    ServerError,
    TransportError,
)

DOWN = reply({"error": "down"}, status=503)


def down(attempts: int, gave_up: GaveUp) -> ServerError:
    return ServerError(503, "down", attempts=attempts, gave_up=gave_up)


def persistently(publora: Any) -> Any:  # noqa: ANN401  # either colour
    """Ask with a client made from this one."""
    return publora.with_options(max_retries=1000).connections.list()


async def failures(
    client: Client, calls: int, question: Question = listing
) -> Counter[PubloraError]:
    """Fail so often; tells how often with which error."""
    return Counter([await failure(client, question) for _ in range(calls)])


async def test_23_a_total_outage_costs_5000_calls_35_extra_requests(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(DOWN)
    client = client_of(server)
    # 11 calls of 3 retries, one of the last 2, and no more for any other.
    assert await failures(client, 5000) == {
        down(4, "retries"): 11,
        down(3, "budget"): 1,
        down(1, "budget"): 4988,
    }
    assert (len(server.heads), len(client.waits)) == (5035, 35)


def test_23_a_total_outage_costs_10000_calls_at_once_at_most_40_extra_requests() -> None:
    async def ask() -> int:
        service = Service(outage(0, math.inf))
        asked = connections(service)
        calls = [asked.list() for _ in range(10_000)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(outcome, ServerError) for outcome in outcomes)
        return len(service.requests)

    assert 10_000 < run(ask()) <= 10_040


async def test_23_an_outage_of_the_network_costs_as_few(serve: Serve, client_of: ClientOf) -> None:
    server = serve(then_hang_up())
    client = client_of(server, max_retries=20)
    what = "the connection broke before the response was whole"
    assert await failures(client, 100) == {
        TransportError(what, "headers", 21, "retries"): 1,
        TransportError(what, "headers", 16, "budget"): 1,
        TransportError(what, "headers", 1, "budget"): 98,
    }
    assert len(server.heads) == 135


async def test_23_a_retry_after_a_429_costs_5_tokens(serve: Serve, client_of: ClientOf) -> None:
    server = serve(reply({"error": "slow down"}, status=429))
    error = await failure(client_of(server, max_retries=1000))
    assert error == RateLimitError(429, "slow down", attempts=101, gave_up="budget")
    assert len(server.heads) == 101


async def test_23_a_fan_out_spends_from_the_same_budget(serve: Serve, client_of: ClientOf) -> None:
    server = serve(DOWN)
    client = client_of(server, max_retries=35)
    assert await failure(client) == down(36, "retries")
    answers = await client.ask(lambda publora: publora.connections.list_many(["a", "b"]))
    # 10 tokens were left, and a fan-out's retry costs 5.
    assert {answer.error.gave_up for answer in answers} == {"budget"}
    assert sum(answer.error.attempts for answer in answers) == 2 + 2
    assert len(server.heads) == 36 + 4


async def test_23_a_success_gives_one_token_and_fourteen_buy_a_retry(
    serve: Serve, client_of: ClientOf
) -> None:
    # 10 tokens are left of 500.
    answers = [DOWN] * 36 + [*[reply()] * 3, DOWN, reply(), DOWN, DOWN, reply()]
    server = serve(*answers)
    client = client_of(server, max_retries=35)
    assert await failure(client) == down(36, "retries")
    for _ in range(3):
        assert await client.ask(listing) == ConnectionList()
    assert await failure(client) == down(1, "budget")
    assert await client.ask(listing) == ConnectionList()
    assert await failure(client) == down(2, "budget")
    assert len(server.heads) == len(answers) - 1


async def test_23_a_retry_that_succeeds_gives_its_cost_back(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(*[DOWN, reply()] * 500, DOWN)
    client = client_of(server, max_retries=1000)
    for _ in range(500):
        assert await client.ask(listing) == ConnectionList()
    assert await failure(client) == down(36, "budget")
    assert len(server.heads) == 1000 + 36


async def test_23_only_the_retry_that_succeeds_gives_its_cost_back(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(*[DOWN, DOWN, reply()] * 20, DOWN)
    client = client_of(server, max_retries=1000)
    for _ in range(20):
        assert await client.ask(listing) == ConnectionList()
    # 280 of 500 tokens are spent.
    assert await failure(client) == down(16, "budget")
    assert len(server.heads) == 60 + 16


async def test_23_more_than_full_the_budget_does_not_get(serve: Serve, client_of: ClientOf) -> None:
    server = serve(*[reply()] * 100, DOWN)
    client = client_of(server, max_retries=1000)
    for _ in range(100):
        await client.ask(listing)
    assert await failure(client) == down(36, "budget")
    assert len(server.heads) == 100 + 36


async def test_23_what_is_not_worth_a_retry_costs_nothing(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(*[reply({}, status=404)] * 150, DOWN)
    client = client_of(server, max_retries=1000)
    await failures(client, 150)
    assert await failure(client) == down(36, "budget")
    assert len(server.heads) == 150 + 36


@pytest.mark.parametrize("asked", ["61", None], ids=["too long a wait", "no retries"])
async def test_23_a_retry_that_is_not_made_costs_nothing(
    asked: str | None, serve: Serve, client_of: ClientOf
) -> None:
    answer = reply({}, status=503, headers={"Retry-After": asked} if asked else {})
    server = serve(*[answer] * 150, DOWN)
    client = client_of(server, max_retries=36 if asked else 0)
    await failures(client, 150)
    assert await failure(client, persistently) == down(36, "budget")
    assert len(server.heads) == 150 + 36


async def test_23_clients_made_from_one_share_its_budget(serve: Serve, client_of: ClientOf) -> None:
    server = serve(DOWN)
    client = client_of(server, max_retries=20)
    assert await failure(client) == down(21, "retries")
    assert await failures(client, 2, persistently) == {down(16, "budget"): 1, down(1, "budget"): 1}
    assert await failure(client) == down(1, "budget")
    assert len(server.heads) == 39


async def test_23_clients_of_their_own_have_budgets_of_their_own(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(DOWN)
    for _ in range(2):
        assert await failure(client_of(server, max_retries=1000)) == down(36, "budget")
    assert len(server.heads) == 72
