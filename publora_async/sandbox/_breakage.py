"""Connections that end before the answer does."""

import socket
import struct
import sys
from contextlib import suppress

from aiohttp import web

from publora_async.sandbox._replies import Reply

__all__ = ["cut", "reset"]

# Close at once and throw away what is unsent: TCP tells the other side by a reset.
_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def reset(request: web.BaseRequest) -> web.StreamResponse:
    """Reset the connection of *request*, and give a response that nobody will get."""
    connection = request.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    request.protocol.force_close()
    return web.Response()


async def cut(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    """
    Answer *request* with half the body that the headers promise, and end the connection.

    Of a *reply* in pieces the first is all that is promised.
    """
    body = reply.body if isinstance(reply.body, bytes) else next(reply.body)
    response = web.StreamResponse(
        status=reply.status,
        headers={"Content-Type": "application/json", "Content-Length": str(len(body))},
    )
    # A client that has left is nobody's fault.
    with suppress(ConnectionError):
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
    request.protocol.force_close()
    return response
