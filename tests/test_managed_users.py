"""The resource ``managed_users`` in both colours, against the sandbox."""

import copy
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from asking import not_as_documented
from colours import Client, Question
from hostile import HostileServer, reply

from publora_async import (
    APIStatusError,
    AsyncPublora,
    AttachedUser,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    ConnectionLink,
    ConnectionList,
    ManagedUser,
    NotFoundError,
    PermissionDeniedError,
    PermissionReason,
    ResponseDecodeError,
)
from publora_async.sandbox import Sandbox
from publora_sync import Publora

NOBODY = "0" * 24


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(users=3, now=datetime(2026, 10, 1, tzinfo=UTC)) as sandbox:
        yield sandbox


@pytest.fixture(params=[AsyncPublora, Publora], ids=["async", "sync"])
async def client(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[Client]:
    client = Client(request.param(sandbox.api_key, base_url=sandbox.base_url))
    yield client
    await client.close()


async def refused(client: Client, question: Question) -> APIStatusError:
    with pytest.raises(APIStatusError) as caught:
        await client.ask(question)
    return caught.value


async def test_the_users_come_in_the_services_order(client: Client, sandbox: Sandbox) -> None:
    users = await client.ask(lambda publora: publora.managed_users.list())
    assert [type(user) for user in users] == [ManagedUser] * 3
    assert [user.id for user in users] == list(sandbox.user_ids)
    assert {user.role for user in users} == {"managed"}
    assert {user.extra == {} for user in users} == {True}


@pytest.mark.parametrize(("given", "named"), [("Zoë", "Zoë"), (None, "zoe@example.com")])
async def test_a_user_that_was_made_is_listed_and_has_nothing_connected(
    given: str | None, named: str, client: Client
) -> None:
    made = await client.ask(lambda publora: publora.managed_users.create("zoe@example.com", given))
    listed = await client.ask(lambda publora: publora.managed_users.list())
    theirs = await client.ask(lambda publora: publora.connections.list(user_id=made.id))
    assert (made, theirs) == (listed[3], ConnectionList())
    assert attrs.evolve(made, id="", daily_posts_left=None) == ManagedUser(
        id="", email="zoe@example.com", display_name=named, role="managed"
    )


async def test_an_email_that_is_taken_is_a_conflict(client: Client, sandbox: Sandbox) -> None:
    (first, *_) = await client.ask(lambda publora: publora.managed_users.list())
    error = await refused(client, lambda publora: publora.managed_users.create(first.email))
    details = {
        "userId": first.id,
        "reason": "already_in_workspace",
        "attachable": False,
        "requiresConsent": False,
        "alreadyInWorkspace": True,
        "managedByAnotherWorkspace": False,
    }
    assert error == ConflictError(
        409, "User with this email already exists", "email_exists", details=details
    )
    assert sandbox.answers["POST /workspace/users", 409] == 1


async def test_a_malformed_email_is_the_services_to_refuse(client: Client) -> None:
    error = await refused(client, lambda publora: publora.managed_users.create("zoe"))
    assert error == BadRequestError(400, "Invalid email")


async def test_a_detached_user_is_gone_and_the_others_stay(
    client: Client, sandbox: Sandbox
) -> None:
    first, second, third = sandbox.user_ids
    assert await client.ask(lambda publora: publora.managed_users.detach(second)) is None
    left = await client.ask(lambda publora: publora.managed_users.list())
    assert [user.id for user in left] == [first, third]
    error = await refused(client, lambda publora: publora.connections.list(user_id=second))
    assert isinstance(error, PermissionDeniedError)
    assert error.reason is PermissionReason.NOT_MANAGED


@pytest.mark.parametrize("by", ["email", "user_id", "both"])
async def test_a_user_with_an_account_is_attached_by_consent_and_again_without_harm(
    by: str, client: Client, sandbox: Sandbox
) -> None:
    user_id = sandbox.create_user("zoe@example.com", "Zoë", standing="standalone")
    token = sandbox.user_access_token(user_id)
    whom = {"email": "zoe@example.com", "user_id": user_id}
    if by != "both":
        whom = {by: whom[by]}
    for already in (False, True):
        attached = await client.ask(
            lambda publora: publora.managed_users.attach(user_access_token=token, **whom)
        )
        listed = await client.ask(lambda publora: publora.managed_users.list())
        assert attached == AttachedUser(user=listed[3], already_in_workspace=already)
    assert (listed[3].id, listed[3].email) == (user_id, "zoe@example.com")


async def test_what_a_conflict_tells_is_enough_to_attach_the_user(
    client: Client, sandbox: Sandbox
) -> None:
    sandbox.create_user("zoe@example.com", standing="standalone")
    conflict = await refused(
        client, lambda publora: publora.managed_users.create("zoe@example.com")
    )
    assert conflict.details["attachable"] is True
    user_id = conflict.details["userId"]
    assert isinstance(user_id, str)
    token = sandbox.user_access_token(user_id)
    attached = await client.ask(
        lambda publora: publora.managed_users.attach(user_access_token=token, user_id=user_id)
    )
    assert attached.user.id == user_id


@pytest.mark.parametrize(
    ("token", "kind", "code"),
    [
        ("made-up", PermissionDeniedError, "invalid_attach_consent"),
        ("another's", PermissionDeniedError, "attach_consent_mismatch"),
    ],
)
async def test_a_refusal_to_attach_has_a_code_and_says_nothing_of_the_key(
    token: str, kind: type[APIStatusError], code: str, client: Client, sandbox: Sandbox
) -> None:
    user_id = sandbox.create_user("zoe@example.com", standing="standalone")
    if token == "another's":
        token = sandbox.user_access_token(sandbox.user_ids[0])
    error = await refused(
        client,
        lambda publora: publora.managed_users.attach(user_access_token=token, user_id=user_id),
    )
    assert (type(error), error.code) == (kind, code)
    assert isinstance(error, PermissionDeniedError)
    assert not error.refuses_key


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"user_access_token": "t"}, "say whom to attach: give email or user_id"),
        ({"user_access_token": "t", "email": " "}, "email must be text, and not blank"),
        ({"user_access_token": "t", "user_id": 5}, "user_id must be text, not int"),
        ({"user_access_token": b"t", "user_id": "u"}, "user_access_token must be text, not bytes"),
        (
            {"user_access_token": None, "user_id": "u"},
            "user_access_token must be 1 to 4096 characters long, not 0",
        ),
        (
            {"user_access_token": "t" * 4097, "user_id": "u"},
            "user_access_token must be 1 to 4096 characters long, not 4097",
        ),
    ],
)
async def test_what_cannot_be_attached_is_not_asked_for(
    arguments: dict[str, object], message: str, client: Client, sandbox: Sandbox
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        await client.ask(lambda publora: publora.managed_users.attach(**arguments))
    assert (raised.value.message, sandbox.requests) == (message, 0)


async def test_a_link_stays_until_it_is_rotated(client: Client, sandbox: Sandbox) -> None:
    user = await client.ask(lambda publora: publora.managed_users.create("zoe@example.com"))

    async def link(**options: object) -> ConnectionLink:
        made: ConnectionLink = await client.ask(
            lambda publora: publora.managed_users.connection_url(user.id, **options)
        )
        return made

    first = await link()
    assert await link(expires_in_days=7) == first
    rotated = await link(expires_in_days=7, rotate=True)
    assert await link() == rotated
    assert first.url != rotated.url
    assert (first.token_expires_at, rotated.token_expires_at) == (
        sandbox.now + timedelta(days=90),
        sandbox.now + timedelta(days=7),
    )
    listed = (await client.ask(lambda publora: publora.managed_users.list()))[3]
    assert (listed.connections_page_url, listed.connections_page_token_expires_at) == (
        rotated.url,
        rotated.token_expires_at,
    )


async def test_a_link_may_last_for_decades(client: Client, sandbox: Sandbox) -> None:
    user_id = sandbox.user_ids[0]
    link = await client.ask(
        lambda publora: publora.managed_users.connection_url(
            user_id, expires_in_days=20_000, rotate=True
        )
    )
    assert link.token_expires_at == sandbox.now + timedelta(days=20_000)


async def test_a_users_own_key_lists_what_the_workspace_key_lists_for_the_user(
    client: Client, sandbox: Sandbox
) -> None:
    user_id = sandbox.user_ids[1]
    key = await client.ask(lambda publora: publora.managed_users.create_api_key(user_id))
    theirs = await client.ask(lambda publora: publora.connections.list(user_id=user_id))
    async with AsyncPublora(key.api_key, base_url=sandbox.base_url) as own:
        assert await own.connections.list() == theirs
    assert theirs
    assert (key.user_id, key.extra) == (user_id, {})
    assert key.message == "API key created. Store it now: it is not shown again."


async def test_a_users_own_key_is_shown_nowhere_but_where_it_is_asked_for(
    client: Client, sandbox: Sandbox
) -> None:
    user_id = sandbox.user_ids[0]
    key = await client.ask(lambda publora: publora.managed_users.create_api_key(user_id))
    assert str(key.api_key).startswith("sk_")
    assert str(key) == repr(key)
    assert repr(key).startswith(f"ManagedUserKey(api_key=***, user_id='{user_id}', ")
    assert key.api_key not in repr(key)
    copies: list[Callable[[object], object]] = [pickle.dumps, copy.deepcopy]
    for make in copies:
        with pytest.raises(TypeError, match="neither pickled nor copied"):
            make(key)


ABOUT_A_USER: list[Question] = [
    lambda publora: publora.managed_users.detach(NOBODY),
    lambda publora: publora.managed_users.connection_url(NOBODY),
    lambda publora: publora.managed_users.create_api_key(NOBODY),
]
ALL: list[Question] = [
    lambda publora: publora.managed_users.list(),
    lambda publora: publora.managed_users.create("zoe@example.com"),
    lambda publora: publora.managed_users.attach(user_access_token="made-up", user_id=NOBODY),
    *ABOUT_A_USER,
]


@pytest.mark.parametrize("question", ABOUT_A_USER)
async def test_a_user_that_is_not_managed_is_not_found(question: Question, client: Client) -> None:
    error = await refused(client, question)
    assert error == NotFoundError(404, "User not found or not managed by this key")


@pytest.mark.parametrize("question", ALL)
async def test_an_ordinary_key_is_refused_with_the_reason(
    question: Question, client: Client, sandbox: Sandbox
) -> None:
    error = await refused(
        client, lambda publora: question(publora.with_options(api_key=sandbox.ordinary_key))
    )
    assert error == PermissionDeniedError(403, "Workspace access is not enabled for this key")
    assert isinstance(error, PermissionDeniedError)
    assert (error.reason, error.refuses_key) == (PermissionReason.WORKSPACE_ACCESS, True)


@pytest.mark.parametrize("question", ALL)
async def test_a_wrong_key_is_refused(question: Question, client: Client) -> None:
    error = await refused(client, lambda publora: question(publora.with_options(api_key="wrong")))
    assert error == AuthenticationError(401, "Invalid API key")


async def test_the_users_of_a_large_agency_are_listed(client: Client) -> None:
    user = {
        "_id": "6626a1f5e4b0c91a2d3f4567",
        "username": "a@example.com",
        "displayName": "x" * 150,
    }
    with HostileServer(reply({"users": [user] * 30_000})) as server:
        assert len(reply({"users": [user] * 30_000})) > 4 * 1024 * 1024
        users = await client.ask(
            lambda publora: publora.with_options(base_url=server.base_url).managed_users.list()
        )
    assert len(users) == 30_000


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (reply(b" " * (64 * 1024 * 1024 + 1)), "the response is over 67108864 bytes long"),
        (
            reply(b'{"users": [%s]}' % b",".join([b"0"] * 250_001)),
            not_as_documented("users: expected at most 250000 items, found 250001").message,
        ),
    ],
    ids=["too long", "too many"],
)
async def test_more_users_than_that_are_an_error(
    answer: bytes, message: str, client: Client
) -> None:
    with HostileServer(answer) as server, pytest.raises(ResponseDecodeError) as raised:
        await client.ask(
            lambda publora: publora.with_options(base_url=server.base_url).managed_users.list()
        )
    assert raised.value.message == message
