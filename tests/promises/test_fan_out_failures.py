"""One user's failure in a fan-out, and a refusal of the key, which is everybody's."""

import asyncio
import gzip
import socket
from operator import attrgetter, itemgetter
from typing import Any

import pytest
from asking import ClientOf, Serve, failure
from crowd import Asked, Crowd, all_answered, all_left, answers, ids_of, other_tasks, reply_for
from hostile import CUT, Answer, reply, then_hang_up, then_reset, user_asked_about
from ways import ITER_WAYS, SIZE, WAYS, Way

from publora_async import (
    APIStatusError,
    AsyncPublora,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    PubloraError,
    RateLimitError,
    RequestTimeoutError,
    ResponseDecodeError,
    ServerError,
    TransportError,
    UserConnections,
    UserFailed,
    UsersFailedError,
)

by_id = attrgetter("user_id")
every_way = pytest.mark.parametrize("way", WAYS, ids=str)

CHECK_BASE_URL = "check that base_url points at Publora's API and no proxy answers in its place"
MISSHAPEN = "connections: expected a list, found a number"
BROKEN = "the connection broke before the response was whole"
FAILURES: dict[str, tuple[Answer, PubloraError]] = {
    "malformed": (
        reply({"error": "Invalid x-publora-user-id"}, status=400),
        BadRequestError(400, "Invalid x-publora-user-id"),
    ),
    "another-s": (
        reply({"error": "User is not managed by key"}, status=403),
        PermissionDeniedError(403, "User is not managed by key"),
    ),
    "forbidden": (reply({}, status=403), PermissionDeniedError(403, "Forbidden")),
    "unknown": (reply({}, status=404), NotFoundError(404, "Not Found")),
    "in-conflict": (reply({}, status=409), ConflictError(409, "Conflict")),
    "limited": (
        reply({}, status=429, headers={"Retry-After": "0"}),
        RateLimitError(429, "Too Many Requests", retry_after=0, gave_up="retries"),
    ),
    "moved": (
        reply({}, status=302),
        APIStatusError(302, "Found"),
    ),
    "failing": (
        reply({}, status=500),
        ServerError(500, "Internal Server Error", gave_up="retries"),
    ),
    "hung-up-on": (then_hang_up(), TransportError(BROKEN, "headers", gave_up="retries")),
    "reset": (then_reset(), TransportError(BROKEN, "headers", gave_up="retries")),
    "cut": (then_hang_up(CUT), TransportError(BROKEN, "body", gave_up="retries")),
    "garbled": (
        then_hang_up(b"garbage\r\n\r\n"),
        TransportError("what answered does not speak HTTP: check base_url", "headers"),
    ),
    "paged": (
        reply(b"<html>"),
        ResponseDecodeError(f"the response is not JSON (6 bytes): {CHECK_BASE_URL}"),
    ),
    "misshapen": (
        reply({"success": True, "connections": 5}),
        ResponseDecodeError(
            f"the response is not what Publora documents: {MISSHAPEN}", "connections", (MISSHAPEN,)
        ),
    ),
    "bombed": (
        reply(gzip.compress(bytes(5_000_000)), headers={"Content-Encoding": "gzip"}),
        ResponseDecodeError("the response is over 4194304 bytes long"),
    ),
    "not sendable": (
        b"",
        ConfigurationError(
            "user_id may hold only printable ASCII characters without blanks; "
            "character 4 of 12 is something else"
        ),
    ),
}


@every_way
async def test_33_one_users_failure_is_that_users_result(
    way: Way, serve: Serve, client_of: ClientOf
) -> None:
    def answer(connection: socket.socket) -> None:
        user_id = user_asked_about()
        failure = FAILURES[user_id][0] if user_id in FAILURES else reply_for(user_id)
        if isinstance(failure, bytes):
            connection.sendall(failure)
        else:
            failure(connection)

    good = ids_of(len(FAILURES))
    due = answers(good) + [UserFailed(user_id, error) for user_id, (_, error) in FAILURES.items()]
    seen: list[UserConnections] = []
    server = serve(answer)
    ids = [one for pair in zip(good, FAILURES, strict=True) for one in pair]
    await client_of(server, max_retries=0).ask(way.ask(ids, seen))
    if way.keeps_order:
        assert [answer.user_id for answer in seen] == ids
    assert sorted(seen, key=by_id) == sorted(due, key=by_id)
    assert len(server.heads) == len(ids) - 1  # all but what cannot be sent


