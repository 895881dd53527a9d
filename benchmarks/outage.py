"""What does an outage cost a fan-out, in real time: who is served, with how many requests?"""

import asyncio
import time

from publora_async import AsyncPublora
from publora_async.sandbox import Faults, Sandbox

__all__ = ["run"]


async def _ask(name: str, users: int, faults: Faults) -> None:
    async with Sandbox(users=users, faults=faults) as sandbox:
        async with AsyncPublora(sandbox.api_key, base_url=sandbox.base_url) as publora:
            begun = time.perf_counter()
            answers = await publora.connections.list_many(sandbox.user_ids)
            seconds = time.perf_counter() - begun
        served = len(answers.succeeded) / users
        print(
            f"{name:24} {users:6} {served:8.2%} {sandbox.requests:9} "
            f"{sandbox.requests / users:8.3f} {seconds:8.1f}"
        )


def run(*, quick: bool = False) -> None:
    """Ask about users while the service works, is down for a while, and is down for good."""
    users = 500 if quick else 5000
    slow = 0.02
    print("outage: list_many, concurrency 32, 20 ms a request")
    print(f"{'':24} {'users':>6} {'served':>8} {'requests':>9} {'per user':>8} {'seconds':>8}")
    asyncio.run(_ask("healthy", users, Faults(latency=slow)))
    length = 0.2 if quick else 3.0
    window = (length / 3, length * 4 / 3)
    faults = Faults(latency=slow, outage_seconds=window)
    asyncio.run(_ask(f"{length:g} s outage", users, faults))
    asyncio.run(_ask("20 % failures", users, Faults(latency=slow, error_rate=0.2)))
    if not quick:
        asyncio.run(_ask("200 requests a second", users, Faults(rate_limit=200, retry_after=1)))
        total = Faults(latency=slow, outage_seconds=(0, 3600))
        asyncio.run(_ask("total outage", users, total))
