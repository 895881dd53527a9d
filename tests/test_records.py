"""A connection says what the wire said of it, and how healthy its credential is."""

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, get_args

import attrs
import pytest

from publora_async import (
    ConfigurationError,
    Connection,
    ConnectionLink,
    ConnectionList,
    ConnectionTest,
    JSONValue,
    LastError,
    ManagedUser,
    Platform,
    PlatformName,
    StatusName,
    StatusSource,
    TestStatus,
    TestStatusName,
    TokenStatus,
)

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
INDIA = timezone(timedelta(hours=5, minutes=30))

FULL = Connection(
    platform_id="twitter-123",
    username="@you",
    display_name="You",
    profile_image_url="https://example.com/you.jpg",
    access_token_expires_at=datetime(2026, 10, 8, 15, tzinfo=UTC),
    profile_url="https://x.com/you",
    token_status="revoked",
    token_expires_in="7d 3h",
    last_successful_post=datetime(2026, 9, 30, 18, 0, 0, 1000, tzinfo=UTC),
    last_error=LastError(
        message="Too long",
        occurred_at=datetime(2026, 9, 29, 7, 30, 0, 1, tzinfo=UTC),
        extra={"postGroupId": "65f1"},
    ),
    subscription_type="Premium",
    extra={"boards": [{"id": 1}], "plan": None},
)
FULL_ON_THE_WIRE = {
    "platformId": "twitter-123",
    "username": "@you",
    "displayName": "You",
    "profileImageUrl": "https://example.com/you.jpg",
    "accessTokenExpiresAt": "2026-10-08T15:00:00.000Z",
    "profileUrl": "https://x.com/you",
    "tokenStatus": "revoked",
    "tokenExpiresIn": "7d 3h",
    "lastSuccessfulPost": "2026-09-30T18:00:00.001Z",
    "lastError": {
        "message": "Too long",
        "occurredAt": "2026-09-29T07:30:00.000001Z",
        "postGroupId": "65f1",
    },
    "subscriptionType": "Premium",
    "boards": [{"id": 1}],
    "plan": None,
}


@pytest.mark.parametrize(
    ("platform_id", "platform", "account_id"),
    [
        ("twitter-123456789", Platform.TWITTER, "123456789"),
        ("linkedin-Tz9W5i6ZYG", Platform.LINKEDIN, "Tz9W5i6ZYG"),
        ("instagram-17841412345678", Platform.INSTAGRAM, "17841412345678"),
        ("threads-17841412345678", Platform.THREADS, "17841412345678"),
        ("tiktok-7123456789", Platform.TIKTOK, "7123456789"),
        ("youtube-UCxxxxxxxxxxxx", Platform.YOUTUBE, "UCxxxxxxxxxxxx"),
        ("facebook-112233445566", Platform.FACEBOOK, "112233445566"),
        ("bluesky-did:plc:abc123", Platform.BLUESKY, "did:plc:abc123"),
        ("mastodon-109876543210", Platform.MASTODON, "109876543210"),
        ("telegram--1001234567890", Platform.TELEGRAM, "-1001234567890"),
        ("pinterest-5-4-9", "pinterest", "5-4-9"),
        ("nohyphen", "nohyphen", ""),
        ("", "", ""),
    ],
)
def test_a_platform_id_is_split_at_its_first_hyphen(
    platform_id: str, platform: str, account_id: str
) -> None:
    connection = Connection(platform_id=platform_id)
    assert (connection.platform, connection.account_id) == (platform, account_id)


def test_the_known_platforms_are_the_contracts() -> None:
    assert [str(platform) for platform in Platform] == [
        *("twitter", "linkedin", "instagram", "threads", "tiktok", "youtube", "facebook"),
        *("bluesky", "mastodon", "telegram", "pinterest"),
    ]


@pytest.mark.parametrize("name", ["linkedin", "LinkedIn", "LINKEDIN", " linkedin\n"])
def test_a_platform_is_found_in_any_case(name: str) -> None:
    assert Platform(name) is Platform.LINKEDIN


@pytest.mark.parametrize("name", ["x", "X", "Twitter"])
def test_x_is_twitter(name: str) -> None:
    assert Platform(name) is Platform.TWITTER


@pytest.mark.parametrize("name", ["linkdin", "", None, 5])
def test_what_is_no_platform_is_none(name: str) -> None:
    with pytest.raises(ValueError, match="is not a valid Platform"):
        Platform(name)


@pytest.mark.parametrize("status", [None, "valid", TokenStatus.VALID])
def test_a_status_is_plain_text_whoever_says_it(status: str | None) -> None:
    connection = Connection(platform_id="x-1", token_status=status)
    assert (type(connection.status), connection.status) == (str, "valid")
    assert {type(value) for value in connection.to_row().values()} <= {str, bool, type(None)}


NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001  # what is refused


@pytest.mark.parametrize("now", [NAIVE, NAIVE.date(), 5])
def test_a_moment_without_a_zone_is_refused(now: datetime) -> None:
    connection = Connection(platform_id="x-1")
    for judge in (connection.status_at, lambda moment: connection.to_row(now=moment)):
        with pytest.raises(ConfigurationError, match=r"^now must"):
            judge(now)


@pytest.mark.parametrize(
    "make",
    [
        lambda time: Connection(platform_id="x-1", access_token_expires_at=time),
        lambda time: Connection(platform_id="x-1", last_successful_post=time),
        lambda time: LastError(occurred_at=time),
        lambda time: ConnectionTest(platform_id="x-1", status="ok", last_successful_post=time),
        lambda time: ManagedUser(id="a", connections_page_token_expires_at=time),
        lambda time: ConnectionLink(url="https://u", token_expires_at=time),
    ],
)
def test_a_record_holds_no_time_without_a_zone(make: Callable[[datetime], object]) -> None:
    with pytest.raises(ConfigurationError, match="must have a time zone"):
        make(NAIVE)


@pytest.mark.parametrize("date", [None, NOW - DAY, NOW, NOW + DAY, NOW + 365 * DAY])
@pytest.mark.parametrize("platform", ["twitter", "tiktok"])
@pytest.mark.parametrize("status", [*TokenStatus, "revoked", ""])
def test_the_services_status_stands_whatever_the_date_says(
    date: datetime | None, platform: str, status: str
) -> None:
    connection = Connection(
        platform_id=f"{platform}-1", token_status=status, access_token_expires_at=date
    )
    assert connection.status == connection.status_at(NOW) == status
    assert connection.status_source == StatusSource.SERVICE
    assert connection.needs_reconnect is (status == "expired")


@pytest.mark.parametrize(
    ("platform", "date", "status"),
    [
        ("twitter", None, TokenStatus.VALID),
        ("twitter", datetime.min.replace(tzinfo=UTC), TokenStatus.EXPIRED),
        ("twitter", NOW - SECOND, TokenStatus.EXPIRED),
        ("twitter", NOW, TokenStatus.EXPIRING_SOON),
        ("twitter", NOW + 7 * DAY - SECOND, TokenStatus.EXPIRING_SOON),
        ("twitter", NOW + 7 * DAY, TokenStatus.VALID),
        ("twitter", datetime.max.replace(tzinfo=UTC), TokenStatus.VALID),
        ("tiktok", None, TokenStatus.VALID),
        ("tiktok", NOW - SECOND, TokenStatus.EXPIRED),
        ("tiktok", NOW + 30 * DAY - SECOND, TokenStatus.EXPIRING_SOON),
        ("tiktok", NOW + 30 * DAY, TokenStatus.VALID),
    ],
)
def test_without_the_services_status_the_date_decides(
    platform: str, date: datetime | None, status: str
) -> None:
    connection = Connection(platform_id=f"{platform}-1", access_token_expires_at=date)
    assert connection.status_at(NOW) == connection.status_at(NOW.astimezone(INDIA)) == status
    assert connection.status_source == StatusSource.EXPIRY_DATE


@pytest.mark.parametrize(
    ("date", "extra", "source"),
    [
        (None, {"tokenStatus": {"state": "expired"}}, StatusSource.SERVICE),
        (NOW + 365 * DAY, {"tokenStatus": 5}, StatusSource.SERVICE),
        (NOW - DAY, {"tokenStatus": 5}, StatusSource.SERVICE),
        (None, {"accessTokenExpiresAt": "soon"}, StatusSource.EXPIRY_DATE),
    ],
)
def test_an_account_is_unknown_where_what_it_is_judged_by_could_not_be_read(
    date: datetime | None, extra: dict[str, JSONValue], source: str
) -> None:
    account = Connection(platform_id="x-1", access_token_expires_at=date, extra=extra)
    accounts = ConnectionList([account])
    assert (account.status_at(NOW), account.status_source) == (TokenStatus.UNKNOWN, source)
    assert (accounts.needs_attention(now=NOW), accounts.healthy(now=NOW)) == (
        accounts,
        ConnectionList(),
    )


@pytest.mark.parametrize("status", TokenStatus)
def test_a_date_that_could_not_be_read_changes_nothing_where_the_service_says_its_status(
    status: str,
) -> None:
    extra: dict[str, JSONValue] = {"accessTokenExpiresAt": "soon"}
    assert Connection(platform_id="x-1", token_status=status, extra=extra).status == status


