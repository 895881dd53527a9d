"""Starlette, with one client for all requests: ``uvicorn starlette_app:app``."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from publora_async import AsyncPublora

publora = AsyncPublora()


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncGenerator[None]:
    async with publora:
        yield


async def accounts(request: Request) -> JSONResponse:
    found = await publora.connections.list(user_id=request.path_params["user_id"])
    return JSONResponse(found.to_dict())


app = Starlette(routes=[Route("/accounts/{user_id}", accounts)], lifespan=lifespan)
