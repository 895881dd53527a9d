"""The sockets of our connections: how they are made, let go of, and looked at before use."""

import select
import socket
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


def probe_of(sock: socket.socket) -> Callable[[], object]:
    """
    Give what tells whether something lies in the system's buffer, the connection's end included.

    Args:
        sock: The connection's.
    """
    if not hasattr(select, "poll"):  # on Windows
        return partial(_is_readable, sock)
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    return partial(poll.poll, 0)


def _is_readable(sock: socket.socket) -> bool:
    try:
        return bool(select.select([sock], [], [], 0)[0])
    except ValueError:  # there are over 1024 descriptors
        return False
