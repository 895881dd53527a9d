"""A run over many users: failures, the summary, Ctrl-C, and readers that leave."""

import csv
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys

import click
import pytest
from capabilities import needs_signals
from command import COMMAND, FORMATS, USERS, Run, asking, finished, owners, stuck_after
from hostile import Answer, Held, HostileServer, reply

from publora_async import Connection, ConnectionList, PubloraError
from publora_async.sandbox import Faults, Sandbox
from publora_sync import Publora
from publora_sync.cli import _progress, publora
from publora_sync.cli._client import OpenClient
from publora_sync.cli._options import UserSelection
from publora_sync.cli._platforms import PlatformFilter
from publora_sync.cli._run import Run as ManyUsers
from publora_sync.cli._settings import Settings


@pytest.mark.parametrize("form", FORMATS)
def test_a_failed_user_is_named_and_ends_nothing(
    ask: Run, service: Sandbox, expected: dict[str, ConnectionList], form: str
) -> None:
    failing = service.user_ids[2]
    with Publora(service.api_key, base_url=service.base_url) as client:
        email = client.managed_users.list()[2].email
    service.faults = Faults(error_users={failing: 404})
    done = ask("connections", "--all-users", "--format", form)
    first, last = done.stderr.splitlines()
    why = "HTTP 404: Not found; Publora always has this list: check base_url"
    assert (done.exit_code, first) == (2, f"user {failing} ({email}) failed: {why}")
    assert last.startswith(f"{USERS} of {USERS} users, 1 failed, ")
    assert owners(form, done.stdout) == {
        user_id for user_id, accounts in expected.items() if accounts and user_id != failing
    }


@pytest.mark.parametrize("form", FORMATS)
def test_platform_filters_and_the_summary_says_so(
    ask: Run, expected: dict[str, ConnectionList], form: str
) -> None:
    done = ask("connections", "--all-users", "--platform", "Pinterest", "--format", form)
    having = {user_id: some.on("pinterest") for user_id, some in expected.items()}
    assert owners(form, done.stdout) == {user_id for user_id, some in having.items() if some}
    found = sum(map(len, expected.values()))
    listed = sum(map(len, having.values()))
    assert done.stderr.endswith(f"; {listed} of {found} accounts on Pinterest.\n")


@pytest.mark.parametrize("form", FORMATS)
def test_a_key_refused_half_way_ends_it_after_what_was_answered(
    ask: Run, service: Sandbox, form: str
) -> None:
    service.revoke_key(after=4)
    arguments = [word for user_id in service.user_ids for word in ("--user", user_id)]
    done = ask("connections", *arguments, "--concurrency", "1", "--format", form)
    ended, error = done.stderr.splitlines()
    assert (done.exit_code, owners(form, done.stdout)) == (2, set(service.user_ids[:4]))
    assert ended.startswith(f"Ended after 4 of {USERS} users, 0 failed, 0 without accounts; ")
    assert error.startswith("publora: HTTP 401: Invalid API key; ")


@pytest.mark.parametrize("command", ["connections", "connections --format json", "check"])
def test_a_key_refused_at_once_gives_no_answer(run: Run, command: str) -> None:
    arguments = (*command.split(), "--user", "a", "--user", "b")
    done = run(*arguments, PUBLORA_API_KEY="wrong")
    ended, error = done.stderr.splitlines()
    assert (done.exit_code, done.stdout) == (2, "")
    assert ended.startswith("Ended after 0 of 2 users, 0 failed, ")
    assert error.startswith("publora: HTTP 401: Invalid API key; ")


