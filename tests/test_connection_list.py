"""A list of connections is an immutable sequence that answers questions."""

import copy
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

from publora_async import (
    ConfigurationError,
    Connection,
    ConnectionList,
    LastError,
    Platform,
    ResponseDecodeError,
    decode_connections,
)

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)

TWITTER = Connection(platform_id="twitter-1", username="@you")
TELEGRAM = Connection(platform_id="telegram--100")
OTHER_TWITTER = Connection(platform_id="twitter-2", extra={"boards": [1]})
PINTEREST = Connection(platform_id="pinterest-3")
ALL = ConnectionList([TWITTER, TELEGRAM, OTHER_TWITTER, PINTEREST])
SELECTIONS = [ALL.expired, ALL.expiring, ALL.healthy, ALL.needs_attention]


def test_it_is_a_sequence_in_the_order_given() -> None:
    assert list(ALL) == [TWITTER, TELEGRAM, OTHER_TWITTER, PINTEREST]
    assert (len(ALL), ALL[1], ALL[-1], ALL.index(PINTEREST)) == (4, TELEGRAM, PINTEREST, 3)
    assert TELEGRAM in ALL
    assert list(reversed(ALL)) == [PINTEREST, OTHER_TWITTER, TELEGRAM, TWITTER]
    with pytest.raises(IndexError):
        ALL[4]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (slice(1, 3), [TELEGRAM, OTHER_TWITTER]),
        (slice(None, None, -2), [PINTEREST, TELEGRAM]),
        (slice(9, None), []),
    ],
)
def test_a_slice_is_a_connection_list_again(part: slice, expected: list[Connection]) -> None:
    assert ALL[part] == ConnectionList(expected)


def test_an_empty_one_is_false() -> None:
    assert not ConnectionList()
    assert ALL


def pickled(connections: ConnectionList) -> ConnectionList:
    twin: ConnectionList = pickle.loads(pickle.dumps(connections))  # our own
    return twin


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
def test_a_copy_is_equal_and_hashes_alike(
    copied: Callable[[ConnectionList], ConnectionList],
) -> None:
    twin = copied(ALL)
    assert twin == ALL
    assert hash(twin) == hash(ALL)


def test_lists_are_equal_only_to_lists_of_the_same_connections() -> None:
    assert ConnectionList(iter(ALL)) == ALL
    assert ConnectionList(reversed(ALL)) != ALL
    same_in_a_plain_list: object = list(ALL)
    assert same_in_a_plain_list != ALL


def test_it_cannot_be_changed() -> None:
    source = [TWITTER]
    connections = ConnectionList(source)
    source.append(TELEGRAM)
    connections.platform_ids.append("x-1")
    connections.by_platform().clear()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        connections._connections = ()  # type: ignore[misc]  # what is tested
    assert connections == ConnectionList([TWITTER])


def test_its_repr_counts_and_names_no_account() -> None:
    assert repr(ALL) == "<ConnectionList of 4 - twitter: 2, telegram: 1, pinterest: 1>"
    assert repr(ConnectionList()) == "<ConnectionList of 0>"


def test_platform_ids_are_ready_for_a_post_to_all() -> None:
    assert ALL.platform_ids == ["twitter-1", "telegram--100", "twitter-2", "pinterest-3"]


def test_platforms_come_in_the_order_they_first_appear() -> None:
    by_platform = {
        "twitter": ConnectionList([TWITTER, OTHER_TWITTER]),
        "telegram": ConnectionList([TELEGRAM]),
        "pinterest": ConnectionList([PINTEREST]),
    }
    ids_by_platform = {
        "twitter": ["twitter-1", "twitter-2"],
        "telegram": ["telegram--100"],
        "pinterest": ["pinterest-3"],
    }
    assert list(ALL.by_platform().items()) == list(by_platform.items())
    assert list(ALL.ids_by_platform().items()) == list(ids_by_platform.items())


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        (Platform.TWITTER, [TWITTER, OTHER_TWITTER]),
        ("twitter", [TWITTER, OTHER_TWITTER]),
        ("pinterest", [PINTEREST]),
        ("Twitter", [TWITTER, OTHER_TWITTER]),
        (" X\n", [TWITTER, OTHER_TWITTER]),
        ("Pinterest", [PINTEREST]),
        ("linkedin", []),
        ("xing", []),
    ],
)
def test_on_selects_a_platform_in_any_spelling(platform: str, expected: list[Connection]) -> None:
    assert ALL.on(platform) == ConnectionList(expected)


@pytest.mark.parametrize(
    ("platform", "meant"), [("linkdin", "linkedin"), ("Twiter", "twitter"), ("wikii", "wiki")]
)
def test_a_name_that_looks_like_a_slip_gives_nothing_and_a_warning(
    platform: str, meant: str
) -> None:
    accounts = ConnectionList([TWITTER, Connection(platform_id="wiki-1")])
    with pytest.warns(UserWarning, match="did you mean") as warned:
        assert accounts.on(platform) == ConnectionList()
    assert str(warned[0].message) == (
        f"no account is on {platform.lower()!r}: did you mean {meant!r}?"
    )
    assert warned[0].filename == __file__


