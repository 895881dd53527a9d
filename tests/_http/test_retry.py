"""
What is worth repeating, when, and at whose cost.

A request that changes something is not sent again once it may have arrived; others are.
"""

import socket
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from colours import Client, Question
from hostile import CUT, Answer, HostileServer, reply, silence, then_hang_up, then_reset

from publora_async import (
    APIStatusError,
    AsyncPublora,
    PubloraError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    Timeouts,
    TransportError,
)
from publora_async._http.retry import RetryBudget, RetryPolicy, parse_retry_after
from publora_async.sandbox import Faults, Sandbox
from publora_async.sandbox._faults import OutageAnswer

NOW = datetime(2026, 10, 8, 15, 30, 0, tzinfo=UTC)

Open = Callable[..., Client]

WHATEVER = reply(
    {"success": True, "connections": [], "users": [], "platformId": "a-1", "status": "ok"}
    | {"apiKey": "sk_1"}
)
"""An answer to any of the calls below."""

# The hostile server reads heads only, so the writes with a body are asked of the sandbox.
WRITES: list[Question] = [
    lambda publora: publora.managed_users.detach("u"),
    lambda publora: publora.managed_users.create_api_key("u"),
]
READS: list[Question] = [
    lambda publora: publora.connections.list(),
    lambda publora: publora.connections.test("twitter-1"),
    lambda publora: publora.managed_users.list(),
]
writes = pytest.mark.parametrize("write", WRITES, ids=["detach", "key"])
reads = pytest.mark.parametrize("read", READS, ids=["list", "test", "users"])


@pytest.fixture
async def open_client() -> AsyncIterator[Open]:
    """Make clients that do not wait between attempts, and close them in the end."""
    clients: list[Client] = []

    def open_client(base_url: str, **options: object) -> Client:
        settings: dict[str, Any] = {"api_key": "sk_test", **options}
        clients.append(Client(AsyncPublora(base_url=base_url, **settings)))
        return clients[-1]

    yield open_client
    for client in clients:
        await client.close()


async def failure(client: Client, question: Question) -> PubloraError:
    with pytest.raises(PubloraError) as caught:
        await client.ask(question)
    return caught.value


RETRY_AFTER = {"Retry-After": "7"}
BROKEN = [then_hang_up(), then_reset(), then_hang_up(CUT), then_reset(CUT)]
LATE = [
    (silence, {"timeout": 0.25}),
    (silence, {"timeout": Timeouts(read=0.25)}),
    (CUT, {"timeout": 0.25}),
    (CUT, {"timeout": Timeouts(read=0.25)}),
]
FAILED = [
    *(reply(b"<html>", status=status) for status in (500, 502, 503, 504)),
    *(reply({}, status=status, headers=RETRY_AFTER) for status in (500, 502, 504)),
]
TURNED_AWAY = [
    reply({}, status=429),
    reply({}, status=429, headers=RETRY_AFTER),
    reply({}, status=503, headers=RETRY_AFTER),
]


@writes
@pytest.mark.parametrize("fault", BROKEN)
async def test_a_write_whose_connection_breaks_is_not_sent_again(
    write: Question, fault: Answer, open_client: Open
) -> None:
    with HostileServer(fault, WHATEVER) as server:
        client = open_client(server.base_url)
        error = await failure(client, write)
        assert error == TransportError(
            "the connection broke before the response was whole",
            "body" if fault in BROKEN[2:] else "headers",
        )
        assert (len(server.heads), client.waits) == (1, [])


@writes
@pytest.mark.parametrize("fault", BROKEN)
async def test_a_write_on_a_used_connection_that_breaks_is_not_sent_again(
    write: Question, fault: Answer, open_client: Open
) -> None:
    with HostileServer(WHATEVER, fault, WHATEVER) as server:
        client = open_client(server.base_url)
        await client.ask(READS[0])
        assert isinstance(await failure(client, write), TransportError)
        assert (len(server.heads), client.waits) == (2, [])


@writes
@pytest.mark.parametrize(("fault", "options"), [*LATE, (silence, {"deadline": 0.25})])
async def test_a_write_that_is_not_answered_in_time_is_not_sent_again(
    write: Question, fault: Answer, options: dict[str, object], open_client: Open
) -> None:
    with HostileServer(fault, WHATEVER) as server:
        client = open_client(server.base_url, **options)
        error = await failure(client, write)
        assert isinstance(error, RequestTimeoutError)
        assert (error.seconds, error.attempts) == (0.25, 1)
        assert (len(server.heads), client.waits) == (1, [])


