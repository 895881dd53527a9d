"""What a fan-out answers is an immutable sequence of results, one for each user."""

import copy
import json
import pickle
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pandas as pd
import polars as pl
import pytest

from publora_async import (
    ConfigurationError,
    Connection,
    ConnectionList,
    ManagedUser,
    PermissionDeniedError,
    PubloraError,
    ServerError,
    UserConnections,
    UserConnectionsList,
    UserFailed,
    UsersFailedError,
    UserSucceeded,
)

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)

EXPIRED = Connection(platform_id="twitter-1", token_status="expired")
SOON = Connection(platform_id="linkedin-2", access_token_expires_at=NOW + 3 * DAY)
GOOD = Connection(platform_id="telegram--100", username="<b>&'", extra={"boards": [1]})

ANNA = UserSucceeded("anna", ConnectionList([GOOD, EXPIRED]))
BERT = UserFailed("bert", PermissionDeniedError(403, "User is not managed by key"))
CARL = UserSucceeded("carl", ConnectionList())
DORA = UserSucceeded("<dora>", ConnectionList([SOON, GOOD]))
EMIL = UserFailed("emil", ServerError(500, "Internal server error", attempts=4))
PEOPLE: list[UserConnections] = [ANNA, BERT, CARL, DORA, EMIL]
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
    source: list[UserConnections] = [ANNA]
    answers = UserConnectionsList(source)
    source.append(BERT)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        answers._answers = ()  # type: ignore[misc]  # what is tested
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        answers[0].user_id = "bert"  # type: ignore[misc]  # what is tested
    assert answers == UserConnectionsList([ANNA])


def test_its_repr_counts_and_names_nobody() -> None:
    assert repr(ALL) == (
        "<UserConnectionsList of 5 users, 2 failed: 1 x HTTP 403: User is not managed by key; the "
        "key is good, but this user is not in its workspace: check the user id; "
        "1 x HTTP 500: Internal server error, after 4 attempts>"
    )
    assert repr(UserConnectionsList()) == "<UserConnectionsList of 0 users, 0 failed>"


def test_its_repr_tells_the_three_commonest_causes() -> None:
    answers = [
        UserFailed(str(number), ServerError(500 + number % 4, "No")) for number in range(4, 14)
    ]
    assert repr(UserConnectionsList(answers)) == (
        "<UserConnectionsList of 10 users, 10 failed: "
        "3 x HTTP 500: No; 3 x HTTP 501: No; 2 x HTTP 502: No; ...>"
    )


def test_results_part_into_those_that_succeeded_and_those_that_failed() -> None:
    assert ALL.succeeded == UserConnectionsList([ANNA, CARL, DORA])
    assert ALL.failed == UserConnectionsList([BERT, EMIL])


@pytest.mark.parametrize(
    ("user_id", "expected"), [("carl", CARL), ("bert", BERT), ("nobody", None)]
)
def test_get_finds_a_users_result(user_id: str, expected: UserConnections | None) -> None:
    assert ALL.get(user_id) is expected


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
    answers = UserConnectionsList(map(UserFailed, ("anna", "bert"), errors))
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
    answers = UserConnectionsList(UserFailed(name, shared) for name in "ab")
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


def some_of(user: UserSucceeded, *connections: Connection) -> UserSucceeded:
    return UserSucceeded(user.user_id, ConnectionList(connections), user.user)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (ALL.expired(now=NOW), [some_of(ANNA, EXPIRED), BERT, EMIL]),
        (
            ALL.expired(now=NOW + 4 * DAY),
            [some_of(ANNA, EXPIRED), BERT, some_of(DORA, SOON), EMIL],
        ),
        (ALL.expiring(now=NOW), [BERT, some_of(DORA, SOON), EMIL]),
        (ALL.expiring(3 * DAY, now=NOW), [BERT, some_of(DORA, SOON), EMIL]),
        (ALL.expiring(2 * DAY, now=NOW), [BERT, EMIL]),
        (ALL.healthy(now=NOW), [some_of(ANNA, GOOD), BERT, some_of(DORA, GOOD), EMIL]),
        (ALL.healthy(2 * DAY, now=NOW), [some_of(ANNA, GOOD), BERT, DORA, EMIL]),
    ],
)
def test_a_selection_has_the_users_with_such_accounts_only_and_keeps_the_failed(
    chosen: UserConnectionsList, expected: list[UserConnections]
) -> None:
    assert chosen == UserConnectionsList(expected)
    assert chosen.failed == ALL.failed


