"""The live check of a connection, in both colours."""

from collections.abc import AsyncIterator, Iterator

import pytest
from colours import Client, Question
from hostile import HostileServer, reply

from publora_async import (
    AsyncPublora,
    BadRequestError,
    ConnectionTest,
    NotFoundError,
    PubloraError,
)
from publora_async.sandbox import Sandbox
from publora_sync import Publora


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(users=3) as sandbox:
        yield sandbox


@pytest.fixture(params=[AsyncPublora, Publora], ids=["async", "sync"])
async def client(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[Client]:
    client = Client(request.param(sandbox.api_key, base_url=sandbox.base_url))
    yield client
    await client.close()


async def failure(client: Client, question: Question) -> PubloraError:
    with pytest.raises(PubloraError) as caught:
        await client.ask(question)
    return caught.value


@pytest.mark.parametrize(
    ("platform", "index", "status", "message", "permissions"),
    [
        (
            "linkedin",
            *(0, "ok", "Connected as Juniper Lane Bakery"),
            ("openid", "profile", "w_member_social"),
        ),
        ("linkedin", 1, "error", "Request failed with status code 401", ()),
        ("youtube", 0, "error", "Request failed with status code 401", ()),
        ("bluesky", 0, "ok", "Connected as Juniper Lane Bakery", ("atproto",)),
        ("telegram", 0, "ok", "Bot can post to Juniper Lane Bakery", ("can_post_messages",)),
        ("telegram", 1, "error", "Invalid bot connection", ()),
        ("pinterest", 0, "error", "Unknown platform: pinterest", ()),
    ],
)
async def test_a_credential_that_does_not_work_is_a_result_and_no_error(
    platform: str,
    index: int,
    status: str,
    message: str,
    permissions: tuple[str, ...],
    client: Client,
) -> None:
    accounts = await client.ask(lambda publora: publora.connections.list())
    account = accounts.on(platform)[index]
    checked = await client.ask(lambda publora: publora.connections.test(account.platform_id))
    assert checked == ConnectionTest(
        platform_id=account.platform_id,
        status=status,
        platform=platform,
        username=account.username,
        message=message,
        permissions=permissions,
        token_expires_in=account.token_expires_in,
        last_successful_post=account.last_successful_post,
        last_error=account.last_error,
    )
    assert checked.ok is (status == "ok")


async def test_a_managed_users_connection_is_checked_for_that_user_only(
    client: Client, sandbox: Sandbox
) -> None:
    user_id = sandbox.user_ids[1]
    (account, *_) = await client.ask(lambda publora: publora.connections.list(user_id=user_id))

    def check(**options: object) -> Question:
        return lambda publora: publora.connections.test(account.platform_id, **options)

    assert (await client.ask(check(user_id=user_id))).platform_id == account.platform_id
    assert await failure(client, check()) == NotFoundError(404, "Connection not found")


@pytest.mark.parametrize(
    ("platform_id", "expected"),
    [
        ("nonsense", BadRequestError(400, "Invalid platformId format")),
        ("twitter-a?c#d", BadRequestError(400, "Invalid platformId format")),
        ("twitter-1", NotFoundError(404, "Connection not found")),
        ("bluesky-did:plc:abc", NotFoundError(404, "Connection not found")),
    ],
)
async def test_a_check_of_what_is_not_there_is_refused(
    platform_id: str, expected: PubloraError, client: Client
) -> None:
    error = await failure(client, lambda publora: publora.connections.test(platform_id))
    assert error == expected


async def test_a_status_that_is_not_known_yet_is_kept_and_not_ok(client: Client) -> None:
    answer = reply({"platformId": "twitter-1", "status": "paused"})
    with HostileServer(answer) as server:
        checked = await client.ask(
            lambda publora: publora.with_options(base_url=server.base_url).connections.test("a-1")
        )
    assert checked == ConnectionTest(platform_id="twitter-1", status="paused")
    assert checked.ok is False
