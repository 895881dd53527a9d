"""Contenders that make plain calls, from one thread or from many."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

from benchmarks._job import Job, Task, repeated, seen_dicts, seen_records
from publora_sync import Publora

__all__ = [
    "THREADS",
    "httpx",
    "niquests",
    "publora",
    "requests",
    "threaded_httpx",
    "threaded_publora",
    "threaded_requests",
    "threaded_requests_default",
]

THREADS = 32


@contextmanager
def publora(task: Task) -> Iterator[Job]:
    """Give our client: typed records."""
    with Publora(task.api_key, base_url=task.base_url) as client:
        yield repeated(lambda: client.connections.list(user_id=task.user_id), seen_records)


@contextmanager
def requests(task: Task, *, pool: int | None = None) -> Iterator[Job]:
    """Give requests as its documentation shows it: dicts. Its pool holds 10 connections."""
    import requests

    url, headers = task.url, task.headers
    with requests.Session() as session:
        if pool is not None:
            session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=pool))

        def call() -> Any:  # noqa: ANN401  # JSON
            return session.get(url, headers=headers).json()

        yield repeated(call, seen_dicts)


@contextmanager
def httpx(task: Task) -> Iterator[Job]:
    """Give httpx as its documentation shows it: dicts."""
    import httpx

    url, headers = task.url, task.headers
    with httpx.Client() as client:
        yield repeated(lambda: client.get(url, headers=headers).json(), seen_dicts)


@contextmanager
def niquests(task: Task) -> Iterator[Job]:
    """Give niquests as its documentation shows it: dicts."""
    import niquests

    url, headers = task.url, task.headers
    with niquests.Session() as session:
        yield repeated(lambda: session.get(url, headers=headers).json(), seen_dicts)


@contextmanager
def threaded_publora(task: Task) -> Iterator[Job]:
    """Give one client of ours to all threads."""
    with publora(task) as job, _threaded(job) as threaded:
        yield threaded


@contextmanager
def threaded_requests(task: Task) -> Iterator[Job]:
    """Give one session, whose pool has a connection for each thread, to all threads."""
    with requests(task, pool=THREADS) as job, _threaded(job) as threaded:
        yield threaded


@contextmanager
def threaded_requests_default(task: Task) -> Iterator[Job]:
    """Give one session as it is to all threads: connections beyond 10 are not kept."""
    import logging

    # It warns of each connection that it throws away.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    with requests(task) as job, _threaded(job) as threaded:
        yield threaded


@contextmanager
def threaded_httpx(task: Task) -> Iterator[Job]:
    """Give one client to all threads."""
    with httpx(task) as job, _threaded(job) as threaded:
        yield threaded


@contextmanager
def _threaded(job: Job) -> Iterator[Job]:
    """Share the calls of *job* among threads, which wait for each other before they begin."""
    barrier = Barrier(THREADS)

    def work(calls: int) -> None:
        barrier.wait()
        job.run(calls)

    def run(calls: int) -> None:
        shares = [calls // THREADS + (number < calls % THREADS) for number in range(THREADS)]
        list(threads.map(work, shares))

    with ThreadPoolExecutor(THREADS) as threads:
        yield Job(run, job.check)
