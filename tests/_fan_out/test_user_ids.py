"""Whom a fan-out asks about."""

from enum import Enum

import pytest

from publora_async import ConfigurationError, ManagedUser
from publora_async._fan_out.user_ids import check_users, in_chunks, user_id_of


class Team(str, Enum):  # noqa: UP042  # a StrEnum formats to its value
    """Ids that somebody has given names."""

    ADA = "user-0001"


@pytest.mark.parametrize("who", ["user-0001", ManagedUser(id="user-0001"), Team.ADA])
def test_an_id_is_plain_text_whatever_it_was_given_as(who: str | ManagedUser) -> None:
    assert (user_id_of(who), type(user_id_of(who))) == ("user-0001", str)


@pytest.mark.parametrize("who", [None, 5, b"user-0001"])
def test_what_is_no_id_is_refused(who: object) -> None:
    with pytest.raises(ConfigurationError, match=f"not {type(who).__name__}"):
        user_id_of(who)  # type: ignore[arg-type]  # what is seen to be refused


def test_one_text_and_no_concurrency_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="several ids"):
        check_users("user-0001", 1)
    with pytest.raises(ConfigurationError, match="concurrency"):
        check_users([], 0)


async def test_the_ids_of_many_come_in_chunks() -> None:
    users: list[str | ManagedUser] = ["a", ManagedUser(id="b"), "c"]
    assert [chunk async for chunk in in_chunks(users, 2)] == [["a", "b"], ["c"]]
    assert [chunk async for chunk in in_chunks(lambda: users[:2], 2)] == [["a", "b"]]
    assert [chunk async for chunk in in_chunks(None, 2)] == [[""]]
