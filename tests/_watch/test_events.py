"""Events: their ids, their words, and JSON there and back."""

import json
from datetime import UTC, datetime

import attrs
import pytest

from publora_async import Appeared, Broke, ConfigurationError, Connection, Event, Gone, Renamed
from publora_async._watch.events import reason_of

SINCE = datetime(2026, 11, 27, 12, 30, 0, 123456, tzinfo=UTC)
ACCOUNT = Connection(platform_id="linkedin-1", username="@ann", token_status="expired")
BROKE = Broke(
    user_id="62f5c97a89ef47ccc5e69024",
    platform_id="linkedin-1",
    after=ACCOUNT,
    since=SINCE,
    reason="service",
)


def test_an_id_is_of_the_user_the_account_the_change_and_the_moment() -> None:
    ids = {
        event.id
        for event in (
            BROKE,
            attrs.evolve(BROKE, user_id=None),
            attrs.evolve(BROKE, platform_id="linkedin-2"),
            attrs.evolve(BROKE, since=SINCE.replace(microsecond=0)),
            Gone(user_id=BROKE.user_id, platform_id="linkedin-1", since=SINCE, reason="list"),
        )
    }
    assert len(ids) == 5
    assert attrs.evolve(BROKE, after=None, reason="live_test").id == BROKE.id
    assert all(len(one) == 32 for one in ids)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (BROKE, "linkedin-1 (@ann) of user 62f5c97a89ef47ccc5e69024 broke"),
        (Gone(user_id=None, platform_id="x-1", since=SINCE, reason="list"), "x-1 is gone"),
        (
            Renamed(
                user_id=None,
                platform_id="x-1",
                before=Connection(platform_id="x-1", display_name="Old"),
                after=Connection(platform_id="x-1", display_name="New"),
                since=SINCE,
                reason="list",
            ),
            "x-1 (New) renamed (it was Old)",
        ),
    ],
)
def test_an_event_says_in_words_what_has_happened(event: Event, words: str) -> None:
    assert str(event) == words


@pytest.mark.parametrize(
    "event",
    [
        BROKE,
        attrs.evolve(BROKE, before=ACCOUNT, user_id=None),
        Appeared(user_id="u", platform_id="x-1", since=SINCE, reason="list", extra={"new": [1]}),
    ],
)
def test_an_event_comes_back_from_json(event: Event) -> None:
    fields = event.to_dict()
    assert fields["id"] == event.id
    assert Event.from_dict(json.loads(json.dumps(fields))) == event


@pytest.mark.parametrize("missing", ["kind", "platformId", "since", "reason"])
def test_what_is_no_event_is_refused(missing: str) -> None:
    fields = BROKE.to_dict()
    del fields[missing]
    with pytest.raises(ConfigurationError, match=rf"this is no event: .*{missing}"):
        Event.from_dict(fields)


def test_a_reason_that_nobody_knows_is_one() -> None:
    event = Event.from_dict(BROKE.to_dict() | {"reason": "astrology"})
    assert event == attrs.evolve(BROKE, reason="astrology")
    with pytest.raises(ConfigurationError, match="reason"):
        Event.from_dict(BROKE.to_dict() | {"reason": 5})


def test_a_kind_that_nobody_knows_is_no_event() -> None:
    for kind in ("exploded", "silent"):
        with pytest.raises(ConfigurationError, match=f"this is no event: its kind is '{kind}'"):
            Event.from_dict(BROKE.to_dict() | {"kind": kind})


@pytest.mark.parametrize(
    ("kind", "account", "detached", "reason"),
    [
        (Broke, ACCOUNT, False, "service"),
        (Broke, Connection(platform_id="x-1"), False, "expiry_date"),
        (Appeared, ACCOUNT, False, "list"),
        (Renamed, ACCOUNT, False, "list"),
        (Gone, None, False, "list"),
        (Gone, None, True, "service"),
    ],
)
def test_a_change_is_believed_for_a_reason(
    kind: type[Event], account: Connection | None, *, detached: bool, reason: str
) -> None:
    assert reason_of(kind, account, detached=detached) == reason
    by_date = {"expiry_date": "live_test"}.get(reason, reason)
    assert reason_of(kind, account, detached=detached, tested=True) == by_date
