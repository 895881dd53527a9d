"""The fixture for users' own tests."""

from publora_async import AsyncPublora
from publora_async.sandbox import Sandbox
from publora_sync import Publora


def test_a_client_without_arguments_asks_the_fixtures_sandbox(publora_sandbox: Sandbox) -> None:
    with Publora() as publora:
        assert len(publora.connections.list()) == 15
    assert publora_sandbox.requests == 1


async def test_the_fixture_serves_async_tests_too(publora_sandbox: Sandbox) -> None:
    async with AsyncPublora() as publora:
        user_ids = publora_sandbox.user_ids
        answers = await publora.connections.list_many(user_ids)
    assert [answer.user_id for answer in answers] == list(user_ids)
