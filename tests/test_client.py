"""The clients of both colours: settings, sharing, lifetime, what they refuse."""

from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace

import aiohttp
import pytest
from aioresponses import aioresponses
from conftest import KEY, Ask
from hostile import HostileServer, reply

from publora_async import (
    AsyncPublora,
    AuthenticationError,
    BadRequestError,
    ClientStateError,
    ConfigurationError,
    Connection,
    ConnectionList,
    PermissionDeniedError,
    PermissionReason,
)
from publora_async.sandbox import Sandbox
from publora_sync import Publora

ONE = {"success": True, "connections": [{"platformId": "twitter-1"}]}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(users=3) as sandbox:
        yield sandbox


async def test_the_accounts_connections_come_back_as_records(ask: Ask, sandbox: Sandbox) -> None:
    accounts = await ask(sandbox.base_url, api_key=sandbox.api_key)
    assert accounts.on("telegram")[0].platform_id.startswith("telegram--100")
    assert {"pinterest", "twitter"} < set(accounts.by_platform())


async def test_a_managed_user_has_connections_of_its_own(ask: Ask, sandbox: Sandbox) -> None:
    ours = await ask(sandbox.base_url, api_key=sandbox.api_key)
    theirs = [
        await ask(sandbox.base_url, user_id, api_key=sandbox.api_key)
        for user_id in sandbox.user_ids
    ]
    ids = [platform_id for some in (ours, *theirs) for platform_id in some.platform_ids]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("key", "user", "kind", "words", "reason"),
    [
        ("api_key", "nobody", BadRequestError, "HTTP 400: Invalid x-publora-user-id", None),
        ("wrong", None, AuthenticationError, "HTTP 401: Invalid API key", None),
        ("ownerless_key", None, AuthenticationError, "HTTP 401: Invalid API key owner", None),
        (
            "no_api_access_key",
            None,
            PermissionDeniedError,
            "HTTP 403: API access is not enabled for this account",
            PermissionReason.API_ACCESS,
        ),
        (
            "ordinary_key",
            "6626a1f5e4b0c91a2d3f4567",
            PermissionDeniedError,
            "HTTP 403: Workspace access is not enabled for this key",
            PermissionReason.WORKSPACE_ACCESS,
        ),
        (
            "api_key",
            "6626a1f5e4b0c91a2d3f4567",
            PermissionDeniedError,
            "HTTP 403: User is not managed by key",
            PermissionReason.NOT_MANAGED,
        ),
    ],
)
async def test_each_documented_refusal_raises_its_class_with_the_services_words(
    key: str,
    user: str | None,
    kind: type[Exception],
    words: str,
    reason: PermissionReason | None,
    ask: Ask,
    sandbox: Sandbox,
) -> None:
    with pytest.raises(kind) as caught:
        await ask(sandbox.base_url, user, api_key=getattr(sandbox, key, "sk_wrong"))
    assert type(caught.value) is kind
    assert str(caught.value).startswith(words)
    assert getattr(caught.value, "reason", None) is reason


async def test_the_environment_is_read_when_a_client_is_made(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    monkeypatch.setenv("PUBLORA_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("PUBLORA_API_KEY", sandbox.api_key)
    async with AsyncPublora() as publora:
        monkeypatch.delenv("PUBLORA_API_KEY")
        monkeypatch.setenv("PUBLORA_BASE_URL", "https://elsewhere.example")
        assert repr(publora) == f"<AsyncPublora {sandbox.base_url}>"
        assert await publora.connections.list()


async def test_a_derived_client_has_other_settings_over_the_same_connections() -> None:
    with HostileServer(reply(ONE)) as server:
        async with AsyncPublora("first", base_url=server.base_url) as publora:
            await publora.connections.list()
            async with publora.with_options(api_key="second") as derived:
                await derived.connections.list()
            assert await publora.connections.list() == ConnectionList(
                [Connection(platform_id="twitter-1")]
            )
    keys = [line for head in server.heads for line in head.split(b"\r\n") if b"-key" in line]
    assert keys == [b"x-publora-key: first", b"x-publora-key: second", b"x-publora-key: first"]
    assert server.connections == 1


@pytest.mark.parametrize("colour", [AsyncPublora, Publora])
@pytest.mark.parametrize(
    "change",
    [{"api_key": ""}, {"base_url": "http://evil.example"}, {"timeout": 0}, {"deadline": -1}],
)
async def test_a_derived_client_is_checked_as_the_first_is(
    change: dict[str, object], colour: type[AsyncPublora | Publora]
) -> None:
    publora = colour(KEY)
    with pytest.raises(ConfigurationError):
        publora.with_options(**change)  # type: ignore[arg-type]  # a table of wrong ones


@pytest.mark.parametrize("colour", [AsyncPublora, Publora])
async def test_a_client_says_whether_it_is_closed_and_one_derived_of_it_too(
    colour: type[AsyncPublora | Publora],
) -> None:
    publora = colour(KEY)
    derived = publora.with_options(deadline=5)
    assert (publora.closed, derived.closed) == (False, False)
    await _awaited(derived.close)
    assert (publora.closed, derived.closed) == (False, False)
    await _awaited(publora.close)
    assert (publora.closed, derived.closed) == (True, True)


async def _awaited(call: Callable[[], object]) -> None:
    """Call a method of either colour."""
    answer = call()
    if isinstance(answer, Awaitable):
        await answer


async def test_a_borrowed_session_that_is_closed_or_none_at_all_is_named() -> None:
    session = aiohttp.ClientSession()
    await session.close()
    with pytest.raises(ClientStateError, match="borrowed session is closed"):
        await AsyncPublora(KEY, session=session).connections.list()
    with pytest.raises(ConfigurationError, match=r"aiohttp\.ClientSession, not str"):
        AsyncPublora(KEY, session="session")  # type: ignore[arg-type]


class ResponseWithWriter(aiohttp.ClientResponse):
    """What aioresponses needs: aiohttp 3.14 insists on a stream writer that it does not give."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("stream_writer", SimpleNamespace(output_size=0))
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]


async def test_users_can_test_their_own_code_with_aioresponses() -> None:
    with aioresponses() as mocked:
        mocked.get(
            "https://api.publora.com/api/v1/platform-connections",
            payload=ONE,
            response_class=ResponseWithWriter,
        )
        async with AsyncPublora(KEY) as publora:
            assert (await publora.connections.list()).platform_ids == ["twitter-1"]