@pytest.mark.parametrize("drawn", [False, True], ids=["off a terminal", "on a terminal"])
def test_ctrl_c_says_how_far_it_came(
    run: Run, interrupt: Answer, monkeypatch: pytest.MonkeyPatch, *, drawn: bool
) -> None:
    monkeypatch.setattr(_progress, "is_terminal", lambda _: drawn)
    first = reply(ConnectionList([Connection(platform_id="twitter-1")]).to_dict())
    with HostileServer(first, interrupt) as server:
        done = run(
            *("connections", "--user", "a", "--user", "b", "--format", "ndjson"),
            *("--concurrency", "1"),
            PUBLORA_BASE_URL=server.base_url,
            FORCE_COLOR="1",
            TERM="xterm",
        )
    assert (done.exit_code, json.loads(done.stdout)["userId"]) == (130, "a")
    said = "Stopped by Ctrl-C after 1 of 2 users, 0 failed, 0 without accounts; 1 account.\n"
    if drawn:
        assert done.stderr.endswith(said)
        assert "1/2 users" in done.stderr
    else:
        assert done.stderr == f"\n{said}"


@needs_signals
@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_ctrl_c_leaves_whole_lines_and_says_how_far_it_came(form: str) -> None:
    with (
        stuck_after(20, users=50) as sandbox,
        subprocess.Popen(
            [*COMMAND, "connections", "--all-users", "--format", form],
            env=asking(sandbox),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            written = process.stdout.readline() + process.stdout.readline()
            process.send_signal(signal.SIGINT)
            rest, said = process.communicate()
        finally:
            process.kill()
    written += rest
    assert (process.returncode, written[-1:]) == (130, b"\n"), said
    if form == "ndjson":
        rows = [json.loads(line) for line in written.splitlines()]
    else:
        rows = list(csv.DictReader(io.StringIO(written.decode())))
        assert {len(row) for row in rows} == {17}
    assert re.fullmatch(
        rf"\nStopped by Ctrl-C after \d+ of 50 users, 0 failed, \d+ without accounts; "
        rf"{len(rows)} accounts\.\n",
        said.decode(),
    )


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_a_reader_that_left_ends_the_run_without_a_word(
    service: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    monkeypatch.setenv("PUBLORA_API_KEY", service.api_key)
    monkeypatch.setenv("PUBLORA_BASE_URL", service.base_url)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        with pytest.raises(SystemExit) as ended:
            publora(["connections", "--all-users", "--format", form, "--concurrency", "1"])
        monkeypatch.undo()
    assert (ended.value.code, capsys.readouterr().err) == (0, "")
    assert service.requests < USERS


def test_head_takes_its_lines_of_many_users_and_ends_it_at_once() -> None:
    piped = f"{shlex.join(COMMAND)} connections --all-users --sandbox --format ndjson | head -5"
    done = finished(command=["sh", "-c", piped])
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 5)
    assert done.stderr == "These accounts are made up.\n"


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_whoever_is_left_when_the_reader_leaves_is_not_asked_about(form: str) -> None:
    piped = f"{shlex.join(COMMAND)} connections --all-users --format {form} | head -5"
    with Sandbox(users=3000) as sandbox:
        done = finished(command=["sh", "-c", piped], **asking(sandbox))
        assert sandbox.requests < 3000
    assert (done.returncode, len(done.stdout.splitlines()), done.stderr) == (0, 5, "")


def end_early(run: ManyUsers, server: HostileServer, error: BaseException) -> None:
    """Take the first of three answers, then raise *error*."""
    with run:
        next(iter(run))
        for _ in range(3):
            server.asked.acquire()
        raise error


@pytest.mark.parametrize("end", [KeyboardInterrupt, PubloraError, BrokenPipeError, GeneratorExit])
def test_a_run_that_ends_early_leaves_its_fan_out(end: type[BaseException]) -> None:
    first = reply(ConnectionList([Connection(platform_id="twitter-1")]).to_dict())
    named = tuple(f"u{number}" for number in range(20))
    users = UserSelection(named, everyone=False, many=True, concurrency=3)
    settings = Settings(sandbox=False, timeout=30, deadline=120, verbose=False)
    with (
        HostileServer(first, Held()) as server,
        Publora("sk_made.up", base_url=server.base_url) as client,
    ):
        run = ManyUsers(OpenClient(client, settings), users, PlatformFilter(()))
        with pytest.raises((end, click.exceptions.Exit)):
            end_early(run, server, end("it ends"))
        # The client is open still: it is the run that has let go of what was under way.
        assert server.is_left_alone_by(2)
        assert len(server.heads) == 3
