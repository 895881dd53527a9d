"""What the command's tests share: a sandbox to ask, and the command run in this process."""

import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result
from hostile import silence

from publora_async.sandbox import Sandbox
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
def run(environment: dict[str, str]) -> Callable[..., Result]:
    """Run the command; *others* is added to its environment, ``None`` takes a variable away."""

    def run(*arguments: str, **others: str | None) -> Result:
        runner = CliRunner(env={**environment, **others})
        return runner.invoke(publora, arguments, prog_name="publora", catch_exceptions=False)

    return run


@pytest.fixture
def interrupt() -> Callable[[socket.socket], None]:
    """Press Ctrl-C while the command waits for the answer that this is in place of."""

    def interrupt(connection: socket.socket) -> None:
        main = threading.main_thread().ident or 0
        # Just before the wait, CPython would take note of it only after it, which has no end.
        while sys._current_frames()[main].f_code.co_name != "wait":
            time.sleep(0)  # let it go on
        signal.pthread_kill(main, signal.SIGINT)
        silence(connection)

    return interrupt
