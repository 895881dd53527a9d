"""Job workers and schedulers: each job gets its user's accounts."""

import asyncio
import json
import logging
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest
from places.serving import Held, Served, expected, redis, require, served

from publora_async import AsyncPublora, PermissionDeniedError, PubloraError
from publora_async.sandbox import Sandbox

pytestmark = [
    pytest.mark.timeout(200),  # seconds, of which a slow machine's workers take some
    pytest.mark.skipif(not hasattr(os, "killpg"), reason="no SIGTERM that asks to end"),
]
logger = logging.getLogger("places")

USERS = 200
IN_FLIGHT = 60
JOBS_OF_RQ = 40
"""Each is a process of its own, one after the other."""
PATIENCE = 90
WARN = (
    "error",
    "ignore:You're running the worker",
    "ignore:Call to deprecated",
)
"""Celery warns of being run by root, and calls what redis-py calls deprecated."""


def of_celery(url: str, users: Iterable[str]) -> dict[str, Any]:
    """What the task gives for each user, or the error that it raises."""
    from celery import Celery

    def result(task: Any) -> object:  # noqa: ANN401  # Celery has no types
        try:
            return task.get(timeout=max(end - time.monotonic(), 0.01))
        except PubloraError as error:
            return error

    end = time.monotonic() + PATIENCE
    with Celery(broker=url, backend=url) as app:
        tasks = {user: app.send_task("celery_app.accounts", [user]) for user in users}
        return {user: result(task) for user, task in tasks.items()}


async def unexpected(worker: Served, url: str) -> set[str]:
    """
    Give what a worker had at its exit besides what it may.

    A client of publora_sync needs no closing: it goes with its process, as the connections to
    Redis do.
    """
    left = {one.replace(urlsplit(url).netloc, "Redis") for one in await worker.left()}
    return left - {"the thread publora", "a socket to Publora", "a socket to Redis"}


@attrs.frozen
class Pool:
    """
    One of Celery's kinds of workers.

    Attributes:
        name: Celery's name for it.
        size: How many tasks it takes at once, all of them in flight when it is to end.
    """

    name: str
    size: int


@pytest.mark.filterwarnings("ignore:Call to deprecated")
@pytest.mark.parametrize(
    "pool",
    [Pool("prefork", 4), Pool("threads", IN_FLIGHT), Pool("gevent", IN_FLIGHT)],
    ids=lambda pool: pool.name,
)
async def test_celery_gives_each_user_their_accounts_and_the_error_as_it_was(
    pool: Pool, tmp_path: Path
) -> None:
    require("celery", "redis", "gevent")
    command = f"-m celery -A celery_app worker -P {pool.name} -c {pool.size} -l info"
    async with redis(tmp_path) as url, Sandbox(users=USERS) as sandbox:
        due = await expected(sandbox)
        environ = {"CELERY_BROKER_URL": url, "CELERY_RESULT_BACKEND": url}
        async with served(
            sandbox,
            tmp_path,
            *command.split(),
            ready=r"celery@.* ready\.",
            environ=environ,
            warn=WARN,
            unclosed=rf"<socket\.socket .*, raddr=\('127\.0\.0\.1', {urlsplit(url).port}\)>$",
        ) as worker:
            got = await asyncio.to_thread(of_celery, url, due)
            assert got == due, worker.lines
            stranger = f"{0:024}"
            refused = (await asyncio.to_thread(of_celery, url, [stranger]))[stranger]
            held = Held(sandbox)
            some = dict([*due.items()][: pool.size])
            asking = asyncio.create_task(asyncio.to_thread(of_celery, url, some))
            await held.have(pool.size)
            worker.end()
            await worker.says("Warm shutdown")
            held.let_go()
            last = await asking
            seconds = await worker.ended()
        async with AsyncPublora(sandbox.api_key, base_url=sandbox.base_url) as publora:
            with pytest.raises(PermissionDeniedError) as raised:
                await publora.connections.list(user_id=stranger)
    right = sum(last[user] == some[user] for user in some)
    logger.info("celery, %s: %d, then %d, in %.1f s", pool.name, len(got), right, seconds)
    assert refused == raised.value
    assert last == some
    assert (worker.code, worker.complaints()) == (0, []), "\n".join(worker.lines)
    assert await unexpected(worker, url) == set()


def of_rq(url: str, users: Iterable[str]) -> dict[str, Any]:
    """What the job gives for each user."""
    from redis import Redis
    from rq import Queue

    end = time.monotonic() + PATIENCE
    # The wait for a result is a read of that length.
    with Redis.from_url(url, socket_timeout=None) as connection:
        queue = Queue(connection=connection)
        jobs = {user: queue.enqueue("rq_app.accounts", user) for user in users}
        found = {}
        for user, job in jobs.items():
            result = job.latest_result(timeout=max(int(end - time.monotonic()), 1))
            found[user] = result and result.return_value
        return found


async def test_rq_gives_each_user_their_accounts_in_a_process_for_each_job(tmp_path: Path) -> None:
    require("rq", "redis")
    async with redis(tmp_path) as url, Sandbox(users=JOBS_OF_RQ) as sandbox:
        due = await expected(sandbox)
        async with served(
            sandbox,
            tmp_path,
            *["-m", "rq.cli", "worker", "-c", "rq_app"],
            ready="Listening on default",
            environ={"REDIS_URL": url},
        ) as worker:
            got = await asyncio.to_thread(of_rq, url, due)
            assert got == due, worker.lines
            held = Held(sandbox)
            some = dict([*due.items()][:1])
            asking = asyncio.create_task(asyncio.to_thread(of_rq, url, some))
            await held.have(1)
            worker.end()
            await worker.says("[Ww]arm shut")
            held.let_go()
            last = await asking
            seconds = await worker.ended()
    logger.info("rq: %d, then %d, in %.1f s", len(got), len(last), seconds)
    assert last == some
    # RQ's own, for commands. RQ ends its subscription before it tells it to stop: it may wait for
    # the next message in between, and is given up after a second.
    left = await unexpected(worker, url) - {"the thread Thread-1"}
    assert (worker.code, worker.complaints(), left) == (0, [], set())


async def test_apscheduler_asks_about_all_users_in_each_run(tmp_path: Path) -> None:
    require("apscheduler")
    async with Sandbox(users=USERS) as sandbox:
        due = await expected(sandbox)
        held = Held(sandbox, after=2 * USERS)
        async with served(
            sandbox,
            tmp_path,
            "apscheduler_app.py",
            ready="started",
            environ={"REPORT_EVERY": "0.1"},
        ) as program:
            await held.have(IN_FLIGHT)
            program.end()
            seconds = await program.ended()
            held.let_go()
    # A run is skipped while another is under way, and asyncio's debug mode tells of slow steps.
    lines = [one for one in program.lines if re.match("[0-9a-f]{24} |that is all", one)]
    first, second = lines[:USERS], lines[USERS + 1 : -1]
    assert lines[USERS :: USERS + 1] == ["that is all"] * 2
    for run in (first, second):
        got = dict(line.split(" ", 1) for line in run)
        assert {user: json.loads(found) for user, found in got.items()} == due
    logger.info("apscheduler: %d twice, then none of %d, in %.1f s", USERS, IN_FLIGHT, seconds)
    # APScheduler cancels the run, and takes that for an error, which it logs.
    assert "asyncio.exceptions.CancelledError" in program.lines
    assert program.complaints() == ["Traceback (most recent call last):"]
    assert (program.code, await program.left()) == (0, [])
