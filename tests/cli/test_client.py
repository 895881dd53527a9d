"""Where the command gets its client: the key from the environment or a person, or a sandbox."""

import json
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from command import Run, in_terminal, read_until
from hostile import HostileServer, reply, silence, tunnel_to
from trust import serving, written_to

from publora_async import ConnectionList
from publora_async.sandbox import Sandbox
from publora_sync import Publora
from publora_sync.cli import _client
from publora_sync.cli._client import _tell, prompt_for_key
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


def test_a_silence_on_a_terminal_is_told_of_after_a_while(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_client, "is_terminal", lambda _: True)
    monkeypatch.setattr(_client, "_PATIENCE", 0.01)
    said = "at most 1 s an attempt (--timeout), 0.5 s in all (--deadline). Ctrl-C ends it.\n"
    arguments = ("connections", "--timeout", "1", "--deadline", "0.5")
    with HostileServer(silence) as server:
        done = run(*arguments, PUBLORA_BASE_URL=server.base_url)
        quiet = run(*arguments, "-q", PUBLORA_BASE_URL=server.base_url)
    assert done.stderr.startswith(f"Waiting for 127.0.0.1:{server.port}: {said}publora: ")
    assert quiet.stderr.startswith("publora: ")


def test_a_silence_in_a_fan_out_is_told_of_above_the_bar(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_client, "is_terminal", lambda _: True)
    monkeypatch.setattr(_client, "_PATIENCE", 0.01)
    arguments = ("check", "--user", "a", "--user", "b", "--deadline", "0.5")
    with HostileServer(silence) as server:
        done = run(*arguments, PUBLORA_BASE_URL=server.base_url)
    assert done.stderr.count("Waiting for 127.0.0.1:") == 1
    assert done.exit_code == 2


def test_a_sandbox_that_is_silent_is_called_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "is_terminal", lambda _: True)
    monkeypatch.setattr(_client, "_PATIENCE", 0)
    monkeypatch.setattr(_client, "_tell", lambda *those: those[2](those[3]))
    done = run("users", "--sandbox", PUBLORA_BASE_URL="http://[")
    assert "Waiting for the sandbox: " in done.stderr


def test_whoever_is_quick_is_neither_called_silent_nor_waited_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_client, "is_terminal", lambda _: True)
    monkeypatch.setattr(_client, "_PATIENCE", 3600)
    assert run("connections").stderr == ""


def test_whoever_responds_just_in_time_is_not_called_silent() -> None:
    told: list[str] = []
    timer = threading.Timer(0, lambda: None)
    timer.cancel()
    _tell(threading.Lock(), timer, told.append, "Waiting")
    assert told == []


def test_the_proxy_of_the_environment_is_used_as_by_curl(run: Run, tmp_path: Path) -> None:
    with (
        HostileServer(reply(), tls=serving("localhost")) as origin,
        HostileServer(tunnel_to(origin.port)) as proxy,
    ):
        done = run(
            "connections",
            PUBLORA_BASE_URL="https://localhost:1",
            HTTPS_PROXY=proxy.origin,
            NO_PROXY=None,
            SSL_CERT_FILE=written_to(tmp_path),
        )
    assert (done.exit_code, done.stdout) == (0, "")
    assert proxy.heads[0].startswith(b"CONNECT localhost:1 HTTP/1.1\r\n")
    assert len(origin.heads) == 1


def test_many_users_can_be_named_by_e_mail(ask: Run, service: Sandbox, tmp_path: Path) -> None:
    with Publora(service.api_key, base_url=service.base_url) as client:
        first, second, third = client.managed_users.list()[1:4]
    assert first.email
    assert second.email
    file = tmp_path / "users"
    file.write_text(f"{second.email}\n{third.id}\n{first.id}\n")
    arguments = ("--user", first.email.upper(), "--users-file", str(file), "--format", "json")
    done = ask("connections", *arguments)
    assert [user["userId"] for user in json.loads(done.stdout)["users"]] == [
        *(first.id, second.id, third.id)
    ]
    alone = ask("connections", "--user", first.email, "--format", "json")
    ids = [one["platformId"] for one in json.loads(alone.stdout)["connections"]]
    everyone = json.loads(done.stdout)["users"]
    assert ids == [one["platformId"] for one in everyone[0]["connections"]]


def test_an_e_mail_that_nobody_has_is_one_line(run: Run) -> None:
    users = reply({"users": [{"_id": "u1"}, {"_id": "u2", "username": "b@example.com"}]})
    with HostileServer(users) as server:
        done = run("connections", "--user", "a@example.com", PUBLORA_BASE_URL=server.base_url)
    assert (done.exit_code, done.stdout, len(server.heads)) == (2, "", 1)
    assert done.stderr.startswith("publora: no managed user has the e-mail a@example.com: ")


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
