"""``--timeout``, ``--deadline``, ``--verbose``, ``--quiet``."""

import logging
import re

import pytest
from command import Run, listing
from hostile import HostileServer, reply, silence
from trust import serving

from publora_async import Connection
from publora_async.sandbox import Faults, Sandbox


def logged(stderr: str) -> list[str]:
    """The lines on stderr, without the times in front."""
    return [re.sub(r"^\d\d:\d\d:\d\d\.\d\d\d ", "", line) for line in stderr.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--deadline", "0.05s"], "no span of time"),
        (["--deadline", "0.1"], "the deadline of 0.1 s ran out"),
        (["--timeout", "0"], "Invalid value for '--timeout': it has to be more than nothing"),
        (["--timeout", "0d"], "it has to be more than nothing"),
        (["--timeout", "-1"], "no span of time"),
        (["--deadline", "inf"], "no span of time"),
    ],
)
def test_the_limits_can_be_set_in_seconds_or_spans(
    run: Run, arguments: list[str], words: str
) -> None:
    with HostileServer(silence) as server:
        done = run("connections", *arguments, PUBLORA_BASE_URL=server.base_url)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr


def test_verbose_tells_of_each_attempt_wait_and_status(run: Run) -> None:
    account = reply({"success": True, "connections": [{"platformId": "x-1"}]})
    logger = logging.getLogger("publora_async")
    before = logger.level, list(logger.handlers)
    with HostileServer(reply(status=503), account) as server:
        done = run("connections", "--verbose", PUBLORA_BASE_URL=server.base_url)
    assert done.exit_code == 0
    tried, again, answered = logged(done.stderr)
    assert tried == "GET /platform-connections: 503, attempt 1"
    assert re.fullmatch(r"GET /platform-connections: 503, attempt 1, again in 0\.\d\d s", again)
    assert answered == "GET /platform-connections: answered, attempt 2"
    assert (logger.level, logger.handlers) == before


def test_verbose_tells_of_an_attempt_that_is_the_last(run: Run) -> None:
    wrong = run("connections", "-v", PUBLORA_API_KEY="wrong")
    assert logged(wrong.stderr)[0] == "GET /platform-connections: 401, attempt 1"
    with HostileServer(reply(), tls=serving("localhost")) as server:
        untrusted = run("connections", "-v", PUBLORA_BASE_URL=f"https://localhost:{server.port}")
    assert logged(untrusted.stderr)[0] == "GET /platform-connections: TransportError, attempt 1"


def test_verbose_tells_of_many_users_for_whom_each_attempt_was(run: Run) -> None:
    users = ("--user", "u1", "--user", "u2", "--concurrency", "1")
    with listing() as server:
        done = run("connections", "-v", *users, PUBLORA_BASE_URL=server.base_url)
    assert logged(done.stderr)[:2] == [
        "GET /platform-connections for user u1: answered, attempt 1",
        "GET /platform-connections for user u2: answered, attempt 1",
    ]


def test_a_field_that_cannot_be_read_is_warned_of_once_unless_quiet(run: Run) -> None:
    logger = logging.getLogger("publora_async")
    before = logger.level, list(logger.handlers)
    account = {"platformId": "x-1", "tokenStatus": 5}
    arguments = ("connections", "--user", "u1", "--user", "u2")
    with HostileServer(reply({"success": True, "connections": [account]})) as server:
        done = run(*arguments, PUBLORA_BASE_URL=server.base_url)
        quiet = run(*arguments, "-q", PUBLORA_BASE_URL=server.base_url)
    _, warning = done.stderr.splitlines()
    assert re.fullmatch(r"Warning: Connection: .*\btokenStatus\b.*", warning)
    assert quiet.stderr == ""
    assert (logger.level, logger.handlers) == before


def test_quiet_says_nothing_but_what_failed(ask: Run, service: Sandbox, run: Run) -> None:
    failing = service.user_ids[2]
    service.faults = Faults(error_users={failing: 404})
    arguments = ("connections", "--user", service.user_ids[1], "--user", failing)
    done = ask(*arguments, "--quiet", "--format", "ndjson")
    assert (done.exit_code, done.stdout.count("\n")) == (2, 7)
    assert done.stderr.startswith(f"user {failing} failed: HTTP 404: Not found; ")
    assert done.stderr.count("\n") == 1
    with listing() as server:
        nobody = run("check", "-q", PUBLORA_BASE_URL=server.base_url)
    assert (nobody.exit_code, nobody.stderr) == (0, "")
    with listing(Connection(platform_id="x-1")) as server:
        wrong = run("check", "-q", "--platform", "y", PUBLORA_BASE_URL=server.base_url)
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (2, 1)
