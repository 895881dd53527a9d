"""From an HTTP request to the service and back, or to a connection that ends too early."""

import asyncio
import logging
import socket
import struct
import sys
from contextlib import suppress

from aiohttp import web

from publora_async.sandbox._injector import Counts, FaultInjector
from publora_async.sandbox._routes import Reply, Route, error_reply, find_route
from publora_async.sandbox._service import Service, ServiceRequest

__all__ = ["Dispatcher", "cut", "reset"]

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


_logger = logging.getLogger("publora_async.sandbox")


class Dispatcher:
    """
    What each request passes through, once.

    Args:
        service: What knows the answers.

        counts: Where requests and answers are counted.

        injector: What makes them go wrong.
    """

    def __init__(self, service: Service, counts: Counts, injector: FaultInjector) -> None:
        self._service = service
        self._counts = counts
        self._injector = injector

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer *request*."""
        self._counts.arrived()
        try:
            route = find_route(request.method, request.rel_url.raw_path)
            effect = None
            if not self._injector.idle:
                effect = await self._injector.inject(route.name, _user_id(request, route))
            if effect == "reset":
                return reset(request)
            reply = effect if isinstance(effect, Reply) else await self._reply(request, route)
            self._counts.answers[route.name, reply.status] += 1
            return await (cut if effect == "cut" else _send)(request, reply)
        finally:
            self._counts.left()

    async def _reply(self, request: web.BaseRequest, route: Route) -> Reply:
        headers = request.headers
        try:
            return self._service.answer(
                ServiceRequest(
                    route=route,
                    key=headers.get("x-publora-key"),
                    user_id=headers.get("x-publora-user-id"),
                    body=await request.read() if request.method == "POST" else b"",
                )
            )
        except web.HTTPRequestEntityTooLarge:
            return error_reply(413, "Request body is too large")
        except Exception:
            _logger.exception("the sandbox could not answer %s", route.name)
            return error_reply(500, "Internal server error")


def _user_id(request: web.BaseRequest, route: Route) -> str:
    """Give the managed user that *request* names, empty if none."""
    if "{id}" in route.name:
        return route.parameter.lower()
    return request.headers.get("x-publora-user-id", "").lower()


async def _send(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    """Give the response that carries *reply*, pieces already sent."""
    status, body, headers = reply
    headers = {"Content-Type": "application/json", **headers}
    if isinstance(body, bytes):
        return web.Response(status=status, body=body, headers=headers)
    response = web.StreamResponse(status=status, headers=headers)
    # A client that has left is nobody's fault, and aiohttp finds out by itself.
    with suppress(ConnectionError):
        await response.prepare(request)
        for piece in body:
            await response.write(piece)
            # A write that finds room does not pause, and others want their turn.
            await asyncio.sleep(0)
    return response