def test_who_needs_attention_comes_by_urgency_and_the_failed_come_last() -> None:
    unknown = Connection(platform_id="x-1", token_status="unknown")
    fred = UserSucceeded("fred", ConnectionList([unknown, GOOD]))
    answers: UserConnectionsList = UserConnectionsList([fred, *reversed(PEOPLE)])
    annas, doras = some_of(ANNA, EXPIRED), some_of(DORA, SOON)
    assert list(answers.needs_attention(now=NOW)) == [
        *(annas, doras, some_of(fred, unknown)),
        *(EMIL, BERT),
    ]
    assert list(ALL.needs_attention(2 * DAY, now=NOW)) == [annas, BERT, EMIL]


SELECTIONS = [
    UserConnectionsList.expired,
    UserConnectionsList.expiring,
    UserConnectionsList.healthy,
    UserConnectionsList.needs_attention,
]


@pytest.mark.parametrize("select", SELECTIONS)
def test_where_nobody_could_be_asked_no_selection_is_empty(select: Callable[..., object]) -> None:
    """What reads "there is nobody to look after" is true only where it is known."""
    assert select(ALL.failed) == ALL.failed
    assert select(ALL.failed)
    assert not select(UserConnectionsList([CARL]))


@pytest.mark.parametrize("select", SELECTIONS)
def test_a_selection_keeps_the_user_that_was_given(select: Callable[..., object]) -> None:
    user = ManagedUser(id="anna", email="anna@example.com")
    accounts = ConnectionList([GOOD, EXPIRED, SOON])
    chosen = select(UserConnectionsList([UserSucceeded("anna", accounts, user)]), now=NOW)
    assert isinstance(chosen, UserConnectionsList)
    assert [answer.user for answer in chosen] == [user]


@pytest.mark.parametrize(
    "ask",
    [*SELECTIONS, UserConnectionsList.to_records],
)
def test_a_moment_without_a_time_zone_is_refused(ask: Callable[..., object]) -> None:
    with pytest.raises(ConfigurationError, match=r"^now must have a time zone"):
        ask(ALL, now=NOW.replace(tzinfo=None))


@pytest.mark.parametrize("select", SELECTIONS[1:])
@pytest.mark.parametrize("answers", [ALL, UserConnectionsList()])
def test_a_span_below_nothing_is_refused(
    select: Callable[..., object], answers: UserConnectionsList
) -> None:
    with pytest.raises(ConfigurationError, match=r"^within must not be negative"):
        select(answers, -DAY, now=NOW)


COLUMNS = ["user_id", *GOOD.to_row(), "error"]
NO_ROW: dict[str, str | None] = dict.fromkeys(COLUMNS)


def test_each_account_is_a_row_that_begins_with_its_user_and_so_is_each_failure() -> None:
    records = ALL.to_records(now=NOW)
    assert records == [
        {"user_id": "anna", **GOOD.to_row(now=NOW), "error": None},
        {"user_id": "anna", **EXPIRED.to_row(now=NOW), "error": None},
        {**NO_ROW, "user_id": "bert", "error": str(BERT.error)},
        {"user_id": "<dora>", **SOON.to_row(now=NOW), "error": None},
        {"user_id": "<dora>", **GOOD.to_row(now=NOW), "error": None},
        {**NO_ROW, "user_id": "emil", "error": str(EMIL.error)},
    ]
    assert [list(row) for row in records] == [COLUMNS] * 6


def test_rows_for_json_can_be_written_out() -> None:
    records = ALL.to_records(now=NOW, json=True)
    assert json.loads(json.dumps(records)) == records
    assert [row["access_token_expires_at"] for row in records] == [
        *(None, None, None),
        *("2026-10-04T12:00:00.000Z", None, None),
    ]


