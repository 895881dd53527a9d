"""Errors as values: whole after every copy, and all there is to know about what failed."""

import asyncio
import copy
import json
import pickle
from collections.abc import Callable, Iterator
from functools import partial

import attrs
import pytest
from asking import ClientOf, Serve, failure, listing
from hostile import CUT, Answer, reply, silence, then_hang_up

from publora_async import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ClientStateError,
    ConfigurationError,
    ConflictError,
    NotFoundError,
    NotSentError,
    PermissionDeniedError,
    PubloraError,
    RateLimitError,
    RequestTimeoutError,
    ResponseDecodeError,
    ServerError,
    StateFileError,
    Timeouts,
    TransportError,
    UserFailed,
    UsersFailedError,
)

REFUSALS = [
    *(APIStatusError, BadRequestError, AuthenticationError, PermissionDeniedError),
    *(NotFoundError, ConflictError, RateLimitError, ServerError),
]
RESULTS = (UserFailed("u", NotFoundError(404, "Not Found")),)
ERRORS: list[PubloraError] = [
    PubloraError("what"),
    ConfigurationError("what"),
    ClientStateError("what"),
    TransportError("what", "body", 3, "retries"),
    NotSentError("what", "queue", 2, "gate"),
    RequestTimeoutError("what", "headers", 4, "deadline", limit="read", seconds=2.5),
    *(
        kind(418, "what", "code", 61.5, 2, "retry_after", "<html>", RESULTS, {"a": [1]})
        for kind in REFUSALS
    ),
    ResponseDecodeError("what", "connections[3].username", ("one", "two"), 2),
    StateFileError("broken"),
    UsersFailedError("what", [PubloraError("one"), NotSentError("two", "queue", 2, "gate")]),
]
EVERY_ERROR = pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
# A group's message and errors are read-only.
EVERY_CHANGEABLE_ERROR = pytest.mark.parametrize(
    "error",
    [error for error in ERRORS if not isinstance(error, UsersFailedError)],
    ids=lambda error: type(error).__name__,
)


def made_again(error: PubloraError) -> PubloraError:
    kind: Callable[..., PubloraError] = type(error)
    return kind(*error.args)


def pickled(error: PubloraError, protocol: int) -> PubloraError:
    twin: PubloraError = pickle.loads(pickle.dumps(error, protocol))
    return twin


