"""APScheduler in asyncio, with one client for all runs: ``python apscheduler_app.py``."""

import asyncio
import json
import os
import signal
from datetime import datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from publora_async import AsyncPublora

EVERY = float(os.environ.get("REPORT_EVERY", "3600"))  # seconds


async def report(publora: AsyncPublora) -> None:
    async with publora.connections.iter_many(
        await publora.managed_users.list(), concurrency=60
    ) as answers:
        async for answer in answers:
            if answer.error is None:
                print(answer.user_id, json.dumps(answer.connections.to_dict()))
            else:
                print(answer.user_id, "could not be asked about:", answer.error)
    print("that is all")


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with AsyncPublora() as publora:
        scheduler = AsyncIOScheduler()
        scheduler.add_job(
            report, "interval", [publora], seconds=EVERY, next_run_time=datetime.now().astimezone()
        )
        scheduler.start()
        print("started")
        await stop.wait()
        scheduler.shutdown()


asyncio.run(main())
