"""Runs the apps of this folder in their real servers, ends them, and tells what they left."""

import asyncio
import os
import re
import shutil
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from still_clock import until

from publora_async import AsyncPublora, ConnectionList
from publora_async.sandbox import Faults, Sandbox

__all__ = [
    "Form",
    "Held",
    "Served",
    "ask_all",
    "expected",
    "free_port",
    "in_wire_form",
    "redis",
    "require",
    "served",
]

HERE = Path(__file__).parent

_COMPLAINT = re.compile(
    r"Warning|Traceback|Exception|\bERROR\b|CRITICAL|never awaited|was destroyed|Fatal|Timeout"
)
_SLOW_STEP = re.compile(r"^Executing <.*> took [\d.]+ seconds$")
"""What asyncio's debug mode says on a busy machine, with whatever names are in the step."""
_PATIENCE = 50
"""Seconds in which a server starts, says or does whatever is waited for."""


class Served:
    """
    A server in a process of its own, and whatever it has said.

    Attributes:
        url: Where it listens.
        lines: What it has said, a line each.
    """

    url: str

    def __init__(self, process: asyncio.subprocess.Process, left: Path, service: str) -> None:
        self._service = service
        self.lines: list[str] = []
        self._process = process
        self._left = left
        self._news = asyncio.Condition()
        self._silent = False
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.lines.append(line.decode(errors="replace").rstrip())
            async with self._news:
                self._news.notify_all()
        self._silent = True
        async with self._news:
            self._news.notify_all()

    async def says(self, pattern: str, times: int = 1) -> list[str]:
        """Wait until it has said so this many times, and give what the pattern's group holds."""

        def found() -> list[str]:
            return [one[1] for line in self.lines for one in re.finditer(f"({pattern})", line)]

        def enough() -> bool:
            return len(found()) >= times or self._silent

        try:
            async with asyncio.timeout(_PATIENCE), self._news:
                await self._news.wait_for(enough)
        except TimeoutError:
            pass
        assert len(found()) >= times, "\n".join([f"it never said {pattern}:", *self.lines])
        return found()

    def end(self) -> None:
        """Send SIGTERM, as systemd, Docker and Kubernetes do, and note when."""
        self._asked_at = time.monotonic()
        self._process.terminate()

    async def ended(self) -> float:
        """Wait until it is gone, and give how many seconds that took it."""
        async with asyncio.timeout(_PATIENCE):
            await self._process.wait()
            seconds = time.monotonic() - self._asked_at
            await self._reading
        return seconds

    @property
    def code(self) -> int | None:
        """What its process ended with."""
        return self._process.returncode

    def complaints(self) -> list[str]:
        """Give the lines in which it complains."""
        return [
            line for line in self.lines if _COMPLAINT.search(line) and not _SLOW_STEP.search(line)
        ]

    async def left(self) -> list[str]:
        """Give the threads and sockets that its processes still had as they exited."""
        # Helpers, such as multiprocessing's, end an instant after it.
        await until(lambda: not any(_alive(self._process.pid)))
        told = {path.name: path.read_text().splitlines() for path in self._left.iterdir()}
        assert str(self._process.pid) in told, "\n".join(["it told nothing:", *self.lines])
        found = [one for lines in told.values() for one in lines]
        found += [f"the process {name}" for name in _alive(self._process.pid)]
        return sorted(one.replace(self._service, "Publora") for one in found)

    async def kill(self) -> None:
        """Make sure that it is gone, whatever happened."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        await self._reading


def _alive(session: int) -> Iterator[str]:
    """Name the processes of a session that have not ended."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            name, _, rest = path.read_text().rpartition(") ")
            state, _, _, its_session = rest.split()[:4]
            if int(its_session) == session and state != "Z":
                yield name


