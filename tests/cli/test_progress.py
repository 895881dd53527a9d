"""The progress bar: where it is drawn, and what it leaves behind."""

import contextlib
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from command import COMMAND, asking, in_terminal, owners

from publora_async.sandbox import Sandbox


def test_progress_is_drawn_on_the_terminal_of_stderr_and_wiped_away(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty", exc_type=ImportError)
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
    assert owners("ndjson", rows.read_text()) == {sandbox.user_ids[1]}
    # What comes last is below a line that was wiped, by a cursor that shows again.
    progress, summed_up = drawn.split("\x1b[?25h")
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", progress)
    assert [words for words in ("0/2 users", "2/2 users", "1 failed") if words not in plain] == []
    assert summed_up == (
        "\r\x1b[1A\x1b[2K2 of 2 users, 1 failed, 0 without accounts; 6 accounts.\r\n"
    )


def test_no_bar_runs_into_what_the_reader_of_a_pipe_writes_to_the_terminal() -> None:
    piped = f"{shlex.join(COMMAND)} connections --all-users --sandbox | tail -1"
    with in_terminal(command=["sh", "-c", piped]) as process:
        shown, _ = process.communicate()
    assert process.returncode == 0
    assert "0/100 users" not in shown
    assert "100 of 100 users" in shown


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
    rows = [line for line in lines if '"platformId"' in line or re.match("[0-9a-f]{24},", line)]
    assert len(rows) == 303
    if form == "ndjson":
        assert all(json.loads(row) for row in rows)
    assert "100/100 users" in shown
