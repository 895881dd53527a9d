"""``publora watch``: what it prints, whom it tells, how it ends, and what survives it."""

import json
import os
import re
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from capabilities import needs_kill
from click.testing import Result
from command import COMMAND, Run, asking
from hostile import HostileServer, reply
from processes import end_all, ended

from publora_async import Broke
from publora_async._watch.state import StateFile
from publora_async.sandbox import Faults, Sandbox
from publora_sync.cli import _watch

EVERY = ("--every", "1s")
"""A round in which the second look comes a twentieth of a second after the first."""


# apprise imports it on CPython 3.11 and 3.12.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")


@pytest.fixture
def service() -> Iterator[Sandbox]:
    """A sandbox whose key has one account, which works."""
    with Sandbox(users=3) as service:
        service.set_connections([])
        service.connect("linkedin", status="valid")
        yield service


@pytest.fixture
def state(tmp_path: Path) -> str:
    return str(tmp_path / "accounts.db")


@pytest.fixture
def once(ask: Run, state: str) -> Run:
    """Run one round of a watch over *state*."""

    def once(*arguments: str) -> Result:
        return ask("watch", "--state", state, "--once", *EVERY, *arguments)

    return once


@pytest.fixture
def status(ask: Run, state: str) -> Callable[[], dict[str, Any]]:
    def status() -> dict[str, object]:
        done = ask("watch", "--state", state, "--status")
        assert (done.exit_code, done.stderr) == (0, "")
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return status


