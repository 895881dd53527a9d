"""What the command's tests share: a sandbox to ask, and the command run in this process."""

import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result
from command import USERS, Run
from hostile import silence

from publora_async import ConnectionList
from publora_async.sandbox import Sandbox
from publora_sync import Publora
from publora_sync.cli import publora


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def environment(sandbox: Sandbox) -> dict[str, str]:
    """What a shell would set to make the command ask the sandbox."""
    return {"PUBLORA_API_KEY": sandbox.api_key, "PUBLORA_BASE_URL": sandbox.base_url}


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Run the command; *others* is added to its environment, ``None`` takes a variable away."""

    def run(*arguments: str, **others: str | None) -> Result:
        runner = CliRunner(env={**environment, **others})
        return runner.invoke(publora, arguments, prog_name="publora", catch_exceptions=False)

    return run


@pytest.fixture
def interrupt() -> Callable[[socket.socket], None]:
    """Press Ctrl-C while the command waits for the answer that this is in place of."""
    if not hasattr(signal, "pthread_kill"):
        pytest.skip("no Ctrl-C can be sent to a thread")

    def interrupt(connection: socket.socket) -> None:
        main = threading.main_thread().ident or 0
        # Just before the wait, CPython would take note of it only after it, which has no end.
        while sys._current_frames()[main].f_code.co_name != "wait":
            time.sleep(0)  # let it go on
        signal.pthread_kill(main, signal.SIGINT)
        silence(connection)

    return interrupt


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


@pytest.fixture
def accounts(sandbox: Sandbox) -> ConnectionList:
    with Publora(sandbox.api_key, base_url=sandbox.base_url) as client:
        return client.connections.list()
