"""
Django's async views: ``uvicorn django_async_app:asgi``, ``gunicorn django_async_app:wsgi``.

An ASGI server has one event loop, and so one client for all requests. Under WSGI Django makes an
event loop for each request: there each needs a client of its own, or one of ``publora_sync``.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.handlers.asgi import ASGIRequest
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

from publora_async import AsyncPublora

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"])

publora = AsyncPublora()


async def accounts(request: HttpRequest, user_id: str) -> JsonResponse:
    if isinstance(request, ASGIRequest):
        found = await publora.connections.list(user_id=user_id)
    else:
        async with AsyncPublora() as own:
            found = await own.connections.list(user_id=user_id)
    return JsonResponse(found.to_dict())


urlpatterns = [path("accounts/<user_id>", accounts)]
wsgi = get_wsgi_application()
django = get_asgi_application()


async def asgi(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Answer as Django does, and close the client at the end, of which Django does not hear."""
    if scope["type"] != "lifespan":
        await django(scope, receive, send)
        return
    await receive()
    async with publora:
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})
