"""What does an outage cost a fan-out, in real time: who is served, with how many requests?"""

import asyncio
import time

from benchmarks._results import Report
from benchmarks._table import columns, heading
from publora_async import AsyncPublora
from publora_async.sandbox import Faults, Sandbox

__all__ = ["run"]


async def _ask(name: str, users: int, faults: Faults) -> tuple[str, ...]:
    async with Sandbox(users=users, faults=faults) as sandbox:
        async with AsyncPublora(sandbox.api_key, base_url=sandbox.base_url) as publora:
            begun = time.perf_counter()
            answers = await publora.connections.list_many(sandbox.user_ids)
            seconds = time.perf_counter() - begun
        served = len(answers.succeeded) / users
        requests = sandbox.requests
    each = f"{requests / users:.3f}"
    return name, f"{users}", f"{served:.2%}", f"{requests}", each, f"{seconds:.1f}"


def run(*, quick: bool = False) -> Report:
    """Ask about users while the service works, is down for a while, and is down for good."""
    users, slow, length = (500, 0.02, 0.2) if quick else (5_000, 0.02, 3.0)
    window = (length / 3, length * 4 / 3)
    cases = {
        "healthy": Faults(latency=slow),
        f"{length:g} s outage": Faults(latency=slow, outage_seconds=window),
        "20 % failures": Faults(latency=slow, error_rate=0.2),
    }
    if not quick:
        cases["200 requests a second"] = Faults(rate_limit=200, retry_after=1)
        cases["total outage"] = Faults(latency=slow, outage_seconds=(0, 3600))
    rows: list[tuple[str, ...]] = [("", "users", "served", "requests", "per user", "seconds")]
    rows += [asyncio.run(_ask(name, users, faults)) for name, faults in cases.items()]
    report = Report("outage", __doc__, {"server": "the sandbox, 20 ms a request"})
    heading(report)
    columns(rows)
    report.facts = {**report.facts, "cases": rows}
    return report
