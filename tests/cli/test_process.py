"""The command as a process: its entry, pipes, terminals, signals, and the missing extra."""

import asyncio
import contextlib
import csv
import io
import itertools
import json
import os
import re
import runpy
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest
import requests

from publora_async.sandbox import Faults, Sandbox
from publora_sync import __main__ as entry

COMMAND = [sys.executable, "-W", "error", "-m", "publora_sync"]
NEEDS_EXTRA = "the publora command needs its extra: pip install 'publora[cli]'\n"

# Runs the rest of its arguments in a terminal of their own, and passes on what they write there.
IN_TERMINAL = [
    sys.executable,
    "-c",
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))",
]


def finished(
    *arguments: str, command: list[str] = COMMAND, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; for the output of a terminal, see :func:`in_terminal`."""
    return subprocess.run(
        [*command, *arguments],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@contextlib.contextmanager
def in_terminal(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command in a terminal, whose output is the process' stdout."""
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    settings = {"TERM": "xterm-256color", "COLUMNS": "140", **environment}
    with subprocess.Popen(
        [*IN_TERMINAL, *COMMAND, *arguments],
        env={**inherited, **settings},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=0,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What the process writes, up to and with *words*."""
    assert process.stdout is not None
    seen = ""
    while not seen.endswith(words):
        piece = process.stdout.read(1)
        assert piece, f"it ended, having written {seen!r}"
        seen += piece
    return seen


def main_ends_with(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["/somewhere/__main__.py", *arguments])
    with pytest.raises(SystemExit) as ended:
        entry.main()
    return ended.value.code


def test_it_runs_as_a_module() -> None:
    done = finished("connections", "--sandbox", "--format", "json")
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert len(json.loads(done.stdout)["connections"]) == 15


def test_it_writes_utf_8_whatever_the_locale_says() -> None:
    done = finished("connections", "--sandbox", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "ジュニパーレーン 東京" in done.stdout


def test_it_runs_as_a_console_script(monkeypatch: pytest.MonkeyPatch) -> None:
    (script,) = entry_points(group="console_scripts", name="publora")
    assert script.load() is entry.main
    assert main_ends_with(monkeypatch, "--version") == 0


def test_it_is_called_publora_however_it_is_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/__main__.py", "--version"])
    # Or runpy would warn that the module it is to run was imported already.
    monkeypatch.delitem(sys.modules, "publora_sync.__main__")
    with pytest.raises(SystemExit):
        runpy.run_module("publora_sync", run_name="__main__")
    assert capsys.readouterr().out == f"publora {version('publora')}\n"


def test_a_bug_shows_its_traceback_and_does_not_end_with_the_1_of_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("publora_sync.cli.publora", None)
    assert main_ends_with(monkeypatch, "check") == 2
    error = capsys.readouterr().err.splitlines()
    assert (error[0], error[-1]) == (
        "Traceback (most recent call last):",
        "TypeError: 'NoneType' object is not callable",
    )


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_a_missing_extra_is_one_line(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in list(sys.modules):
        if name.startswith(("publora_sync.cli", f"{missing}.")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    assert main_ends_with(monkeypatch, "--help") == 2
    assert capsys.readouterr() == ("", NEEDS_EXTRA)


def test_another_import_that_fails_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(sys.modules):
        if name.startswith("publora_sync.cli"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "publora_sync.cli._table", None)
    with pytest.raises(ImportError, match="_table"):
        entry.main()


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_a_process_without_the_extra_ends_with_2(missing: str) -> None:
    code = (
        f"import runpy, sys; sys.modules[{missing!r}] = None;"
        "runpy.run_module('publora_sync', run_name='__main__')"
    )
    done = finished(command=[sys.executable, "-W", "error", "-c", code])
    assert (done.returncode, done.stdout, done.stderr) == (2, "", NEEDS_EXTRA)


@pytest.mark.parametrize("command", ["connections", "check"])
def test_a_closed_pipe_is_quiet_and_changes_no_exit_code(command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        done = subprocess.run(
            [*COMMAND, command, "--sandbox"],
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == (1 if command == "check" else 0)
    assert done.stderr.startswith("These accounts are made up")
    assert done.stderr.count("\n") == 1


def test_head_takes_its_line_and_nothing_is_said_about_the_others() -> None:
    done = finished(command=["sh", "-c", f"{shlex.join(COMMAND)} connections --sandbox | head -1"])
    assert (done.returncode, done.stdout.split()[:2]) == (0, ["PLATFORM", "HANDLE"])
    assert done.stderr.startswith("These accounts are made up")
    assert done.stderr.count("\n") == 1


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


@contextlib.contextmanager
def stuck_after(answers: int, users: int) -> Iterator[Sandbox]:
    """A service of *users* that answers that many times, and then no more."""
    asked = itertools.count()

    async def wait(_: float) -> None:
        if next(asked) >= answers:
            await asyncio.Event().wait()

    faults = Faults(latency=1, calls={"GET /platform-connections"}, sleep=wait)
    with Sandbox(users=users, faults=faults) as sandbox:
        yield sandbox


def asking(sandbox: Sandbox, **others: str) -> dict[str, str]:
    """The environment in which the command asks *sandbox*."""
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    settings = {"PUBLORA_API_KEY": sandbox.api_key, "PUBLORA_BASE_URL": sandbox.base_url}
    return {**inherited, **settings, **others}


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


def test_progress_is_drawn_on_the_terminal_of_stderr_and_wiped_away(tmp_path: Path) -> None:
    import pty

    rows = tmp_path / "rows"
    arguments = ["connections", "--format", "ndjson", "--user", "0" * 24]
    master, slave = pty.openpty()
    with (
        Sandbox(users=3) as sandbox,
        rows.open("wb") as stdout,
        subprocess.Popen(
            [*COMMAND, *arguments, "--user", sandbox.user_ids[1]],
            env=asking(sandbox, TERM="xterm-256color", COLUMNS="80"),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=slave,
        ) as process,
    ):
        os.close(slave)
        drawn = read_to_the_end(master)
    assert process.returncode == 2
    owners = [json.loads(line)["userId"] for line in rows.read_text().splitlines()]
    assert owners == [sandbox.user_ids[1]] * 3
    # What comes last is below a line that was wiped, by a cursor that shows again.
    progress, summed_up = drawn.split("\x1b[?25h")
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", progress)
    assert [words for words in ("0/2 users", "2/2 users", "1 failed") if words not in plain] == []
    assert summed_up == (
        "\r\x1b[1A\x1b[2K2 of 2 users, 1 failed, 0 without accounts; 3 accounts.\r\n"
    )


def read_to_the_end(terminal: int) -> str:
    """What is written to a terminal, until nobody holds its other end."""
    written = b""
    with contextlib.suppress(OSError), open(terminal, "rb", buffering=0) as stream:
        while piece := stream.read(4096):
            written += piece
    return written.decode()


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_rows_and_progress_share_a_terminal_without_mixing(form: str) -> None:
    arguments = ("connections", "--all-users", "--sandbox", "--format", form)
    with in_terminal(*arguments, COLUMNS="80") as process:
        shown, _ = process.communicate()
    assert process.returncode == 0
    lines = [
        re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line.rpartition("\x1b[2K")[2])
        for line in shown.splitlines()
    ]
    rows = [line for line in lines if "platformId" in line or re.match("[0-9a-f]{24},", line)]
    assert len(rows) == 297
    if form == "ndjson":
        assert all(json.loads(row) for row in rows)
    assert "100/100 users" in shown


def test_ctrl_c_ends_the_sandbox_as_it_does_by_its_other_name() -> None:
    with subprocess.Popen(
        [*COMMAND, "sandbox", "--port", "0", "--users", "3", "--seed", "5", "--form", "contract"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().removeprefix("PUBLORA_BASE_URL=").strip()
            key = process.stdout.readline().removeprefix("PUBLORA_API_KEY=").strip()
            with requests.Session() as session:
                session.headers["x-publora-key"] = key
                found = session.get(f"{url}/platform-connections").json()["connections"]
                users = session.get(f"{url}/workspace/users").json()["users"]
                process.send_signal(signal.SIGINT)
                assert process.communicate() == ("", "")
        finally:
            process.kill()
    assert process.returncode == 0
    assert {len(connection) for connection in found} == {5}
    assert [user["_id"] for user in users] == list(Sandbox(users=3, seed=5).user_ids)


def test_a_terminal_gets_a_coloured_table() -> None:
    with in_terminal("connections", "--sandbox", "--platform", "linkedin") as process:
        shown, _ = process.communicate()
    assert process.returncode == 0
    assert "\x1b[32m✓ healthy" in shown
    assert "\x1b[1;31m✗ needs reconnect" in shown
    assert "───" in shown


def test_the_key_is_asked_for_on_a_terminal_and_does_not_show(sandbox: Sandbox) -> None:
    with in_terminal(
        "connections", "--format", "ndjson", PUBLORA_BASE_URL=sandbox.base_url
    ) as process:
        read_until(process, "API key (it does not show): ")
        shown, _ = process.communicate(f"{sandbox.api_key}\n")
    assert process.returncode == 0
    assert sandbox.api_key not in shown
    assert len(shown.strip().splitlines()) == 15


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_the_prompt_can_be_left(key: str) -> None:
    with in_terminal("connections") as process:
        read_until(process, "API key (it does not show): ")
        shown, _ = process.communicate(key)
    assert (process.returncode, shown.strip()) == (130, "")
