"""Does a user cost the same, and take no memory, however many there are?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median

from benchmarks._contender import Entry, started
from benchmarks._job import AsyncJob, Task
from benchmarks._machine import peak_bytes
from benchmarks._pools import CONCURRENCY
from benchmarks._results import Figure, Line, Report, Sample, ratios
from benchmarks._server import serving
from benchmarks._table import columns, heading
from publora_async import AsyncPublora, UserConnections
from publora_async.sandbox import Sandbox

__all__ = ["few", "many", "run"]


@asynccontextmanager
async def few(task: Task) -> AsyncIterator[AsyncJob]:
    """Ask about some users, and about them anew each time."""
    user_ids = Sandbox(users=task.users).user_ids
    async with AsyncPublora(task.api_key, base_url=task.base_url) as publora:

        async def run(users: int) -> None:
            asked = publora.connections.iter_many(user_ids[:users], concurrency=CONCURRENCY)
            async for answer in asked:
                _check(answer)

        yield AsyncJob(run, lambda: run(1))


@asynccontextmanager
async def many(task: Task) -> AsyncIterator[AsyncJob]:
    """Ask about all users in one ``iter_many``, and go on with it each time."""
    user_ids = Sandbox(users=task.users).user_ids
    async with (
        AsyncPublora(task.api_key, base_url=task.base_url) as publora,
        publora.connections.iter_many(user_ids, concurrency=CONCURRENCY) as asked,
    ):

        async def run(users: int) -> int:
            for _ in range(users):
                _check(await anext(asked))
            return peak_bytes()

        yield AsyncJob(run, lambda: run(0))


def _check(answer: UserConnections) -> None:
    if answer.connections is None:
        raise AssertionError(f"{answer.user_id} was not answered: {answer.error}")


def run(*, quick: bool = False) -> Report:
    """Go through many users in slices, and ask about 1,000 others after each of them."""
    slices, size, warm_up = (4, 150, 50) if quick else (40, 2_450, 50)
    total, some = slices * (size + warm_up), 150 if quick else 1_000
    entries = (Entry("1,000 users", "scaling:few"), Entry(f"{total:,} users", "scaling:many"))
    report = Report("scaling", __doc__)
    with serving(users=total) as server:
        facts = {"concurrency": CONCURRENCY, "slices": slices, "users a slice": size}
        report.facts = {**server.facts, **facts}
        with started(entries, server.task) as (reference, running):
            # Its first connections, caches and tables belong to neither.
            reference.run(some, warm_up)
            taken: list[tuple[Sample, Sample]] = []
            for _ in range(slices):
                one = Sample(**running.run(size, warm_up))
                taken.append((one, Sample(**reference.run(some, warm_up))))
    report.samples = {
        entry.name: [pair[at] for pair in taken] for at, entry in ((1, entries[0]), (0, entries[1]))
    }
    _judge(report, taken, size / some, total)
    return report


def _judge(report: Report, taken: list[tuple[Sample, Sample]], factor: float, total: int) -> None:
    """Compare the cost of a user in each slice with that of one of 1,000 users beside it."""
    raw = ratios([one for one, _ in taken], [other for _, other in taken])
    costs = Figure([v / factor for v in raw.values], [v / factor for v in raw.cpu])
    users = [total * (number + 1) / len(taken) for number in range(len(taken))]
    peaks = [one.gave / 1e6 for one, _ in taken]
    growth = [peak - peaks[0] for peak in peaks]
    report.lines = [
        Line("cost of a user, x that of 1,000 users", users, costs.values),
        Line("growth of the peak memory, MB", users, growth),
    ]
    heading(report)
    rows = [("users asked so far", "wall a user x 1,000 users", "CPU x", "memory growth, MB")]
    quarter = len(taken) // 4
    for last in range(quarter, len(taken) + 1, quarter):
        part = slice(last - quarter, last)
        figure = Figure(costs.values[part], costs.cpu[part])
        cells = str(figure), f"{median(figure.cpu):.2f}", f"{growth[last - 1]:.2f}"
        rows.append((f"{users[last - 1]:,.0f}", *cells))
    # The last quarter: what grows shows most there.
    report.figures["flat"] = figure
    columns(rows)
