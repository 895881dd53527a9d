"""``publora connections`` and ``publora check`` about many managed users."""

import csv
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hostile import Answer, HostileServer, reply

from publora_async import Connection, ConnectionList
from publora_async.sandbox import Faults, Sandbox
from publora_sync import Publora
from publora_sync.cli import _progress, publora

Run = Callable[..., Result]

USERS = 12
FORMATS = ["table", "json", "csv", "ndjson"]


@pytest.fixture
def service() -> Iterator[Sandbox]:
    """A sandbox of the test's own, to break."""
    with Sandbox(users=USERS) as service:
        yield service


@pytest.fixture
def ask(service: Sandbox, run: Run) -> Run:
    """Run the command against *service*."""

    def ask(*arguments: str) -> Result:
        others = {"PUBLORA_API_KEY": service.api_key, "PUBLORA_BASE_URL": service.base_url}
        return run(*arguments, **others)

    return ask


@pytest.fixture
def expected(service: Sandbox) -> dict[str, ConnectionList]:
    """Each user's accounts, in the service's order of the users."""
    with Publora(service.api_key, base_url=service.base_url) as client:
        answers = client.connections.list_many(service.user_ids)
    return {answer.user_id: answer.unwrap() for answer in answers}


def summary(users: int, failed: int, bare: int, rest: str) -> str:
    return f"{users} of {users} users, {failed} failed, {bare} without accounts; {rest}.\n"


def owners(form: str, stdout: str) -> set[str]:
    """Whose accounts were listed."""
    if form == "json":
        return {user["userId"] for user in json.loads(stdout)["users"] if user.get("connections")}
    if form == "ndjson":
        return {json.loads(line)["userId"] for line in stdout.splitlines()}
    if form == "csv":
        return {row["user_id"] for row in csv.DictReader(io.StringIO(stdout))}
    return {line.split()[0] for line in stdout.splitlines()[1:]}


def test_ndjson_says_whose_each_account_is(ask: Run, expected: dict[str, ConnectionList]) -> None:
    done = ask("connections", "--all-users", "--format", "ndjson")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {next(iter(row)) for row in rows} == {"userId"}
    for user_id, accounts in expected.items():
        theirs = [row for row in rows if row["userId"] == user_id]
        assert theirs == [{"userId": user_id, **one.to_dict()} for one in accounts]
    found = len(rows)
    bare = sum(not accounts for accounts in expected.values())
    assert (done.exit_code, done.stderr) == (0, summary(USERS, 0, bare, f"{found} accounts"))


