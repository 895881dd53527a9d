"""``publora users``, in every format."""

import csv
import io
import json

import pytest
from command import Run
from hostile import HostileServer, reply

from publora_async import ManagedUserList
from publora_async.sandbox import Sandbox
from publora_sync import Publora
from publora_sync.cli import _table

NOBODY_LIKE_THAT = "None of 12 users has 'nobody' in e-mail or name.\n"
MISCHIEF = {"_id": "u1", "username": "a\x1b[2Jb", "displayName": None}


@pytest.fixture
def managed(sandbox: Sandbox) -> ManagedUserList:
    with Publora(sandbox.api_key, base_url=sandbox.base_url) as client:
        return client.managed_users.list()


def test_users_are_listed_as_aligned_text_off_a_terminal(
    run: Run, managed: ManagedUserList
) -> None:
    done = run("users")
    header, *lines = done.stdout.splitlines()
    assert (done.exit_code, done.stderr) == (0, "")
    assert header.split() == ["ID", "EMAIL", "NAME", "LINK", "UNTIL"]
    assert [line.split()[:2] for line in lines] == [[user.id, user.email] for user in managed]
    until = [user.connections_page_token_expires_at for user in managed]
    assert [line.split()[-1] for line in lines] == [
        f"{day:%Y-%m-%d}" if day else "-" for day in until
    ]


def test_users_come_as_json_ndjson_and_csv(run: Run, managed: ManagedUserList) -> None:
    expected = [user.to_dict() for user in managed]
    assert json.loads(run("users", "--format", "json").stdout) == {"users": expected}
    lines = run("users", "--format", "ndjson").stdout.splitlines()
    assert list(map(json.loads, lines)) == expected
    rows = list(csv.DictReader(io.StringIO(run("users", "--format", "csv").stdout)))
    assert [(row["_id"], row["username"], row["displayName"]) for row in rows] == [
        (user.id, user.email, user.display_name) for user in managed
    ]


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("table", ""),
        ("json", '{\n  "users": []\n}\n'),
        ("ndjson", ""),
        (
            "csv",
            (
                "_id,username,displayName,role,dailyPostsLeft,connectionsPageUrl,"
                "connectionsPageTokenExpiresAt\n"
            ),
        ),
    ],
)
def test_nobody_is_no_failure(run: Run, form: str, written: str) -> None:
    with Sandbox(users=0) as service:
        done = run("users", "--format", form, PUBLORA_BASE_URL=service.base_url)
    assert (done.exit_code, done.stdout, done.stderr) == (
        0,
        written,
        "There is no managed user yet.\n",
    )


@pytest.mark.parametrize("form", ["table", "json", "ndjson"])
def test_control_characters_do_not_get_into_the_list_of_users(run: Run, form: str) -> None:
    with HostileServer(reply({"users": [MISCHIEF]})) as server:
        done = run("users", "--format", form, PUBLORA_BASE_URL=server.base_url)
    assert "\x1b" not in done.stdout
    assert "[2Jb" in done.stdout


def test_options_before_a_command_are_bad_usage_rather_than_lost(run: Run) -> None:
    done = run("users", "--sandbox", "find", "a")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.endswith("Error: options go behind find.\n")


def test_users_are_found_by_part_of_e_mail_or_name(ask: Run, service: Sandbox) -> None:
    with Publora(service.api_key, base_url=service.base_url) as client:
        someone = client.managed_users.list()[3]
    assert someone.email
    assert someone.display_name
    for text in (someone.email.upper(), someone.display_name.lower()):
        done = ask("users", "find", text, "--format", "ndjson")
        assert (done.exit_code, done.stderr) == (0, "")
        assert someone.id in [json.loads(line)["_id"] for line in done.stdout.splitlines()]


def test_whom_nobody_is_like_ends_with_1(ask: Run) -> None:
    done = ask("users", "find", "nobody")
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", NOBODY_LIKE_THAT)


def test_users_without_e_mail_and_name_are_not_like_anybody(run: Run) -> None:
    with HostileServer(reply({"users": [{"_id": "u1"}]})) as server:
        done = run("users", "find", "u1", PUBLORA_BASE_URL=server.base_url)
    assert (done.exit_code, done.stdout) == (1, "")


def test_a_user_is_made_found_and_detached(ask: Run) -> None:
    made = ask("users", "create", "ann@example.com", "--name", "Ann Lee")
    user_id = made.stdout.strip()
    assert (made.exit_code, made.stderr) == (
        0,
        f"publora connect {user_id} gives a link to connect accounts with.\n",
    )
    found = json.loads(ask("users", "find", "ann lee", "--format", "json").stdout)["users"]
    assert [(user["_id"], user["username"]) for user in found] == [(user_id, "ann@example.com")]
    gone = ask("users", "detach", "Ann@Example.com")
    assert (gone.exit_code, gone.stdout, gone.stderr) == (
        *(0, "", f"{user_id} is detached. No account was deleted.\n"),
    )
    assert ask("users", "find", "ann lee").exit_code == 1
    again = ask("users", "detach", "ann@example.com")
    assert (again.exit_code, again.stderr) == (
        2,
        (
            "publora: no managed user has the e-mail ann@example.com: publora users find TEXT "
            "looks for parts of e-mails and names\n"
        ),
    )


def test_a_user_who_exists_is_named(run: Run) -> None:
    refusal = {
        "error": "User with this email already exists",
        "code": "email_exists",
        "userId": "6626a1f5e4b0c91a2d3f4567",
        "reason": "already_in_workspace",
    }
    with HostileServer(reply(refusal, status=409)) as server:
        done = run("users", "create", "ann@example.com", PUBLORA_BASE_URL=server.base_url)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "publora: HTTP 409: User with this email already exists [email_exists]; "
        "its id is 6626a1f5e4b0c91a2d3f4567; already in workspace\n"
    )


def test_a_conflict_that_says_no_more_is_told_as_it_is(run: Run) -> None:
    with HostileServer(reply({"error": "No"}, status=409)) as server:
        done = run("users", "create", "ann@example.com", PUBLORA_BASE_URL=server.base_url)
    assert (done.exit_code, done.stderr) == (2, "publora: HTTP 409: No\n")


def test_users_are_a_table_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_table, "is_terminal", lambda _: True)
    done = run("users", COLUMNS="140")
    assert done.stdout.splitlines()[0].split() == ["Id", "Email", "Name", "Link", "until"]
    assert set(done.stdout.splitlines()[1].strip()) == {"─"}
