"""``publora users``, ``publora connect`` and ``publora test``."""

import csv
import io
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import Result
from hostile import HostileServer, reply

from publora_async import Connection, ConnectionList, ManagedUser
from publora_async.sandbox import Sandbox
from publora_sync import Publora
from publora_sync.cli import _connect, _table
from publora_sync.cli._table import rows_to_table

Run = Callable[..., Result]

MISCHIEF = {"_id": "u1", "username": "a\x1b[2Jb", "displayName": None}


@pytest.fixture
def managed(sandbox: Sandbox) -> list[ManagedUser]:
    with Publora(sandbox.api_key, base_url=sandbox.base_url) as client:
        return client.managed_users.list()


def test_users_are_listed_as_aligned_text_off_a_terminal(
    run: Run, managed: list[ManagedUser]
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


def test_users_come_as_json_ndjson_and_csv(run: Run, managed: list[ManagedUser]) -> None:
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


def test_a_narrow_terminal_cuts_nothing_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    shown = rows_to_table(["ID", "EMAIL"], [["0123456789", "somebody@example.com"]])
    assert "…" not in shown


def test_the_sandbox_has_users_to_try_the_commands_on(run: Run) -> None:
    done = run("users", "--sandbox", "--format", "ndjson", PUBLORA_API_KEY=None)
    assert (done.exit_code, done.stderr) == (0, "These accounts are made up.\n")
    assert len(done.stdout.splitlines()) == 100


def checked(run: Run, *arguments: str, **body: object) -> Result:
    with HostileServer(reply({"platformId": "linkedin-1", **body})) as server:
        return run("test", "linkedin-1", *arguments, PUBLORA_BASE_URL=server.base_url)


def test_a_credential_that_works_ends_with_0(run: Run) -> None:
    done = checked(
        run,
        status="ok",
        message="Connection is working",
        username="Am\x1blie",
        permissions=["w_member_social", "r_basicprofile"],
        tokenExpiresIn="7d 3h",
        lastSuccessfulPost="2026-11-07T18:20:59.000Z",
    )
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        "STATUS       ok\n"
        "MESSAGE      Connection is working\n"
        "ACCOUNT      Am\\x1blie  linkedin-1\n"
        "PERMISSIONS  w_member_social, r_basicprofile\n"
        "EXPIRES IN   7d 3h\n"
        "LAST POST    2026-11-07 18:20 UTC\n"
    )


def test_one_that_does_not_work_ends_with_1(run: Run) -> None:
    error = {"message": "Duplicate content", "occurredAt": "2027-01-05T14:20:00.000Z"}
    done = checked(run, status="error", message="Access was revoked", lastError=error)
    assert (done.exit_code, done.stderr) == (1, "")
    assert done.stdout == (
        "STATUS      error\n"
        "MESSAGE     Access was revoked\n"
        "ACCOUNT     linkedin-1\n"
        "LAST ERROR  Duplicate content\n"
    )


def test_a_status_that_is_not_known_yet_ends_with_2(run: Run) -> None:
    done = checked(run, status="being_reviewed")
    assert (done.exit_code, done.stdout.splitlines()[0]) == (2, "STATUS   being_reviewed")


def test_an_account_that_is_not_there_could_not_be_checked(run: Run) -> None:
    done = run("test", "linkedin-nobody")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "publora: HTTP 404: Connection not found\n"


def test_an_account_of_a_user_is_tested_for_the_user(run: Run, sandbox: Sandbox) -> None:
    user_id = sandbox.user_ids[2]
    with Publora(sandbox.api_key, base_url=sandbox.base_url) as client:
        account = client.connections.list(user_id=user_id)[0]
    done = run("test", account.platform_id, "--user", user_id)
    assert (done.exit_code, account.needs_reconnect) == (0, False)
    assert run("test", account.platform_id).exit_code == 2


def test_connect_prints_the_link_and_nothing_else_on_stdout(run: Run, sandbox: Sandbox) -> None:
    user_id = sandbox.user_ids[0]
    done = run("connect", user_id)
    with Publora(sandbox.api_key, base_url=sandbox.base_url) as client:
        link = client.managed_users.connection_url(user_id)
    assert (done.exit_code, done.stdout) == (0, f"{link.url}\n")
    assert link.token_expires_at
    assert done.stderr == f"It works until {link.token_expires_at:%Y-%m-%d %H:%M} UTC.\n"