@writes
@pytest.mark.parametrize("fault", FAILED)
async def test_a_write_at_which_the_service_fails_is_not_sent_again(
    write: Question, fault: bytes, open_client: Open
) -> None:
    with HostileServer(fault, WHATEVER) as server:
        client = open_client(server.base_url)
        error = await failure(client, write)
        assert isinstance(error, ServerError)
        assert (error.attempts, error.gave_up) == (1, None)
        assert (len(server.heads), client.waits) == (1, [])


@writes
@pytest.mark.parametrize("fault", TURNED_AWAY)
async def test_a_write_that_was_turned_away_unread_is_sent_again(
    write: Question, fault: bytes, open_client: Open
) -> None:
    with HostileServer(fault, fault, WHATEVER) as server:
        client = open_client(server.base_url)
        await client.ask(write)
        assert (len(server.heads), len(client.waits)) == (3, 2)
        assert len(set(server.heads)) == 1
        if b"Retry-After" in fault:
            assert client.waits == [7, 7]


@pytest.mark.parametrize("question", [*WRITES, *READS])
async def test_a_write_that_could_not_connect_is_tried_again_like_everything_else(
    question: Question, open_client: Open
) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        client = open_client(f"http://127.0.0.1:{port}")
        error = await failure(client, question)
    assert error == TransportError(
        f"cannot connect to 127.0.0.1:{port}: Connection refused",
        "connect",
        attempts=4,
        gave_up="retries",
    )
    assert len(client.waits) == 3


@reads
@pytest.mark.parametrize("fault", [*BROKEN, *FAILED, *TURNED_AWAY])
async def test_what_changes_nothing_is_asked_again(
    read: Question, fault: Answer, open_client: Open
) -> None:
    with HostileServer(fault, WHATEVER) as server:
        client = open_client(server.base_url)
        await client.ask(read)
        assert (len(server.heads), len(client.waits)) == (2, 1)


@reads
@pytest.mark.parametrize(("fault", "options"), LATE)
async def test_what_changes_nothing_is_asked_again_after_a_timeout(
    read: Question, fault: Answer, options: dict[str, object], open_client: Open
) -> None:
    with HostileServer(fault, WHATEVER) as server:
        client = open_client(server.base_url, **options)
        await client.ask(read)
        assert (len(server.heads), len(client.waits)) == (2, 1)


WITH_BODY: list[tuple[str, Question]] = [
    (
        "POST /workspace/users",
        lambda publora: publora.managed_users.create("zoe@example.com", "Zoë"),
    ),
    (
        "POST /workspace/users/{id}/connection-url",
        lambda publora: publora.managed_users.connection_url(Sandbox().user_ids[0], rotate=True),
    ),
]


@pytest.mark.parametrize(("call", "write"), WITH_BODY, ids=["create", "url"])
@pytest.mark.parametrize("answer", ["reset", 500, 502, 503, 504])
async def test_a_body_that_may_have_arrived_is_not_sent_again(
    call: str, write: Question, answer: OutageAnswer, open_client: Open
) -> None:
    faults = Faults(outage_requests=(0, 1), outage_answer=answer)
    async with Sandbox(faults=faults) as sandbox:
        client = open_client(sandbox.base_url, api_key=sandbox.api_key)
        assert isinstance(await failure(client, write), APIStatusError | TransportError)
        assert (sandbox.requests, sandbox.faulted[call, "outage"], client.waits) == (1, 1, [])


@pytest.mark.parametrize(("call", "write"), WITH_BODY, ids=["create", "url"])
async def test_a_body_that_was_turned_away_unread_is_sent_again_whole(
    call: str, write: Question, open_client: Open
) -> None:
    faults = Faults(outage_requests=(0, 3), outage_answer=429, retry_after=9)
    async with Sandbox(faults=faults) as sandbox:
        client = open_client(sandbox.base_url, api_key=sandbox.api_key)
        await client.ask(write)
        assert sum(sandbox.answers[call, status] for status in (200, 201)) == 1
        assert (sandbox.requests, client.waits) == (4, [9, 9, 9])


@pytest.mark.parametrize("answer", ["reset", 500, 503])
async def test_attaching_a_user_is_safe_to_repeat_and_is_repeated(
    answer: OutageAnswer, open_client: Open
) -> None:
    async with Sandbox() as sandbox:
        user_id = sandbox.create_user("zoe@example.com", standing="standalone")
        token = sandbox.user_access_token(user_id)
        sandbox.fail_next(2, answer)
        client = open_client(sandbox.base_url, api_key=sandbox.api_key)
        attached = await client.ask(
            lambda publora: publora.managed_users.attach(user_access_token=token, user_id=user_id)
        )
        assert (attached.user.id, sandbox.requests, len(client.waits)) == (user_id, 3, 2)


