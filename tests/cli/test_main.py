"""How the command is started: as a module, as a script, without its extra."""

import importlib.abc
import json
import os
import runpy
import signal
import sys
from importlib.metadata import entry_points, version

import click
import pytest
from command import finished

from publora_sync import __main__ as entry
from publora_sync.cli import publora

NEEDS_EXTRA = "the publora command needs click and rich: pip install click rich\n"


def main_ends_with(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["/somewhere/__main__.py", *arguments])
    with pytest.raises(SystemExit) as ended:
        entry.main()
    return ended.value.code


def test_it_runs_as_a_module() -> None:
    done = finished("connections", "--sandbox", "--format", "json")
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert len(json.loads(done.stdout)["connections"]) == 15


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


# Presses Ctrl-C when the module of that name is about to be imported, then runs the command.
_PRESSED = """
import importlib.abc, runpy, signal, sys

class Pressing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == sys.argv[1]:
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Pressing())
runpy.run_module("publora_sync", run_name="__main__")
"""


@pytest.mark.parametrize("module", ["publora_sync.cli", "click", "rich.console"])
def test_ctrl_c_while_the_command_starts_ends_it_without_a_word(module: str) -> None:
    done = finished(module, "check", command=[sys.executable, "-W", "error", "-c", _PRESSED])
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


class Pressing(importlib.abc.MetaPathFinder):
    """Presses Ctrl-C when the command is about to be imported."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "publora_sync.cli":
            signal.raise_signal(signal.SIGINT)


@pytest.fixture
def pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Ctrl-C pressed while the command is imported."""
    monkeypatch.setattr("publora_sync.cli", sys.modules["publora_sync.cli"])  # for the undoing
    for name in list(sys.modules):
        if name.startswith("publora_sync.cli"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Pressing(), *sys.meta_path])


@pytest.mark.usefixtures("pressed")
def test_ctrl_c_during_the_imports_ends_the_process_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "_exit", sys.exit)
    assert main_ends_with(monkeypatch, "check") == 130
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("pressed")
def test_a_ctrl_c_that_is_ignored_does_not_end_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert main_ends_with(monkeypatch, "--version") == 0
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def press(*_: object, **__: object) -> None:
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
    ("owner", "method"),
    [(publora, "_main_shell_completion"), (click.Group, "make_context")],
    ids=["completion", "reading the arguments"],
)
def test_ctrl_c_before_a_command_runs_ends_with_130_and_without_a_word(
    owner: object, method: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(owner, method, press)
    assert main_ends_with(monkeypatch, "--version") == 130
    assert capsys.readouterr() == ("", "")