def test_a_new_platform_whose_name_is_like_another_works_without_a_warning() -> None:
    new = Connection(platform_id="linkdin-1")
    assert ConnectionList([new]).on("linkdin") == ConnectionList([new])


@pytest.mark.parametrize("platform", ["", " ", None, 5])
def test_a_platform_that_is_no_name_is_refused(platform: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^platform must be text, and not blank$"):
        ALL.on(platform)


@pytest.mark.parametrize("within", [14, "14d", 0.5, NOW])
def test_a_span_that_is_no_timedelta_is_refused(within: timedelta) -> None:
    with pytest.raises(ConfigurationError) as raised:
        ALL.expiring(within)
    assert raised.value == ConfigurationError(
        f"within must be a timedelta, such as timedelta(days=14), not {within!r}"
    )


@pytest.mark.parametrize("now", [NOW.date(), 5, "now"])
def test_a_moment_that_is_no_datetime_is_refused(now: datetime) -> None:
    judges: list[Callable[..., object]] = [*SELECTIONS, ALL.to_records]
    for judge in judges:
        with pytest.raises(ConfigurationError) as raised:
            judge(now=now)
        assert raised.value == ConfigurationError(
            f"now must be a datetime, not {type(now).__name__}"
        )


@pytest.mark.parametrize(
    ("platform_id", "expected"), [("telegram--100", TELEGRAM), ("telegram-100", None), ("", None)]
)
def test_get_finds_a_connection_by_its_id(platform_id: str, expected: Connection | None) -> None:
    assert ALL.get(platform_id) == expected


def test_its_wire_form_and_its_rows_are_those_of_its_connections() -> None:
    assert ALL.to_dict() == {"success": True, "connections": [some.to_dict() for some in ALL]}
    assert ALL.to_records() == [some.to_row() for some in ALL]


FULL = Connection(
    platform_id="tiktok-4",
    username="@you",
    access_token_expires_at=NOW + timedelta(milliseconds=5),
    last_error=LastError(message="Gone", occurred_at=NOW),
    extra={"boards": [1]},
)


def test_rows_for_json_have_their_times_as_the_wire_has_them() -> None:
    (row,) = ConnectionList([FULL]).to_records(json=True, now=NOW)
    assert row == {
        **FULL.to_row(now=NOW),
        "access_token_expires_at": "2026-10-01T12:00:00.005Z",
        "last_error_at": "2026-10-01T12:00:00.000Z",
    }
    assert json.loads(json.dumps(row)) == row


def test_its_wire_form_is_read_again_from_a_dict_or_from_text() -> None:
    accounts = ConnectionList([*ALL, FULL])
    document = accounts.to_dict()
    assert ConnectionList.from_dict(document) == accounts
    assert decode_connections(json.dumps(document).encode()) == accounts


def test_what_is_read_from_a_dict_does_not_change_with_it() -> None:
    document: dict[str, Any] = ALL.to_dict()
    read = ConnectionList.from_dict(document)
    document["connections"][2]["boards"].append(2)
    assert read == ALL


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "the response is not what Publora documents: success: expected true"),
        (
            {"success": True, "connections": [{}]},
            "the response is not what Publora documents: connections[0].platformId: is missing",
        ),
        (
            {"success": True, "connections": [], "seen": NOW},
            "the document is no JSON object: Object of type datetime is not JSON serializable",
        ),
    ],
)
def test_a_dict_of_another_shape_is_refused(document: Any, message: str) -> None:  # noqa: ANN401  # what is tested
    with pytest.raises(ResponseDecodeError) as raised:
        ConnectionList.from_dict(document)
    assert raised.value.message == message
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)


def test_an_odd_field_in_a_dict_is_an_error_only_where_strict() -> None:
    document: dict[str, Any] = {
        "success": True,
        "connections": [{"platformId": "a-1", "username": 5}],
    }
    (account,) = ConnectionList.from_dict(document)
    assert (account.username, account.extra) == (None, {"username": 5})
    with pytest.raises(ResponseDecodeError, match="username: expected text, found a number"):
        ConnectionList.from_dict(document, strict=True)


def account(
    days: float | None, status: str | None = None, platform: str = "twitter"
) -> ConnectionList:
    """An account whose credential lapses in that many days and is called *status*."""
    date = None if days is None else NOW + timedelta(days=days)
    some = Connection(
        platform_id=f"{platform}-1", token_status=status, access_token_expires_at=date
    )
    return ConnectionList([some])