async def test_the_last_refusal_is_raised_where_it_stays(open_client: Open) -> None:
    with HostileServer(reply({"error": "Slow down"}, status=429)) as server:
        client = open_client(server.base_url, max_retries=2)
        error = await failure(client, WRITES[0])
        assert error == RateLimitError(429, "Slow down", attempts=3, gave_up="retries")
        assert len(server.heads) == 3


@pytest.mark.parametrize(
    ("attempt", "retry_after", "time_left", "delay"),
    [
        (1, None, 9.0, 0.25),
        (3, None, 9.0, 1.0),
        (6, None, 9.0, 4.0),
        (7, None, 9.0, "retries"),
        (1, 0.1, 9.0, 0.25),
        (1, 7.0, 9.0, 7.0),
        (1, 9.0, 9.0, "deadline"),
        (1, 60.0, 99.0, 60.0),
        (1, 60.5, 99.0, "retry_after"),
    ],
)
def test_a_delay_is_drawn_asked_for_or_none_at_all(
    attempt: int, retry_after: float | None, time_left: float, delay: float | str
) -> None:
    policy = RetryPolicy(6, random=lambda: 0.5)
    assert policy.delay(attempt, retry_after=retry_after, time_left=time_left) == delay


@pytest.mark.parametrize(
    ("error", "gated", "price", "retries"),
    [
        (ServerError(503, "down"), False, 14, 35),
        (TransportError("broken"), False, 14, 35),
        (RateLimitError(429, "slow down"), False, 5, 100),
        (ServerError(503, "down"), True, 5, 100),
    ],
)
def test_a_budget_pays_for_so_many_retries_and_never_for_more_than_it_has(
    error: ServerError | TransportError,
    gated: bool,  # noqa: FBT001  # a table column
    price: int,
    retries: int,
) -> None:
    budget = RetryBudget()
    budget.earn(price)
    assert [budget.spend(error, gated=gated) for _ in range(retries + 1)] == [price] * retries + [0]
    for _ in range(price - 500 % price - 1):
        budget.earn(0)
    assert not budget.spend(error, gated=gated)
    budget.earn(0)
    assert budget.spend(error, gated=gated)
    budget.earn(price)
    assert [budget.spend(error, gated=gated), budget.spend(error, gated=gated)] == [price, 0]


def test_a_share_of_a_budget_is_all_that_one_of_several_processes_has() -> None:
    budget, error = RetryBudget(), RateLimitError(429, "slow down")
    budget.share(4)
    assert [budget.spend(error, gated=True) for _ in range(26)] == [5] * 25 + [0]
    budget.share(4)
    assert not budget.spend(error, gated=True)
    for _ in range(1000):
        budget.earn(0)
    assert [budget.spend(error, gated=True) for _ in range(26)] == [5] * 25 + [0]


@pytest.mark.parametrize(
    ("values", "seconds"),
    [
        ([], None),
        (["7"], 7.0),
        ([" 7 "], 7.0),
        (["7", "7"], None),
        (["-7"], None),
        (["7.5"], None),
        (["\u0667"], None),
        (["9" * 10], None),
        (["Thu, 08 Oct 2026 15:30:30 GMT"], 30.0),
        (["Thursday, 08-Oct-26 15:30:30 GMT"], 30.0),
        (["Thu Oct  8 15:30:30 2026"], 30.0),
        (["Thu, 08 Oct 2026 15:00:00 GMT"], 0.0),
        (["Thu, 08 Oct 2026 99:00:00 GMT"], None),
        (["Thu, 08 Oct 2026 15:30:30 +0200"], None),
    ],
)
def test_retry_after_is_whole_seconds_or_a_date_sent_once(
    values: list[str], seconds: float | None
) -> None:
    assert parse_retry_after(values, [], NOW) == seconds


@pytest.mark.parametrize(
    ("dates", "seconds"),
    [
        ([], 30.0),
        (["Thu, 08 Oct 2026 15:30:20 GMT"], 10.0),
        (["Thu Oct  8 15:28:30 2026"], 120.0),
        (["Thu, 08 Oct 2026 15:31:00 GMT"], 0.0),
        (["Thu, 08 Oct 2026 15:30:20 GMT"] * 2, 30.0),
        (["2026-10-08T15:30:20Z"], 30.0),
        (["Thu, 08 Oct 2026 99:30:20 GMT"], 30.0),
    ],
)
def test_a_date_to_come_back_at_counts_from_the_responses_own_date(
    dates: list[str], seconds: float
) -> None:
    assert parse_retry_after(["Thu, 08 Oct 2026 15:30:30 GMT"], dates, NOW) == seconds
    assert parse_retry_after(["7"], dates, NOW) == 7
