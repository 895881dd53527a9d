"""What a system must offer for some of the tests, which are skipped where it does not."""

import os
import signal
from pathlib import Path

import pytest

__all__ = [
    "needs_descriptors",
    "needs_kill",
    "needs_owners",
    "needs_shell",
    "needs_signals",
    "skip_without_fork",
]

needs_signals = pytest.mark.skipif(
    not hasattr(signal, "pthread_kill"), reason="no Ctrl-C can be sent to a thread or a process"
)
needs_shell = pytest.mark.skipif(not Path("/bin/sh").exists(), reason="no POSIX shell")
needs_owners = pytest.mark.skipif(
    not hasattr(os, "geteuid"), reason="files are not for their owner only"
)
needs_kill = pytest.mark.skipif(
    not hasattr(signal, "SIGKILL"), reason="no process can be ended in the middle of something"
)
needs_descriptors = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="the system does not tell of its descriptors"
)


def skip_without_fork(script: str) -> None:
    """Skip the test that runs *script*, if that forks and no process can."""
    if "os.fork" in script and not hasattr(os, "fork"):
        pytest.skip("no process can be forked")
