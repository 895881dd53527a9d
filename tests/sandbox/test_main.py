"""``python -m publora_async.sandbox``, as a process and as a function."""

import contextlib
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from capabilities import needs_shell, needs_signals

import publora_async.sandbox
from publora_async.sandbox import Faults, Sandbox
from publora_async.sandbox.__main__ import main

ROOT = Path(publora_async.sandbox.__file__).parents[2]
SHELL_FORM = ROOT / "publora_async" / "sandbox" / "__main__.py"
COMMAND = [sys.executable, "-W", "error", "-m", "publora_async.sandbox"]


@contextlib.contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    """Run *command*, and end it whatever happens."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def announced(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Wait until *process* listens, and give the base URL and the key that it prints."""
    assert process.stdout is not None
    url, key = process.stdout.readline(), process.stdout.readline()
    assert url.startswith("export PUBLORA_BASE_URL=http://127.0.0.1:")
    assert key.startswith("export PUBLORA_API_KEY=")
    return url.partition("=")[2].strip(), key.partition("=")[2].strip()


@needs_signals
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_and_serves_until_it_is_told_to_end(
    number: signal.Signals,
) -> None:
    options = ("--port", "0", "--users", "3", "--seed", "5", "--form", "contract")
    with running(*COMMAND, *options) as process:
        url, key = announced(process)
        with requests.Session() as session:
            session.headers["x-publora-key"] = key
            found = session.get(f"{url}/platform-connections").json()["connections"]
            users = session.get(f"{url}/workspace/users").json()["users"]
            process.send_signal(number)
            assert process.communicate() == ("", "")
    assert process.returncode == 0
    assert {len(connection) for connection in found} == {5}
    assert [user["_id"] for user in users] == list(Sandbox(users=3, seed=5).user_ids)


@needs_shell
def test_a_background_job_that_ignores_ctrl_c_still_ends_on_sigterm() -> None:
    """A shell's script starts its background jobs like this."""
    job = ("/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh", *COMMAND, "--port", "0")
    with running(*job) as process:
        announced(process)
        process.terminate()
        assert (process.communicate(), process.returncode) == (("", ""), 0)


def test_a_taken_port_is_one_line_on_stderr() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*COMMAND, "--port", str(port)], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert done.stderr.startswith(
        f"python -m publora_async.sandbox: cannot listen on 127.0.0.1:{port}, "
        "take another port or 0 for any free one ("
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--users", "-1"], "users must be a whole number from 0 to 2147483648, not -1"),
        (["--port", "70000"], "port must be a whole number from 0 to 65535, not 70000"),
        (["--port", "http"], "argument --port: invalid int value: 'http'"),
        (
            ["--latency", "-1"],
            "argument --latency: must be seconds, such as 0.2 or 0.1-0.5, not '-1'",
        ),
        (
            ["--latency", "0.5-0.1"],
            "latency must be seconds from 0 to 86400, the lesser number first, not (0.5, 0.1)",
        ),
        (["--error-rate", "2"], "error_rate must be a number from 0 to 1, not 2.0"),
        (["--reset-rate", "nan"], "reset_rate must be a number from 0 to 1, not nan"),
        (["--rate-limit", "0"], "rate_limit must be a whole number from 1 to 2147483648, not 0"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_a_bad_value_is_one_line_on_stderr(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", f"python -m publora_async.sandbox: {complaint}\n")


def test_a_taken_port_ends_main_too(capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox() as sandbox, pytest.raises(SystemExit) as ended:
        main(["--port", sandbox.base_url.split(":")[2].split("/")[0]])
    assert ended.value.code == 2
    assert "take another port" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "faults"),
    [
        ([], Faults()),
        (["--latency", "0.2"], Faults(latency=0.2)),
        (
            ["--latency", "0.1-0.5", "--error-rate", "0.2", "--reset-rate=1", "--rate-limit", "5"],
            Faults(latency=(0.1, 0.5), error_rate=0.2, reset_rate=1, rate_limit=5),
        ),
    ],
)
def test_faults_can_be_asked_for(
    arguments: list[str], faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[Sandbox] = []
    monkeypatch.setattr("publora_async.sandbox.__main__.serve", served.append)
    main(arguments)
    assert [sandbox.faults for sandbox in served] == [faults]


def test_help_teaches(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["sandbox", "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SHELL_FORM), run_name="__main__")
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    for taught in ("--port", "--users", "--seed", "--form", "PUBLORA_BASE_URL=", "curl "):
        assert taught in shown
