"""Each recipe of README.md in the place that it is for, and with a service that is down."""

import importlib.util
import json
import os
import re
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from email import message_from_string
from pathlib import Path
from types import ModuleType

import pytest
from test_readme import RECIPES, run

from publora_async import PermissionDeniedError
from publora_async.sandbox import Faults, Sandbox
from publora_sync import Publora

INSTALL = "pip install -r .ci/recipes.txt"


def test_every_recipe_has_its_test() -> None:
    assert [*RECIPES] == [
        "FastAPI",
        "Django",
        "A notebook",
        "A nightly job that mails who must reconnect",
        "Know when an account breaks",
        "Ids for a cross-post",
        "Errors, and when to try again",
        "Testing your own code",
    ]


def imported(sample: str, folder: Path) -> ModuleType:
    """Have *sample* as a module."""
    path = folder / "recipe.py"
    path.write_text(sample, "utf-8")
    spec = importlib.util.spec_from_file_location("recipe", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def listed(user_id: str) -> list[str]:
    """The platform ids of a user, from the sandbox that the environment points at."""
    with Publora() as publora:
        return publora.connections.list(user_id=user_id).platform_ids


def test_fastapi_gives_a_users_accounts(publora_sandbox: Sandbox, tmp_path: Path) -> None:
    pytest.importorskip("fastapi", reason=f"FastAPI is not installed: {INSTALL}")
    pytest.importorskip("httpx2", reason=f"httpx2 is not installed: {INSTALL}")
    from fastapi.testclient import TestClient

    user = publora_sandbox.user_ids[1]
    with TestClient(imported(RECIPES["FastAPI"], tmp_path).app) as client:
        answer = client.get(f"/accounts/{user}").json()
        assert [account["platform_id"] for account in answer] == listed(user) != []
        with pytest.raises(PermissionDeniedError):
            client.get(f"/accounts/{0:024}")


DJANGO = """
import sys
import django
from django.conf import settings
from django.test import Client

settings.configure(ROOT_URLCONF="urls", ALLOWED_HOSTS=["*"])
django.setup()
print(Client().get(f"/accounts/{sys.argv[1]}").content.decode())
"""


def test_django_gives_a_users_accounts(publora_sandbox: Sandbox, tmp_path: Path) -> None:
    pytest.importorskip("django", reason=f"Django is not installed: {INSTALL}")
    (tmp_path / "urls.py").write_text(RECIPES["Django"], "utf-8")
    user = publora_sandbox.user_ids[1]
    done = subprocess.run(
        [sys.executable, "-c", DJANGO, user],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)["connections"]
    assert [account["platformId"] for account in answer] == listed(user) != []


def test_a_notebook_shows_who_could_not_be_asked_about(publora_sandbox: Sandbox) -> None:
    pytest.importorskip("pandas")
    users = [*publora_sandbox.user_ids]
    publora_sandbox.faults = Faults(error_users=dict.fromkeys(users[:2], 503))
    names: dict[str, object] = {}
    exec(RECIPES["A notebook"], names)  # noqa: S102  # README's own
    table = eval("answers.needs_attention()._repr_html_()", names)  # noqa: S307  # as above
    assert [user for user in users[:2] if user in table] == users[:2]
    assert "503" in table
    eval("publora.close()", names)  # noqa: S307  # as above


class Mailbox(socketserver.StreamRequestHandler):
    """A mail server that takes one letter a connection, and keeps it in its server's list."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                letter = iter(self.rfile.readline, b".\r\n")
                self.server.letters.append(b"".join(letter).decode().replace("\r", ""))  # type: ignore[attr-defined]
            self.wfile.write({b"QUIT": b"221 bye\r\n"}.get(verb, b"250 well\r\n"))
            if verb == b"QUIT":
                return


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The letters that come to the mail server which ``SMTP_HOST`` names."""
    with socketserver.TCPServer(("127.0.0.1", 0), Mailbox) as server:
        found: list[str] = []
        server.letters = found  # type: ignore[attr-defined]
        monkeypatch.setenv("SMTP_HOST", f"127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def mailed(sandbox: Sandbox, letters: list[str]) -> str:
    """What the nightly job mails, without the head."""
    done = run(RECIPES["A nightly job that mails who must reconnect"], sandbox)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (letter,) = letters
    mail = message_from_string(letter)
    assert mail["Subject"] == "Accounts to reconnect"
    return str(mail.get_payload())


def test_the_nightly_job_mails_who_must_reconnect_what(letters: list[str]) -> None:
    with Sandbox(users=0) as sandbox:
        user = sandbox.create_user("ada@example.com")
        expired = sandbox.connect("linkedin", user_id=user, status="expired")
        assert mailed(sandbox, letters) == f"{user}: ['{expired}']\n"


def test_the_nightly_job_says_so_where_nobody_must(letters: list[str]) -> None:
    with Sandbox(users=0) as sandbox:
        assert mailed(sandbox, letters) == "none\n"


def test_the_nightly_job_names_those_who_could_not_be_asked_about(letters: list[str]) -> None:
    with Sandbox(users=2) as sandbox:
        sandbox.faults = Faults(error_users=dict.fromkeys(sandbox.user_ids, 503))
        lines = mailed(sandbox, letters).splitlines()
    assert sorted(line.partition(": HTTP 503")[0] for line in lines) == sorted(sandbox.user_ids)


def test_the_nightly_job_does_not_call_an_outage_healthy(letters: list[str]) -> None:
    with Sandbox(faults=Faults(error_rate=1, error_status=503)) as sandbox:
        assert mailed(sandbox, letters).startswith("nothing is known: HTTP 503")


def test_the_ids_for_a_cross_post_are_those_of_healthy_accounts() -> None:
    with Sandbox() as sandbox, Publora(sandbox.api_key, base_url=sandbox.base_url) as publora:
        done = run(RECIPES["Ids for a cross-post"], sandbox)
        assert json.loads(done.stdout)["platforms"] == [
            account.platform_id
            for account in publora.connections.list()
            if account.status == "valid"
        ]


def test_errors_say_whether_to_try_again() -> None:
    recipe = RECIPES["Errors, and when to try again"]
    with Sandbox() as sandbox:
        assert re.match(r"\['twitter-", run(recipe, sandbox).stdout)
        sandbox.start_outage()
        down = run(recipe, sandbox)
        sandbox.end_outage()
        sandbox.revoke_key()
        refused = run(recipe, sandbox)
    assert (down.returncode, refused.returncode) == (1, 1)
    assert down.stderr.startswith("later it may work: HTTP 503")
    assert refused.stderr.startswith("it will not work before something is changed: HTTP 401")


def test_a_test_of_ones_own_code_passes(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(RECIPES["Testing your own code"], "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout
