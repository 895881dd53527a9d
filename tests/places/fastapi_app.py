"""
FastAPI, with one client for all requests: ``uvicorn fastapi_app:app``.

Records and lists are returned as they are, and in models of one's own; ``/docs`` shows both.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel

from publora_async import AsyncPublora, Connection, ConnectionList, PubloraError


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    async with AsyncPublora() as app.state.publora:
        yield


app = FastAPI(lifespan=lifespan)


async def client(request: Request) -> AsyncPublora:
    publora: AsyncPublora = request.app.state.publora
    return publora


Publora = Annotated[AsyncPublora, Depends(client)]


class Report(BaseModel):
    user_id: str
    accounts: ConnectionList
    reconnect: list[Connection]


@app.get("/accounts/{user_id}")
async def accounts(user_id: str, publora: Publora) -> ConnectionList:
    return await publora.connections.list(user_id=user_id)


@app.get("/accounts/{user_id}/{platform_id}")
async def account(user_id: str, platform_id: str, publora: Publora) -> Connection:
    found = (await publora.connections.list(user_id=user_id)).get(platform_id)
    if found is None:
        raise HTTPException(404)
    return found


@app.get("/reports/{user_id}")
async def report(user_id: str, publora: Publora) -> Report:
    accounts = await publora.connections.list(user_id=user_id)
    return Report(user_id=user_id, accounts=accounts, reconnect=[*accounts.needs_attention()])


@app.get("/everybody")
async def everybody(publora: Publora) -> StreamingResponse:
    users = await publora.managed_users.list()

    async def lines() -> AsyncIterator[str]:
        async with publora.connections.iter_many(users, concurrency=8) as answers:
            async for answer in answers:
                yield f"{answer.user_id} {answer.error or len(answer.unwrap())}\n"

    return StreamingResponse(lines(), media_type="text/plain")


@app.exception_handler(PubloraError)
async def not_known(_: Request, error: PubloraError) -> JSONResponse:
    return JSONResponse({"error": str(error)}, status_code=502)