@contextmanager
def watching(service: Sandbox, state: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A watch in a process of its own, and whatever it has started."""
    with subprocess.Popen(
        [*COMMAND, "watch", "--state", state, *EVERY, *arguments],
        env=asking(service),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            end_all(process)


def events(text: str) -> list[tuple[str, str]]:
    return [(one["kind"], one["platformId"]) for one in map(json.loads, text.splitlines())]


def script(folder: Path, code: str) -> str:
    """A command that runs Python code."""
    path = folder / "program.py"
    path.write_text(code, "utf-8")
    return shlex.join([sys.executable, str(path)])


def test_each_change_is_told_once_and_the_exit_code_says_whether_there_was_one(
    once: Run, service: Sandbox
) -> None:
    quiet = once()
    assert (quiet.exit_code, quiet.stdout) == (0, "")
    assert quiet.stderr == "Watching; the first news takes a second look. Ctrl-C ends it.\n"
    account = service.connect("threads", status="valid")
    service.expire(account)
    news, nothing_new = once(), once()
    assert (news.exit_code, events(news.stdout)) == (
        1,
        [("appeared", account), ("broke", account)],
    )
    assert (nothing_new.exit_code, nothing_new.stdout) == (0, "")


def test_what_is_wrong_already_is_told_of_unless_there_is_a_baseline(
    ask: Run, once: Run, service: Sandbox, tmp_path: Path
) -> None:
    broken = service.connect("threads", status="expired")
    assert once("--baseline").exit_code == 0
    other = ("watch", "--once", *EVERY, "--state", str(tmp_path / "other.db"))
    assert events(ask(*other).stdout) == [("broke", broken)]
    service.set_connections([])
    assert {kind for kind, _ in events(once().stdout)} == {"gone"}


def test_how_soon_is_soon_can_be_said(once: Run, service: Sandbox) -> None:
    account = service.connect("linkedin", status="valid", expires_in=timedelta(days=20))
    assert events(once("--within", "30d").stdout) == [("expiring", account)]


def test_users_are_watched_by_id_or_all_of_them(ask: Run, service: Sandbox, tmp_path: Path) -> None:
    first, second, third = service.user_ids
    for user in (first, second, third):
        service.set_connections([], user_id=user)
        service.connect("threads", user_id=user, status="expired")
    told = {}
    for name, arguments in {"one": ["--user", second], "all": ["--all-users"]}.items():
        state = str(tmp_path / name)
        done = ask("watch", "--once", *EVERY, "--state", state, *arguments)
        told[name] = {json.loads(line)["userId"] for line in done.stdout.splitlines()}
    assert told == {"one": {second}, "all": {first, second, third}}


def test_a_user_who_cannot_be_asked_about_is_unknown_and_not_gone(
    once: Run, service: Sandbox, status: Callable[[], dict[str, Any]]
) -> None:
    user = service.user_ids[1]
    assert once("--all-users", "--baseline").exit_code == 0
    service.faults = Faults(error_users={user: 404})
    done = once("--all-users")
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"user {user} could not be asked about: HTTP 404: Not found; " in done.stderr
    found = status()
    (unknown,) = found.pop("unknown")
    assert (unknown["userId"], unknown["why"][:20]) == (user, "HTTP 404: Not found;")
    assert re.match(r"20\d\d-\d\d-\d\dT", unknown["since"])
    assert re.match(r"20\d\d-\d\d-\d\dT", str(found.pop("roundEnded")))
    assert found == {"users": 3, "undelivered": []}


@pytest.mark.parametrize("refusal", [401, 503])
def test_a_service_that_refuses_or_is_down_ends_one_round_with_2(
    run: Run, state: str, refusal: int
) -> None:
    arguments = ("watch", "--state", state, "--once", "--all-users", "--deadline", "0.1")
    with HostileServer(reply({"error": "No"}, status=refusal)) as server:
        done = run(*arguments, PUBLORA_BASE_URL=server.base_url)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith(f"publora: HTTP {refusal}: No")


def test_the_sandboxs_accounts_need_no_file(run: Run) -> None:
    done = run("watch", "--sandbox", "--once", *EVERY, PUBLORA_API_KEY=None)
    assert (done.exit_code, done.stderr.splitlines()[0]) == (1, "These accounts are made up.")
    kinds = [kind for kind, _ in events(done.stdout)]
    assert (kinds.count("broke"), kinds.count("expiring"), len(kinds)) == (3, 4, 7)


@pytest.mark.parametrize("arguments", [[], ["--status"], ["--sandbox", "--status"]])
def test_a_file_has_to_be_named(run: Run, arguments: list[str]) -> None:
    done = run("watch", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "name a file to remember in: --state accounts.db" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--every", "0s"], "publora: every must be more than nothing, such as 15 minutes\n"),
        (["--exec", "'"], "Invalid value for '--exec': No closing quotation.\n"),
        (["--exec", ""], "Invalid value for '--exec': there is no program ''.\n"),
        (["--exec", "no-such-one -x"], "'--exec': there is no program 'no-such-one -x'.\n"),
        (["--workers", "2"], "No such option '--workers'"),
    ],
)
def test_what_cannot_be_is_refused(run: Run, arguments: list[str], told: str) -> None:
    done = run("watch", "--sandbox", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr


def test_a_terminal_gets_lines_for_people(
    once: Run, service: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_watch, "is_terminal", bool)
    account = service.connect("threads", status="expired")
    line = once().stdout
    assert re.fullmatch(rf"20\d\d-\d\d-\d\d \d\d:\d\d {account} \(.*\) broke\n", line)


def test_a_watch_that_has_just_begun_has_a_status(
    state: str, status: Callable[[], dict[str, Any]]
) -> None:
    file = StateFile(state)
    file.open()
    file.close()
    assert status() == {"roundEnded": None, "users": 0, "undelivered": [], "unknown": []}


@pytest.mark.parametrize("arguments", [["--once"], ["--status"]])
def test_a_file_that_cannot_be_used_is_one_sentence(
    ask: Run, tmp_path: Path, arguments: list[str]
) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"this is no database" * 100)
    for path in (broken, tmp_path / "none" / "a.db"):
        done = ask("watch", "--state", str(path), *EVERY, *arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        last = done.stderr.splitlines()[-1]
        assert last.startswith(f"publora: the watch's state in '{path}' cannot be used: ")
    assert broken.read_bytes() == b"this is no database" * 100


def test_news_that_nobody_reads_is_told_next_time(
    once: Run, service: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = service.connect("threads", status="expired")
    with monkeypatch.context() as patched:
        patched.setattr(_watch, "write", lambda _: False)
        done = once()
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (
        2,
        "publora: nobody reads the news any longer; it will be told next time",
    )
    assert events(once().stdout) == [("broke", broken)]


FAILING = """
import pathlib, sys
got = pathlib.Path(__file__).with_name("got")
with got.open("a") as file:
    print(sys.stdin.read(), file=file)
print("so much for stdout")
sys.exit(3 if len(got.read_text().splitlines()) <= {times} else 0)
"""


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_watch, "_FIRST_WAIT", 0.001)


@pytest.mark.usefixtures("_impatient")
def test_a_program_that_fails_twice_gets_the_event_until_it_succeeds(
    once: Run, service: Sandbox, tmp_path: Path, status: Callable[[], dict[str, Any]]
) -> None:
    service.connect("threads", status="expired")
    done = once("--exec", script(tmp_path, FAILING.format(times=2)))
    assert done.exit_code == 1
    name = sys.executable
    assert done.stderr.splitlines()[1:] == [
        f"{name} ended with 3; once more in 0.001 s.",
        f"{name} ended with 3; once more in 0.002 s.",
    ]
    assert [json.loads(line) for line in (tmp_path / "got").read_text().splitlines()] == [
        json.loads(done.stdout)
    ] * 3
    assert status()["undelivered"] == []


@pytest.mark.usefixtures("_impatient")
def test_with_once_a_program_is_tried_three_times_and_told_the_same_next_time(
    once: Run, service: Sandbox, tmp_path: Path, status: Callable[[], dict[str, Any]]
) -> None:
    service.connect("threads", status="expired")
    program = script(tmp_path, FAILING.format(times=3))
    done = once("--exec", program)
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (
        2,
        f"publora: {sys.executable} ended with 3; it will be told next time",
    )
    assert len(status()["undelivered"]) == 1
    assert once("--exec", program).exit_code == 1
    assert status()["undelivered"] == []
    ids = [json.loads(line)["id"] for line in (tmp_path / "got").read_text().splitlines()]
    assert (len(ids), len(set(ids))) == (4, 1)


@needs_kill
@pytest.mark.usefixtures("_impatient")
def test_a_program_that_cannot_be_run_is_told_of(
    once: Run, service: Sandbox, tmp_path: Path
) -> None:
    program = tmp_path / "program"
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o700)
    service.connect("threads", status="expired")
    done = once("--exec", str(program))
    assert done.exit_code == 2
    assert f"publora: cannot run {program}: No such file or directory; " in done.stderr


def test_the_waits_for_a_receiver_double_up_to_five_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    event = Broke(
        user_id=None, platform_id="x-1", since=datetime(2026, 11, 27, tzinfo=UTC), reason="list"
    )
    answers = iter(["no"] * 11 + [""])
    _watch._insist(lambda _: next(answers), event, None)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


class Letters(MessageHandler):
    """Keeps what a mail server is given."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.found.append(message)


def test_a_mail_server_gets_the_news(once: Run, service: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    letters, account = Letters(), service.connect("threads", status="expired")
    mail = Controller(letters, hostname="127.0.0.1", port=port)
    mail.start()
    try:
        where = "from=watch@example.com&to=me@example.com"
        done = once("--notify", f"mailto://127.0.0.1:{port}?{where}&smtp=127.0.0.1")
    finally:
        mail.stop()
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    (letter,) = letters.found
    assert re.fullmatch(rf"Publora: {account} \(.*\) broke", str(letter["Subject"]))
    assert letter["To"].endswith("me@example.com")


@contextmanager
def target(*statuses: int) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """An address for apprise that answers with these statuses; and what was posted to it."""
    posted: list[dict[str, str]] = []
    left = iter(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(next(left))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"json://anna:secret@127.0.0.1:{server.server_port}/hidden", posted
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.usefixtures("_impatient")
def test_of_several_addresses_only_the_one_that_failed_is_tried_again(
    run: Run, service: Sandbox, state: str
) -> None:
    service.connect("threads", status="expired")
    with target(200) as (good, first), target(500, 200) as (bad, second):
        done = run(
            *("watch", "--state", state, "--once", *EVERY, "-v"),
            PUBLORA_NOTIFY=f"{good} {bad}",
            PUBLORA_API_KEY=service.api_key,
            PUBLORA_BASE_URL=service.base_url,
        )
    assert (done.exit_code, len(first), len(second)) == (1, 1, 2)
    assert second == first * 2
    assert re.match(
        "threads-.* broke, since .* UTC; service. Reconnect at http", first[0]["message"]
    )
    assert "address 2 of --notify did not take it; once more in 0.001 s." in done.stderr
    assert "secret" not in done.output
    assert "hidden" not in done.output


@pytest.mark.parametrize("url", ["nobody-knows://anna:secret@example.com", "mailto://secret"])
def test_an_address_that_apprise_does_not_know_is_not_repeated(
    run: Run, service: Sandbox, url: str
) -> None:
    before = service.requests
    done = run("watch", "--sandbox", "--notify", url)
    assert (done.exit_code, done.stdout, done.stderr) == (
        *(2, ""),
        "publora: apprise cannot use the address 1 of --notify\n",
    )
    assert service.requests == before


def test_to_notify_needs_apprise(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    done = run("watch", "--sandbox", "--notify", "json://127.0.0.1")
    assert (done.exit_code, done.stderr) == (
        2,
        "publora: --notify needs apprise: pip install apprise\n",
    )


STUCK = """
import pathlib, signal, sys
with open(pathlib.Path(__file__).with_name("taken"), "w") as fifo:
    fifo.write(sys.stdin.read())
signal.pause()
"""


@needs_kill
@pytest.mark.parametrize("number", ["SIGKILL", "SIGTERM"])
def test_what_was_being_delivered_when_it_was_ended_is_told_again(
    once: Run,
    service: Sandbox,
    state: str,
    tmp_path: Path,
    status: Callable[[], dict[str, Any]],
    number: str,
) -> None:
    service.connect("threads", status="expired")
    os.mkfifo(tmp_path / "taken")
    with watching(service, state, "--exec", script(tmp_path, STUCK)) as process:
        taken = json.loads((tmp_path / "taken").read_text())
        assert len(status()["undelivered"]) == 1
        second = once()
        assert (second.exit_code, second.stdout) == (2, "")
        assert second.stderr.splitlines()[-1] == (
            f"publora: another watch has '{state}': stop it first, or name another file"
        )
        process.send_signal(signal.Signals[number])
        assert process.wait() == {"SIGKILL": -signal.SIGKILL, "SIGTERM": 0}[number]
        if number == "SIGTERM":
            assert ended(process)  # and so has the program
    again = once()
    assert (again.exit_code, json.loads(again.stdout)) == (1, taken)
    with closing(sqlite3.connect(state)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@needs_kill
def test_a_sigterm_ends_the_wait_for_another_try(
    service: Sandbox, state: str, tmp_path: Path, status: Callable[[], dict[str, Any]]
) -> None:
    service.connect("threads", status="expired")
    program = script(tmp_path, "raise SystemExit(1)")
    with watching(service, state, "--exec", program) as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        assert next(line for line in lines if line.endswith("; once more in 1 s.\n"))
        process.terminate()
        assert (process.wait(), [*lines]) == (0, [])
    assert len(status()["undelivered"]) == 1


@needs_kill
@pytest.mark.parametrize(("number", "code"), [("SIGTERM", 0), ("SIGINT", 130)])
def test_a_watch_goes_on_until_a_signal_ends_it(
    service: Sandbox, state: str, number: str, code: int
) -> None:
    first = service.connect("threads", status="expired")
    with watching(service, state) as process:
        assert process.stdout is not None
        assert events(process.stdout.readline()) == [("broke", first)]
        second = service.connect("mastodon", status="expired")
        lines = process.stdout.readline() + process.stdout.readline()
        assert events(lines) == [("appeared", second), ("broke", second)]
        process.send_signal(signal.Signals[number])
        assert process.wait() == code
