"""Contenders that make the same request, each with one more layer than the one before."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import aiohttp
import yarl

from benchmarks._job import AsyncJob, Job, Task, repeated, repeated_async, seen_dicts, seen_records
from publora_async import AsyncPublora, ConnectionList, decode_connections

__all__ = ["by_session", "connector", "decoded", "raw_socket", "streams", "without_deadline"]


def _request(url: yarl.URL, task: Task) -> bytes:
    lines = [f"GET {url.raw_path} HTTP/1.1", f"Host: {url.authority}"]
    lines += [f"{name}: {value}" for name, value in task.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


@contextmanager
def raw_socket(task: Task) -> Iterator[Job]:
    """Give a blocking socket: no event loop, and no more parsing than finds the body."""
    url = yarl.URL(task.url)
    request = _request(url, task)
    with socket.create_connection((url.host, url.port)) as connection:

        def call() -> bytes:
            connection.sendall(request)
            answer = connection.recv(65536)
            while b"\r\n\r\n" not in answer:
                answer += connection.recv(65536)
            head, _, body = answer.partition(b"\r\n\r\n")
            while len(body) < _length(head):
                body += connection.recv(65536)
            return body

        yield repeated(call, lambda body: seen_dicts(json.loads(body)))


@asynccontextmanager
async def streams(task: Task) -> AsyncIterator[AsyncJob]:
    """Give asyncio's streams: an event loop, a transport, a task that is woken."""
    bytes(1 << 20)  # as in _clients.tuned_session
    url = yarl.URL(task.url)
    request = _request(url, task)
    reader, writer = await asyncio.open_connection(url.host, url.port)

    async def call() -> bytes:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        return await reader.readexactly(_length(head))

    yield repeated_async(call, lambda body: seen_dicts(json.loads(body)))
    writer.close()
    await writer.wait_closed()


@asynccontextmanager
async def connector(task: Task) -> AsyncIterator[AsyncJob]:
    """Give aiohttp's connector and parser: a pool of connections, headers, a body's stream."""
    async with _connector(task) as call:
        yield repeated_async(call, lambda body: seen_dicts(json.loads(body)))


@asynccontextmanager
async def decoded(task: Task) -> AsyncIterator[AsyncJob]:
    """Give the same, its bytes decoded into our records."""
    async with _connector(task) as call:

        async def call_and_decode() -> ConnectionList:
            return decode_connections(await call())

        yield repeated_async(call_and_decode, seen_records)


@asynccontextmanager
async def _connector(task: Task) -> AsyncIterator[Callable[[], Awaitable[bytes]]]:
    bytes(1 << 20)  # as in _clients.tuned_session
    url = yarl.URL(task.url)
    raw = _request(url, task)
    loop = asyncio.get_running_loop()
    timeout = aiohttp.ClientTimeout()
    async with aiohttp.TCPConnector(limit=0) as pool:
        # The connector asks it only where to connect to.
        request = aiohttp.ClientRequest("GET", url, loop=loop)

        async def call() -> bytes:
            connection = await pool.connect(request, [], timeout)
            protocol = connection.protocol
            if protocol is None or protocol.transport is None:
                raise RuntimeError("aiohttp's connector gave no connection")
            protocol.set_response_params()
            protocol.transport.write(raw)
            _, payload = await protocol.read()
            body = await payload.read()
            connection.release()
            return body

        yield call


@asynccontextmanager
async def without_deadline(task: Task) -> AsyncIterator[AsyncJob]:
    """Give our client, whose calls may take as long as they like."""
    async with AsyncPublora(task.api_key, base_url=task.base_url, deadline=None) as client:

        async def call() -> ConnectionList:
            return await client.connections.list(user_id=task.user_id)

        yield repeated_async(call, seen_records)


@asynccontextmanager
async def by_session(task: Task) -> AsyncIterator[AsyncJob]:
    """Give our client, whose requests a session of aiohttp's makes: what it spares us."""
    async with (
        aiohttp.ClientSession() as session,
        AsyncPublora(task.api_key, base_url=task.base_url, session=session) as client,
    ):

        async def call() -> ConnectionList:
            return await client.connections.list(user_id=task.user_id)

        yield repeated_async(call, seen_records)
