"""
The sandbox in a process of its own, one of whose users has a given number of accounts.

``python -m benchmarks._sandbox ACCOUNTS FORM USERS`` prints where it is, its key and the user;
it ends with its input.
"""

import asyncio
import sys
from typing import Literal

from publora_async import AsyncPublora
from publora_async.sandbox import Sandbox

__all__: list[str] = []


async def _serve(accounts: int, form: Literal["today", "contract"], users: int) -> None:
    async with Sandbox(users=max(users, 1), form=form) as sandbox:
        user_id = sandbox.create_user("benchmark@example.com")
        for _ in range(accounts):
            sandbox.connect("twitter", user_id=user_id)
        async with AsyncPublora(sandbox.api_key, base_url=sandbox.base_url) as publora:
            if len(await publora.connections.list(user_id=user_id)) != accounts:
                raise AssertionError(f"the sandbox does not list {accounts} accounts")
        print(sandbox.base_url, sandbox.api_key, user_id, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))  # type: ignore[arg-type]
