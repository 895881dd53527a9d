"""``publora connect``: the link, and waiting for the account."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from command import Run
from hostile import reply

from publora_async import Connection, ConnectionList
from publora_async.sandbox import Sandbox
from publora_sync import Publora
from publora_sync.cli import _connect


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


def test_connect_prints_the_link_and_nothing_else_on_stdout(run: Run, sandbox: Sandbox) -> None:
    user_id = sandbox.user_ids[0]
    done = run("connect", user_id)
    with Publora(sandbox.api_key, base_url=sandbox.base_url) as client:
        link = client.managed_users.connection_url(user_id)
    assert (done.exit_code, done.stdout) == (0, f"{link.url}\n")
    assert link.token_expires_at
    assert done.stderr == f"It works until {link.token_expires_at:%Y-%m-%d %H:%M} UTC.\n"


def test_connect_takes_an_e_mail(run: Run, sandbox: Sandbox) -> None:
    with Publora(sandbox.api_key, base_url=sandbox.base_url) as client:
        user = client.managed_users.list()[0]
    assert user.email
    assert run("connect", user.email).stdout == run("connect", user.id).stdout


def test_waiting_for_a_mistyped_platform_is_bad_usage(run: Run, sandbox: Sandbox) -> None:
    before = sandbox.requests
    done = run("connect", sandbox.user_ids[0], "--wait", "linkdin")
    assert (done.exit_code, done.stdout, sandbox.requests) == (2, "", before)
    assert done.stderr.endswith(
        "Error: Invalid value for '--wait': there is no platform 'linkdin': "
        "did you mean linkedin?\n"
    )


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
        (
            "publora: HTTP 404: User not found or not managed by this key "
            f"(POST /workspace/users/{'0' * 24}/connection-url)"
        )
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
    done = run("connect", sandbox.user_ids[0], "--wait", "linkedin", "--max-wait", "1s")
    assert (done.exit_code, done.stdout.count("\n")) == (2, 1)
    assert done.stderr.splitlines()[-1] == (
        "publora: no linkedin account was connected within 1 s "
        f"(GET /platform-connections for user {sandbox.user_ids[0]})"
    )


def test_a_platform_that_the_sandbox_does_not_have_is_one_line(run: Run, sandbox: Sandbox) -> None:
    done = run("connect", sandbox.user_ids[0], "--wait", "myspace", "--sandbox")
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1].startswith("publora: platform must be one of twitter, ")


@pytest.mark.parametrize("arguments", [["--days", "0"], ["--max-wait", "soon"]])
def test_a_number_of_days_or_a_time_that_is_none_is_bad_usage(
    run: Run, sandbox: Sandbox, arguments: list[str]
) -> None:
    before = sandbox.requests
    done = run("connect", sandbox.user_ids[0], *arguments)
    assert (done.exit_code, done.stdout, sandbox.requests) == (2, "", before)
    assert f"Invalid value for '{arguments[0]}'" in done.stderr
