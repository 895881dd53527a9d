"""The bytes of an answer become records, or an error that names the field and quotes nothing."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publora_async import (
    Connection,
    ConnectionList,
    JSONValue,
    LastError,
    ResponseDecodeError,
    decode_connections,
)

REPLIES = Path(__file__).parent / "replies"
CONTRACT = (REPLIES / "contract.json").read_bytes()
TODAY = (REPLIES / "today.json").read_bytes()

OPTIONAL_TEXTS = ["profileUrl", "tokenStatus", "tokenExpiresIn", "subscriptionType"]
TEXTS = ["username", "displayName", "profileImageUrl", *OPTIONAL_TEXTS]
TIMES = ["accessTokenExpiresAt", "lastSuccessfulPost"]
LAST_ERROR = ["lastError", "message", "occurredAt"]
LEFT_OUT_IF_NULL = {*OPTIONAL_TEXTS, "lastSuccessfulPost", *LAST_ERROR}
WIRE_NAMES = ["platformId", *TEXTS, *TIMES, *LAST_ERROR]


def body(*connections: object) -> bytes:
    return json.dumps({"success": True, "connections": connections}).encode()


def decode_one(**fields: object) -> Connection:
    (connection,) = decode_connections(body({"platformId": "twitter-1", **fields}))
    return connection


def problem_with(answer: bytes) -> ResponseDecodeError:
    with pytest.raises(ResponseDecodeError) as raised:
        decode_connections(answer)
    return raised.value


def not_as_documented(*problems: str) -> ResponseDecodeError:
    """What is raised for *problems*, each of them ``"path: what was expected"``."""
    return ResponseDecodeError(
        "the answer is not what Publora documents: " + "; ".join(problems),
        path=problems[0].partition(": ")[0],
        problems=problems,
    )


def without_nulls(value: JSONValue) -> JSONValue:
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    if isinstance(value, dict):
        kept = {n: v for n, v in value.items() if v is not None or n not in LEFT_OUT_IF_NULL}
        return {name: without_nulls(item) for name, item in kept.items()}
    return value


def test_the_contracts_body_becomes_records() -> None:
    assert decode_connections(CONTRACT) == ConnectionList(
        [
            Connection(
                platform_id="twitter-123456789",
                username="@yourhandle",
                display_name="Your Name",
                profile_image_url="https://pbs.twimg.com/profile_images/...",
            ),
            Connection(
                platform_id="linkedin-Tz9W5i6ZYG",
                username="John Doe",
                display_name="John Doe",
                profile_image_url="https://media.licdn.com/...",
                access_token_expires_at=datetime(2026, 5, 15, 10, 30, tzinfo=UTC),
            ),
            Connection(
                platform_id="instagram-17841412345678",
                username="yourinstagram",
                display_name="Your Brand",
                profile_image_url="https://...",
                access_token_expires_at=datetime(2026, 4, 20, 8, tzinfo=UTC),
            ),
        ]
    )


def test_every_field_of_todays_form_is_read_and_unknown_ones_are_kept() -> None:
    _, telegram, tiktok, instagram, pinterest = decode_connections(TODAY)
    assert telegram == Connection(
        platform_id="telegram--1001234567890",
        display_name="Family <3 & Friends",
        token_status="unknown",
    )
    assert tiktok == Connection(
        platform_id="tiktok-7123456789",
        username="yourtiktok",
        display_name="Zoë 🎈",
        profile_image_url="https://p16.tiktokcdn.com/7123456789.webp",
        access_token_expires_at=datetime(2026, 10, 8, 15, tzinfo=UTC),
        profile_url="https://www.tiktok.com/@yourtiktok",
        token_status="expiring_soon",
        token_expires_in="7d 3h",
        last_successful_post=datetime(2026, 9, 30, 18, 0, 0, 250_000, tzinfo=UTC),
        last_error=LastError(
            message="The video is too long",
            occurred_at=datetime(2026, 9, 29, 7, 30, 0, 1000, tzinfo=UTC),
            extra={"postGroupId": "65f1a2b3c4d5e6f708192a3b"},
        ),
    )
    assert instagram.last_error == LastError()
    boards = [{"id": 549755885175, "title": None, "weight": 0.5, "private": False}]
    assert (pinterest.platform, pinterest.status) == ("pinterest", "paused")
    assert pinterest.extra == {"boards": boards, "plan": None}


def test_the_contracts_form_comes_back_as_it_was() -> None:
    assert decode_connections(CONTRACT).to_dict() == json.loads(CONTRACT)


def test_todays_form_comes_back_up_to_nulls_and_decodes_to_equal_records() -> None:
    connections = decode_connections(TODAY)
    assert connections.to_dict() == without_nulls(json.loads(TODAY))
    assert decode_connections(json.dumps(connections.to_dict()).encode()) == connections


def test_a_field_named_like_the_records_own_is_an_unknown_field_all_the_same() -> None:
    connection = decode_one(extra=5, platform_id="x-2", lastError={"extra": {}})
    assert connection == Connection(
        platform_id="twitter-1",
        last_error=LastError(extra={"extra": {}}),
        extra={"extra": 5, "platform_id": "x-2"},
    )


@pytest.mark.parametrize("field", [*TEXTS, *TIMES, "lastError"])
def test_a_null_and_an_absent_field_are_none(field: str) -> None:
    assert decode_one(**{field: None}) == decode_one() == Connection(platform_id="twitter-1")


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-05-15T10:30:00.000Z", datetime(2026, 5, 15, 10, 30, tzinfo=UTC)),
        ("2026-05-15T10:30:00.123456Z", datetime(2026, 5, 15, 10, 30, 0, 123456, tzinfo=UTC)),
        ("2026-05-15T00:30:00+05:30", datetime(2026, 5, 14, 19, tzinfo=UTC)),
        ("2026-05-15T10:30:00", datetime(2026, 5, 15, 10, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00.000Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59.999Z", datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
    ],
)
def test_times_are_aware_and_in_utc(text: str, time: datetime) -> None:
    connection = decode_one(lastSuccessfulPost=text)
    assert connection.last_successful_post == time
    assert connection.last_successful_post.tzinfo is UTC


@pytest.mark.parametrize("field", ["platformId", *TEXTS])
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (5, "a number"),
        (0.5, "a number"),
        (True, "a boolean"),
        (["hunter2"], "a list"),
        ({"hunter2": "hunter2"}, "an object"),
    ],
)
def test_where_text_is_due_nothing_else_will_do(field: str, value: object, kind: str) -> None:
    error = problem_with(body({"platformId": "a-1", field: value}))
    assert error == not_as_documented(f"connections[0].{field}: expected text, found {kind}")


@pytest.mark.parametrize("field", TIMES)
@pytest.mark.parametrize(
    "value",
    [
        *("hunter2", "", "2026", "2026-02-30T00:00:00Z", "10000-01-01T00:00:00Z", "1767225600"),
        *("0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"),
        *(1767225600, True, {}, ["2026-01-01"]),
    ],
)
def test_where_a_time_is_due_nothing_else_will_do(field: str, value: object) -> None:
    error = problem_with(body({"platformId": "a-1", field: value}))
    assert error == not_as_documented(f"connections[0].{field}: expected an ISO 8601 time")


@pytest.mark.parametrize(
    ("answer", "problems"),
    [
        (b"null", ["expected an object, found nothing"]),
        (b'["hunter2"]', ["expected an object, found a list"]),
        (b'"hunter2"', ["expected an object, found text"]),
        (b"{}", ["success: expected true"]),
        (b'{"success": false, "error": "hunter2"}', ["success: expected true"]),
        (b'{"success": 1, "connections": []}', ["success: expected true"]),
        (b'{"success": true}', ["connections: expected a list, found nothing"]),
        (b'{"success": true, "connections": ""}', ["connections: expected a list, found text"]),
        (body({}), ["connections[0].platformId: is missing"]),
        (
            body({"platformId": "a-1"}, "hunter2", {"platformId": "a-2", "username": 5}),
            [
                "connections[1]: expected an object, found text",
                "connections[2].username: expected text, found a number",
            ],
        ),
        (
            body({"platformId": None, "lastError": {"message": 5, "occurredAt": "hunter2"}}),
            [
                "connections[0].platformId: expected text, found nothing",
                "connections[0].lastError.message: expected text, found a number",
                "connections[0].lastError.occurredAt: expected an ISO 8601 time",
            ],
        ),
        (
            body({"platformId": "a-1", "lastError": "hunter2"}),
            ["connections[0].lastError: expected an object, found text"],
        ),
    ],
)
def test_an_error_names_the_path_and_what_was_expected(answer: bytes, problems: list[str]) -> None:
    error = problem_with(answer)
    path = problems[0].partition(": ")[0] if ": " in problems[0] else ""
    assert (error.path, list(error.problems)) == (path, problems)
    assert str(error) == "the answer is not what Publora documents: " + "; ".join(problems)
    assert "hunter2" not in repr(error)
    assert (error.__cause__, error.__context__) == (None, None)


def test_at_most_20_000_items_are_read() -> None:
    assert len(decode_connections(body(*[{"platformId": "a-1"}] * 20_000))) == 20_000
    assert problem_with(body(*[{}] * 20_001)) == not_as_documented(
        "connections: expected at most 20000 items, found 20001"
    )


def test_validation_stops_after_ten_problems() -> None:
    error = problem_with(body(*[{"username": 1, "displayName": 2, "lastError": 3}] * 20))
    assert len(error.problems) == 10
    assert error.problems[9] == "connections[2].username: expected text, found a number"
