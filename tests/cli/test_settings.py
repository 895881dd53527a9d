"""``--timeout``, ``--deadline``, ``--verbose``, ``--quiet``."""

import logging
import re

import pytest
from command import Run, listing
from hostile import HostileServer, reply, silence

from publora_async import Connection
from publora_async.sandbox import Faults, Sandbox


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
    lines = [re.sub(r"^\d\d:\d\d:\d\d\.\d\d\d ", "", line) for line in done.stderr.splitlines()]
    assert re.fullmatch(r"GET /platform-connections: 503, attempt 1, again in 0\.\d\d s", lines[0])
    assert lines[1:] == ["GET /platform-connections: answered, attempt 2"]
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
