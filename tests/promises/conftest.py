"""What holds for every promise: afterwards all is as it was, and the key was seen nowhere."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Protocol

import pytest
from conftest import KEY
from hostile import Answer, HostileServer
from leftovers import Logs, Resources


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
