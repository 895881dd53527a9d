"""
aiohttp.web, with one client for all requests: ``python -m aiohttp.web aiohttp_app:make_app``.

``cleanup_ctx`` opens the client with the app, and closes it. Where the app has a session of its
own, ``make_app_that_lends`` shows how the client uses its connections, too.
"""

from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from publora_async import AsyncPublora

PUBLORA = web.AppKey("PUBLORA", AsyncPublora)


async def own_session(app: web.Application) -> AsyncIterator[None]:
    async with AsyncPublora() as app[PUBLORA]:
        yield


async def borrowed_session(app: web.Application) -> AsyncIterator[None]:
    async with aiohttp.ClientSession() as session, AsyncPublora(session=session) as app[PUBLORA]:
        yield


async def accounts(request: web.Request) -> web.Response:
    found = await request.app[PUBLORA].connections.list(user_id=request.match_info["user_id"])
    return web.json_response(found.to_dict())


def make_app(_: list[str] | None = None) -> web.Application:
    app = web.Application()
    app.cleanup_ctx.append(own_session)
    app.router.add_get("/accounts/{user_id}", accounts)
    return app


def make_app_that_lends(_: list[str] | None = None) -> web.Application:
    app = web.Application()
    app.cleanup_ctx.append(borrowed_session)
    app.router.add_get("/accounts/{user_id}", accounts)
    return app
