"""Is each change of a week told exactly once, and nothing else, whatever kills the watch?"""

import argparse
import asyncio
import json
import os
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs

from benchmarks._contender import ROOT
from benchmarks.watching._check import Told, check
from benchmarks.watching._plan import END, EVERY, HOUR, START, WEEK, Size, make
from publora_async import AsyncPublora
from publora_async.sandbox import Clock

__all__ = ["run"]


class _OverError(Exception):
    """The week is over."""


class _TickingClock:
    """The week's clock, which says in a file how far it has come."""

    def __init__(self, clock: Clock, path: Path) -> None:
        self._clock = clock
        self._file = os.open(path, os.O_RDWR | os.O_CREAT)

    def now(self) -> datetime:
        now = self._clock.now()
        os.pwrite(self._file, struct.pack("d", now.timestamp()), 0)
        return now

    async def sleep(self, seconds: float) -> None:
        if self._clock.now() > END:
            raise _OverError
        await self._clock.sleep(seconds)


async def _watch(size: Size, folder: Path) -> None:
    """Be the process that is killed: what it is told goes to stdout."""
    clock = Clock(START, skip_sleep=True)
    plan = make(size, clock)
    if (at := _reached(folder)) is not None:
        clock.set(at)
    async with (
        plan.sandbox,
        AsyncPublora(plan.sandbox.api_key, base_url=plan.sandbox.base_url) as publora,
    ):
        publora._transport.sleep = clock.sleep  # noqa: SLF001  # it must not wait for real
        watch = publora.connections.watch(
            plan.sandbox.user_ids,
            every=EVERY,
            state=folder / "accounts.db",
            clock=_TickingClock(clock, folder / "now"),
            baseline=True,
        )
        try:
            async with watch as events:
                async for event in events:
                    told = [clock.now().timestamp(), event.to_dict()]
                    print(json.dumps(told), flush=True)
        except _OverError:
            print("over", flush=True)


def _reached(folder: Path) -> datetime | None:
    path = folder / "now"
    written = path.read_bytes() if path.exists() else b""
    if not written:
        return None
    (moment,) = struct.unpack("d", written)
    return datetime.fromtimestamp(moment, UTC)


def run(size: Size) -> str:
    """
    Live through a week, and say how it went.

    Raises:
        AssertionError: Something was told that did not happen, or not told, twice, or late.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        chance = random.Random(size.seed)  # noqa: S311  # when it strikes does not matter
        moments = sorted(chance.uniform(0, WEEK / HOUR) for _ in range(size.kills))
        received: list[Told] = []
        killed = 0
        for hours in [*moments, None]:
            kill_at = None if hours is None else START + hours * HOUR
            over, told = _live_until(size, folder, kill_at)
            received += told
            _check_file(folder)
            if over:
                break
            killed += 1
        log = _log(folder)
    accounts = make(size, Clock(START)).accounts
    check(accounts, log, received)
    return (
        f"{size.users:,} users, {len(accounts):,} accounts that change, {killed} kills: "
        f"{len(log):,} events, each once in the log, {len(received):,} times received"
    )


def _live_until(size: Size, folder: Path, kill_at: datetime | None) -> tuple[bool, list[Told]]:
    arguments = [str(value) for value in attrs.astuple(size)]
    process = subprocess.Popen(  # noqa: S603  # our own
        [sys.executable, "-m", "benchmarks.watching.week", *arguments, "--in", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout or ()))
    reader.start()
    try:
        while process.poll() is None:
            reached = _reached(folder)
            if kill_at is not None and reached is not None and reached >= kill_at:
                process.send_signal(signal.SIGKILL)
                break
            reader.join(0.002)
    finally:
        process.kill()
        reader.join()
        process.communicate()
    over = "over\n" in lines
    if not over and process.returncode != -signal.SIGKILL:
        raise AssertionError(f"the watch has ended by itself, with {process.returncode}")
    # A line that was cut in two was not received.
    whole = [line for line in lines if line.endswith("}]\n")]
    return over, [Told.read(*json.loads(line)) for line in whole]


def _check_file(folder: Path) -> None:
    database = sqlite3.connect(folder / "accounts.db")
    try:
        (found,) = database.execute("PRAGMA integrity_check").fetchone()
    finally:
        database.close()
    if found != "ok":
        raise AssertionError(f"the file is broken: {found}")


def _log(folder: Path) -> list[Told]:
    database = sqlite3.connect(folder / "accounts.db")
    try:
        rows = database.execute("SELECT body FROM events ORDER BY number").fetchall()
    finally:
        database.close()
    return [Told.read(0, json.loads(body)) for (body,) in rows]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("users", type=int)
    parser.add_argument("changes", type=int)
    parser.add_argument("kills", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    week = Size(asked.users, asked.changes, asked.kills, asked.seed)
    if asked.folder:
        asyncio.run(_watch(week, asked.folder))
    else:
        print(run(week))
