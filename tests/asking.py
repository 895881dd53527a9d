"""What the promises' tests ask of a client of either colour, and what came of it."""

from asyncio import Task
from collections.abc import Callable
from socket import socket
from typing import Any, TypeAlias

import pytest
from colours import Client, Question
from conftest import KEY
from hostile import Held, HostileServer
from leftovers import everything_shown
from still_clock import until

from publora_async import PubloraError, ResponseDecodeError

__all__ = [
    "ClientOf",
    "Serve",
    "decode_failures",
    "failure",
    "listing",
    "listing_for",
    "not_as_documented",
    "outcome_of",
    "shut_gate",
]

Serve: TypeAlias = Callable[..., HostileServer]
"""Starts a server that gives these answers, one after the other."""

ClientOf: TypeAlias = Callable[..., Client]
"""Makes a client of a server, or of a base URL, in the colour that the test runs in."""


def listing(publora: Any) -> Any:  # noqa: ANN401  # either colour
    """Ask for the account's own connections."""
    return publora.connections.list()


def listing_for(user_id: str) -> Question:
    """Ask for a managed user's."""
    return lambda publora: publora.connections.list(user_id=user_id)


async def failure(client: Client, question: Question = listing) -> PubloraError:
    """What is raised instead of an answer."""
    with pytest.raises(PubloraError) as caught:
        await client.ask(question)
    return caught.value


async def outcome_of(call: Task[Any]) -> Any:  # noqa: ANN401  # whatever was asked for
    """What a *call* that is about to end gives, or the error that it raises."""
    if not await until(call.done):
        call.cancel()
        pytest.fail("the call goes on")
    try:
        return await call
    except PubloraError as error:
        return error


async def shut_gate(held: Held, fail: Callable[[socket], object]) -> None:
    """Fail all requests of a fan-out over ten until there are no more: the tenth shuts its gate."""
    under_way = [await held.next() for _ in range(10)]
    for _ in range(9):
        fail(under_way.pop(0))
        under_way.append(await held.next())
    for connection in under_way:
        fail(connection)


def not_as_documented(*problems: str) -> ResponseDecodeError:
    """What is raised for *problems*, each of them ``"path: what was expected"``."""
    return ResponseDecodeError(
        "the response is not what Publora documents: " + "; ".join(problems),
        path=problems[0].partition(": ")[0] if ": " in problems[0] else "",
        problems=problems,
    )


async def decode_failures(client: Client, count: int) -> list[ResponseDecodeError]:
    """So many refusals, none of which quotes a value or was asked about again."""
    errors = [await failure(client) for _ in range(count)]
    assert client.waits == []
    decoding = [error for error in errors if isinstance(error, ResponseDecodeError)]
    for error in decoding:
        shown = everything_shown(error)
        assert "swordfish" not in shown
        assert KEY not in shown
    return decoding
