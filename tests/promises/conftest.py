"""What holds for every promise: afterwards all is as it was, and the key was seen nowhere."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Protocol

import pytest
from asking import ClientOf
from colours import Client
from conftest import KEY
from hostile import Answer, HostileServer
from leftovers import Logs, Resources

from publora_async import AsyncPublora
from publora_sync import Publora


class Serve(Protocol):
    """Starts a server that gives these answers, one after the other."""

    def __call__(self, *answers: Answer, tls: ssl.SSLContext | None = None) -> HostileServer: ...


@pytest.fixture(autouse=True)
async def _nothing_left() -> AsyncIterator[None]:
    logs = Logs()
    root = logging.getLogger()
    level = root.level
    root.addHandler(logs)
    root.setLevel(logging.DEBUG)
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

        def serve(*answers: Answer, tls: ssl.SSLContext | None = None) -> HostileServer:
            started.append(servers.enter_context(HostileServer(*answers, tls=tls)))
            return started[-1]

        yield serve
        for server in started:
            assert await asyncio.to_thread(server.is_left_alone), "a socket was left open"


@pytest.fixture(params=[AsyncPublora, Publora], ids=["async", "sync"])
async def client_of(
    request: pytest.FixtureRequest,
    serve: Serve,  # noqa: ARG001  # so that it ends after the clients
) -> AsyncIterator[ClientOf]:
    """Clients of the test's colour, which do not wait, and are closed before the servers are."""
    clients: list[Client] = []

    def client_of(server: HostileServer | str, **options: object) -> Client:
        base_url = server if isinstance(server, str) else server.base_url
        settings = {"api_key": KEY, "base_url": base_url, **options}
        clients.append(Client(request.param(**settings)))
        return clients[-1]

    yield client_of
    for client in clients:
        await client.close()