@pytest.mark.parametrize(
    "answers", [UserConnectionsList(), ALL.succeeded, ALL.failed, ALL[2:3], ALL]
)
def test_frames_have_the_same_columns_whatever_they_hold(answers: UserConnectionsList) -> None:
    pandas, polars = answers.to_pandas(), answers.to_polars()
    assert list(pandas.columns) == COLUMNS == polars.columns
    assert polars.to_dicts() == answers.to_records()
    assert pandas["user_id"].tolist() == [row["user_id"] for row in answers.to_records()]
    empty = UserConnectionsList()
    assert pandas.dtypes.tolist() == empty.to_pandas().dtypes.tolist()
    assert polars.schema == empty.to_polars().schema
    assert str(pandas["access_token_expires_at"].dtype) == "datetime64[us, UTC]"
    assert pandas["error"].dtype == pandas["user_id"].dtype == pd.Series(["text"]).dtype
    assert str(pandas["needs_reconnect"].dtype) == "boolean"
    assert (polars.schema["user_id"], polars.schema["error"]) == (pl.String(), pl.String())
    assert polars.schema["needs_reconnect"] == pl.Boolean()


def test_in_a_frame_nobody_knows_whether_the_accounts_of_who_failed_need_reconnecting() -> None:
    frame = ALL.to_pandas()
    assert frame[frame["error"].notna()]["user_id"].tolist() == ["bert", "emil"]
    assert frame[frame["needs_reconnect"].isna()]["user_id"].tolist() == ["bert", "emil"]
    assert frame[frame["needs_reconnect"]]["platform_id"].tolist() == [
        row["platform_id"] for row in ALL.to_records() if row["needs_reconnect"]
    ]
    assert "bert" in frame[frame["status"] != "valid"]["user_id"].tolist()


def test_its_table_names_each_user_that_failed_and_says_how_many_and_why() -> None:
    some: list[UserConnections] = [
        UserFailed("emil", ServerError(500, "<No>")),
        some_of(DORA, GOOD),
        UserFailed("fred", ServerError(500, "<No>")),
    ]
    html = UserConnectionsList(some)._repr_html_()
    for part in (
        "2 of 3 users failed: HTTP 500",
        ">emil<",
        ">&lt;dora&gt;<",
        ">fred<",
        "HTTP 500: &lt;No&gt;",
    ):
        assert part in html


def test_its_table_tells_of_failures_also_where_it_is_cut_short() -> None:
    some: list[UserConnections] = [UserSucceeded("anna", ConnectionList([GOOD] * 200)), EMIL]
    html = UserConnectionsList(some)._repr_html_()
    assert "1 of 2 users failed: HTTP 500" in html
    assert ">emil<" in html
    assert "and 101 more" in html


def test_the_result_that_fits_is_made_of_connections_or_an_error() -> None:
    make: Any = UserConnections
    user = ManagedUser(id="emil")
    assert make("carl", ConnectionList()) == CARL
    assert make("emil", error=EMIL.error, user=user) == UserFailed("emil", EMIL.error, user)
    for neither_or_both in ({}, {"connections": ConnectionList(), "error": EMIL.error}):
        with pytest.raises(TypeError, match="either connections or an error"):
            make("anna", **neither_or_both)


def listed(answer: UserConnections) -> list[str] | PubloraError:
    match answer:
        case UserSucceeded(connections=connections):
            return connections.platform_ids
        case UserFailed(error=error):
            return error


def test_a_result_is_of_one_of_two_kinds_and_both_are_told_apart_by_match() -> None:
    assert [listed(answer) for answer in (ANNA, BERT)] == [
        ["telegram--100", "twitter-1"],
        BERT.error,
    ]
    assert all(isinstance(answer, UserConnections) for answer in ALL)
    assert not isinstance("anna", UserConnections)
    assert (ANNA.error, BERT.connections, ANNA.user) == (None, None, None)
