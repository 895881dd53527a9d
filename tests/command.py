"""The command in this process or in one of its own, and what is read off its output."""

import asyncio
import contextlib
import csv
import io
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from hostile import HostileServer, reply

from publora_async import Connection, ConnectionList
from publora_async.sandbox import Faults, Sandbox

__all__ = [
    "COMMAND",
    "FORMATS",
    "USERS",
    "Run",
    "asking",
    "finished",
    "in_terminal",
    "listing",
    "owners",
    "read_until",
    "stuck_after",
    "summary",
]

Run = Callable[..., Result]
"""Runs the command in this process, see the fixture *run*."""

COMMAND = [sys.executable, "-W", "error", "-m", "publora_sync"]
"""The command as a process of its own; any warning fails it."""

USERS = 12
"""How many users the sandbox of the fixture *service* has."""

FORMATS = ["table", "json", "csv", "ndjson"]

# Runs the rest of its arguments in a terminal of their own, and passes on what they write there.
_IN_TERMINAL = [
    sys.executable,
    "-c",
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))",
]


def finished(
    *arguments: str, command: list[str] = COMMAND, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; for the output of a terminal, see :func:`in_terminal`."""
    _skip_without_shell(command)
    return subprocess.run(
        [*command, *arguments],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",  # of stderr, which is written as the locale says
        check=False,
    )


@contextlib.contextmanager
def in_terminal(
    *arguments: str, command: list[str] = COMMAND, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """Run the command in a terminal, whose output is the process' stdout."""
    pytest.importorskip("pty", reason="no terminals", exc_type=ImportError)
    _skip_without_shell(command)
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    settings = {"TERM": "xterm-256color", "COLUMNS": "140", **environment}
    with subprocess.Popen(
        [*_IN_TERMINAL, *command, *arguments],
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


def _skip_without_shell(command: list[str]) -> None:
    if command[0] == "sh" and not Path("/bin/sh").exists():
        pytest.skip("no POSIX shell")


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What the process writes, up to and with *words*."""
    assert process.stdout is not None
    seen = ""
    while not seen.endswith(words):
        piece = process.stdout.read(1)
        assert piece, f"it ended, having written {seen!r}"
        seen += piece
    return seen


def asking(sandbox: Sandbox, **others: str) -> dict[str, str]:
    """The environment in which the command asks *sandbox*."""
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    settings = {"PUBLORA_API_KEY": sandbox.api_key, "PUBLORA_BASE_URL": sandbox.base_url}
    return {**inherited, **settings, **others}


def listing(*accounts: Connection) -> HostileServer:
    """Serve *accounts* to everybody who asks."""
    return HostileServer(reply(ConnectionList(accounts).to_dict()))


def summary(users: int, failed: int, bare: int, rest: str) -> str:
    """The last line on stderr, after a run over many users; *bare* have no accounts."""
    return f"{users} of {users} users, {failed} failed, {bare} without accounts; {rest}.\n"


def owners(form: str, stdout: str) -> set[str]:
    """Whose accounts were listed."""
    if form == "json":
        return {user["userId"] for user in json.loads(stdout)["users"] if user.get("connections")}
    if form == "ndjson":
        objects = map(json.loads, stdout.splitlines())
        return {one["userId"] for one in objects if "error" not in one}
    if form == "csv":
        rows = csv.DictReader(io.StringIO(stdout))
        return {row["userId"] for row in rows if not row["error"]}
    lines = [line for line in stdout.splitlines()[1:] if "could not be asked" not in line]
    return {line.split()[0] for line in lines}


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