COPIES: list[Callable[[PubloraError], PubloraError]] = [
    *(copy.copy, copy.deepcopy),
    *(partial(pickled, protocol=protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),
]


def assert_survives(error: PubloraError) -> None:
    """It is the same in every respect after each way of being copied."""
    for copied in COPIES:
        twin = copied(error)
        assert twin is not error
        assert (type(twin), vars(twin), str(twin), repr(twin)) == (
            *(type(error), vars(error), str(error), repr(error)),
        )
        assert (twin == error, twin != error, hash(twin)) == (True, False, hash(error))


def subclasses(kind: type[PubloraError]) -> Iterator[type[PubloraError]]:
    yield kind
    for inner in kind.__subclasses__():
        if inner.__module__.startswith("publora_"):
            yield from subclasses(inner)


def test_13_there_is_an_example_of_every_error_with_every_field_set() -> None:
    assert {type(error) for error in ERRORS} == set(subclasses(PubloraError))
    for error in ERRORS:
        for field in attrs.fields(type(error)):
            assert getattr(error, field.name) != field.default


@EVERY_ERROR
def test_13_every_error_pickles_copies_and_compares_with_all_its_fields(
    error: PubloraError,
) -> None:
    assert_survives(error)


@EVERY_CHANGEABLE_ERROR
def test_13_every_error_is_made_again_of_its_args_as_celery_does(error: PubloraError) -> None:
    changed = copy.copy(error)
    changed.message = "something else"
    for one in (error, changed):
        assert made_again(one) == one
    changed.args = error.args
    assert changed == error


@EVERY_CHANGEABLE_ERROR
def test_13_every_error_is_made_again_of_args_that_were_json_meanwhile(
    error: PubloraError,
) -> None:
    sent = copy.copy(error)
    if isinstance(sent, APIStatusError):
        sent.results = ()  # what was answered before is for no JSON
    kind: Callable[..., PubloraError] = type(sent)
    twin = kind(*json.loads(json.dumps(sent.args)))
    assert (twin, repr(twin)) == (sent, repr(sent))


@EVERY_CHANGEABLE_ERROR
def test_13_what_was_set_after_an_error_was_made_survives_too(error: PubloraError) -> None:
    changed = copy.copy(error)
    changed.message = "something else"
    changed.add_note("in the third batch")
    if isinstance(changed, TransportError | APIStatusError | ResponseDecodeError):
        changed.attempts = 7
    assert_survives(changed)
    assert changed != error


@EVERY_CHANGEABLE_ERROR
def test_13_errors_that_differ_in_one_field_or_in_kind_are_not_equal(error: PubloraError) -> None:
    class Another(type(error)):  # type: ignore[misc]  # each class in its turn
        pass

    names = [field.name for field in attrs.fields(type(error))]
    for name in names:
        changed = copy.copy(error)
        setattr(changed, name, "changed")
        assert changed != error
    assert Another(*(getattr(error, name) for name in names)) != error


REFUSED = {"error": "No", "code": "no_such"}
RAISED: dict[str, tuple[Answer, PubloraError, int]] = {
    "400": (reply(REFUSED, status=400), BadRequestError(400, "No", "no_such"), 1),
    "401": (reply(REFUSED, status=401), AuthenticationError(401, "No", "no_such"), 1),
    "403": (reply(REFUSED, status=403), PermissionDeniedError(403, "No", "no_such"), 1),
    "404": (reply(REFUSED, status=404), NotFoundError(404, "No", "no_such"), 1),
    "409": (reply(REFUSED, status=409), ConflictError(409, "No", "no_such"), 1),
    "418": (reply(b"", status=418), APIStatusError(418, "I'm a Teapot"), 1),
    "429": (
        reply(REFUSED, status=429, headers={"Retry-After": "3"}),
        RateLimitError(429, "No", "no_such", 3.0, 3, "retries"),
        3,
    ),
    "429, and a long wait": (
        reply(REFUSED, status=429, headers={"Retry-After": "99"}),
        RateLimitError(429, "No", "no_such", 99.0, 1, "retry_after"),
        1,
    ),
    "500": (
        reply(b"<html>", status=500),
        ServerError(500, "Internal Server Error", None, None, 3, "retries", "<html>"),
        3,
    ),
    "hang-up": (
        then_hang_up(),
        TransportError(
            "the connection broke before the response was whole", "headers", 3, "retries"
        ),
        3,
    ),
    "half": (
        then_hang_up(CUT),
        TransportError("the connection broke before the response was whole", "body", 3, "retries"),
        3,
    ),
    "silence": (
        silence,
        RequestTimeoutError(
            "the read of 0.1 s ran out while waiting for the response",
            *("headers", 3, "retries", "read", 0.1),
        ),
        3,
    ),
    "no list": (
        reply({"success": True}),
        ResponseDecodeError(
            "the response is not what Publora documents: "
            "connections: expected a list, found nothing",
            "connections",
            ("connections: expected a list, found nothing",),
        ),
        1,
    ),
}


@pytest.mark.parametrize("fault", RAISED)
async def test_13_what_is_raised_says_status_code_message_stage_and_attempts_and_survives(
    fault: str, serve: Serve, client_of: ClientOf
) -> None:
    answer, expected, requests = RAISED[fault]
    server = serve(answer)
    timeout = Timeouts(read=0.1 if fault == "silence" else None)
    error = await failure(client_of(server, max_retries=2, timeout=timeout))
    for _ in range(requests):
        await asyncio.to_thread(server.asked.acquire)
    assert error == expected
    assert made_again(error) == error
    assert isinstance(error, APIStatusError | TransportError | ResponseDecodeError)
    assert (error.method, error.request_path, error.user_id) == (
        "GET",
        "/platform-connections",
        None,
    )
    assert_survives(error)
    for field in attrs.fields(type(error)):
        if field.repr:
            assert f"{field.name}={getattr(error, field.name)!r}" in repr(error)
    assert len(server.heads) == requests


async def test_13_what_is_raised_tells_what_was_asked_for_and_equals_what_was_made_without(
    serve: Serve, client_of: ClientOf
) -> None:
    client = client_of(serve(reply(REFUSED, status=404)))
    error = await failure(
        client, lambda publora: publora.connections.test("bluesky-did:plc:1", user_id="u")
    )
    assert isinstance(error, NotFoundError)
    assert (error.method, error.request_path, error.user_id) == (
        *("POST", "/test-connection/bluesky-did%3Aplc%3A1", "u"),
    )
    assert error == NotFoundError(404, "No", "no_such")
    assert_survives(error)


async def test_13_what_a_fan_out_raises_survives_with_what_was_answered_before(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply(), reply(REFUSED, status=404), reply(REFUSED, status=401))
    users = ["a", "b", "c"]
    error = await failure(
        client_of(server),
        lambda publora: publora.connections.list_many(users, concurrency=1),
    )
    assert isinstance(error, AuthenticationError)
    assert [result.user_id for result in error.results] == ["a", "b"]
    assert_survives(error)
    assert len(server.heads) == 3


PAGE = b"<html>" + b"x" * 30_000
FRAMED = {
    "empty": b"Content-Length: 0\r\n\r\n",
    "of a length": b"Content-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE),
    "of a chunk": b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(PAGE), PAGE),
}


@pytest.mark.parametrize("framing", FRAMED)
@pytest.mark.parametrize("status", [302, 400, 401, 404, 429, 500, 503])
async def test_14_an_error_body_is_read_so_that_the_connection_is_used_again(
    status: int, framing: str, serve: Serve, client_of: ClientOf
) -> None:
    refusal = b"HTTP/1.1 %d Whatever\r\n%s" % (status, FRAMED[framing])
    server = serve(refusal, refusal, reply())
    client = client_of(server)
    if status in {429, 500, 503}:
        await client.ask(listing)
        assert len(client.waits) == 2
    else:
        for _ in range(2):
            await failure(client)
        await client.ask(listing)
    assert (len(server.heads), server.connections) == (3, 1)
