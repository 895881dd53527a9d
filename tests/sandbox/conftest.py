"""What the sandbox's tests share: a running sandbox, and a way to ask it."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from sandbox_calls import Ask

from publora_async.sandbox import Sandbox


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
async def sandbox(now: datetime) -> AsyncIterator[Sandbox]:
    async with Sandbox(users=20, now=now) as sandbox:
        yield sandbox


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Give a function that calls a sandbox and gives back the status and the decoded body."""
    async with aiohttp.ClientSession() as session:

        async def ask(
            sandbox: Sandbox,
            method: str,
            path: str,
            *,
            key: str | None = "YOUR_API_KEY",
            user_id: str | None = None,
            data: object = b"",
        ) -> tuple[int, Any]:
            headers = {"x-publora-key": key, "x-publora-user-id": user_id}
            response = await session.request(
                method,
                sandbox.base_url + path,
                headers={name: value for name, value in headers.items() if value is not None},
                data=data if isinstance(data, bytes) else json.dumps(data).encode(),
            )
            async with response:
                assert response.content_type == "application/json"
                return response.status, await response.json()

        yield ask
