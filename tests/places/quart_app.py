"""Quart, with one client for all requests: ``hypercorn quart_app:app``."""

from collections.abc import AsyncGenerator
from typing import Any

from quart import Quart

from publora_async import AsyncPublora

app = Quart(__name__)
publora = AsyncPublora()


@app.while_serving
async def lifespan() -> AsyncGenerator[None]:
    async with publora:
        yield


@app.get("/accounts/<user_id>")
async def accounts(user_id: str) -> dict[str, Any]:
    return (await publora.connections.list(user_id=user_id)).to_dict()