@contextmanager
def linking(link: object, *listings: object) -> Iterator[tuple[str, list[bytes]]]:
    """A service with one *link*, whose listings follow each other; and what was posted to it."""
    left = iter(listings)
    posted: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.answer(link)

        def do_GET(self) -> None:
            self.answer(next(left))

        def answer(self, body: object) -> None:
            self.wfile.write(reply(body, headers={"Connection": "close"}))

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api/v1", posted
        finally:
            server.shutdown()
            thread.join()


def test_connect_asks_for_the_days_and_for_a_new_link(run: Run, sandbox: Sandbox) -> None:
    with linking({"url": "https://x.example/\x1b[2J"}) as (base_url, posted):
        arguments = ("connect", sandbox.user_ids[0], "--days", "7", "--rotate")
        done = run(*arguments, PUBLORA_BASE_URL=base_url)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "https://x.example/\\x1b[2J\n", "")
    assert list(map(json.loads, posted)) == [{"expiresInDays": 7, "rotate": True}]


def test_rotate_gives_another_link(run: Run, sandbox: Sandbox) -> None:
    user_id = sandbox.user_ids[1]
    links = [run("connect", user_id, *more).stdout for more in ((), (), ("--rotate",))]
    assert (links[0] == links[1], links[1] == links[2]) == (True, False)


def test_connect_for_nobody_is_one_line(run: Run) -> None:
    done = run("connect", "0" * 24, "--wait", "linkedin", "--sandbox")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[1:] == [
        "publora: HTTP 404: User not found or not managed by this key"
    ]


def test_wait_gives_the_account_once_it_is_connected(
    run: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_connect, "_SANDBOX_POLL_INTERVAL", 0.001)
    done = run("connect", sandbox.user_ids[0], "--wait", "LinkedIn", "--sandbox")
    link, account = done.stdout.splitlines()
    assert done.exit_code == 0
    assert link.startswith("https://app.publora.com/connections/")
    assert account.startswith("linkedin-")
    assert done.stderr.splitlines()[2:] == [
        "Waiting until a linkedin account is connected; Ctrl-C ends the waiting.",
        "Priya Whitcombe is connected:",
    ]


def test_an_account_without_a_name_is_connected_too(
    run: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_connect, "_POLL_INTERVAL", 0.001)
    account = Connection(platform_id="telegram--1")
    listings = [ConnectionList(some).to_dict() for some in ([], [account])]
    link = {"url": "https://x.example/a", "tokenExpiresAt": "2027-01-05T14:20:00.000Z"}
    with linking(link, *listings) as (base_url, _):
        arguments = ("connect", sandbox.user_ids[0], "--wait", "telegram")
        done = run(*arguments, PUBLORA_BASE_URL=base_url)
    assert (done.exit_code, done.stdout) == (0, "https://x.example/a\ntelegram--1\n")
    assert done.stderr.splitlines() == [
        "It works until 2027-01-05 14:20 UTC.",
        "Waiting until a telegram account is connected; Ctrl-C ends the waiting.",
        "An account is connected:",
    ]


def test_an_account_that_does_not_come_in_time_ends_with_2(run: Run, sandbox: Sandbox) -> None:
    done = run("connect", sandbox.user_ids[0], "--wait", "linkedin", "--timeout", "1s")
    assert (done.exit_code, done.stdout.count("\n")) == (2, 1)
    assert done.stderr.splitlines()[-1] == ("publora: no linkedin account was connected within 1 s")


def test_a_platform_that_the_sandbox_does_not_have_is_one_line(run: Run, sandbox: Sandbox) -> None:
    done = run("connect", sandbox.user_ids[0], "--wait", "myspace", "--sandbox")
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1].startswith("publora: platform must be one of twitter, ")


@pytest.mark.parametrize("arguments", [["--days", "0"], ["--timeout", "soon"]])
def test_a_number_of_days_or_a_time_that_is_none_is_bad_usage(
    run: Run, sandbox: Sandbox, arguments: list[str]
) -> None:
    before = sandbox.requests
    done = run("connect", sandbox.user_ids[0], *arguments)
    assert (done.exit_code, done.stdout, sandbox.requests) == (2, "", before)
    assert f"Invalid value for '{arguments[0]}'" in done.stderr
