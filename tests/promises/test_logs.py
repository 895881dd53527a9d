"""What the logs tell: that something is asked again, and nothing that a log should not hold."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
from asking import ClientOf, Serve, failure, listing, outcome_of
from colours import Question
from conftest import KEY
from hostile import Answer, Held, reply, then_hang_up

FITS_ALL = {
    "success": True,
    "connections": [{"platformId": "twitter-1", "username": "swordfish"}],
    "platformId": "swordfish",
    "status": "ok",
    "users": [{"_id": "swordfish", "username": "swordfish@example.com"}],
    "user": {"_id": "swordfish", "username": "swordfish@example.com"},
    "url": "https://example.com/swordfish",
    "apiKey": "sk_swordfish",
}
USER = "u-angelfish"
TAKES_LONGER = "requests go through aiohttp's session"
CALLS: dict[str, Question] = {
    "GET /platform-connections": lambda p: p.connections.list(user_id=USER),
    "POST /test-connection/{id}": lambda p: p.connections.test("x-swordfish", user_id=USER),
    "GET /workspace/users": lambda p: p.managed_users.list(),
    "POST /workspace/users": lambda p: p.managed_users.create("swordfish@x.com", "swordfish"),
    "DELETE /workspace/users/{id}": lambda p: p.managed_users.detach(USER),
    "POST /workspace/users/{id}/connection-url": lambda p: p.managed_users.connection_url(USER),
    "POST /workspace/users/{id}/api-key": lambda p: p.managed_users.create_api_key(USER),
}


Lines = list[tuple[str, str, str]]
"""Loggers, levels and words."""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """
    What the SDK logs from now on, at any level; no record may hold more than its words.

    Less the line on which way requests take, of which there is one for a borrowed session.
    """
    root = logging.getLogger()
    records: list[logging.LogRecord] = []
    lines: Lines = []

    class Told(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)
            words = record.getMessage()
            if record.name.startswith("publora") and not words.startswith(TAKES_LONGER):
                lines.append((record.name, record.levelname, words))

    monkeypatch.setattr(root, "handlers", [*root.handlers, Told()])
    yield lines
    for record in records:
        assert "swordfish" not in str(vars(record))
        assert record.levelno == logging.DEBUG or "angelfish" not in str(vars(record))
        assert KEY not in str(vars(record))


@pytest.mark.parametrize("call", CALLS)
async def test_07_logs_hold_method_path_status_attempt_and_delay_and_at_debug_the_user(
    call: str, serve: Serve, client_of: ClientOf, told: Lines
) -> None:
    refusal = {"error": "swordfish is asked for too often", "code": "swordfish"}
    again = reply(refusal, status=429, headers={"Set-Cookie": "swordfish=swordfish"})
    server = serve(again, again, reply(FITS_ALL))
    client = client_of(server)
    await client.ask(CALLS[call])
    first, second = client.waits
    acts_for_user = call in {"GET /platform-connections", "POST /test-connection/{id}"}
    named = f"{call} for user {USER}" if acts_for_user else call
    assert told == [
        ("publora_async", "DEBUG", f"{named}: 429, attempt 1"),
        ("publora_async", "INFO", f"{call}: 429, attempt 1, again in {first:.2f} s"),
        ("publora_async", "DEBUG", f"{named}: 429, attempt 2"),
        ("publora_async", "INFO", f"{call}: 429, attempt 2, again in {second:.2f} s"),
        ("publora_async", "DEBUG", f"{named}: answered, attempt 3"),
    ]
    assert len(server.heads) == 3


async def test_07_logs_name_what_broke_where_there_was_no_status(
    serve: Serve, client_of: ClientOf, told: Lines
) -> None:
    server = serve(then_hang_up(), reply(FITS_ALL))
    client = client_of(server)
    await client.ask(listing)
    line = f"TransportError, attempt 1, again in {client.waits[0]:.2f} s"
    assert told == [
        ("publora_async", "DEBUG", "GET /platform-connections: TransportError, attempt 1"),
        ("publora_async", "INFO", f"GET /platform-connections: {line}"),
        ("publora_async", "DEBUG", "GET /platform-connections: answered, attempt 2"),
    ]
    assert len(server.heads) == 2


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (reply({"error": "swordfish"}, status=401), "401"),
        (reply(b"<html>swordfish", status=500), "500"),
        (reply(b"swordfish"), "ResponseDecodeError"),
        (reply(b"swordfish", headers={"Content-Encoding": "gzip"}), "TransportError"),
        (b"swordfish\r\n\r\n", "TransportError"),
    ],
)
async def test_07_logs_tell_at_debug_of_a_last_attempt_and_not_what_is_raised(
    answer: Answer, what: str, serve: Serve, client_of: ClientOf, told: Lines
) -> None:
    server = serve(answer)
    await failure(client_of(server, max_retries=0))
    assert told == [("publora_async", "DEBUG", f"GET /platform-connections: {what}, attempt 1")]
    assert len(server.heads) == 1


async def test_07_logs_tell_of_no_attempt_where_none_was_made(
    serve: Serve, client_of: ClientOf, told: Lines
) -> None:
    server = serve(held := Held())
    client = client_of(server, timeout=5, deadline=1, max_connections=1)
    async with client.still_clock():
        calls = [asyncio.create_task(client.ask(listing)) for _ in range(2)]
        await held.next()
        await client.advance(2)
        errors = [await outcome_of(call) for call in calls]
    assert sorted(error.attempts for error in errors) == [0, 1]
    line = "GET /platform-connections: RequestTimeoutError, attempt 1"
    assert told == [("publora_async", "DEBUG", line)]


async def test_07_logs_name_the_users_of_a_fan_out_at_debug(
    serve: Serve, client_of: ClientOf, told: Lines
) -> None:
    server = serve(reply(FITS_ALL))
    users = [f"u-angelfish-{number}" for number in range(50)]
    await client_of(server).ask(lambda publora: publora.connections.list_many(users))
    lines = [f"GET /platform-connections for user {user}: answered, attempt 1" for user in users]
    assert sorted(told) == sorted(("publora_async", "DEBUG", line) for line in lines)
    assert len(server.heads) == 50


def test_07_the_logger_has_a_null_handler_and_is_otherwise_left_to_the_user() -> None:
    program = """
import logging, publora_async, publora_sync
for name in ("publora_async", "publora_sync", None):
    logger = logging.getLogger(name)
    print(name, logger.handlers, logging.getLevelName(logger.level), logger.propagate)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "publora_async [<NullHandler (NOTSET)>] NOTSET True",
        "publora_sync [] NOTSET True",
        "None [] WARNING True",
    ]
    assert done.stderr == ""
