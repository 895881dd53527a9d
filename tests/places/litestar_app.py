"""Litestar, with one client for all requests: ``uvicorn litestar_app:app``."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, get
from litestar.params import FromPath

from publora_async import AsyncPublora

publora = AsyncPublora()


@asynccontextmanager
async def lifespan(_: Litestar) -> AsyncGenerator[None]:
    async with publora:
        yield


@get("/accounts/{user_id:str}")
async def accounts(user_id: FromPath[str]) -> dict[str, Any]:
    return (await publora.connections.list(user_id=user_id)).to_dict()


app = Litestar([accounts], lifespan=[lifespan])