def test_csv_says_it_in_the_first_column(ask: Run, expected: dict[str, ConnectionList]) -> None:
    done = ask("connections", "--all-users", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(rows[0]) == ["user_id", *Connection(platform_id="").to_row()]
    assert sorted((row["user_id"], row["platform_id"]) for row in rows) == sorted(
        (user_id, account.platform_id)
        for user_id, accounts in expected.items()
        for account in accounts
    )


def test_json_is_one_document_in_the_order_of_the_users(
    ask: Run, expected: dict[str, ConnectionList]
) -> None:
    done = ask("connections", "--all-users", "--format", "json", "--concurrency", "3")
    assert json.loads(done.stdout) == {
        "users": [
            {"userId": user_id, "connections": [account.to_dict() for account in accounts]}
            for user_id, accounts in expected.items()
        ]
    }


def test_aligned_text_says_it_on_every_line(ask: Run, expected: dict[str, ConnectionList]) -> None:
    header, *lines = ask("connections", "--all-users").stdout.splitlines()
    assert header.split() == [
        *("USER", "PLATFORM", "HANDLE", "NAME", "PLATFORM", "ID", "HEALTH", "EXPIRES")
    ]
    assert [line.split()[:2] for line in lines] == [
        [user_id, account.platform]
        for user_id, accounts in expected.items()
        for account in accounts
    ]


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


@pytest.mark.parametrize("form", FORMATS)
def test_a_failed_user_is_named_and_ends_nothing(
    ask: Run, service: Sandbox, expected: dict[str, ConnectionList], form: str
) -> None:
    failing = service.user_ids[2]
    service.faults = Faults(error_users={failing: 404})
    done = ask("connections", "--all-users", "--format", form)
    first, last = done.stderr.splitlines()
    assert (done.exit_code, first) == (2, f"user {failing} failed: HTTP 404: Not found")
    assert last.startswith(f"{USERS} of {USERS} users, 1 failed, ")
    assert owners(form, done.stdout) == {
        user_id for user_id, accounts in expected.items() if accounts and user_id != failing
    }


def test_json_has_the_error_in_place_of_the_connections(ask: Run, service: Sandbox) -> None:
    failing = service.user_ids[2]
    service.faults = Faults(error_users={failing: 404})
    done = ask("connections", "--user", failing, "--user", "b\x1bd", "--format", "json")
    assert json.loads(done.stdout)["users"] == [
        {
            "userId": failing,
            "error": {"type": "NotFoundError", "status": 404, "message": "HTTP 404: Not found"},
        },
        {
            "userId": "b\x1bd",
            "error": {
                "type": "ConfigurationError",
                "status": None,
                "message": (
                    "user_id may hold only printable ASCII characters without blanks; "
                    "character 2 of 3 is something else"
                ),
            },
        },
    ]
    assert r"user b\x1bd failed: " in done.stderr


@pytest.mark.parametrize("form", FORMATS)
def test_platform_filters_and_the_summary_says_so(
    ask: Run, expected: dict[str, ConnectionList], form: str
) -> None:
    done = ask("connections", "--all-users", "--platform", "Pinterest", "--format", form)
    having = {user_id: some.on("pinterest") for user_id, some in expected.items()}
    assert owners(form, done.stdout) == {user_id for user_id, some in having.items() if some}
    found = sum(map(len, expected.values()))
    listed = sum(map(len, having.values()))
    assert done.stderr.endswith(f"; {listed} of {found} accounts on Pinterest.\n")


@pytest.mark.parametrize("form", FORMATS)
def test_a_key_refused_half_way_ends_it_after_what_was_answered(
    ask: Run, service: Sandbox, form: str
) -> None:
    service.revoke_key(after=4)
    arguments = [word for user_id in service.user_ids for word in ("--user", user_id)]
    done = ask("connections", *arguments, "--concurrency", "1", "--format", form)
    ended, error = done.stderr.splitlines()
    assert (done.exit_code, owners(form, done.stdout)) == (2, set(service.user_ids[1:4]))
    assert ended.startswith(f"Ended after 4 of {USERS} users, 0 failed, 1 without accounts; ")
    assert error.startswith("publora: HTTP 401: Invalid API key; ")


@pytest.mark.parametrize("command", ["connections", "connections --format json", "check"])
def test_a_key_refused_at_once_gives_no_answer(run: Run, command: str) -> None:
    arguments = (*command.split(), "--user", "a", "--user", "b")
    done = run(*arguments, PUBLORA_API_KEY="wrong")
    ended, error = done.stderr.splitlines()
    assert (done.exit_code, done.stdout) == (2, "")
    assert ended.startswith("Ended after 0 of 2 users, 0 failed, ")
    assert error.startswith("publora: HTTP 401: Invalid API key; ")


def test_a_key_without_workspace_access_is_one_line(run: Run, sandbox: Sandbox) -> None:
    done = run("connections", "--all-users", PUBLORA_API_KEY=sandbox.ordinary_key)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("publora: HTTP 403: Workspace access is not enabled")


def test_no_managed_user_is_no_failure(run: Run) -> None:
    with Sandbox(users=0) as service:
        done = run("check", "--all-users", PUBLORA_BASE_URL=service.base_url)
    assert (done.exit_code, done.stdout) == (
        0,
        "None of 0 accounts of 0 users has to be reconnected.\n",
    )
    assert done.stderr == summary(0, 0, 0, "0 accounts; to reconnect: none")


def answering(*answers: Connection) -> HostileServer:
    """A service that lists each of *answers* for a user of its own, and then for all others."""
    return HostileServer(*(reply(ConnectionList([one]).to_dict()) for one in answers))


def checked(run: Run, *answers: Connection, within: str = "14d") -> Result:
    users = [word for number in range(len(answers)) for word in ("--user", f"u{number}")]
    with answering(*answers) as server:
        return run(
            *("check", *users, "--concurrency", "1", "--within", within),
            PUBLORA_BASE_URL=server.base_url,
        )


HEALTHY = Connection(platform_id="twitter-1")
EXPIRED = Connection(platform_id="linkedin-1", token_status="expired")
SOON = Connection(platform_id="threads-1", token_status="expiring_soon")


def test_check_finds_all_of_many_users_healthy(run: Run) -> None:
    done = checked(run, HEALTHY, HEALTHY)
    assert (done.exit_code, done.stdout) == (
        0,
        "None of 2 accounts of 2 users has to be reconnected.\n",
    )
    assert done.stderr == summary(2, 0, 0, "2 accounts; to reconnect: none")


def test_check_names_the_accounts_of_many_users_to_reconnect(run: Run) -> None:
    done = checked(run, HEALTHY, EXPIRED, SOON, SOON)
    first, blank, _, *lines = done.stdout.splitlines()
    assert (done.exit_code, blank) == (1, "")
    assert first == (
        "Of 4 accounts of 4 users, reconnect 1 now and 2 soon: publora connect USER gives each "
        "a link"
    )
    assert [line.split()[:2] for line in lines] == [
        ["u1", "linkedin"],
        ["u2", "threads"],
        ["u3", "threads"],
    ]
    assert done.stderr == summary(4, 0, 0, "4 accounts; to reconnect: 1 now and 2 soon")


def test_check_that_could_not_find_out_about_a_user_ends_with_2(ask: Run, service: Sandbox) -> None:
    failing = service.user_ids[2]
    service.faults = Faults(error_users={failing: 404})
    done = ask("check", "--all-users", "--within", "14d")
    first, last = done.stderr.splitlines()
    assert (done.exit_code, first) == (2, f"user {failing} failed: HTTP 404: Not found")
    found = re.fullmatch(
        r"12 of 12 users, 1 failed, . without accounts; (.*); to reconnect: (.*)\.", last
    )
    assert found
    assert done.stdout.startswith(f"Of {found[1]} of 11 users, reconnect {found[2]}: publora ")


def test_check_whose_key_is_refused_half_way_prints_what_it_found(
    ask: Run, service: Sandbox
) -> None:
    service.revoke_key(after=4)
    users = [word for user_id in service.user_ids for word in ("--user", user_id)]
    done = ask("check", *users, "--concurrency", "1", "--within", "400d")
    assert done.exit_code == 2
    assert {line.split()[0] for line in done.stdout.splitlines()[3:]} <= set(service.user_ids[:4])
    assert done.stdout.startswith("Of ")
    assert done.stderr.splitlines()[0].startswith("Ended after 4 of 12 users, ")


def test_accounts_that_say_whose_they_are_do_not_overrule_the_command(run: Run) -> None:
    account = Connection(platform_id="twitter-1", extra={"userId": "somebody else"})
    with answering(account) as server:
        done = run(
            *("connections", "--user", "a", "--user", "b", "--format", "ndjson"),
            PUBLORA_BASE_URL=server.base_url,
        )
    assert owners("ndjson", done.stdout) == {"a", "b"}


def test_control_characters_are_escaped_in_every_line(run: Run) -> None:
    account = Connection(platform_id="twitter-1", username="a\x1b[2Jb")
    with answering(account) as server:
        for form in ("table", "ndjson"):
            done = run(
                *("connections", "--user", "a", "--user", "b", "--format", form),
                PUBLORA_BASE_URL=server.base_url,
            )
            assert "\x1b" not in done.stdout


@pytest.mark.parametrize("drawn", [False, True], ids=["off a terminal", "on a terminal"])
def test_ctrl_c_says_how_far_it_came(
    run: Run, interrupt: Answer, monkeypatch: pytest.MonkeyPatch, *, drawn: bool
) -> None:
    monkeypatch.setattr(_progress, "is_terminal", lambda _: drawn)
    first = reply(ConnectionList([HEALTHY]).to_dict())
    with HostileServer(first, interrupt) as server:
        done = run(
            *("connections", "--user", "a", "--user", "b", "--format", "ndjson"),
            *("--concurrency", "1"),
            PUBLORA_BASE_URL=server.base_url,
            FORCE_COLOR="1",
            TERM="xterm",
        )
    assert (done.exit_code, json.loads(done.stdout)["userId"]) == (130, "a")
    said = "Stopped by Ctrl-C after 1 of 2 users, 0 failed, 0 without accounts; 1 accounts.\n"
    if drawn:
        assert done.stderr.endswith(said)
        assert "1/2 users" in done.stderr
    else:
        assert done.stderr == f"\n{said}"


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_a_reader_that_left_ends_the_run_without_a_word(
    service: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    monkeypatch.setenv("PUBLORA_API_KEY", service.api_key)
    monkeypatch.setenv("PUBLORA_BASE_URL", service.base_url)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        with pytest.raises(SystemExit) as ended:
            publora(["connections", "--all-users", "--format", form, "--concurrency", "1"])
        monkeypatch.undo()
    assert (ended.value.code, capsys.readouterr().err) == (0, "")
    assert service.requests < USERS
