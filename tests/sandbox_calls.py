"""What the sandbox's tests ask of it over HTTP, and where."""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeAlias

from publora_async.sandbox import Sandbox

__all__ = [
    "FIELDS",
    "LIST",
    "LISTING",
    "PLATFORM_IDS",
    "USERS",
    "USER_PATHS",
    "Address",
    "Ask",
    "Found",
    "address",
    "create",
    "everything",
    "listed",
    "moment",
    "users",
]

Ask: TypeAlias = Callable[..., Awaitable[tuple[int, Any]]]
"""Calls a sandbox, and gives the status and the decoded body."""

Address: TypeAlias = tuple[str, int]
Found: TypeAlias = list[dict[str, Any]]

LIST = ("GET", "/platform-connections")
LISTING = "GET /platform-connections"
USERS = ("GET", "/workspace/users")
USER_PATHS = [
    ("GET", "/workspace/users"),
    ("POST", "/workspace/users"),
    ("POST", "/workspace/users/attach"),
    ("DELETE", "/workspace/users/{id}"),
    ("POST", "/workspace/users/{id}/connection-url"),
    ("POST", "/workspace/users/{id}/api-key"),
]
FIELDS = [
    "platformId",
    "username",
    "displayName",
    "profileImageUrl",
    "profileUrl",
    "accessTokenExpiresAt",
    "tokenStatus",
    "tokenExpiresIn",
    "lastSuccessfulPost",
    "lastError",
    "subscriptionType",
]
"""The fields of a listed connection, in order."""

PLATFORM_IDS = {
    "twitter": r"1\d{18}",
    "linkedin": r"[A-Za-z0-9]{10}",
    "instagram": r"1784\d{13}",
    "threads": r"1784\d{13}",
    "tiktok": r"7\d{18}",
    "youtube": r"UC[A-Za-z0-9_-]{22}",
    "facebook": r"1\d{14}",
    "bluesky": r"did:plc:[a-z2-7]{24}",
    "mastodon": r"1\d{17}",
    "telegram": r"-100\d{10}",
    "pinterest": r"5\d{17}",
}
"""What account ids look like on each platform."""


def address(sandbox: Sandbox) -> Address:
    """Where *sandbox* listens."""
    host, port = sandbox.base_url.removeprefix("http://").removesuffix("/api/v1").split(":")
    return host, int(port)


async def listed(ask: Ask, sandbox: Sandbox, user_id: str | None = None) -> Found:
    """The connections of the account, or of a managed user."""
    status, body = await ask(sandbox, *LIST, user_id=user_id)
    assert (status, body["success"], list(body)) == (200, True, ["success", "connections"])
    connections: Found = body["connections"]
    return connections


async def everything(ask: Ask, sandbox: Sandbox) -> Found:
    """Whatever is connected to the account and to its managed users."""
    owners = [None, *sandbox.user_ids]
    return [found for owner in owners for found in await listed(ask, sandbox, owner)]


async def users(ask: Ask, sandbox: Sandbox) -> Found:
    """The managed users."""
    status, body = await ask(sandbox, *USERS)
    assert (status, list(body)) == (200, ["users"])
    found: Found = body["users"]
    return found


async def create(ask: Ask, sandbox: Sandbox, **asked: object) -> tuple[int, Any]:
    """Create a managed user."""
    return await ask(sandbox, "POST", "/workspace/users", data=asked)


def moment(text: str) -> datetime:
    """The time that *text* says, in the one form that the service has for it."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    return datetime.fromisoformat(text)
