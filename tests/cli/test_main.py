"""How the command is started: as a module, as a script, without its extra."""

import json
import runpy
import sys
from importlib.metadata import entry_points, version

import pytest
from command import finished

from publora_sync import __main__ as entry

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
