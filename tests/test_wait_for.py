"""The wait for an account to be connected, in both colours; no time passes in it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from colours import Client, Question
from hostile import HostileServer, reply, silence

from publora_async import (
    AsyncPublora,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    Connection,
    PermissionDeniedError,
    PubloraError,
    RequestTimeoutError,
    ResponseDecodeError,
)
from publora_async.sandbox import Faults, Sandbox
from publora_async.sandbox._faults import OutageAnswer
from publora_sync import Publora

LIST = "GET /platform-connections"
NOBODY = "0" * 24


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(users=3, now=datetime.now(UTC)) as sandbox:
        yield sandbox


@pytest.fixture(params=[AsyncPublora, Publora], ids=["async", "sync"])
async def client(
    request: pytest.FixtureRequest, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Client]:
    """Give a client for which no time passes but what it waits."""
    client = Client(request.param(sandbox.api_key, base_url=sandbox.base_url))
    await client.skip_waits(monkeypatch.setattr)
    yield client
    await client.close()


async def failure(client: Client, question: Question) -> PubloraError:
    with pytest.raises(PubloraError) as caught:
        await client.ask(question)
    return caught.value


def wait_for(platform: str, **options: object) -> Question:
    return lambda publora: publora.connections.wait_for(platform, **options)


def not_connected(platform: str, seconds: float, failure: str = "") -> RequestTimeoutError:
    remark = f"; the last look failed: {failure}" if failure else ""
    return RequestTimeoutError(
        f"no {platform} account was connected within {seconds:g} s{remark}",
        limit="timeout",
        seconds=seconds,
    )


async def test_a_new_account_is_waited_for(client: Client, sandbox: Sandbox) -> None:
    user_id = sandbox.user_ids[0]
    expected = sandbox.connect("bluesky", user_id=user_id, after_polls=2)
    found = await client.ask(wait_for("bluesky", user_id=user_id, timeout=60))
    assert (await client.ask(lambda p: p.connections.list(user_id=user_id))).get(expected) == found
    assert (client.waits, sandbox.answers[LIST, 200]) == ([5, 5], 4)


async def test_an_expired_account_counts_once_it_is_connected_again(
    client: Client, sandbox: Sandbox
) -> None:
    before = await client.ask(lambda publora: publora.connections.list())
    expired = before.on("linkedin").expired()[0]
    assert sandbox.connect("linkedin", after_polls=1) == expired.platform_id
    found = await client.ask(wait_for("linkedin", timeout=60, poll_interval=7.5))
    date = sandbox.now + timedelta(days=60)
    assert attrs.evolve(found, last_successful_post=None) == Connection(
        platform_id=expired.platform_id,
        username=expired.username,
        display_name=expired.display_name,
        profile_image_url=expired.profile_image_url,
        profile_url=expired.profile_url,
        access_token_expires_at=date.replace(microsecond=date.microsecond // 1000 * 1000),
        token_status="valid",
        token_expires_in="60d 0h",
    )
    assert client.waits == [7.5]


@pytest.mark.parametrize(
    ("timeout", "poll_interval", "looks"), [(10, 5, 3), (30, 2.5, 13), (5, 5, 2)]
)
async def test_accounts_that_worked_at_the_first_look_do_not_count(
    timeout: float,  # noqa: ASYNC109  # a column
    poll_interval: float,
    looks: int,
    client: Client,
    sandbox: Sandbox,
) -> None:
    sandbox.connect("twitter")
    question = wait_for("twitter", timeout=timeout, poll_interval=poll_interval)
    assert await failure(client, question) == not_connected("twitter", timeout)
    assert client.waits == [poll_interval] * (looks - 1)
    assert sandbox.requests == looks


@pytest.mark.parametrize(("timeout", "waits"), [(12, [5, 5, 2]), (3, [3])])
async def test_the_last_look_is_at_the_very_end(
    timeout: float,  # noqa: ASYNC109  # a column
    waits: list[float],
    client: Client,
    sandbox: Sandbox,
) -> None:
    user_id = sandbox.user_ids[0]
    expected = sandbox.connect("mastodon", user_id=user_id, after_polls=len(waits))
    found = await client.ask(wait_for("mastodon", user_id=user_id, timeout=timeout))
    assert (found.platform_id, client.waits) == (expected, waits)


async def test_a_service_that_does_not_answer_does_not_prolong_the_wait() -> None:
    with HostileServer(silence) as server:
        async with AsyncPublora("sk_test", base_url=server.base_url) as publora:
            with pytest.raises(RequestTimeoutError) as caught:
                # For a wait that would take the client's deadline of 120 seconds.
                await asyncio.wait_for(
                    wait_for("mastodon", timeout=0.1, poll_interval=0.1)(publora), 5
                )
        assert len(server.heads) == 1
    assert caught.value == not_connected("mastodon", 0.1, "it took too long")


async def test_an_account_of_another_platform_does_not_count(
    client: Client, sandbox: Sandbox
) -> None:
    user_id = sandbox.user_ids[0]
    sandbox.connect("threads", user_id=user_id, after_polls=1)
    question = wait_for("instagram", user_id=user_id, timeout=10)
    assert await failure(client, question) == not_connected("instagram", 10)


@pytest.mark.parametrize("answer", [500, 503, 429, "reset"])
@pytest.mark.parametrize("after", [0, 1])
async def test_a_burst_of_failures_is_waited_out(
    answer: OutageAnswer, after: int, client: Client, sandbox: Sandbox
) -> None:
    user_id = sandbox.user_ids[0]
    expected = sandbox.connect("mastodon", user_id=user_id, after_polls=1)
    # Six: all four attempts of one look, and two of the next.
    sandbox.faults = Faults(outage_requests=(after, 6), outage_answer=answer)
    found = await client.ask(wait_for("mastodon", user_id=user_id, timeout=60))
    assert found.platform_id == expected
    assert (sandbox.requests, sandbox.answers[LIST, 200]) == (8, 2)
    assert client.waits.count(5) == 2


async def test_a_service_that_stays_down_is_given_up_in_the_end(
    client: Client, sandbox: Sandbox
) -> None:
    sandbox.start_outage()
    error = await failure(client, wait_for("mastodon", timeout=60))
    failure_of_the_look = "HTTP 503: Service unavailable, after 4 attempts"
    assert error == not_connected("mastodon", 60, failure_of_the_look)


@pytest.mark.parametrize(
    ("key", "user_id", "expected"),
    [
        ("wrong", None, AuthenticationError(401, "Invalid API key")),
        (
            Sandbox.no_api_access_key,
            None,
            PermissionDeniedError(403, "API access is not enabled for this account"),
        ),
        (
            Sandbox.ordinary_key,
            NOBODY,
            PermissionDeniedError(403, "Workspace access is not enabled for this key"),
        ),
        (None, NOBODY, PermissionDeniedError(403, "User is not managed by key")),
        (None, "nobody", BadRequestError(400, "Invalid x-publora-user-id")),
    ],
)
async def test_a_refusal_that_waiting_does_not_mend_is_raised_at_once(
    key: str | None, user_id: str | None, expected: PubloraError, client: Client, sandbox: Sandbox
) -> None:
    question = wait_for("mastodon", user_id=user_id, timeout=60)
    error = await failure(
        client, lambda p: question(p.with_options(api_key=key or sandbox.api_key))
    )
    assert (error, sandbox.requests, client.waits) == (expected, 1, [])


async def test_a_key_that_is_revoked_ends_the_wait(client: Client, sandbox: Sandbox) -> None:
    sandbox.revoke_key(after=2)
    error = await failure(client, wait_for("mastodon", timeout=60))
    assert error == AuthenticationError(401, "Invalid API key")
    assert (sandbox.requests, client.waits) == (3, [5, 5])


async def test_an_answer_that_makes_no_sense_ends_the_wait(client: Client) -> None:
    with HostileServer(reply(b"<html>")) as server:
        question = wait_for("mastodon", timeout=60)
        error = await failure(
            client, lambda publora: question(publora.with_options(base_url=server.base_url))
        )
        assert (type(error), len(server.heads)) == (ResponseDecodeError, 1)


@pytest.mark.parametrize("name", ["timeout", "poll_interval"])
@pytest.mark.parametrize(
    ("value", "why"),
    [
        *((value, f"above 0 seconds and finite, not {value}") for value in (0, -1)),
        *((float(value), f"above 0 seconds and finite, not {value}") for value in ("nan", "inf")),
        *((value, f"a number of seconds, not {value!r}") for value in (True, "5", None)),
    ],
)
async def test_a_wait_of_no_sensible_length_is_refused_before_anything_is_asked(
    name: str, value: object, why: str, client: Client, sandbox: Sandbox
) -> None:
    options = {"timeout": 60, "poll_interval": 5} | {name: value}
    error = await failure(client, wait_for("mastodon", **options))
    assert error == ConfigurationError(f"{name} must be {why}")
    assert sandbox.requests == 0
