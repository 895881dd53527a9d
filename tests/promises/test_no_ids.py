"""What is no user id is a mistake in the program, never a question about the key's own account."""

from typing import Any

import pytest
from asking import ClientOf, Serve
from hostile import Held, HostileServer, reply, user_asked_about
from ways import WAYS, Way

from publora_async import (
    ConfigurationError,
    ConnectionList,
    ManagedUser,
    UserConnections,
    UserSucceeded,
)

NO_IDS: list[tuple[Any, str]] = [
    (None, "NoneType"),
    (5, "int"),
    (b"u", "bytes"),
    ({"_id": "u"}, "dict"),
    (UserSucceeded("u", ConnectionList()), "UserSucceeded"),
]
every_way = pytest.mark.parametrize("way", WAYS, ids=str)


def own(connection: Any) -> None:  # noqa: ANN401  # a socket
    user_id = user_asked_about()
    connection.sendall(
        reply({"success": True, "connections": [{"platformId": f"twitter-{user_id}"}]})
    )


def asked_for_nobody(server: HostileServer) -> list[bytes]:
    return [head for head in server.heads if b"x-publora-user-id" not in head]


@every_way
@pytest.mark.parametrize(("no_id", "kind"), NO_IDS)
async def test_33a_what_is_no_id_is_raised_at_once_and_never_asked_about(
    no_id: Any,  # noqa: ANN401  # none of them fits
    kind: str,
    way: Way,
    serve: Serve,
    client_of: ClientOf,
) -> None:
    server = serve(own)
    seen: list[UserConnections] = []
    with pytest.raises(ConfigurationError) as raised:
        await client_of(server).ask(way.ask(["a", no_id, "b"], seen))
    assert raised.value.message == f"user_ids must hold user ids or ManagedUsers, not {kind}"
    assert asked_for_nobody(server) == []


async def test_33a_what_was_answered_before_is_its_results(
    serve: Serve, client_of: ClientOf
) -> None:
    held = Held()
    server = serve(own, own, own, held)
    ids = ["a", "b", "c", None, "d"]
    with pytest.raises(ConfigurationError) as raised:
        await client_of(server).ask(
            lambda publora: publora.connections.list_many(ids, concurrency=1)
        )
    answers = [one for one in raised.value.results if isinstance(one, UserConnections)]
    assert [(answer.user_id, answer.unwrap().platform_ids) for answer in answers] == [
        (one, [f"twitter-{one}"]) for one in "abc"
    ]
    assert len(server.heads) == 3


@every_way
async def test_33a_a_managed_user_is_asked_about_by_its_id(
    way: Way, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(own)
    seen: list[UserConnections] = []
    users: list[Any] = [ManagedUser(id="a"), "b", ManagedUser(id="c")]
    await client_of(server).ask(way.ask(users, seen))
    assert sorted((answer.user_id, *answer.unwrap().platform_ids) for answer in seen) == [
        (one, f"twitter-{one}") for one in "abc"
    ]
    assert asked_for_nobody(server) == []
