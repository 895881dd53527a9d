"""What a fan-out answers is an immutable sequence of results, one for each user."""

import copy
import pickle
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import attrs
import polars as pl
import pytest

from publora_async import (
    ConfigurationError,
    Connection,
    ConnectionList,
    PermissionDeniedError,
    PubloraError,
    ServerError,
    UserConnections,
    UserConnectionsList,
    UsersFailedError,
)

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)

EXPIRED = Connection(platform_id="twitter-1", token_status="expired")
SOON = Connection(platform_id="linkedin-2", access_token_expires_at=NOW + 3 * DAY)
GOOD = Connection(platform_id="telegram--100", username="<b>&'", extra={"boards": [1]})

ANNA = UserConnections("anna", ConnectionList([GOOD, EXPIRED]))
BERT = UserConnections("bert", error=PermissionDeniedError(403, "User is not managed by key"))
CARL = UserConnections("carl", ConnectionList())
DORA = UserConnections("<dora>", ConnectionList([SOON, GOOD]))
EMIL = UserConnections("emil", error=ServerError(500, "Internal server error", attempts=4))
PEOPLE = [ANNA, BERT, CARL, DORA, EMIL]
ALL = UserConnectionsList(PEOPLE)


def fresh() -> UserConnectionsList:
    """A copy whose errors no other test has added notes to."""
    twin: UserConnectionsList = pickle.loads(pickle.dumps(ALL))
    return twin


def test_unwrap_gives_the_connections_also_where_there_are_none() -> None:
    assert ANNA.unwrap() == ConnectionList([GOOD, EXPIRED])
    assert CARL.unwrap() == ConnectionList()


def test_unwrap_raises_the_very_error() -> None:
    (answer,) = fresh()[1:2]
    with pytest.raises(PermissionDeniedError) as raised:
        answer.unwrap()
    assert raised.value is answer.error


def test_unwrapping_again_does_not_lengthen_the_traceback() -> None:
    (answer,) = fresh()[1:2]
    lengths = set()
    for _ in range(3):
        with pytest.raises(PermissionDeniedError) as raised:
            answer.unwrap()
        lengths.add(len(list(traceback.walk_tb(raised.value.__traceback__))))
    assert lengths == {2}


def test_unwrap_of_nothing_says_so() -> None:
    with pytest.raises(PubloraError) as raised:
        UserConnections("fred").unwrap()
    assert raised.value == PubloraError("nothing is known of user fred")


def test_it_is_a_sequence_in_the_order_given() -> None:
    assert list(ALL) == PEOPLE
    assert (len(ALL), ALL[1], ALL[-1], ALL.index(DORA), ALL.count(CARL)) == (5, BERT, EMIL, 3, 1)
    assert CARL in ALL
    assert list(reversed(ALL)) == PEOPLE[::-1]
    with pytest.raises(IndexError):
        ALL[5]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (slice(1, 3), [BERT, CARL]),
        (slice(None, None, -2), [EMIL, CARL, ANNA]),
        (slice(9, None), []),
    ],
)
def test_a_slice_is_such_a_list_again(part: slice, expected: list[UserConnections]) -> None:
    assert ALL[part] == UserConnectionsList(expected)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda _: fresh()])
def test_a_copy_is_equal_and_hashes_alike(
    copied: Callable[[UserConnectionsList], UserConnectionsList],
) -> None:
    twin = copied(ALL)
    assert twin == ALL
    assert hash(twin) == hash(ALL)
    assert {twin, ALL} == {ALL}


def test_lists_are_equal_only_to_lists_of_the_same_results() -> None:
    same_in_a_plain_list: object = list(ALL)
    assert UserConnectionsList(iter(ALL)) == ALL
    assert UserConnectionsList(reversed(ALL)) != ALL
    assert same_in_a_plain_list != ALL
    assert not UserConnectionsList()


def test_it_cannot_be_changed() -> None:
    source = [ANNA]
    answers = UserConnectionsList(source)
    source.append(BERT)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        answers._answers = ()  # type: ignore[misc]  # what is tested
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        answers[0].user_id = "bert"  # type: ignore[misc]  # what is tested
    assert answers == UserConnectionsList([ANNA])


def test_its_repr_counts_and_names_nobody() -> None:
    assert repr(ALL) == "<UserConnectionsList of 5 users, 2 failed>"
    assert repr(UserConnectionsList()) == "<UserConnectionsList of 0 users, 0 failed>"


def test_results_part_into_those_that_succeeded_and_those_that_failed() -> None:
    assert ALL.succeeded == UserConnectionsList([ANNA, CARL, DORA])
    assert ALL.failed == UserConnectionsList([BERT, EMIL])


def test_errors_are_raised_together_and_each_note_names_its_user_once() -> None:
    answers = fresh()
    for _ in range(2):
        with pytest.raises(ExceptionGroup, match=r"^2 of 5 users failed") as raised:
            answers.raise_for_errors()
        assert raised.value.exceptions == tuple(answer.error for answer in answers.failed)
        assert [error.__notes__ for error in raised.value.exceptions] == [
            ["user bert"],
            ["user emil"],
        ]


def test_an_error_that_names_its_user_already_gets_no_note() -> None:
    errors = [ServerError(503, "Down"), ServerError(503, "Down")]
    for error in errors:
        error.method, error.request_path, error.user_id = "GET", "/platform-connections", "anna"
    answers = UserConnectionsList(map(UserConnections, ("anna", "bert"), (None, None), errors))
    with pytest.raises(ExceptionGroup):
        answers.raise_for_errors()
    assert [getattr(error, "__notes__", []) for error in errors] == [[], ["user bert"]]


