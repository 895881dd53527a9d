"""Does the memory of iter_many stay flat as users grow, and does every answer have its own id?"""

import asyncio
import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks._contender import ROOT
from benchmarks._machine import peak_bytes
from benchmarks._results import Bar, Figure, Report
from benchmarks._table import columns, heading
from publora_async import AsyncPublora, UserConnections
from publora_async.sandbox import Sandbox
from publora_sync import Publora

__all__ = ["run", "sandbox_of"]

CONCURRENCY = 50


@contextmanager
def sandbox_of(users: int) -> Iterator[dict[str, str]]:
    """A sandbox in a process of its own; gives the environment to reach it."""
    command = [sys.executable, "-m", "publora_async.sandbox", "--port=0", f"--users={users}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own
    try:
        if process.stdout is None:
            raise RuntimeError("the sandbox has no output")
        lines = [process.stdout.readline().strip() for _ in range(2)]
        yield dict(line.removeprefix("export ").split("=", 1) for line in lines)
    finally:
        process.terminate()
        process.wait()


class _Check:
    """Compares each answer with the sandbox's own data, and watches the sockets."""

    def __init__(self) -> None:
        self.answers = self.sockets = 0

    def see(self, expected: str, answer: UserConnections) -> None:
        """Take in the answer that is due for the user *expected*."""
        if answer.user_id != expected or answer.connections is None:
            raise AssertionError(f"{expected} was answered with {answer}")
        self.answers += 1
        if self.answers % 500 == 0:
            self.sockets = max(self.sockets, _connections())


def _connections() -> int:
    """How many TCP sockets this process has open; Linux tells."""
    # Each is looked at by itself: the system's table of them all would be large, and what it
    # takes to read it would count as the fan-out's memory.
    tcp = 0
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if stat.S_ISSOCK(path.stat().st_mode):
                with socket.socket(fileno=os.dup(int(path.name))) as one:
                    tcp += one.family == socket.AF_INET
    return tcp


async def _async(users: int, check: _Check) -> None:
    ids = Sandbox(users=users).user_ids
    async with AsyncPublora() as publora:
        answers = publora.connections.iter_many(ids, concurrency=CONCURRENCY, ordered=True)
        index = 0
        async for answer in answers:
            check.see(ids[index], answer)
            index += 1


def _sync(users: int, check: _Check) -> None:
    ids = Sandbox(users=users).user_ids
    with Publora() as publora:
        answers = publora.connections.iter_many(ids, concurrency=CONCURRENCY, ordered=True)
        for expected, answer in zip(ids, answers, strict=True):
            check.see(expected, answer)


def _measure(colour: str, users: int) -> None:
    """In a process of its own: ask, and print what it took."""
    check = _Check()
    if colour == "async":
        asyncio.run(_async(users, check))
    else:
        _sync(users, check)
    seen = {"answers": check.answers, "sockets": check.sockets, "peak": peak_bytes()}
    print(json.dumps(seen))


def _ask(colour: str, users: int, environment: dict[str, str]) -> dict[str, int]:
    done = subprocess.run(  # noqa: S603  # our own
        [sys.executable, "-m", __name__, colour, str(users)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        check=True,
        cwd=ROOT,
    )
    seen: dict[str, int] = json.loads(done.stdout)
    return seen


def run(*, quick: bool = False) -> Report:
    """Ask about few and about many users in both colours, and compare the peaks."""
    few, many = (200, 1_000) if quick else (2_000, 100_000)
    facts = {"server": "the sandbox", "concurrency": CONCURRENCY}
    report = Report("memory", __doc__, facts, scale="peak memory, MB")
    heading(report)
    rows = [("", "users", "own id", "sockets", "peak MB", "growth MB")]
    for colour in ("async", "sync"):
        with sandbox_of(many) as environment:
            before = [_ask(colour, few, environment) for _ in range(1 if quick else 3)]
            after = _ask(colour, many, environment)
        growths = Figure([_megabytes(after) - _megabytes(seen) for seen in before], unit="MB")
        # The goal is about the async one: the sync one is the same and a thread.
        report.figures["growth" if colour == "async" else "growth of sync"] = growths
        for users, seen, growth in ((few, before[0], ""), (many, after, str(growths))):
            peak = _megabytes(seen)
            counted = (f"{users}", f"{seen['answers']}", f"{seen['sockets']}", f"{peak:.1f}")
            rows.append((colour, *counted, growth))
            report.bars.append(Bar(f"{colour}, {users:,} users", Figure([peak]), ours=True))
    columns(rows)
    return report


def _megabytes(seen: dict[str, int]) -> float:
    return seen["peak"] / 1e6


if __name__ == "__main__":
    _measure(sys.argv[1], int(sys.argv[2]))
