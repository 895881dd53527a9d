"""
What aiohttp's connectors and the event loops' transports have, and do not offer.

Relied on, each with its test in ``tests/_http/test_connectors.py``:

* ``BaseConnector._loop`` is the loop that it was made in.
* ``BaseConnector._conns`` and ``_acquired`` hold the protocols of all that is open, idle or in use.
* asyncio's transports end in ``_call_connection_lost()``, which closes the socket; one with TLS has
  another below it, as ``_ssl_protocol._transport``. uvloop closes its own with the loop.
"""

import asyncio
from contextlib import suppress
from typing import Any

import aiohttp

__all__ = ["let_go", "loop_of"]


def loop_of(connector: aiohttp.BaseConnector) -> asyncio.AbstractEventLoop | None:
    """Give the event loop that *connector* works in; ``None`` where it does not tell."""
    return getattr(connector, "_loop", None)


def let_go(connector: aiohttp.BaseConnector) -> None:
    """
    Close the sockets of *connector*, whose event loop is closed.

    Neither asyncio nor aiohttp does: they leave them open until they are collected, with a
    warning about each.
    """
    held: Any = connector
    idle = [protocol for kept in held._conns.values() for protocol, _ in kept]  # noqa: SLF001
    for protocol in (*idle, *held._acquired):  # noqa: SLF001
        if protocol.transport is not None:
            _abort(protocol.transport)


def _abort(transport: Any) -> None:  # noqa: ANN401  # a loop's own
    with suppress(RuntimeError):  # it would tell its protocol by the loop, which is closed
        transport.abort()
    below = getattr(getattr(transport, "_ssl_protocol", None), "_transport", transport)
    with suppress(AttributeError, RuntimeError):
        below._call_connection_lost(None)  # noqa: SLF001
