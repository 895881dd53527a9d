"""Which event loop is running here."""

import asyncio

from publora_async.errors import ClientStateError

__all__ = ["loop_or_none", "running_loop"]


def loop_or_none() -> asyncio.AbstractEventLoop | None:
    """Give asyncio's loop that runs here; ``None`` where none does, as under trio."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def running_loop() -> asyncio.AbstractEventLoop:
    """
    Give asyncio's loop that runs here.

    Raises:
        ClientStateError: None does.
    """
    loop = loop_or_none()
    if loop is None:
        raise ClientStateError("no asyncio event loop is running here: publora_sync needs none")
    return loop