@pytest.mark.parametrize(
    ("connections", "expired"),
    [
        (account(None), False),
        (account(-0.01), True),
        (account(0), False),
        (account(1), False),
        (account(None, "expired"), True),
        (account(365, "expired"), True),
        (account(-1, "valid"), False),
        (account(-1, "expiring_soon"), False),
        (account(-1, "unknown"), False),
        (account(-1, "revoked"), False),
    ],
)
def test_expired_goes_by_the_service_and_else_by_the_date(
    connections: ConnectionList, *, expired: bool
) -> None:
    assert connections.expired(now=NOW) == (connections if expired else ConnectionList())


@pytest.mark.parametrize(
    ("connections", "within", "expiring"),
    [
        (account(None), None, False),
        (account(6.99), None, True),
        (account(7), None, False),
        (account(29.99, platform="tiktok"), None, True),
        (account(30, platform="tiktok"), None, False),
        (account(-0.01), None, False),
        (account(1, "valid"), None, False),
        (account(1, "unknown"), None, False),
        (account(1, "expired"), None, False),
        (account(None, "expired"), None, False),
        (account(None, "expiring_soon"), None, True),
        (account(-1, "expiring_soon"), None, True),
        (account(60, "expiring_soon"), None, True),
        (account(None), 14 * DAY, False),
        (account(14), 14 * DAY, True),
        (account(14.01), 14 * DAY, False),
        (account(6), 5 * DAY, False),
        (account(29, platform="tiktok"), 14 * DAY, False),
        (account(-0.01), 14 * DAY, False),
        (account(1, "valid"), 14 * DAY, True),
        (account(-1, "valid"), 14 * DAY, False),
        (account(None, "valid"), 14 * DAY, False),
        (account(1, "expired"), 14 * DAY, False),
        (account(None, "expiring_soon"), 14 * DAY, True),
        (account(-1, "expiring_soon"), 14 * DAY, True),
        (account(20, "expiring_soon"), 14 * DAY, False),
        (account(0), timedelta(0), True),
        (account(365), timedelta.max, True),
    ],
)
def test_expiring_leaves_out_what_has_expired_and_what_lasts_longer(
    connections: ConnectionList, within: timedelta | None, *, expiring: bool
) -> None:
    expected = connections if expiring else ConnectionList()
    assert connections.expiring(within, now=NOW) == expected
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-8)))
    assert connections.expiring(within, now=elsewhere) == expected


def many_accounts() -> ConnectionList:
    statuses = [None, "valid", "expiring_soon", "unknown", "revoked", "expired"]
    days = [None, -40, -1, 1, 20, 60]
    return ConnectionList(
        some for status in statuses for date in days for some in account(date, status)
    )


@pytest.mark.parametrize("within", [None, timedelta(0), 30 * DAY, timedelta.max])
def test_each_account_is_healthy_or_needs_attention(within: timedelta | None) -> None:
    accounts = many_accounts()
    healthy = accounts.healthy(within, now=NOW)
    attention = accounts.needs_attention(within, now=NOW)
    assert [some for some in accounts if some in healthy] == list(healthy)
    assert sorted([*healthy, *attention], key=repr) == sorted(accounts, key=repr)
    assert {some.status_at(NOW) for some in healthy} <= {"valid", "expiring_soon"}


def test_what_needs_attention_comes_by_urgency() -> None:
    accounts = many_accounts()
    found = accounts.needs_attention(30 * DAY, now=NOW)
    expired, expiring = accounts.expired(now=NOW), accounts.expiring(30 * DAY, now=NOW)
    assert sorted(found[: len(expired)], key=repr) == sorted(expired, key=repr)
    after = found[len(expired) :]
    assert sorted(after[: len(expiring)], key=repr) == sorted(expiring, key=repr)
    assert {some.token_status for some in after[len(expiring) :]} == {"unknown", "revoked"}
    dates = [some.access_token_expires_at for some in expired.needs_attention(now=NOW)]
    assert dates == [*sorted(date for date in dates if date), None]


def test_the_present_moment_is_the_one_to_judge_by() -> None:
    long_ago, far_off = (
        Connection(
            platform_id=f"x-{year}", access_token_expires_at=datetime(year, 1, 1, tzinfo=UTC)
        )
        for year in (1, 9999)
    )
    connections = ConnectionList([long_ago, far_off])
    assert connections.expired() == ConnectionList([long_ago])
    assert connections.expiring(timedelta.max) == ConnectionList([far_off])


@pytest.mark.parametrize("ask", SELECTIONS)
def test_a_moment_without_a_time_zone_is_refused(ask: Callable[..., ConnectionList]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        ask(now=NOW.replace(tzinfo=None))
    assert str(raised.value) == "now must have a time zone: datetime.now(UTC), for one"


@pytest.mark.parametrize("ask", SELECTIONS[1:])
def test_a_negative_stretch_of_time_is_refused(ask: Callable[..., ConnectionList]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        ask(-DAY)
    assert str(raised.value) == "within must not be negative: -1 day, 0:00:00"