async def test_33b_where_the_service_is_down_nothing_reads_like_all_is_well(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply({}, status=503))
    client = client_of(server, max_retries=0)
    whole = await client.ask(lambda publora: publora.connections.list_many(["a", "b", "c"]))
    selections = [
        *(whole, whole[:], whole.failed),
        *(whole.expired(), whole.expiring(), whole.healthy(), whole.needs_attention()),
    ]
    why = "3 failed: 3 x HTTP 503: Service Unavailable"
    for chosen in selections:
        assert chosen
        assert [answer.user_id for answer in chosen.failed] == ["a", "b", "c"]
        assert why in repr(chosen)
        assert "3 of 3 users failed: HTTP 503" in chosen._repr_html_()
        assert [(row["user_id"], row["error"]) for row in chosen.to_records()] == [
            (user_id, "HTTP 503: Service Unavailable") for user_id in "abc"
        ]
        with pytest.raises(UsersFailedError, match=r"^3 of 3 users failed"):
            chosen.raise_for_errors()


async def test_33_one_users_timeout_is_that_users_result(serve: Serve, client_of: ClientOf) -> None:
    def answer(connection: socket.socket) -> None:
        if user_asked_about() != "user-0001":
            connection.sendall(reply_for(user_asked_about()))

    ids, seen = ids_of(5 * SIZE), list[UserConnections]()
    server = serve(answer)
    await client_of(server, max_retries=0, timeout=1).ask(Way("list_many").ask(ids, seen))
    error = RequestTimeoutError(
        "the timeout of 1 s ran out while waiting for the response",
        "headers",
        gave_up="retries",
        limit="timeout",
        seconds=1,
    )
    due = answers(ids)
    due[1] = UserFailed("user-0001", error)
    assert seen == due
    assert len(server.heads) == len(ids)


REFUSALS_OF_THE_KEY = [
    AuthenticationError(401, "Invalid API key"),
    PermissionDeniedError(403, "API access is not enabled for this account"),
    PermissionDeniedError(403, "Workspace access is not enabled for this key"),
]


@pytest.mark.parametrize("refusal", REFUSALS_OF_THE_KEY, ids=lambda refusal: refusal.message)
@every_way
async def test_33_a_refusal_of_the_key_stops_everything_and_is_raised_with_what_was_answered(
    way: Way, refusal: APIStatusError, serve: Serve, client_of: ClientOf
) -> None:
    def one_refused(asked: list[Asked]) -> None:
        connection, _ = asked[-1]
        connection.sendall(reply({"error": refusal.message}, status=refusal.status))

    seen: list[UserConnections] = []
    server = serve(Crowd(SIZE, all_answered, one_refused))
    client = client_of(server)
    tasks = await client.on_loop(other_tasks)
    error = await failure(client, way.ask(ids_of(100), seen))
    assert isinstance(error, type(refusal))
    assert sorted([*seen, *error.results], key=by_id) == answers(ids_of(SIZE))
    assert bool(seen) == (way.method == "iter_many")
    error.results = ()
    assert error == refusal
    assert await all_left(client, server, tasks) == 2 * SIZE


@pytest.mark.parametrize("refusal", REFUSALS_OF_THE_KEY, ids=lambda refusal: refusal.message)
@pytest.mark.parametrize("way", [way for way in ITER_WAYS if not way.stream], ids=str)
async def test_33_a_refusal_of_the_key_stops_what_is_under_way_while_the_consumer_is_busy(
    way: Way, refusal: APIStatusError, serve: Serve, client_of: ClientOf
) -> None:
    def first_answered(asked: list[Asked]) -> None:
        refused, (connection, user_id) = sorted(asked, key=itemgetter(1))[1::-1]
        waiting.append(refused)
        connection.sendall(reply_for(user_id))

    def work() -> bool:
        connection, _ = waiting.pop()
        connection.sendall(reply({"error": refusal.message}, status=refusal.status))
        return all(server.left.acquire(timeout=5) for _ in range(SIZE - 2))

    async def ask_async(publora: AsyncPublora) -> None:
        found = way.iterate(publora, ids_of(100))
        assert await anext(found) == answers(ids_of(1))[0]
        assert await asyncio.to_thread(work), "a socket is still open"
        await anext(found)

    def ask(publora: Any) -> Any:  # noqa: ANN401  # either colour
        if isinstance(publora, AsyncPublora):
            return ask_async(publora)
        found = way.iterate(publora, ids_of(100))
        assert next(found) == answers(ids_of(1))[0]
        assert work(), "a socket is still open"
        return next(found)

    waiting: list[Asked] = []
    server = serve(Crowd(SIZE, first_answered))
    assert await failure(client_of(server), ask) == refusal
    assert len(server.heads) == SIZE
