"""What a contender gives its process to run, and what it is given to work on."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

import attrs

from publora_async import Connection

__all__ = [
    "AsyncJob",
    "Job",
    "Seen",
    "Task",
    "repeated",
    "repeated_async",
    "seen_dicts",
    "seen_records",
]

T = TypeVar("T")

Seen: TypeAlias = list[list[str | None]]
"""What a contender got, in a form that can be compared with what the others got."""


@attrs.frozen
class Task:
    """
    What a contender is to work on.

    Attributes:
        base_url: Where the server is.
        api_key: What the server wants to see.
        user_id: The managed user to ask about. ``None``: the account itself.
        accounts: How many accounts an answer holds.
        users: How many managed users there are.
    """

    base_url: str = ""
    api_key: str = ""
    user_id: str | None = None
    accounts: int = 0
    users: int = 0

    @property
    def url(self) -> str:
        """What is asked for."""
        return f"{self.base_url}/platform-connections"

    @property
    def headers(self) -> dict[str, str]:
        """The headers that the service wants."""
        user = {} if self.user_id is None else {"x-publora-user-id": self.user_id}
        return {"x-publora-key": self.api_key, **user}


@attrs.frozen
class Job:
    """
    A contender's work.

    Attributes:
        run: Does so many calls; what it returns is handed to the parent as JSON.
        check: Does a little of the work, and returns what it got.
    """

    run: Callable[[int], object]
    check: Callable[[], object]


@attrs.frozen
class AsyncJob:
    """As :class:`Job`, awaited."""

    run: Callable[[int], Awaitable[object]]
    check: Callable[[], Awaitable[object]]


def repeated(call: Callable[[], T], seen: Callable[[T], Seen]) -> Job:
    """Make the job that is *call*, one after the other."""

    def run(calls: int) -> None:
        for _ in range(calls):
            call()

    return Job(run, lambda: seen(call()))


def repeated_async(call: Callable[[], Awaitable[T]], seen: Callable[[T], Seen]) -> AsyncJob:
    """Make the job that is *call*, one awaited after the other."""

    async def run(calls: int) -> None:
        for _ in range(calls):
            await call()

    async def check() -> Seen:
        return seen(await call())

    return AsyncJob(run, check)


def seen_records(records: Any) -> Seen:  # noqa: ANN401  # the peers' records, too
    """Say what is in typed records, ours or another library's of the same field names."""
    return [_seen(record) for record in records]


def _seen(record: Connection) -> list[str | None]:
    expires, posted = record.access_token_expires_at, record.last_successful_post
    return [
        record.platform_id,
        record.username,
        record.token_status,
        None if expires is None else expires.isoformat(),
        None if posted is None else posted.isoformat(),
        None if record.last_error is None else record.last_error.message,
    ]


def seen_dicts(document: dict[str, Any]) -> Seen:
    """Say what is in an answer that is still made of dicts."""
    return [
        [
            account["platformId"],
            account["username"],
            account.get("tokenStatus"),
            _moment(account.get("accessTokenExpiresAt")),
            _moment(account.get("lastSuccessfulPost")),
            (account.get("lastError") or {}).get("message"),
        ]
        for account in document["connections"]
    ]


def _moment(text: str | None) -> str | None:
    return None if text is None else datetime.fromisoformat(text).isoformat()
