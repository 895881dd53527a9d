"""The sockets of our connections: how they are made, let go of, and looked at before use."""

import asyncio
import select
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp.connector import AddrInfoType

__all__ = ["is_readable", "new_socket"]


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


def is_readable(transport: asyncio.BaseTransport, *, is_kept: bool) -> bool:
    """
    Tell whether something lies in the system's buffer, the end of the connection included.

    Args:
        transport: The connection's.
        is_kept: Whether it has served before.
    """
    if not is_kept and transport.get_extra_info("sslcontext") is not None:
        return False  # it may well be TLS's own: session tickets come unasked
    found = transport.get_extra_info("socket")
    if not hasattr(select, "poll"):  # on Windows
        try:
            return bool(select.select([found], [], [], 0)[0])
        except ValueError:  # there are over 1024 descriptors
            return False
    poll = select.poll()
    poll.register(found.fileno(), select.POLLIN)
    return bool(poll.poll(0))
