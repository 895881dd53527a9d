"""How an HTTP request becomes a response: its route, its fault, the service, the counters."""

import asyncio
import logging
import socket
import struct
import sys
from collections import Counter
from contextlib import suppress

from aiohttp import web

from publora_async.sandbox._clock import Schedule
from publora_async.sandbox._injector import FaultInjector
from publora_async.sandbox._routes import Reply, Route, error_reply, find_route
from publora_async.sandbox._service import Service, ServiceRequest

__all__ = ["Dispatcher"]

_logger = logging.getLogger("publora_async.sandbox")

# Close at once and throw away what is unsent: TCP tells the other side by a reset.
_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class Dispatcher:
    """
    Gives the response to each request, and counts both.

    Args:
        service: Knows the reply to each documented call.

        injector: Decides which requests meet a fault.

        schedule: Has changes to carry out before a request is served.

    Attributes:
        requests: How many requests have arrived.

        answers: How often each call got a response with each status.

        peak_in_flight: The most requests that were ever in flight at once.
    """

    def __init__(self, service: Service, injector: FaultInjector, schedule: Schedule) -> None:
        self.requests: int = 0
        self.answers: Counter[tuple[str, int]] = Counter()
        self.peak_in_flight: int = 0
        self._in_flight = 0
        self._service = service
        self._injector = injector
        self._schedule = schedule

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Give the response to *request*; that to one whose connection is reset is not sent."""
        self.requests += 1
        self._in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self._in_flight)
        try:
            return await self._respond(request)
        finally:
            self._in_flight -= 1

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        route = find_route(request.method, request.rel_url.raw_path)
        effect = None
        await _continue(request)
        with self._schedule.up_to_date():
            pass
        if not self._injector.idle:
            effect = await self._injector.inject(route.name, _user_id(request, route))
        if effect == "reset":
            return _reset(request)
        reply = effect if isinstance(effect, Reply) else await self._reply(request, route)
        self.answers[route.name, reply.status] += 1
        # A response to HEAD has no body to cut.
        cut = effect == "cut" and request.method != "HEAD"
        return await (_send_half if cut else _send)(request, reply)

    async def _reply(self, request: web.BaseRequest, route: Route) -> Reply:
        headers = request.headers
        try:
            asked = ServiceRequest(
                route=route,
                key=headers.get("x-publora-key"),
                user_id=headers.get("x-publora-user-id"),
                body=await request.read() if request.method == "POST" else b"",
                user_token=headers.get("x-publora-user-token"),
                client=headers.get("x-publora-client"),
            )
            with self._schedule.up_to_date():
                return self._service.reply(asked)
        except web.HTTPRequestEntityTooLarge:
            return error_reply(413, "Request body is too large")
        except Exception:
            _logger.exception("the sandbox could not answer %s", route.name)
            return error_reply(500, "Internal server error")


async def _continue(request: web.BaseRequest) -> None:
    """Have a client send its body if it waits to be told to."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        # A client that has left is nobody's fault.
        with suppress(ConnectionError):
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _user_id(request: web.BaseRequest, route: Route) -> str:
    """Give the id of the managed user in the path or the header of *request*, else empty."""
    if "{id}" in route.name:
        return route.parameter.lower()
    return request.headers.get("x-publora-user-id", "").lower()


async def _send(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    """Give *reply* as a response to *request*; a body in pieces is sent here already."""
    status, body, headers = reply
    headers = {"Content-Type": "application/json", **headers}
    if isinstance(body, bytes):
        return web.Response(status=status, body=body, headers=headers)
    response = web.StreamResponse(status=status, headers=headers)
    # A client that has left is nobody's fault, and aiohttp finds out by itself.
    with suppress(ConnectionError):
        await response.prepare(request)
        for piece in body if request.method != "HEAD" else ():
            await response.write(piece)
            # A write that finds room does not pause, and others want their turn.
            await asyncio.sleep(0)
    return response


async def _send_half(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    """
    Send half the body that the response's headers promise, and end the connection.

    Of a body in pieces the headers promise the first piece only.
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


def _reset(request: web.BaseRequest) -> web.StreamResponse:
    """Reset the connection of *request*; the response is a formality that nobody receives."""
    connection = request.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    request.protocol.force_close()
    return web.Response()
