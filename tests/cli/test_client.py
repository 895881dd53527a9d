"""Where the command gets its client: the key from the environment or a person, or a sandbox."""

import json
import sys

import pytest
from click.testing import CliRunner
from command import Run, in_terminal, read_until

from publora_async import ConnectionList
from publora_async.sandbox import Sandbox
from publora_sync.cli._client import prompt_for_key
from publora_sync.cli._shell import CommandError


@pytest.mark.parametrize("command", ["connections", "check"])
def test_a_missing_key_off_a_terminal_is_one_line(run: Run, command: str) -> None:
    done = run(command, PUBLORA_API_KEY=None)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "publora: no API key: create one at https://app.publora.com under API "
        "and set PUBLORA_API_KEY\n"
    )


def test_a_key_is_asked_for_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = CliRunner(env={"PUBLORA_API_KEY": ""})
    with runner.isolation(input="sk_typed\n") as (stdout, stderr, _):
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        key = prompt_for_key()
    assert (key, stdout.getvalue(), stderr.getvalue()) == (
        "sk_typed",
        b"",
        b"API key (it does not show): \n",
    )


def test_a_key_is_not_asked_for_where_stdin_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUBLORA_API_KEY", raising=False)
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(CommandError, match="no API key"):
        prompt_for_key()


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


def test_sandbox_needs_no_environment_and_heeds_none(run: Run, accounts: ConnectionList) -> None:
    arguments = ("connections", "--sandbox", "--format", "ndjson")
    bare = run(*arguments, PUBLORA_API_KEY=None, PUBLORA_BASE_URL=None)
    wrong = run(*arguments, PUBLORA_API_KEY="not a key", PUBLORA_BASE_URL="ftp://nowhere")
    for done in (bare, wrong):
        assert done.exit_code == 0
        ids = [json.loads(line)["platformId"] for line in done.stdout.splitlines()]
        assert ids == accounts.platform_ids
        assert done.stderr.startswith("These accounts are made up; --user ")


def test_sandbox_names_a_user_that_can_be_asked_about(run: Run) -> None:
    user = run("connections", "--sandbox").stderr.split()[6]
    done = run("connections", "--sandbox", "--user", user)
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, 7)


def test_the_sandbox_has_users_to_try_the_commands_on(run: Run) -> None:
    done = run("users", "--sandbox", "--format", "ndjson", PUBLORA_API_KEY=None)
    assert (done.exit_code, done.stderr) == (0, "These accounts are made up.\n")
    assert len(done.stdout.splitlines()) == 100
