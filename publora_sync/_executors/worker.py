"""What runs in a worker of an executor: a chunk of a fan-out, by a client of the process's own."""

import os
import re
from functools import partial
from itertools import islice
from multiprocessing.util import Finalize
from pickle import PicklingError
from typing import Final

import attrs

from publora_async import (
    AsyncConnections,
    AsyncPublora,
    ConfigurationError,
    ConnectionList,
    PubloraError,
    __version__,
    decode_connections,
)
from publora_async._checks import masked
from publora_async._fan_out.fan_out import FanOut
from publora_sync._bridge import Bridge
from publora_sync._executors.gate import GateOfWorker
from publora_sync._executors.parcel import Chunk, Found, Parcel, Report, Settings

__all__ = ["ask", "ask_all", "mistake_of"]

MOST_CLIENTS: Final = 4
"""For how many settings a process keeps a client. One that is dropped closes itself."""


@attrs.frozen
class _Client:
    publora: AsyncPublora
    bridge: Bridge


_CLIENTS: dict[tuple[int, Settings], _Client] = {}
"""
This process's clients. The one state of a module there is: an executor calls a function, and
between two calls nothing else of ours is there to keep the connections.
"""


def ask(parcel: Parcel[Chunk]) -> Parcel[Report]:
    """
    Ask about the users of a chunk.

    Raises:
        ConfigurationError: The chunk is of another version, or there is no key here.
    """
    chunk = parcel.unpacked()
    client = _client_of(chunk.settings)
    publora = client.publora.with_options(
        timeout=chunk.timeout, deadline=chunk.deadline, max_retries=chunk.max_retries
    )
    transport = publora._transport  # noqa: SLF001  # what the connections are made of
    transport.pool.budget.share(chunk.workers)
    gate = GateOfWorker(
        chunk.concurrency, transport.random, processes=chunk.workers, is_probe=chunk.is_probe
    )
    report = client.bridge.run(ask_all, publora.connections, chunk.user_ids, gate)
    return Parcel(report)


async def ask_all(connections: AsyncConnections, user_ids: list[str], gate: GateOfWorker) -> Report:
    """Ask about users, as many at once as *gate* lets in when it is open."""
    ask_for = connections._list_for  # noqa: SLF001  # what each fan-out asks by
    fan_out = FanOut(partial(ask_for, decode=_undecoded, gate=gate), ordered=False)
    left = iter(user_ids)
    found: list[tuple[int, Found]] = []
    error: PubloraError | None = None
    try:
        fan_out.start(islice(left, gate.policy.concurrency))
        while len(found) < len(user_ids) and (some := await fan_out.take()):
            found += some
            fan_out.start(islice(left, len(some)))
    except PubloraError as refusal:
        error = refusal.with_traceback(None)
    finally:
        await fan_out.aclose()
    return Report(found, tuple(gate.outcomes), gate.pause, error)


def _undecoded(body: bytes, *, strict: bool = False) -> bytes | ConnectionList:
    # As plain bytes: what was parsed ahead of this is not to travel with them.
    return bytes(body) if _SUCCESS.match(body) else decode_connections(body, strict=strict)


_SUCCESS = re.compile(rb'\s*\{\s*"success"\s*:\s*true\s*,')
"""How what is no refusal begins, so that nothing but the records has to be read in it."""


def _client_of(settings: Settings) -> _Client:
    mine = (os.getpid(), settings)
    client = _CLIENTS.get(mine)
    if client is None:
        publora = AsyncPublora(
            masked(settings.api_key),
            base_url=settings.base_url,
            # Each chunk says how many requests there may be at once.
            max_connections=100_000,
            strict=settings.strict,
            proxy=masked(settings.proxy),
        )
        # No lock: a fork in another thread would copy it as it is, held for ever.
        client = _CLIENTS.setdefault(mine, _Client(publora, Bridge(publora.close)))
        while len(_CLIENTS) > MOST_CLIENTS:
            _CLIENTS.pop(next(iter(_CLIENTS)))
        # A worker process of multiprocessing runs no atexit functions, but these.
        Finalize(None, _close_all, exitpriority=0)
    return client


def _close_all() -> None:
    for client in list(_CLIENTS.values()):
        client.bridge.stop()
    _CLIENTS.clear()


def mistake_of(error: BaseException) -> PubloraError | None:
    """Give what to raise where :func:`ask` has failed of something that no other try mends."""
    if isinstance(error, PubloraError):
        return error
    if isinstance(error, (ImportError, AttributeError, TypeError, PicklingError)):
        return ConfigurationError(
            f"the executor's workers cannot run the SDK ({type(error).__name__}: {error}): install "
            f"publora {__version__} there"
        )
    return None
