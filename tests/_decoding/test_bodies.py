"""The bytes of an answer become records, with every field of today's and of the contract's form."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publora_async import (
    Connection,
    ConnectionList,
    JSONValue,
    LastError,
    decode_connections,
)
from publora_async._decoding import bodies

REPLIES = Path(__file__).parents[1] / "replies"
CONTRACT = (REPLIES / "contract.json").read_bytes()
TODAY = (REPLIES / "today.json").read_bytes()

LEFT_OUT_IF_NULL = {
    *("profileUrl", "tokenStatus", "tokenExpiresIn", "subscriptionType", "lastSuccessfulPost"),
    *("lastError", "message", "occurredAt"),
}


def body(*connections: object) -> bytes:
    return json.dumps({"success": True, "connections": connections}).encode()


def decode_one(**fields: object) -> Connection:
    (connection,) = decode_connections(body({"platformId": "twitter-1", **fields}))
    return connection


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


@pytest.mark.parametrize("whole", [CONTRACT, TODAY], ids=["contract", "today"])
def test_what_is_as_documented_is_read_the_quick_way(
    whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = decode_connections(whole)
    # Were the quick way broken, the careful one would take over without a sound.
    monkeypatch.setattr(bodies, "parse", None)
    monkeypatch.setattr(bodies, "structure_carefully", None)
    assert decode_connections(whole) == expected
