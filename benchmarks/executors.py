"""What does a user cost on several processes, on this machine and on Dask, and when do they pay?"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TypeAlias

from benchmarks._machine import cpu_seconds
from benchmarks._pools import CONCURRENCY
from benchmarks._results import Figure, Report, Sample, ratios
from benchmarks._server import Server, serving
from benchmarks._table import columns, heading
from publora_async.sandbox import Sandbox
from publora_sync import Publora
from publora_sync._executors import plan

__all__ = ["run"]

Ask: TypeAlias = Callable[[int], None]
"""Asks about so many users."""

Pids: TypeAlias = Callable[[], list[int]]
"""Gives the processes that work beside this one."""

Pool: TypeAlias = Callable[[int], AbstractContextManager[tuple[Executor, Pids]]]
"""Opens an executor of so many workers."""


def _sample(ask: Ask, pids: Pids, users: int) -> Sample:
    begun, cpu, others = time.perf_counter(), time.process_time(), sum(map(cpu_seconds, pids()))
    ask(users)
    return Sample(
        wall=time.perf_counter() - begun,
        cpu=time.process_time() - cpu + sum(map(cpu_seconds, pids())) - others,
    )


@contextmanager
def _processes(workers: int) -> Iterator[tuple[Executor, Pids]]:
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield pool, lambda: [process.pid or 0 for process in multiprocessing.active_children()]


@contextmanager
def _dask(workers: int) -> Iterator[tuple[Executor, Pids]]:
    """A scheduler and workers, as processes of their own; all of them are counted."""
    from distributed import Client

    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        file = str(Path(folder) / "scheduler.json")

        def start(program: str, *arguments: str) -> int:
            command = [sys.executable, "-m", f"distributed.cli.{program}", "--scheduler-file", file]
            process = subprocess.Popen(  # noqa: S603  # our own
                [*command, "--host", "127.0.0.1", "--no-dashboard", *arguments],
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
            return process.pid

        pids = [start("dask_scheduler", "--port", "0")]
        pids += [start("dask_worker", "--nthreads", "1", "--no-nanny") for _ in range(workers)]
        client = stack.enter_context(Client(scheduler_file=file))
        client.wait_for_workers(workers)
        yield client.get_executor(), lambda: pids


@contextmanager
def _asking(server: Server, pool: Pool | None, workers: int) -> Iterator[tuple[Ask, Pids]]:
    """Ask by this process, or by the workers of a pool."""
    ids = list(Sandbox(users=server.task.users).user_ids)
    with (
        Publora(server.task.api_key, base_url=server.task.base_url) as publora,
        ExitStack() as stack,
    ):
        executor, pids = stack.enter_context(pool(workers)) if pool else (None, list)

        def ask(users: int) -> None:
            asked = publora.connections.iter_many(
                ids[:users],
                concurrency=CONCURRENCY,
                executor=executor,
                workers=workers if executor else None,
                send_key=executor is not None,
            )
            if failed := sum(answer.error is not None for answer in asked):
                raise AssertionError(f"{failed} users were not answered")

        yield ask, pids


def run(*, quick: bool = False) -> Report:
    """Ask about 20,000 users by one process, and by two and four, in turns."""
    users, rounds = (400, 2) if quick else (20_000, 9)
    report = Report("executors", __doc__)
    if sys.platform != "linux":
        report.absent = {"cpu": "Linux, whose /proc tells what processes took"}
        return report
    enough = (os.cpu_count() or 1) >= 4
    with serving(users=users) as server, ExitStack() as stack:
        _pin(server.pid, alone=enough)
        asking: dict[str, tuple[Ask, Pids]] = {}
        starts: dict[str, float] = {}
        for name, (pool, workers) in _contenders().items():
            begun = time.perf_counter()
            asking[name] = stack.enter_context(_asking(server, pool, workers))
            asking[name][0](4 * CONCURRENCY)
            starts[name] = time.perf_counter() - begun
        samples: dict[str, list[Sample]] = {name: [] for name in asking}
        busy = []
        for _ in range(rounds):
            for name, (ask, pids) in asking.items():
                before = cpu_seconds(server.pid)
                samples[name].append(_sample(ask, pids, users))
                busy.append((cpu_seconds(server.pid) - before) / samples[name][-1].wall)
        overhead = _overhead(*asking["2 processes"], users)
        report.facts = {**server.facts, "users": users, "concurrency": CONCURRENCY}
    report.samples = samples
    two = ratios(samples["2 processes"], samples["one process"])
    report.figures["cpu"] = Figure(two.cpu)
    if enough:
        report.figures["wall"] = two
    else:
        report.absent["wall"] = "a core for the server and for each process"
    _show(report, starts, users, max(busy), overhead)
    return report


def _contenders() -> dict[str, tuple[Pool | None, int]]:
    found: dict[str, tuple[Pool | None, int]] = {
        "one process": (None, 1),
        "2 processes": (_processes, 2),
        "4 processes": (_processes, 4),
    }
    if find_spec("distributed"):
        found["Dask, 2 workers"] = (_dask, 2)
    return found


def _pin(server: int, *, alone: bool) -> None:
    """Keep the server on one core; *alone*: and this process, with what it starts, off it."""
    *others, last = sorted(os.sched_getaffinity(0))
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    for pid in (server, *map(int, children)):
        os.sched_setaffinity(pid, {last})
    if alone:
        os.sched_setaffinity(0, others)


def _overhead(ask: Ask, pids: Pids, users: int) -> float:
    """CPU seconds that a chunk costs beside its users: many small chunks against few large ones."""
    cost, old = {}, (plan.FEWEST_ROUNDS, plan.MOST_ROUNDS)
    share = CONCURRENCY // 2
    for rounds in (2, 32):
        plan.FEWEST_ROUNDS = plan.MOST_ROUNDS = rounds
        cost[rounds] = _sample(ask, pids, users).cpu
    plan.FEWEST_ROUNDS, plan.MOST_ROUNDS = old
    more = users / (2 * share) - users / (32 * share)
    return (cost[2] - cost[32]) / more


def _show(
    report: Report, starts: dict[str, float], users: int, busy: float, overhead: float
) -> None:
    heading(report)
    rows: list[tuple[str, ...]] = [
        ("", "us CPU", "users a CPU s", "us wall", "CPU x", "wall x", "start", "pays from")
    ]
    base = report.samples["one process"]
    alone = median(sample.wall for sample in base) / users
    for name, samples in report.samples.items():
        cpu = median(sample.cpu for sample in samples) / users
        wall = median(sample.wall for sample in samples) / users
        against = ratios(samples, base)
        starting = starts[name] - starts["one process"]
        pays = f"{starting / (alone - wall):,.0f} users" if wall < alone else ""
        rows.append(
            (
                name,
                f"{cpu * 1e6:.0f}",
                f"{1 / cpu:,.0f}",
                f"{wall * 1e6:.0f}",
                f"{median(against.cpu):.2f}",
                f"{against.median:.2f}",
                f"{starting:.1f} s",
                pays,
            )
        )
    columns(rows)
    print(f"  a chunk costs {overhead * 1e3:.2f} ms of CPU beside its users")
    print(f"  the server was busy for {busy:.0%} of the time at most")
    if "wall" in report.absent:
        print("  the wall says nothing here: it takes " + report.absent["wall"])
    report.facts = {**report.facts, "table": rows, "overhead": overhead, "server busy": busy}
