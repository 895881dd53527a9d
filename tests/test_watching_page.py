"""What docs/watching.md and the README say of it is true: it runs, but for shorter rounds."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import contextmanager
from pathlib import Path

import pytest
from capabilities import needs_shell
from command import asking
from processes import end_all
from surface import ROOT
from test_readme import COMMANDS, README, RECIPES

import publora_async
from publora_async.sandbox import Faults, Sandbox

PAGE = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")
UNIT, CRONTAB = (
    re.findall(rf"^```{kind}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)[0]
    for kind in ("ini", "crontab")
)
PLAIN, AWAITED, COMPARED, RESUMED = re.findall(
    r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE
)
(FIRST_ALERT,) = re.findall(
    r"^```bash\n((?:.*\n){2}publora watch --sandbox .*\n)```$", README, re.MULTILINE
)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with two users, of whom one has an account that broke."""
    with Sandbox(users=2) as sandbox:
        for user_id in sandbox.user_ids:
            sandbox.set_connections([], user_id=user_id)
        sandbox.connect("linkedin", user_id=sandbox.user_ids[1], status="expired")
        yield sandbox


@pytest.fixture
def home(tmp_path: Path, sandbox: Sandbox) -> Path:
    """A home directory with the command in ``.venv/bin``, and the key in ``.publora``."""
    program = tmp_path / ".venv" / "bin" / "publora"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m publora_sync "$@"\n')
    program.chmod(0o700)
    (tmp_path / ".publora").write_text(
        f"PUBLORA_API_KEY={sandbox.api_key}\nPUBLORA_BASE_URL={sandbox.base_url}\n"
    )
    return tmp_path


@contextmanager
def running(
    command: list[str], folder: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """A process of which nothing remains."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            end_all(process)


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def hastened(block: str) -> str:
    """The same with rounds of a second; the second look at two users is a quarter of it later."""
    short = block.replace('state="accounts.db"', 'state="accounts.db", every=timedelta(seconds=1)')
    assert short != block
    return f"from datetime import timedelta\n{short}"


@pytest.mark.parametrize(
    "block",
    [PLAIN, AWAITED, RECIPES["Know when an account breaks"]],
    ids=["plain", "awaited", "README"],
)
def test_a_watch_in_python_prints_what_broke(block: str, sandbox: Sandbox, tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-W", "error", "-c", hastened(block)]
    with running(command, tmp_path, asking(sandbox)) as process:
        assert f"broke {sandbox.user_ids[1]} linkedin-" in first_line(process)


def run(block: str, sandbox: Sandbox, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block],
        cwd=folder,
        env=asking(sandbox),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_two_snapshots_are_compared(sandbox: Sandbox, tmp_path: Path) -> None:
    first, second = sandbox.user_ids
    assert run(COMPARED, sandbox, tmp_path) == ""
    sandbox.set_connections([], user_id=second)
    sandbox.faults = Faults(error_users={first: 404})
    lines = run(COMPARED, sandbox, tmp_path).splitlines()
    assert [line.split(" of user ")[-1] for line in lines[:1]] == [f"{second} is gone"]
    assert lines[1].startswith(f"{first} is unknown: HTTP 404: Not found")


def test_a_fan_out_is_resumed_where_it_failed(sandbox: Sandbox, tmp_path: Path) -> None:
    first, _ = sandbox.user_ids
    sandbox.faults = Faults(error_users={first: 404})
    run(COMPARED, sandbox, tmp_path)
    sandbox.faults, before = None, sandbox.requests
    run(RESUMED, sandbox, tmp_path)
    assert sandbox.requests - before == 2
    snapshot = publora_async.Snapshot.load(tmp_path / "accounts.json")
    assert (set(snapshot.seen), snapshot.unknown) == ({*sandbox.user_ids}, {})


@needs_shell
def test_the_unit_starts_a_watch_that_a_sigterm_ends(sandbox: Sandbox, home: Path) -> None:
    unit = ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's way
    unit.read_string(UNIT)
    service = dict(unit["Service"])
    line = service["ExecStart"]
    assert f"/var/lib/{service['StateDirectory']}/" in line
    for old, new in {
        "/opt/publora/bin": f"{home}/.venv/bin",
        "/var/lib/publora": str(home),
        "--every 15m": "--every 1s",
    }.items():
        assert old in line
        line = line.replace(old, new)
    with running(shlex.split(line), home, asking(sandbox)) as process:
        assert json.loads(first_line(process))["kind"] == "broke"
        process.terminate()
        assert process.wait() == 0


SYSTEMD = shutil.which("systemd-analyze") or ""


@pytest.mark.skipif(not SYSTEMD, reason="no systemd")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "publora-watch.service"
    unit.write_text(UNIT.replace("/opt/publora/bin/publora", sys.executable))
    done = subprocess.run([SYSTEMD, "verify", unit], capture_output=True, text=True, check=False)
    assert "publora-watch" not in done.stderr


@needs_shell
def test_the_line_for_cron_tells_what_broke_once(home: Path) -> None:
    assert len(CRONTAB.splitlines()) == 1
    assert "%" not in CRONTAB  # which cron takes for the end of the line
    *when, line = CRONTAB.split(maxsplit=5)
    assert when == ["*/15", "*", "*", "*", "*"]
    assert "--every 15m" in line
    told = []
    for _ in range(2):
        done = subprocess.run(
            ["/bin/sh", "-c", line.replace("15m", "1s")],
            cwd=home,
            env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        told.append((done.returncode, done.stdout.count('"kind": "broke"')))
    assert told == [(1, 1), (0, 0)]


@needs_shell
def test_the_first_alert_comes_within_a_minute(home: Path) -> None:
    install, activate, watch = FIRST_ALERT.splitlines()
    assert COMMANDS[0] == f"{install} && .venv/bin/publora connections --sandbox"
    assert activate == ". .venv/bin/activate"
    path = f"{home / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    with running(["/bin/sh", "-c", watch], home, {**os.environ, "PATH": path}) as process:
        assert json.loads(first_line(process))["kind"] in {"broke", "expiring"}
