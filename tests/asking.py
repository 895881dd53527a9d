"""What the promises' tests ask of a client of either colour, and what came of it."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from colours import Client, Question
from conftest import KEY
from hostile import HostileServer
from leftovers import everything_shown

from publora_async import PubloraError, ResponseDecodeError

__all__ = [
    "ClientOf",
    "Serve",
    "decode_failures",
    "failure",
    "listing",
    "listing_for",
    "not_as_documented",
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


def not_as_documented(*problems: str) -> ResponseDecodeError:
    """What is raised for *problems*, each of them ``"path: what was expected"``."""
    return ResponseDecodeError(
        "the answer is not what Publora documents: " + "; ".join(problems),
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
