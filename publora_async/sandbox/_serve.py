"""A sandbox in the foreground, for the shell."""

import asyncio
import signal
import sys

from publora_async.sandbox._sandbox import Sandbox

__all__ = ["serve"]


def serve(sandbox: Sandbox) -> None:
    """
    Run *sandbox* in the foreground until SIGINT or SIGTERM.

    Once it listens, its base URL and key are printed as ``PUBLORA_BASE_URL=...`` and
    ``PUBLORA_API_KEY=...``. To be called from the main thread, outside any event loop.

    Args:
        sandbox: A sandbox that is not running yet.

    Raises:
        OSError: The port cannot be had.
    """
    asyncio.run(_serve(sandbox))


async def _serve(sandbox: Sandbox) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop(*_: object) -> None:
        loop.call_soon_threadsafe(stopped.set)

    async with sandbox:
        # Not the loop's own signal handlers: Windows has none.
        before = [
            (number, signal.signal(number, stop)) for number in (signal.SIGINT, signal.SIGTERM)
        ]
        try:
            sys.stdout.write(f"PUBLORA_BASE_URL={sandbox.base_url}\n")
            sys.stdout.write(f"PUBLORA_API_KEY={sandbox.api_key}\n")
            sys.stdout.flush()
            await stopped.wait()
        finally:
            for number, handler in before:
                signal.signal(number, handler)
