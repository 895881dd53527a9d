"""The users who wait to be asked about by workers."""

import json
import math
import time

import pytest
from conftest import KEY

from publora_async import (
    AsyncPublora,
    Connection,
    ConnectionList,
    ManagedUser,
    NotSentError,
    PubloraError,
    ResponseDecodeError,
    ServerError,
    UserFailed,
    UserSucceeded,
)
from publora_async._http.options import ClientOptions
from publora_sync._executors.users import User, Users

CONNECTIONS = AsyncPublora(KEY).connections
OPTIONS = ClientOptions(api_key=KEY, max_retries=3, deadline=60)


def taken(users: Users, most: int, workers: int = 1) -> list[str]:
    return [user.user_id for user in users.take(most, workers)[0]]


def test_they_are_read_as_they_are_needed() -> None:
    source = iter("abcd")
    users = Users(source)
    assert taken(users, 2) == ["a", "b"]
    assert next(source) == "c"
    assert not users.are_over
    assert taken(users, 2) == ["d"]
    assert users.are_over


def test_towards_the_end_nobody_is_given_all_that_is_left() -> None:
    users = Users(list("abcdefghijklmnop"))
    assert [len(taken(users, 5, 2)) for _ in range(9)] == [4, 3, 3, 2, 1, 1, 1, 1, 0]


def test_those_who_were_given_back_come_before_any_other() -> None:
    users = Users("abc")
    [first], _ = users.take(1, 1)
    users.give_back(first)
    assert users.were_given_back
    assert taken(users, 3) == ["a"]
    assert not users.were_given_back


def test_nobody_waits_any_more_once_it_has_stopped() -> None:
    users = Users("abc")
    users.give_back(users.take(1, 1)[0][0])
    users.stop()
    assert users.are_over
    assert taken(users, 3) == []


def given_back(attempts: int) -> ServerError:
    return ServerError(503, "down", attempts=attempts, gave_up="gate")


@pytest.mark.parametrize(
    ("error", "attempts", "age", "gave_up"),
    [
        (given_back(1), 1, 0.0, None),
        (given_back(2), 2, 0.0, "retries"),
        (given_back(1), 1, 61.0, "deadline"),
        (NotSentError("down", attempts=0), 0, 0.0, None),
        (NotSentError("down", attempts=0), 0, 61.0, "never sent"),
    ],
)
def test_one_who_was_given_back_is_asked_again_while_there_are_time_and_retries(
    error: ServerError | NotSentError, attempts: int, age: float, gave_up: str | None
) -> None:
    user = User(0, "user-0001", None, since=time.monotonic() - age, attempts=2)
    settled = user.settled(error, OPTIONS)
    assert user.attempts == 2 + attempts
    assert settled is (None if gave_up is None else error)
    if gave_up is not None:
        assert error.gave_up == (None if gave_up == "never sent" else gave_up)
        answer = user.answer(error, CONNECTIONS)
        assert answer == UserFailed("user-0001", error)
        assert error.attempts == 2 + attempts


def test_what_came_of_an_attempt_is_kept_for_one_who_is_held_back() -> None:
    user = User(0, "user-0001", None)
    failure = given_back(1)
    assert user.settled(failure, OPTIONS) is None
    assert user.settled(NotSentError("no", attempts=0), OPTIONS) is None
    assert user.failure is failure


@pytest.mark.parametrize("error", [PubloraError("odd"), given_back(1)])
def test_a_failure_that_was_not_given_back_is_the_answer(error: PubloraError) -> None:
    error.gave_up = None  # type: ignore[attr-defined]  # where it has one
    user = User(0, "user-0001", None, since=math.inf)
    assert user.settled(error, OPTIONS) is error


ADA = ManagedUser(id="user-0001", email="ada@example.com")
LISTED = ConnectionList([Connection(platform_id="twitter-1")])


@pytest.mark.parametrize("found", [LISTED, json.dumps(LISTED.to_dict()).encode()])
def test_a_response_is_read_where_the_answer_is_handed_out(found: bytes | ConnectionList) -> None:
    user = User(0, "user-0001", ADA)
    assert user.answer(found, CONNECTIONS) == UserSucceeded("user-0001", LISTED, ADA)


def test_a_response_that_makes_no_sense_is_an_error_that_names_what_was_asked() -> None:
    error = (
        User(0, "user-0001", None).answer(b'{"success": true, "connections": 5}', CONNECTIONS).error
    )
    assert isinstance(error, ResponseDecodeError)
    assert "(GET /platform-connections for user user-0001)" in str(error)
