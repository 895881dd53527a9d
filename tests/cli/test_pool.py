"""The command in several processes: the same output, and none of them left."""

import json
import logging
import multiprocessing
import os
import signal
import subprocess
from collections.abc import Iterator
from multiprocessing import forkserver, resource_tracker

import pytest
from command import COMMAND, Run, asking, stuck_after
from processes import end_all, ended

from publora_async.sandbox import Sandbox
from publora_sync.cli._run import _begin
from publora_sync.cli._settings import Settings


@pytest.fixture(autouse=True)
def _no_helpers_left() -> Iterator[None]:
    """End the processes that multiprocessing keeps until this one ends."""
    yield
    forkserver._forkserver._stop()  # type: ignore[attr-defined]  # as CPython's own tests do
    resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]  # as above


def test_several_processes_list_what_one_does(ask: Run) -> None:
    arguments = ("connections", "--all-users", "--format", "json")
    alone, together = ask(*arguments), ask(*arguments, "--workers", "2")
    assert (together.exit_code, together.stdout) == (alone.exit_code, alone.stdout)
    assert json.loads(together.stdout)["users"]


def test_a_key_refused_half_way_ends_several_processes(ask: Run, service: Sandbox) -> None:
    service.revoke_key(after=1)
    done = ask("check", "--all-users", "--workers", "2")
    assert done.exit_code == 2
    assert "publora: HTTP 401: Invalid API key; " in done.stderr
    assert multiprocessing.active_children() == []


def test_more_processes_than_users_at_once_are_refused(run: Run) -> None:
    done = run("connections", "--all-users", "--workers", "4", "--concurrency", "3")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--workers 4 takes --concurrency 4 or more." in done.stderr


@pytest.mark.parametrize("verbose", [False, True])
def test_a_process_leaves_ctrl_c_to_the_one_that_waits_for_it(
    monkeypatch: pytest.MonkeyPatch, *, verbose: bool
) -> None:
    logger = logging.getLogger("publora_async")
    monkeypatch.setattr(logger, "handlers", logger.handlers.copy())
    monkeypatch.setattr(logger, "level", logger.level)
    before = signal.getsignal(signal.SIGINT)
    try:
        _begin(Settings(sandbox=False, timeout=1, deadline=1, verbose=verbose))
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert (logger.level == logging.DEBUG) is verbose


def test_ctrl_c_ends_several_processes_within_a_second() -> None:
    with (
        stuck_after(0, users=400) as sandbox,
        subprocess.Popen(
            [*COMMAND, "connections", "--all-users", "--workers", "2"],
            env=asking(sandbox),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            while sandbox.requests < 33:  # all that are let out at once, and the list of the users
                pass
            os.killpg(process.pid, signal.SIGINT)
            _, said = process.communicate(timeout=20)
            assert ended(process)
        finally:
            end_all(process)
    assert process.returncode == 130
    assert (
        said
        == "\nStopped by Ctrl-C after 0 of 400 users, 0 failed, 0 without accounts; 0 accounts.\n"
    )
