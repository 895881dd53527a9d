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
    assert [(row["id"], row["email"], row["display_name"]) for row in rows] == [
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
                "id,email,display_name,role,daily_posts_left,connections_page_url,"
                "connections_page_token_expires_at\n"
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


def test_users_are_a_table_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_table, "is_terminal", lambda _: True)
    done = run("users", COLUMNS="140")
    assert done.stdout.splitlines()[0].split() == ["Id", "Email", "Name", "Link", "until"]
    assert set(done.stdout.splitlines()[1].strip()) == {"─"}