@asynccontextmanager
async def served(
    sandbox: Sandbox,
    folder: Path,
    *command: str,
    ready: str = r"http://(?:127\.0\.0\.1|localhost):\d+",
    warn: Iterable[str] = ("error",),
    unclosed: str = "$^",
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[Served]:
    """
    Run ``python -X dev -W error`` with *command*, and wait until it says that it is *ready*.

    Args:
        sandbox: What the app finds in its environment, as any app does.
        folder: Where each of its processes puts what it had when it exited.
        command: What Python runs.
        ready: What it says then, with where it listens.
        warn: The filters of warnings, the last of which counts first.
        unclosed: What the software itself leaves to the collection, as CPython names it: a
            regular expression, which no filter of *warn* can be.
        environ: More of its environment.
    """
    left = folder / "left"
    left.mkdir()
    # Not in the folder: gunicorn puts a socket there, of its own and with a short path.
    with TemporaryDirectory() as home:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-X", "dev"),
            *(f"-W{one}" for one in warn),
            *command,
            cwd=HERE,
            env={
                **os.environ,
                "HOME": home,
                "PLACES_LEFT": str(left),
                "PLACES_UNCLOSED": unclosed,
                "PUBLORA_API_KEY": sandbox.api_key,
                "PUBLORA_BASE_URL": sandbox.base_url,
                "PYTHONPATH": str(HERE / "at_exit"),
                "PYTHONUNBUFFERED": "1",
                "XDG_RUNTIME_DIR": home,
                **(environ or {}),
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        server = Served(process, left, urlsplit(sandbox.base_url).netloc)
        try:
            server.url = (await server.says(ready))[0].replace("localhost", "127.0.0.1")
            yield server
        finally:
            await server.kill()


class Held:
    """
    Lets a sandbox keep its requests for connections waiting until they are let go.

    Args:
        sandbox: Whose requests.
        after: How many it serves before.
    """

    def __init__(self, sandbox: Sandbox, after: int = 0) -> None:
        self._sandbox = sandbox
        self._served_before = after
        self._waiting = 0
        self._lost = 0
        self._news = asyncio.Condition()
        self._free = asyncio.Event()
        sandbox.faults = Faults(latency=1, sleep=self._hold, calls={"GET /platform-connections"})

    async def _hold(self, _: float) -> None:
        if self._served_before:
            self._served_before -= 1
            return
        async with self._news:
            self._waiting += 1
            self._news.notify_all()
        try:
            await self._free.wait()
        except asyncio.CancelledError:
            async with self._news:
                self._lost += 1
                self._news.notify_all()
            raise

    async def have(self, number: int) -> None:
        """Wait until this many requests wait."""
        async with asyncio.timeout(_PATIENCE), self._news:
            await self._news.wait_for(lambda: self._waiting >= number)

    async def lose(self, number: int) -> None:
        """Wait until whoever sent this many of them has gone away."""
        async with asyncio.timeout(_PATIENCE), self._news:
            await self._news.wait_for(lambda: self._lost >= number)

    def let_go(self) -> None:
        """Have those and all others served."""
        self._sandbox.faults = None
        self._free.set()


Form = Callable[[ConnectionList], Any]


def in_wire_form(accounts: ConnectionList) -> object:
    """Give what most apps return of them."""
    return accounts.to_dict()


async def expected(sandbox: Sandbox, form: Form = in_wire_form) -> dict[str, Any]:
    """Give each user an account more, and what an app is to answer about them."""
    for user in sandbox.user_ids:
        sandbox.connect("bluesky", user_id=user, status="valid")
    async with AsyncPublora(sandbox.api_key, base_url=sandbox.base_url) as publora:
        answers = await publora.connections.list_many(sandbox.user_ids)
    found = {answer.user_id: form(answer.unwrap()) for answer in answers}
    assert len({repr(one) for one in found.values()}) == len(found)  # no two are the same
    return found


async def ask_all(url: str, users: Iterable[str]) -> dict[str, object]:
    """Ask an app about all *users* at once; gives each answer, or what went wrong."""
    users = list(users)
    limits = aiohttp.ClientTimeout(total=_PATIENCE)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=limits) as session:

        async def ask(user: str) -> object:
            try:
                async with session.get(f"{url}/accounts/{user}") as response:
                    return (await response.json()) if response.ok else response.status
            except aiohttp.ClientError as error:
                return repr(error)

        return dict(zip(users, await asyncio.gather(*map(ask, users)), strict=True))


def free_port() -> str:
    """Give a port for servers that take no 0, or do not tell what became of it."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def require(*packages: str) -> None:
    """Skip the test where one of *packages* is not installed."""
    for package in packages:
        if not find_spec(package):
            pytest.skip(f"{package} is not installed: pip install -r .ci/places.txt")


@asynccontextmanager
async def redis(folder: Path) -> AsyncIterator[str]:
    """Run a Redis of one's own, and give its URL; the test is skipped where there is none."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(program, "--bind", "127.0.0.1", "--port", port, "--save", "", "--dir", str(folder)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_PATIENCE):
            async for line in process.stdout:
                if b"Ready to accept connections" in line:
                    break
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        await process.communicate()
