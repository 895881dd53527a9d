"""A real Dask scheduler and its workers, as processes of their own on loopback."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

__all__ = ["address_in", "cluster", "needs_dask"]

needs_dask = pytest.mark.skipif(
    not find_spec("distributed"), reason="no Dask: pip install distributed"
)


@contextmanager
def cluster(folder: Path, **environment: str) -> Iterator[list[int]]:
    """
    Run a scheduler, whose address is in *folder*/scheduler.json, and two workers of one thread.

    Args:
        folder: Where files may be put.
        environment: What only the workers' environment has.

    Yields:
        The process ids of the workers.
    """
    address = ("--scheduler-file", str(folder / "scheduler.json"))
    loopback = ("--host", "127.0.0.1")
    with (folder / "log").open("ab") as log, ExitStack() as stack:

        def start(program: str, *arguments: str, **others: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    f"distributed.cli.{program}",
                    *address,
                    *loopback,
                    *arguments,
                ],
                env={**os.environ, **others},
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        start("dask_scheduler", "--port", "0", "--dashboard-address", "127.0.0.1:0")
        yield [
            start(
                "dask_worker",
                *("--nthreads", "1", "--no-nanny", "--no-dashboard"),
                *("--local-directory", str(folder)),
                **environment,
            ).pid
            for _ in range(2)
        ]


def address_in(folder: Path) -> str:
    """Wait until the scheduler has written down its address, and give that."""
    while True:
        with suppress(FileNotFoundError, json.JSONDecodeError):  # it is about to
            address: str = json.loads((folder / "scheduler.json").read_text())["address"]
            return address
