"""The steps from one health to another, and what is kept of an account."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from publora_async import Connection, NotSentError, PermissionDeniedError
from publora_async._watch.changes import (
    Health,
    health_of,
    is_detached,
    is_renamed,
    pack,
    steps,
    unpack,
)

NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        ("a", "a", []),
        ("a", "f", ["appeared"]),
        ("a", "b", ["appeared", "broke"]),
        ("a", "e", ["appeared", "expiring"]),
        ("a", "?", ["appeared"]),
        ("f", "a", ["gone"]),
        ("b", "a", ["gone"]),
        ("f", "f", []),
        ("f", "b", ["broke"]),
        ("f", "e", ["expiring"]),
        ("f", "?", []),
        ("b", "?", []),
        ("e", "b", ["broke"]),
        ("e", "f", []),
        ("b", "f", ["recovered"]),
        ("b", "e", ["recovered", "expiring"]),
        ("b", "b", []),
        ("~", "f", ["recovered"]),
        ("~", "b", ["broke"]),
        ("~", "e", ["recovered", "expiring"]),
        ("~", "a", ["gone"]),
    ],
)
def test_each_step_from_one_health_to_another(before: str, after: str, kinds: list[str]) -> None:
    told = steps(Health(before), Health(after))
    assert [kind.__name__.lower() for kind in told] == kinds


@pytest.mark.parametrize(
    ("status", "health"),
    [
        ("valid", Health.FINE),
        ("expiring_soon", Health.EXPIRING),
        ("expired", Health.BROKEN),
        ("unknown", Health.UNKNOWN),
        ("on holiday", Health.UNKNOWN),
    ],
)
def test_the_service_says_how_an_account_is(status: str, health: Health) -> None:
    assert health_of(Connection(platform_id="x-1", token_status=status), None, NOW) is health


def test_soon_can_be_later_than_the_service_has_it() -> None:
    date = NOW + timedelta(days=10)
    account = Connection(platform_id="x-1", token_status="valid", access_token_expires_at=date)
    assert health_of(account, None, NOW) is Health.FINE
    assert health_of(account, timedelta(days=14), NOW) is Health.EXPIRING


@pytest.mark.parametrize(
    ("old", "new", "renamed"),
    [
        (("@a", "A"), ("@b", "A"), True),
        (("@a", "A"), ("@a", "B"), True),
        (("@a", "A"), ("@a", "A"), False),
        (("@a", "A"), (None, None), False),
        ((None, None), ("@a", "A"), False),
    ],
)
def test_a_name_that_is_not_known_is_no_other_name(
    old: tuple[str | None, str | None], new: tuple[str | None, str | None], renamed: object
) -> None:
    accounts = (Connection(platform_id="x-1", username=u, display_name=d) for u, d in (old, new))
    assert is_renamed(*accounts) is renamed


def test_what_tells_a_change_is_kept_and_comes_back() -> None:
    account = Connection(
        platform_id="telegram--100",
        username="@a",
        display_name="A",
        profile_image_url="https://example.com/a.png",
        access_token_expires_at=NOW + timedelta(days=3, milliseconds=250),
        token_status="valid",
        extra={"new": 1},
    )
    assert unpack(pack(account)) == attrs.evolve(account, profile_image_url=None, extra={})
    assert unpack(pack(Connection(platform_id="x-1"))) == Connection(platform_id="x-1")


def test_the_last_date_that_there_is_can_be_read_back() -> None:
    account = Connection(
        platform_id="x-1", access_token_expires_at=datetime.max.replace(tzinfo=UTC)
    )
    kept = unpack(pack(account)).access_token_expires_at
    assert kept == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_a_status_that_could_not_be_read_is_unknown_also_in_what_is_kept() -> None:
    account = Connection(platform_id="x-1", extra={"tokenStatus": 7})
    assert unpack(pack(account)).token_status == "unknown"


def test_other_refusals_do_not_say_that_somebody_is_detached() -> None:
    assert is_detached(PermissionDeniedError(403, "User is not managed by key"))
    assert not is_detached(PermissionDeniedError(403, "no"))
    assert not is_detached(NotSentError("down"))
