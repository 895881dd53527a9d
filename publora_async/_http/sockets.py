"""The sockets of our connections: how they are made, let go of, and looked at before use."""

import select
import socket
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from aiohttp.connector import AddrInfoType

__all__ = ["new_socket", "probe_of"]


class _Socket(socket.socket):
    """
    A socket that its collection does not close; whoever is done with it does.

    Where a call is cancelled between connecting and TLS, uvloop before 0.23 closes the descriptor
    below the socket. The collection would close it again, by when its number may be another
    connection's.
    """

    def __del__(self) -> None:
        self.detach()


def new_socket(address: "AddrInfoType") -> socket.socket:
    """Make a socket for an address, as aiohttp's connector wants it."""
    family, kind, protocol, *_ = address
    return _Socket(family, kind, protocol)


def probe_of(transport: "asyncio.Transport") -> Callable[[], object]:
    """
    Give what tells whether something has arrived that the loop has not read, the end included.

    Args:
        transport: The connection's.
    """
    sock = transport.get_extra_info("socket")
    if not hasattr(select, "poll"):  # on Windows
        return partial(_has_arrived, sock, transport)
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    return partial(poll.poll, 0)


def _has_arrived(sock: socket.socket, transport: "asyncio.Transport") -> bool:
    if _has_read_ahead(transport):
        return True
    try:
        return bool(select.select([sock], [], [], 0)[0])
    except ValueError:  # there are over 1024 descriptors
        return False


def _has_read_ahead(transport: "asyncio.Transport") -> bool:
    # The proactor's reads are begun before anything is there. The system completes them, and has
    # nothing left in its buffer, before the loop hears of it.
    read = getattr(transport, "_read_fut", None)
    return read is not None and (read.done() or not read._ov.pending)  # noqa: SLF001
