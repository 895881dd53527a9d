"""What a shell sees: failures in one line, broken pipes, full disks, Ctrl-C, SIGTERM."""

import errno
import io
import os
import queue
import shlex
import signal
import socket
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from command import COMMAND, Run, finished
from hostile import Answer, HostileServer, silence

from publora_async.sandbox import Sandbox
from publora_sync import Publora
from publora_sync.cli import _client, _connections, _shell, publora
from publora_sync.cli._shell import CommandError, _give_up_output, end_at_sigterm, write

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer


@pytest.mark.parametrize(
    ("arguments", "others", "message"),
    [
        (
            [],
            {"PUBLORA_API_KEY": "wrong"},
            (
                "HTTP 401: Invalid API key; create a key at https://app.publora.com under API "
                "and set PUBLORA_API_KEY (GET /platform-connections)"
            ),
        ),
        (
            ["--user", "nobody"],
            {},
            "HTTP 400: Invalid x-publora-user-id (GET /platform-connections for user nobody)",
        ),
        (
            ["--user", "6626a1f5e4b0c91a2d3f4567"],
            {"PUBLORA_API_KEY": Sandbox.ordinary_key},
            (
                "HTTP 403: Workspace access is not enabled for this key; use a workspace key, "
                "or leave user_id out to ask about the key's own account "
                "(GET /platform-connections for user 6626a1f5e4b0c91a2d3f4567)"
            ),
        ),
        (["--user", ""], {}, "user_id must be 1 to 512 characters long, not 0"),
        (
            [],
            {"PUBLORA_BASE_URL": "http://example.com"},
            (
                "PUBLORA_BASE_URL must be https, or the key could be read on the way "
                "(http is for localhost and loopback addresses)"
            ),
        ),
    ],
)
@pytest.mark.parametrize("command", ["connections", "check"])
def test_what_the_sdk_refuses_is_one_line_and_ends_with_2(
    run: Run, command: str, arguments: list[str], others: dict[str, str], message: str
) -> None:
    done = run(command, *arguments, **others)
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"publora: {message}\n")


def test_no_network_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "Publora", partial(Publora, max_retries=0))
    with socket.socket() as closed:
        # Bound but not listening, so nobody else can answer there.
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        done = run("connections", PUBLORA_BASE_URL=f"http://127.0.0.1:{port}")
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"publora: cannot connect to 127.0.0.1:{port}: ")


def test_a_timeout_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "Publora", partial(Publora, max_retries=0))
    with HostileServer(silence) as server:
        done = run("connections", "--timeout", "0.01", PUBLORA_BASE_URL=server.base_url)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("publora: the timeout of 0.01 s ran out ")


def test_an_answer_that_makes_no_sense_is_one_line(run: Run) -> None:
    with HostileServer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as server:
        done = run("connections", PUBLORA_BASE_URL=server.base_url)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_a_bug_is_not_hushed_up(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_connections, "to_json", None)
    with pytest.raises(TypeError):
        run("connections", "--format", "json")


def test_ctrl_c_is_quiet_and_ends_with_130(run: Run, interrupt: Answer) -> None:
    with HostileServer(interrupt) as server:
        done = run("connections", PUBLORA_BASE_URL=server.base_url)
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", "\n")


def broken_lock(*, by_ctrl_c: bool) -> None:
    """Fail as threading does where Ctrl-C strikes while it lets go of a lock."""
    try:
        if by_ctrl_c:
            raise KeyboardInterrupt
    finally:
        threading.Lock().release()


def test_a_ctrl_c_that_breaks_a_lock_is_one_still(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_client, "prompt_for_key", partial(broken_lock, by_ctrl_c=True))
    done = run("connections")
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", "\n")


def test_a_lock_broken_by_anything_else_is_a_bug(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "prompt_for_key", partial(broken_lock, by_ctrl_c=False))
    with pytest.raises(RuntimeError):
        run("connections")


def test_a_prompt_left_by_ctrl_c_ends_with_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def leave() -> str:
        raise click.Abort

    monkeypatch.setattr(_client, "prompt_for_key", leave)
    done = run("connections")
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", "")


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


def test_a_reader_that_left_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        assert not write("an answer\n")
        monkeypatch.undo()


