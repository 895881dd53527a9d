"""Scripts in processes of their own, of the interpreter that runs the tests."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from capabilities import skip_without_fork
from conftest import KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile import HostileServer

__all__ = ["LOOPS", "end_all", "ended", "finished", "started"]

LOOPS = [
    "asyncio",
    pytest.param("uvloop", marks=pytest.mark.skipif(not find_spec("uvloop"), reason="no uvloop")),
]
"""The event loops that the clients may run on."""

_HEAD = """\
import sys
if sys.argv[1] == "uvloop":
    from uvloop import run
else:
    from asyncio import run
    sys.modules["uvloop"] = None  # as if it were not installed
"""

# A script that hangs would do so for longer than this; one that ends takes a second or two.
_PATIENCE = 25


@contextmanager
def started(
    script: str,
    server: "HostileServer",
    folder: Path,
    *,
    loop: str = "asyncio",
    warn: str = "error",
    trusted: Path | None = None,
) -> "Iterator[subprocess.Popen[str]]":
    """
    Start *script*, which finds the key and *server* in its environment.

    Neither it nor any process that it has started remains.

    Args:
        script: Its text, after what defines ``run`` for coroutines.
        server: Whom it asks.
        folder: Where the script is put, in a file of its own.
        loop: The event loop of either colour's client.
        warn: What becomes of warnings, but for those that every fork of a thread's process gives.
        trusted: Certificates to trust. ``None``: the system's.
    """
    skip_without_fork(script)
    path = folder / "script.py"
    path.write_text(_HEAD + script, "utf-8")
    process = subprocess.Popen(
        [sys.executable, f"-W{warn}", "-Wignore::DeprecationWarning", path, loop],
        env={
            **os.environ,
            "PUBLORA_API_KEY": KEY,
            "PUBLORA_BASE_URL": server.base_url,
            **({"SSL_CERT_FILE": str(trusted)} if trusted else {}),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            end_all(process)


def finished(process: "subprocess.Popen[str]", patience: float = _PATIENCE) -> tuple[int, str, str]:
    """Give the exit code, the output and what went to stderr, once *process* has ended."""
    output, errors = process.communicate(timeout=patience)
    return process.returncode, output, errors


def ended(process: "subprocess.Popen[str]") -> bool:
    """Whether *process* and whatever it has started end within 5 seconds without our doing."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
    return False


def end_all(process: "subprocess.Popen[str]") -> None:
    """Kill *process*, which leads a session of its own, and whatever it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
