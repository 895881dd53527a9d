"""``publora completion``: the shells' scripts, and what they complete."""

import shutil
import subprocess

import pytest
from click.shell_completion import ShellComplete
from command import Run, finished

from publora_sync.cli import publora

BASH = shutil.which("bash") or ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(run: Run, shell: str) -> None:
    done = run("completion", shell)
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"_PUBLORA_COMPLETE={shell}_complete" in done.stdout


def test_another_shell_is_bad_usage(run: Run) -> None:
    done = run("completion", "tcsh")
    assert (done.exit_code, done.stdout) == (2, "")


@pytest.mark.skipif(not BASH, reason="no bash")
def test_bash_takes_the_script(run: Run) -> None:
    script = run("completion", "bash").stdout
    done = subprocess.run(
        [BASH, "--norc", "-c", f"{script}\ncomplete -p publora"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "_publora_completion publora" in done.stdout


def completed(words: str) -> list[str]:
    """What a shell is told that the last of *words* may become."""
    *before, last = words.split(" ")
    shell = ShellComplete(publora, {}, "publora", "_PUBLORA_COMPLETE")
    return [item.value for item in shell.get_completions(before, last)]


@pytest.mark.parametrize(
    ("words", "proposed"),
    [
        ("co", ["completion", "connect", "connections"]),
        ("users f", ["find"]),
        ("connections --platform t", ["twitter", "threads", "tiktok", "telegram"]),
        ("connect u --wait LinkedIn", ["linkedin"]),
        ("check --format n", ["ndjson"]),
        ("connections --columns status,platf", ["status,platformId", "status,platform"]),
    ],
)
def test_commands_and_values_are_completed(words: str, proposed: list[str]) -> None:
    assert completed(words) == proposed


def test_the_shell_is_answered_by_the_command() -> None:
    done = finished(_PUBLORA_COMPLETE="bash_complete", COMP_WORDS="publora che", COMP_CWORD="1")
    assert (done.stdout, done.stderr) == ("plain,check\n", "")
