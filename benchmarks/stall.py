"""How long does the event loop stand still while an answer of 1,000 accounts is taken in?"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from benchmarks._bodies import TODAY
from benchmarks._contender import Entry, started
from benchmarks._job import AsyncJob, Task, seen_records
from benchmarks._results import Bar, Figure, Report, Sample
from benchmarks._server import serving
from benchmarks._table import columns, heading
from publora_async import AsyncPublora

__all__ = ["publora", "run"]

_ACCOUNTS = 1_000


class _Heartbeat:
    """
    Has a turn whenever the loop gets round to it, and notes the longest time without one.

    Attributes:
        longest: Seconds by the clock.
        longest_cpu: Seconds of this thread, which no other process can make longer.
    """

    def __init__(self) -> None:
        self.longest = self.longest_cpu = 0.0

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._last, self._last_cpu = time.perf_counter(), time.thread_time()
        self._next = self._loop.call_soon(self._turn)
        return self

    def __exit__(self, *_: object) -> None:
        self._note()
        self._next.cancel()

    def _turn(self) -> None:
        self._note()
        self._next = self._loop.call_soon(self._turn)

    def _note(self) -> None:
        now, cpu = time.perf_counter(), time.thread_time()
        self.longest = max(self.longest, now - self._last)
        self.longest_cpu = max(self.longest_cpu, cpu - self._last_cpu)
        self._last, self._last_cpu = now, cpu


@asynccontextmanager
async def publora(task: Task) -> AsyncIterator[AsyncJob]:
    """Call while the heart beats; then let it beat as long without a call."""
    async with AsyncPublora(task.api_key, base_url=task.base_url) as client:

        async def run(_calls: int) -> list[float]:
            begun = time.perf_counter()
            with _Heartbeat() as called:
                await client.connections.list(user_id=task.user_id)
            took = time.perf_counter() - begun
            with _Heartbeat() as idle:
                await asyncio.sleep(took)
            return [called.longest, called.longest_cpu, idle.longest]

        async def check() -> object:
            return seen_records(await client.connections.list(user_id=task.user_id))

        yield AsyncJob(run, check)


def run(*, quick: bool = False) -> Report:
    """Note the longest time between two turns of the loop, with a call and without."""
    report = Report("stall", __doc__)
    rounds = 3 if quick else 60
    entry = Entry("publora", "stall:publora")
    with serving(_ACCOUNTS, TODAY) as server:
        report.facts = {**server.facts, "rounds": rounds}
        with started((entry, entry.with_speed()), server.task) as contenders:
            for contender in contenders:
                if len(contender.check()) != _ACCOUNTS:
                    raise AssertionError(f"{contender.entry.name} did not get all accounts")
                taken = [Sample(**contender.run(1, 1)) for _ in range(rounds)]
                report.samples[contender.entry.name] = taken
    heading(report)
    rows = [("", "longest stall in a call", "by CPU time", "as long without a call")]
    for name, taken in report.samples.items():
        called, cpu, idle = (
            Figure([sample.gave[at] * 1e3 for sample in taken], unit="ms") for at in range(3)
        )
        report.figures[name.replace("publora", "longest").replace(" ", "")] = called
        report.bars += [Bar(name, called, ours=True), Bar(f"{name}, idle", idle, ours=False)]
        rows.append((name, str(called), str(cpu), str(idle)))
    report.scale = "longest stall, ms"
    columns(rows)
    return report
