"""What a client may spend on retries, so that an outage does not multiply its requests."""

from collections import Counter
from typing import Any

import pytest
from asking import ClientOf, Serve, failure, listing
from colours import Client, Question
from hostile import reply, then_hang_up

from publora_async import ConnectionList, GaveUp, PubloraError, ServerError, TransportError

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


async def test_23_a_total_outage_costs_5000_calls_100_extra_requests(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(DOWN)
    client = client_of(server)
    # 33 calls of 3 retries, one of the last retry, and no more for any other.
    assert await failures(client, 5000) == {
        down(4, "retries"): 33,
        down(2, "budget"): 1,
        down(1, "budget"): 4966,
    }
    assert (len(server.heads), len(client.waits)) == (5100, 100)


async def test_23_an_outage_of_the_network_costs_as_few(serve: Serve, client_of: ClientOf) -> None:
    server = serve(then_hang_up())
    client = client_of(server, max_retries=60)
    what = "the connection broke before the answer was whole"
    assert await failures(client, 100) == {
        TransportError(what, "headers", 61, "retries"): 1,
        TransportError(what, "headers", 41, "budget"): 1,
        TransportError(what, "headers", 1, "budget"): 98,
    }
    assert len(server.heads) == 200


async def test_23_a_fan_out_spends_from_the_same_budget(serve: Serve, client_of: ClientOf) -> None:
    server = serve(DOWN)
    client = client_of(server, max_retries=100)
    assert await failure(client) == down(101, "retries")
    answers = await client.ask(lambda publora: publora.connections.list_many(["a", "b"]))
    assert [answer.error for answer in answers] == [down(1, "budget")] * 2
    assert len(server.heads) == 103


async def test_23_a_success_gives_one_token_and_five_buy_a_retry(
    serve: Serve, client_of: ClientOf
) -> None:
    answers = [DOWN] * 101 + [*[reply()] * 4, DOWN, reply(), DOWN, DOWN, reply()]
    server = serve(*answers)
    client = client_of(server, max_retries=100)
    assert await failure(client) == down(101, "retries")
    for _ in range(4):
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
    assert await failure(client) == down(101, "budget")
    assert len(server.heads) == 1000 + 101


async def test_23_only_the_retry_that_succeeds_gives_its_cost_back(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(*[DOWN, DOWN, reply()] * 50, DOWN)
    client = client_of(server, max_retries=1000)
    for _ in range(50):
        assert await client.ask(listing) == ConnectionList()
    assert await failure(client) == down(51, "budget")
    assert len(server.heads) == 150 + 51


async def test_23_more_than_full_the_budget_does_not_get(serve: Serve, client_of: ClientOf) -> None:
    server = serve(*[reply()] * 100, DOWN)
    client = client_of(server, max_retries=1000)
    for _ in range(100):
        await client.ask(listing)
    assert await failure(client) == down(101, "budget")
    assert len(server.heads) == 100 + 101


async def test_23_what_is_not_worth_a_retry_costs_nothing(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(*[reply({}, status=404)] * 150, DOWN)
    client = client_of(server, max_retries=1000)
    await failures(client, 150)
    assert await failure(client) == down(101, "budget")
    assert len(server.heads) == 150 + 101


@pytest.mark.parametrize("asked", ["61", None], ids=["too long a wait", "no retries"])
async def test_23_a_retry_that_is_not_made_costs_nothing(
    asked: str | None, serve: Serve, client_of: ClientOf
) -> None:
    answer = reply({}, status=503, headers={"Retry-After": asked} if asked else {})
    server = serve(*[answer] * 150, DOWN)
    client = client_of(server, max_retries=101 if asked else 0)
    await failures(client, 150)
    assert await failure(client, persistently) == down(101, "budget")
    assert len(server.heads) == 150 + 101


async def test_23_clients_made_from_one_share_its_budget(serve: Serve, client_of: ClientOf) -> None:
    server = serve(DOWN)
    client = client_of(server, max_retries=60)
    assert await failure(client) == down(61, "retries")
    assert await failures(client, 2, persistently) == {down(41, "budget"): 1, down(1, "budget"): 1}
    assert await failure(client) == down(1, "budget")
    assert len(server.heads) == 104


async def test_23_clients_of_their_own_have_budgets_of_their_own(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(DOWN)
    for _ in range(2):
        assert await failure(client_of(server, max_retries=1000)) == down(101, "budget")
    assert len(server.heads) == 202
