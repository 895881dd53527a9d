"""What type checkers know of the results of a fan-out; they read this, and nothing runs it."""

from collections.abc import Sequence
from typing import assert_type

import polars as pl

from publora_async import (
    APIStatusError,
    AsyncPublora,
    AuthenticationError,
    ConfigurationError,
    ConnectionList,
    PermissionDeniedError,
    PubloraError,
    UserConnections,
    UserConnectionsList,
    UserFailed,
    UserResult,
    UserSucceeded,
)
from publora_sync import Publora


def told_apart_by_error(answer: UserConnections) -> None:
    """No error: there are connections."""
    if answer.error is None:
        assert_type(answer, UserSucceeded)
        assert_type(answer.connections, ConnectionList)
    else:
        assert_type(answer.error, PubloraError)
        assert_type(answer.connections, None)


def told_apart_by_connections(answer: UserConnections) -> None:
    """No connections: there is an error."""
    if answer.connections is None:
        assert_type(answer.error, PubloraError)
    else:
        assert_type(answer.connections, ConnectionList)


def told_apart_by_match(answer: UserConnections) -> ConnectionList | PubloraError:
    """There is no third case."""
    match answer:
        case UserSucceeded(connections=connections):
            return connections
        case UserFailed(error=error):
            return error


def told_apart_from_others(value: object) -> None:
    """The name of both is good for ``isinstance``."""
    if isinstance(value, UserConnections):
        assert_type(value, UserSucceeded | UserFailed)
        assert_type(value.unwrap(), ConnectionList)


def told_apart_in_a_list(publora: Publora) -> None:
    """A list says which kind it holds."""
    answers = publora.connections.list_many(["a"])
    assert_type(answers, UserConnectionsList)
    assert_type(answers[0], UserConnections)
    assert_type(answers[:2], UserConnectionsList)
    assert_type(answers.get("a"), UserConnections | None)
    assert_type(answers.expired().succeeded[0].connections, ConnectionList)
    assert_type(answers.needs_attention().failed[0].error, PubloraError)
    assert_type(answers.failed, UserConnectionsList[UserFailed])
    some: UserConnectionsList = answers.failed
    assert_type(some.to_polars(), pl.DataFrame)
    error = ConfigurationError("No")
    assert_type(UserConnectionsList([UserFailed("a", error)]), UserConnectionsList[UserFailed])


def held_by_an_error(error: APIStatusError | ConfigurationError) -> None:
    """An error knows little of its results, until one asks which of the two kinds each is."""
    one = error.results[0]
    assert_type(one, UserResult)
    assert_type(one.user_id, str)
    assert_type(one.connections, Sequence[object] | None)
    assert_type(one.error, PubloraError | None)
    assert_type(one.unwrap(), Sequence[object])
    if isinstance(one, UserConnections):
        assert_type(one, UserSucceeded | UserFailed)
    if isinstance(one, UserSucceeded):
        assert_type(one.connections, ConnectionList)
    answers = UserConnectionsList(one for one in error.results if isinstance(one, UserConnections))
    assert_type(answers, UserConnectionsList)
    assert_type(answers.needs_attention().failed[0].error, PubloraError)


def given_to_an_error(answers: UserConnectionsList, error: ConfigurationError) -> None:
    """It takes what a fan-out answered."""
    error.results = answers
    error.results = [UserFailed("a", error)]
    error.results = answers.succeeded
    AuthenticationError(401, "No", results=answers)
    assert_type(PermissionDeniedError(403, "No", "CODE", 1.5).retry_after, float | None)


async def told_apart_as_they_arrive(publora: AsyncPublora) -> None:
    """Each has the user that was given."""
    async for answer in publora.connections.iter_many(await publora.managed_users.list()):
        if answer.error is None and answer.user is not None:
            assert_type(answer.connections.platform_ids, list[str])
            assert_type(answer.user.email, str | None)
