"""The options that several commands share: the users to ask about, spans of time."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from command import FORMATS, Run, owners

from publora_async.sandbox import Sandbox
from publora_sync.cli import publora


@pytest.mark.parametrize("form", FORMATS)
def test_several_users_can_be_named_and_each_is_asked_about_once(
    ask: Run, service: Sandbox, form: str
) -> None:
    first, second = service.user_ids[1:3]
    arguments = [word for user_id in (first, second, first) for word in ("--user", user_id)]
    before = service.requests
    done = ask("connections", *arguments, "--format", form)
    assert (done.exit_code, owners(form, done.stdout)) == (0, {first, second})
    assert service.requests - before == 2


def test_a_lone_user_given_twice_is_still_many(ask: Run, service: Sandbox) -> None:
    user_id = service.user_ids[1]
    done = ask("connections", "--user", user_id, "--user", user_id, "--format", "json")
    assert [user["userId"] for user in json.loads(done.stdout)["users"]] == [user_id]


def test_a_users_file_may_have_blank_lines_comments_and_windows_line_ends(
    ask: Run, service: Sandbox, tmp_path: Path
) -> None:
    first, second, third = service.user_ids[1:4]
    file = tmp_path / "users"
    text = f"\ufeff# ours\r\n\r\n{first}\r\n  {second}  # Søren\r\n   \r\n{first}#again"
    file.write_bytes(text.encode())
    done = ask("connections", "--users-file", str(file), "--user", third, "--format", "json")
    assert [user["userId"] for user in json.loads(done.stdout)["users"]] == [third, first, second]


def test_a_users_file_can_be_stdin(service: Sandbox, environment: dict[str, str]) -> None:
    runner = CliRunner(env={**environment, "PUBLORA_BASE_URL": service.base_url})
    arguments = ["connections", "--users-file", "-", "--format", "ndjson"]
    done = runner.invoke(publora, arguments, input=f"{service.user_ids[1]}\n")
    assert (done.exit_code, owners("ndjson", done.stdout)) == (0, {service.user_ids[1]})


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"a\n\nb c\n", "line 3 holds more than one user id."),
        (
            "a\nb # fine\n\u00fc\n".encode(),
            (
                "line 3: a user id may hold only printable ASCII characters without blanks; "
                "character 1 of 1 is something else."
            ),
        ),
        (b"\xff\n", "line 1: a user id may hold only printable ASCII"),
        (b"a" * 513, "line 1: a user id must be 1 to 512 characters long, not 513."),
        (b"# nobody\n\n", "there is no user id in it."),
    ],
)
def test_a_bad_line_is_named_by_its_number_before_anybody_is_asked(
    ask: Run, service: Sandbox, tmp_path: Path, content: bytes, complaint: str
) -> None:
    file = tmp_path / "users"
    file.write_bytes(content)
    done = ask("connections", "--users-file", str(file))
    assert (done.exit_code, done.stdout, service.requests) == (2, "", 0)
    assert f"Error: Invalid value for '--users-file': {complaint}" in done.stderr


def test_a_users_file_that_is_not_there_is_bad_usage(ask: Run) -> None:
    done = ask("check", "--users-file", "/nowhere/users")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "'/nowhere/users': No such file or directory" in done.stderr


@pytest.mark.parametrize("arguments", [["--user", "a"], ["--users-file", "-"]])
@pytest.mark.parametrize("command", ["connections", "check"])
def test_all_users_goes_with_no_other_users(
    environment: dict[str, str], command: str, arguments: list[str]
) -> None:
    runner = CliRunner(env=environment)
    done = runner.invoke(publora, [command, "--all-users", *arguments], input="a\n")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == (
        "Error: --all-users goes with neither --user nor --users-file."
    )


def test_a_key_without_workspace_access_is_one_line(run: Run, sandbox: Sandbox) -> None:
    done = run("connections", "--all-users", PUBLORA_API_KEY=sandbox.ordinary_key)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("publora: HTTP 403: Workspace access is not enabled")


@pytest.mark.parametrize("span", ["d", "-7d", "7 d", "1.5d", "7y", "999999999w", "\u0667d", ""])
def test_a_bad_span_is_bad_usage(run: Run, span: str) -> None:
    done = run("check", "--within", span)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == (
        f"Error: Invalid value for '--within': {span!r} is no span of time "
        "such as 7d, 36h, 90m or 2w."
    )


def test_a_span_without_a_unit_is_told_what_to_write(run: Run) -> None:
    done = run("check", "--within", "14")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == (
        "Error: Invalid value for '--within': 14 needs a unit, w, d, h, m or s: "
        "such as 14d for days."
    )
