"""From an HTTP request to the service, and back."""

import asyncio
import logging
from contextlib import suppress

from aiohttp import web

from publora_async.sandbox._counts import Counts
from publora_async.sandbox._replies import Reply, refuse
from publora_async.sandbox._routes import Route, find_route
from publora_async.sandbox._service import Call, Service

__all__ = ["Dispatcher"]

_logger = logging.getLogger("publora_async.sandbox")


class Dispatcher:
    """
    What each request passes through, once.

    Args:
        service: What knows the answers.

        counts: Where requests and answers are counted.
    """

    def __init__(self, service: Service, counts: Counts) -> None:
        self._service = service
        self._counts = counts

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer *request*."""
        self._counts.arrived()
        try:
            route = find_route(request.method, request.rel_url.raw_path)
            reply = await self._reply(request, route)
            self._counts.answers[route.name, reply.status] += 1
            return await _send(request, reply)
        finally:
            self._counts.left()

    async def _reply(self, request: web.BaseRequest, route: Route) -> Reply:
        headers = request.headers
        try:
            return self._service.answer(
                Call(
                    route=route,
                    key=headers.get("x-publora-key"),
                    user_id=headers.get("x-publora-user-id"),
                    body=await request.read() if request.method == "POST" else b"",
                )
            )
        except web.HTTPRequestEntityTooLarge:
            return refuse(413, "Request body is too large")
        except Exception:
            _logger.exception("the sandbox could not answer %s", route.name)
            return refuse(500, "Internal server error")


async def _send(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    """Give the response that carries *reply*, pieces already sent."""
    status, body = reply
    if isinstance(body, bytes):
        return web.Response(status=status, body=body, content_type="application/json")
    response = web.StreamResponse(status=status, headers={"Content-Type": "application/json"})
    # A client that has left is nobody's fault, and aiohttp finds out by itself.
    with suppress(ConnectionError):
        await response.prepare(request)
        for piece in body:
            await response.write(piece)
            # A write that finds room does not pause, and others want their turn.
            await asyncio.sleep(0)
    return response
