"""What holds for every promise: afterwards all is as it was, and the key was seen nowhere."""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from importlib.util import find_spec
from typing import Any, Protocol

import aiohttp
import pytest
from asking import ClientOf
from colours import Client
from conftest import KEY
from hostile import Answer, HostileServer
from leftovers import Logs, Resources

from publora_async import AsyncPublora
from publora_async._http import straight
from publora_sync import Publora


class Serve(Protocol):
    """Starts a server that gives these answers, one after the other."""

    def __call__(
        self, *answers: Answer, tls: ssl.SSLContext | None = None, greeting: bytes = b""
    ) -> HostileServer: ...


@pytest.fixture(scope="session")
def _uvloops_own_pipe() -> None:
    """Have uvloop, where it is installed, open what it keeps for the life of the process."""
    if find_spec("uvloop"):
        import uvloop

        uvloop.new_event_loop().close()


@pytest.fixture(autouse=True)
async def _nothing_left(_uvloops_own_pipe: None) -> AsyncIterator[None]:
    logs = Logs()
    root = logging.getLogger()
    level = root.level
    root.addHandler(logs)
    root.setLevel(logging.DEBUG)
    # uvloop opens what it keeps for the life of a loop with the first socket.
    opened = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    opened.close()
    await opened.wait_closed()
    before = Resources()
    try:
        yield
        assert await Resources().more_than(before) == {}
        assert logs.alarms == []
        assert KEY not in "\n".join(logs.lines)
    finally:
        root.removeHandler(logs)
        root.setLevel(level)


@pytest.fixture
async def serve(_nothing_left: None) -> AsyncIterator[Serve]:
    """Servers that end with the test, by when the client must have left each of them."""
    with ExitStack() as servers:
        started: list[HostileServer] = []

        def serve(
            *answers: Answer, tls: ssl.SSLContext | None = None, greeting: bytes = b""
        ) -> HostileServer:
            server = HostileServer(*answers, tls=tls, greeting=greeting)
            started.append(servers.enter_context(server))
            return started[-1]

        yield serve
        for server in started:
            assert await asyncio.to_thread(server.is_left_alone), "a socket was left open"


@pytest.fixture(params=["async", "sync", "async, borrowed session"])
def kind_of_client(request: pytest.FixtureRequest) -> str:
    """The colour that the test runs in, and whether the session is borrowed."""
    return str(request.param)


@pytest.fixture
async def client_of(
    kind_of_client: str,
    serve: Serve,  # noqa: ARG001  # so that it ends after the clients
) -> AsyncIterator[ClientOf]:
    """Clients of the test's colour, which do not wait, and are closed before the servers are."""
    clients: list[Client] = []
    async with AsyncExitStack() as sessions:
        if "session" in kind_of_client:
            lent = {"session": await sessions.enter_async_context(aiohttp.ClientSession())}
        else:
            lent = {}

        def client_of(
            server: HostileServer | str,
            random: Callable[[], float] | None = None,
            **options: object,
        ) -> Client:
            base_url = server if isinstance(server, str) else server.base_url
            settings: Any = {"api_key": KEY, "base_url": base_url, **lent, **options}
            colour = Publora if kind_of_client == "sync" else AsyncPublora
            clients.append(Client(colour(**settings), random))
            return clients[-1]

        yield client_of
        for client in clients:
            await client.close()


@pytest.fixture(params=["straight", "by a session"])
def _either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have requests go past aiohttp's session, where they can, and through it."""
    if request.param == "by a session":
        monkeypatch.setattr(straight, "TESTED", ("none",))


@pytest.fixture
def unanswered() -> Iterator[str]:
    """Where a connect gets no answer: a listener's queue is full."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as full,
        socket.create_connection(full.getsockname()),
    ):
        yield f"http://127.0.0.1:{full.getsockname()[1]}"