def test_the_group_of_errors_is_one_of_ours_and_can_be_taken_apart() -> None:
    with pytest.raises(PubloraError) as raised:
        fresh().raise_for_errors()
    group = raised.value
    assert isinstance(group, UsersFailedError)
    assert group.message == str(group) == "2 of 5 users failed"
    matching, rest = group.split(ServerError)
    assert isinstance(matching, UsersFailedError)
    assert isinstance(rest, UsersFailedError)
    assert [type(error) for error in (*matching.exceptions, *rest.exceptions)] == [
        ServerError,
        PermissionDeniedError,
    ]


def test_a_group_of_errors_keeps_them() -> None:
    group = UsersFailedError("2 failed", [ServerError(500, "a"), ServerError(503, "b")])
    with pytest.raises(AttributeError, match="keeps the errors that it was made of"):
        group.args = ("1 failed", [ServerError(500, "a")])
    assert len(group.exceptions) == 2


def test_a_group_of_errors_travels() -> None:
    group = UsersFailedError("2 failed", [ServerError(500, "a"), ServerError(503, "b")])
    for twin in (
        pickle.loads(pickle.dumps(group)),
        copy.copy(group),
        UsersFailedError(*group.args),
    ):
        assert twin == group
        assert hash(twin) == hash(group)
        assert repr(twin) == repr(group)
    assert group != UsersFailedError("2 failed", [ServerError(500, "a")])
    assert group != ServerError(500, "2 failed")
    assert repr(group).startswith("UsersFailedError('2 failed', [ServerError(status=500")


def test_an_error_that_two_users_share_names_both() -> None:
    shared = ServerError(500, "Internal server error")
    answers = UserConnectionsList(UserConnections(name, error=shared) for name in "ab")
    with pytest.raises(ExceptionGroup):
        answers.raise_for_errors()
    assert shared.__notes__ == ["user a", "user b"]


def test_raising_the_errors_leaves_the_list_as_it_was() -> None:
    answers = fresh()
    with pytest.raises(ExceptionGroup):
        answers.raise_for_errors()
    assert (answers, hash(answers)) == (fresh(), hash(fresh()))


def test_where_all_succeeded_nothing_is_raised() -> None:
    ALL.succeeded.raise_for_errors()
    UserConnectionsList().raise_for_errors()


def test_the_users_that_must_connect_again_come_with_those_accounts_only() -> None:
    assert ALL.expired(now=NOW) == UserConnectionsList(
        [UserConnections("anna", ConnectionList([EXPIRED]))]
    )
    assert ALL.expired(now=NOW + 4 * DAY) == UserConnectionsList(
        [
            UserConnections("anna", ConnectionList([EXPIRED])),
            UserConnections("<dora>", ConnectionList([SOON])),
        ]
    )


@pytest.mark.parametrize(
    ("within", "some"), [(None, True), (3 * DAY, True), (2 * DAY, False), (timedelta(0), False)]
)
def test_the_users_that_will_soon_have_to_come_with_those_accounts_only(
    within: timedelta | None, *, some: bool
) -> None:
    dora = [UserConnections("<dora>", ConnectionList([SOON]))]
    assert ALL.expiring(within, now=NOW) == UserConnectionsList(dora if some else [])


@pytest.mark.parametrize(
    "ask",
    [UserConnectionsList.expired, UserConnectionsList.expiring, UserConnectionsList.to_records],
)
def test_a_moment_without_a_time_zone_is_refused(ask: Callable[..., object]) -> None:
    with pytest.raises(ConfigurationError, match=r"^now must have a time zone"):
        ask(ALL, now=NOW.replace(tzinfo=None))


def test_a_span_below_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"^within must not be negative"):
        ALL.expiring(-DAY, now=NOW)


def test_each_account_is_a_row_that_begins_with_its_user() -> None:
    records = ALL.to_records(now=NOW)
    assert records == [
        {"user_id": "anna", **GOOD.to_row(now=NOW)},
        {"user_id": "anna", **EXPIRED.to_row(now=NOW)},
        {"user_id": "<dora>", **SOON.to_row(now=NOW)},
        {"user_id": "<dora>", **GOOD.to_row(now=NOW)},
    ]
    assert [next(iter(row)) for row in records] == ["user_id"] * 4


@pytest.mark.parametrize("answers", [UserConnectionsList(), ALL.failed, ALL[2:3], ALL])
def test_frames_have_the_same_columns_whatever_they_hold(answers: UserConnectionsList) -> None:
    columns = ["user_id", *GOOD.to_row()]
    pandas, polars = answers.to_pandas(), answers.to_polars()
    assert list(pandas.columns) == columns == polars.columns
    assert polars.to_dicts() == answers.to_records()
    assert pandas["user_id"].tolist() == [row["user_id"] for row in answers.to_records()]
    assert str(pandas["access_token_expires_at"].dtype) == "datetime64[us, UTC]"
    assert (polars.schema["user_id"], str(pandas["needs_reconnect"].dtype)) == (pl.String(), "bool")


def test_html_is_escaped_and_begins_with_the_user() -> None:
    assert UserConnectionsList(
        [BERT, UserConnections("<dora>", ConnectionList([GOOD]))]
    )._repr_html_() == (
        "<table><thead><tr><th>user id</th><th>platform</th><th>username</th><th>display name</th>"
        "<th>platform id</th><th>status</th><th>access token expires at</th></tr></thead><tbody>"
        "<tr><td>&lt;dora&gt;</td><td>telegram</td><td>&lt;b&gt;&amp;&#x27;</td><td></td>"
        "<td>telegram--100</td><td>valid</td><td></td></tr></tbody></table>"
    )