@pytest.mark.parametrize(
    ("year", "status", "needs_reconnect"), [(1, "expired", True), (9999, "valid", False)]
)
def test_the_present_moment_is_what_status_goes_by(
    year: int, status: str, *, needs_reconnect: bool
) -> None:
    date = datetime(year, 1, 1, tzinfo=UTC)
    connection = Connection(platform_id="x-1", access_token_expires_at=date)
    assert (connection.status, connection.needs_reconnect) == (status, needs_reconnect)


def test_the_wires_form_holds_every_field_and_whatever_is_unknown() -> None:
    assert FULL.to_dict() == FULL_ON_THE_WIRE


def test_the_wires_form_holds_the_contracts_fields_even_where_they_are_none() -> None:
    assert Connection(platform_id="x-1").to_dict() == {
        "platformId": "x-1",
        "username": None,
        "displayName": None,
        "profileImageUrl": None,
        "accessTokenExpiresAt": None,
    }
    assert LastError().to_dict() == {}


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (datetime(2026, 5, 15, 10, 30, tzinfo=UTC), "2026-05-15T10:30:00.000Z"),
        (datetime(2026, 5, 15, 10, 30, 0, 123_000, tzinfo=UTC), "2026-05-15T10:30:00.123Z"),
        (datetime(2026, 5, 15, 10, 30, 0, 123_456, tzinfo=UTC), "2026-05-15T10:30:00.123456Z"),
        (datetime(2026, 5, 15, 0, 30, tzinfo=INDIA), "2026-05-14T19:00:00.000Z"),
        (datetime.min.replace(tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
    ],
)
def test_times_are_written_as_the_service_writes_them(time: datetime, text: str) -> None:
    assert LastError(occurred_at=time).to_dict() == {"occurredAt": text}


def test_changing_the_wires_form_does_not_change_the_record() -> None:
    connection = Connection(platform_id="x-1", extra={"boards": [1]})
    boards = connection.to_dict()["boards"]
    assert isinstance(boards, list)
    boards.append(2)
    assert connection == Connection(platform_id="x-1", extra={"boards": [1]})


@pytest.mark.parametrize("status", [None, TokenStatus.VALID])
def test_status_and_source_and_platform_are_plain_text_that_a_serializer_takes(
    status: str | None,
) -> None:
    connection = Connection(platform_id="x-1", token_status=status)
    kinds = {type(connection.status), type(connection.status_source), type(connection.platform)}
    assert kinds == {str}


def test_a_row_is_flat_and_in_snake_case() -> None:
    assert FULL.to_row() == {
        "platform_id": "twitter-123",
        "platform": "twitter",
        "account_id": "123",
        "username": "@you",
        "display_name": "You",
        "status": "revoked",
        "status_source": "service",
        "needs_reconnect": False,
        "access_token_expires_at": FULL.access_token_expires_at,
        "token_expires_in": "7d 3h",
        "last_successful_post": FULL.last_successful_post,
        "last_error": "Too long",
        "last_error_at": datetime(2026, 9, 29, 7, 30, 0, 1, tzinfo=UTC),
        "subscription_type": "Premium",
        "profile_url": "https://x.com/you",
        "profile_image_url": "https://example.com/you.jpg",
    }


def test_a_row_of_an_account_without_errors_says_none() -> None:
    row = Connection(platform_id="x-1").to_row()
    assert (row["last_error"], row["last_error_at"]) == (None, None)


def pickled(record: Connection) -> Connection:
    twin: Connection = pickle.loads(pickle.dumps(record))  # our own
    return twin


@pytest.mark.parametrize("record", [FULL, FULL.last_error, Connection(platform_id="x-1")])
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
def test_a_copy_is_equal_and_hashes_alike(
    record: Connection, copied: Callable[[Connection], Connection]
) -> None:
    twin = copied(record)
    assert twin == record
    assert hash(twin) == hash(record)


@pytest.mark.parametrize("field", [field.name for field in attrs.fields(Connection)])
def test_records_that_differ_in_any_field_are_not_equal(field: str) -> None:
    others = {"extra": {}, "access_token_expires_at": NOW, "last_successful_post": NOW}
    another: Any = others.get(field, "another")
    assert attrs.evolve(FULL, **{field: another}) != FULL


@pytest.mark.parametrize("record", [FULL, LastError()])
def test_a_record_cannot_be_changed(record: Connection | LastError) -> None:
    for field in attrs.fields(type(record)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(record, field.name, None)


@pytest.mark.parametrize(
    ("names", "members"),
    [(PlatformName, Platform), (StatusName, TokenStatus), (TestStatusName, TestStatus)],
)
def test_editors_offer_each_known_name_and_type_checkers_take_any_text(
    names: object, members: type[StrEnum]
) -> None:
    literal, anything = get_args(names)
    assert get_args(literal) == tuple(member.value for member in members)
    assert anything is str
