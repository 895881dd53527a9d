"""What an error says: where a response is wrong, never what stands there, and what was asked."""

import pytest
from asking import ClientOf, Serve, failure, listing, listing_for
from colours import Question
from conftest import KEY
from hostile import CUT, Answer, reply, then_hang_up
from leftovers import everything_shown

from publora_async import (
    APIStatusError,
    ConflictError,
    NotFoundError,
    ResponseDecodeError,
)

SECRETS = {"swordfish": ["swordfish", {"swordfish": "swordfish"}], "password": "swordfish"}
OF_A_LIST: list[tuple[list[object], list[str]]] = [
    (
        [{"platformId": "a-1"}, "swordfish", {"platformId": "a-2", "username": SECRETS}],
        [
            "connections[1]: expected an object, found text",
            "connections[2].username: expected text, found an object",
        ],
    ),
    (
        [{"platformId": 987_654_321_012_345, "username": "swordfish", "swordfish": "swordfish"}],
        ["connections[0].platformId: expected text, found a number"],
    ),
    (
        [{"platformId": None, "lastError": {"message": SECRETS, "occurredAt": "swordfish"}}],
        [
            "connections[0].platformId: expected text, found nothing",
            "connections[0].lastError.message: expected text, found an object",
            "connections[0].lastError.occurredAt: expected an ISO 8601 time",
        ],
    ),
    (
        [
            {
                "platformId": "a-1",
                "accessTokenExpiresAt": "swordfish 987654321012345",
                "lastError": "swordfish",
            }
        ],
        [
            "connections[0].accessTokenExpiresAt: expected an ISO 8601 time",
            "connections[0].lastError: expected an object, found text",
        ],
    ),
]
OF_OTHERS: list[tuple[Question, object, str]] = [
    (
        lambda publora: publora.connections.test("a-1"),
        {"success": True, "platformId": "swordfish", "status": SECRETS},
        "status: expected text, found an object",
    ),
    (
        lambda publora: publora.managed_users.list(),
        {"success": True, "users": [{"_id": "swordfish"}, {"_id": SECRETS}]},
        "users[1]._id: expected text, found an object",
    ),
    (
        lambda publora: publora.managed_users.create("a@example.com"),
        {"success": True, "user": {"_id": "swordfish", "username": SECRETS}},
        "user.username: expected text, found an object",
    ),
    (
        lambda publora: publora.managed_users.connection_url("u"),
        {"success": True, "url": SECRETS},
        "url: expected text, found an object",
    ),
    (
        lambda publora: publora.managed_users.create_api_key("u"),
        {"success": True, "apiKey": SECRETS},
        "apiKey: expected text, found an object",
    ),
    (
        lambda publora: publora.managed_users.detach("u"),
        {"success": "swordfish", "error": "swordfish"},
        "success: expected true",
    ),
]


async def decode_error(
    question: Question, answer: object, serve: Serve, client_of: ClientOf
) -> ResponseDecodeError:
    """What is raised for *answer*, if it quotes nothing of it."""
    server = serve(reply(answer))
    error = await failure(client_of(server, strict=True), question)
    assert isinstance(error, ResponseDecodeError)
    assert (error.__cause__, error.__context__) == (None, None)
    shown = everything_shown(error)
    for value in ("swordfish", "987654321012345", KEY):
        assert value not in shown
    assert len(server.heads) == 1
    return error


@pytest.mark.parametrize(("items", "problems"), OF_A_LIST)
async def test_12_errors_name_the_path_and_what_was_expected_and_never_the_value(
    items: list[object], problems: list[str], serve: Serve, client_of: ClientOf
) -> None:
    error = await decode_error(listing, {"success": True, "connections": items}, serve, client_of)
    assert (error.path, list(error.problems)) == (problems[0].partition(":")[0], problems)
    assert error.summary == "the response is not what Publora documents: " + "; ".join(problems)


@pytest.mark.parametrize(("question", "answer", "problem"), OF_OTHERS)
async def test_12_errors_of_every_call_name_the_path_and_never_the_value(
    question: Question, answer: object, problem: str, serve: Serve, client_of: ClientOf
) -> None:
    error = await decode_error(question, answer, serve, client_of)
    assert error.problems[0] == problem
    assert error.path == problem.partition(":")[0]