def test_it_writes_utf_8_whatever_the_locale_says() -> None:
    done = finished("connections", "--sandbox", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "ジュニパーレーン 東京" in done.stdout


class Interrupting(io.BytesIO):
    """A stdout during whose writing Ctrl-C is pressed, as many times as told."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def write(self, data: "Buffer", /) -> int:
        if bytes(data):  # click tries it out with nothing
            for _ in range(self.times):
                signal.raise_signal(signal.SIGINT)
        return super().write(data)


@pytest.mark.parametrize(("times", "written"), [(1, b"a whole line\n"), (2, b"")])
def test_ctrl_c_waits_for_the_line_that_is_being_written_but_only_once(
    monkeypatch: pytest.MonkeyPatch, times: int, written: bytes
) -> None:
    stdout = Interrupting(times)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(stdout))
    with pytest.raises(KeyboardInterrupt):
        write("a whole line\n")
    assert stdout.getvalue() == written
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_ctrl_c_that_is_to_be_ignored_stays_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = Interrupting(times=1)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(stdout))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert write("a whole line\n")
    finally:
        signal.signal(signal.SIGINT, before)
    assert stdout.getvalue() == b"a whole line\n"


@pytest.mark.parametrize("arguments", ["--help", "--version", "users --help"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has this device")
def test_help_to_a_full_disk_is_one_line(arguments: str) -> None:
    done = finished(command=["sh", "-c", f"{shlex.join(COMMAND)} {arguments} > /dev/full"])
    assert (done.returncode, done.stderr) == (
        2,
        "publora: cannot write the output: No space left on device\n",
    )


@pytest.mark.parametrize("arguments", ["--help", "users --help"])
def test_help_without_a_reader_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: str
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        with pytest.raises(SystemExit) as ended:
            publora(arguments.split())
        monkeypatch.undo()
    assert (ended.value.code, capsys.readouterr().err) == (0, "")


def test_output_to_a_closed_stdout_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(CommandError, match="cannot write the output: stdout is closed"):
        write("an answer\n")
    assert write("")
    with pytest.raises(CommandError, match="cannot write the output: I/O error"):
        _give_up_output(OSError(errno.EIO, "I/O error"))


def test_windows_word_for_a_reader_that_left_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    left = OSError(errno.EINVAL, "Invalid argument")
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", "nt")
        _give_up_output(left)
    with pytest.raises(CommandError, match="cannot write the output: Invalid argument"):
        _give_up_output(left)


def test_a_closed_stdout_is_a_failure_and_stderr_may_be_closed_too() -> None:
    shell = f"{shlex.join(COMMAND)} check --sandbox"
    closed = finished(command=["sh", "-c", f"{shell} >&-"])
    assert (closed.returncode, closed.stderr.splitlines()[1:]) == (
        2,
        ["publora: cannot write the output: stdout is closed"],
    )
    both = finished(command=["sh", "-c", f"{shell} <&- >&- 2>&-"])
    assert (both.returncode, both.stdout, both.stderr) == (2, "", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has this device")
def test_a_full_stderr_ends_with_2() -> None:
    done = finished(command=["sh", "-c", f"{shlex.join(COMMAND)} check --sandbox 2>/dev/full"])
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has this device")
def test_what_a_full_stderr_did_not_take_is_not_written_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Path("/dev/full").open("w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        CommandError("nobody hears of it").show()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has this device")
def test_a_full_disk_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        with pytest.raises(CommandError, match="cannot write the output: No space left on device"):
            write("an answer\n")
        monkeypatch.undo()


@pytest.fixture
def exits(monkeypatch: pytest.MonkeyPatch) -> "queue.SimpleQueue[int]":
    """The codes with which the process would have been ended."""
    exits: queue.SimpleQueue[int] = queue.SimpleQueue()
    monkeypatch.setattr(_shell, "_GRACE", 0)
    monkeypatch.setattr(os, "_exit", exits.put)
    return exits


def terminated(caught: type[BaseException], raised: Exception | None = None) -> str:
    """What the next line would be, where a library catches *caught* and goes on or raises."""
    with end_at_sigterm():
        try:
            signal.raise_signal(signal.SIGTERM)
        except caught:
            if raised:
                raise raised from None
    return "the next line"


@pytest.mark.parametrize("caught", [Exception, BaseException])
@pytest.mark.parametrize("raised", [None, RuntimeError("a lock is broken")])
def test_a_sigterm_ends_with_0_whatever_comes_of_it(
    exits: "queue.SimpleQueue[int]", caught: type[BaseException], raised: Exception | None
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(click.exceptions.Exit) as ended:
        terminated(caught, raised)
    assert (ended.value.exit_code, exits.get()) == (0, 0)
    assert signal.getsignal(signal.SIGTERM) is before


def test_without_a_sigterm_nothing_is_changed(exits: "queue.SimpleQueue[int]") -> None:
    threads, before = {*threading.enumerate()}, signal.getsignal(signal.SIGTERM)
    with pytest.raises(ValueError, match="of mine"), end_at_sigterm():
        raise ValueError("of mine")
    with pytest.raises(KeyboardInterrupt), end_at_sigterm():
        signal.raise_signal(signal.SIGINT)
    with end_at_sigterm():
        pass
    # One of an earlier test may have ended meanwhile.
    assert ({*threading.enumerate()} - threads, exits.qsize()) == (set(), 0)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.skipif(os.name == "nt", reason="no SIGTERM to catch")
def test_what_does_not_end_at_a_sigterm_is_ended() -> None:
    code = (
        "import threading\n"
        "from publora_sync.cli._shell import end_at_sigterm\n"
        "with end_at_sigterm():\n"
        "    try:\n"
        "        print('here', flush=True)\n"
        "        threading.Event().wait()\n"
        "    except BaseException:\n"
        "        threading.Event().wait()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        process.terminate()
        assert process.wait() == 0