@pytest.mark.parametrize(
    ("page", "excerpt"),
    [
        (b"<html>Bad gateway</html>", "<html>Bad gateway</html>"),
        (b"  \r\n<html>\r\n\t<b>\0\x1b[31m\x7f", r"<html>\r\n\t<b>\x00\x1b[31m\x7f"),
        ("\u202egnp.exe\u2028\x85".encode(), r"\u202egnp.exe"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b'{"error": "cut', '{"error": "cut'),
        (b'"one"', '"one"'),
        (b"[1]", "[1]"),
        (b"null", "null"),
        (b"[" * 10_000, "[" * 200),
        (b" \n", None),
        (b"", None),
        (b"x" * 201, "x" * 200),
        ("é".encode() * 201, "é" * 200),
        (b"\0" * 100, r"\x00" * 50),
        (b"x" * 199 + KEY.encode(), "x" * 199 + "*"),
        (b"x" * 190 + KEY.encode() * 2, "x" * 190 + "******"),
    ],
)
async def test_12_excerpts_are_of_error_answers_only_short_and_without_control_characters(
    page: bytes, excerpt: str | None, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply(page, status=404), reply(page))
    client = client_of(server)
    error = await failure(client)
    assert error == NotFoundError(404, "Not Found", excerpt=excerpt)
    shown = f" (the response begins: {excerpt})" if excerpt else ""
    check = "; Publora always has this list: check base_url"
    assert str(error) == f"HTTP 404: Not Found{shown}{check} (GET /platform-connections)"
    of_success = await failure(client)
    assert isinstance(of_success, ResponseDecodeError)
    assert not page[:20].strip() or page.decode(errors="replace")[:20] not in str(of_success)
    assert len(server.heads) == 2


@pytest.mark.parametrize("words", ["x" * 5000, "\0" * 5000, "é" * 5000, "\ud800" * 5000])
async def test_12_the_services_own_words_are_cut_short_alike(
    words: str, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply({"error": words, "code": words}, status=500))
    error = await failure(client_of(server, max_retries=0))
    assert isinstance(error, APIStatusError)
    assert error.message == error.code
    assert len(error.message) == 200
    assert set(error.message) <= set("x\\0é\ufffd")
    assert len(server.heads) == 1


ASKED: list[tuple[Question, str]] = [
    (listing, "GET /platform-connections"),
    (listing_for("u"), "GET /platform-connections for user u"),
    (
        lambda publora: publora.connections.test("bluesky-did:plc:1", user_id="u"),
        "POST /test-connection/bluesky-did%3Aplc%3A1 for user u",
    ),
    (lambda publora: publora.managed_users.list(), "GET /workspace/users"),
    (lambda publora: publora.managed_users.create("a@example.com"), "POST /workspace/users"),
    (lambda publora: publora.managed_users.detach("u"), "DELETE /workspace/users/u"),
    (
        lambda publora: publora.managed_users.connection_url("u"),
        "POST /workspace/users/u/connection-url",
    ),
    (lambda publora: publora.managed_users.create_api_key("u"), "POST /workspace/users/u/api-key"),
]
FAILING: dict[str, tuple[Answer, str]] = {
    "refused": (reply({"error": "No"}, status=400), "HTTP 400: No"),
    "broken": (then_hang_up(CUT), "the connection broke before the response was whole"),
    "senseless": (reply(b"no"), "the response is not JSON (2 bytes)"),
}


@pytest.mark.parametrize("failing", FAILING)
@pytest.mark.parametrize(("question", "request_said"), ASKED, ids=[words for _, words in ASKED])
async def test_36_an_error_says_what_was_asked_by_method_path_and_user(
    question: Question, request_said: str, failing: str, serve: Serve, client_of: ClientOf
) -> None:
    answer, said = FAILING[failing]
    error = await failure(client_of(serve(answer), max_retries=0), question)
    assert error.summary.startswith(said)
    assert str(error) == f"{error.summary} ({request_said})"


async def test_36_the_error_of_a_fan_outs_user_says_what_was_asked(
    serve: Serve, client_of: ClientOf
) -> None:
    client = client_of(serve(reply({"error": "No"}, status=400)))
    (answer,) = await client.ask(lambda publora: publora.connections.list_many(["u"]))
    assert str(answer.error) == "HTTP 400: No (GET /platform-connections for user u)"


async def test_36_an_error_keeps_what_else_the_service_said_bounded_and_without_the_key(
    serve: Serve, client_of: ClientOf
) -> None:
    said = {
        "error": "It exists",
        "userId": "6626",
        "attachable": True,
        "why": {"key": [f"so {KEY} says"]},
        "long": "x" * 5000,
        "too much": ["x" * 150] * 40,
    }
    error = await failure(
        client_of(serve(reply(said, status=409))),
        lambda publora: publora.managed_users.create("a@example.com"),
    )
    assert isinstance(error, ConflictError)
    assert error.details == {
        "userId": "6626",
        "attachable": True,
        "why": {"key": ["so *** says"]},
        "long": "x" * 200,
    }
