"""Snapshots: what has changed from one to another, and files of them."""

import itertools
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import pytest
from capabilities import needs_owners
from hypothesis import strategies

from publora_async import (
    AsyncPublora,
    AuthenticationError,
    ConfigurationError,
    Connection,
    ConnectionList,
    NotSentError,
    PermissionDeniedError,
    Seen,
    Snapshot,
    UserFailed,
    UserSucceeded,
)
from publora_async.sandbox import Sandbox
from publora_sync import Publora

BEFORE = datetime(2026, 11, 1, tzinfo=UTC)
AFTER = BEFORE + timedelta(days=1)


def account(name: str, status: str | None = "valid", username: str | None = "@a") -> Connection:
    return Connection(platform_id=f"x-{name}", username=username, token_status=status)


def seen(at: datetime, *accounts: Connection, detached: bool = False) -> Snapshot:
    return Snapshot({"u": Seen(accounts, at, detached)})


def changes(before: list[Connection], after: list[Connection]) -> list[tuple[str, str, str]]:
    events = seen(BEFORE, *before).diff(seen(AFTER, *after))
    assert all(event.since == AFTER and event.user_id == "u" for event in events)
    return [(event.kind, event.platform_id, event.reason) for event in events]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ([], [account("1")], [("appeared", "x-1", "list")]),
        ([account("1")], [], [("gone", "x-1", "list")]),
        ([account("1")], [account("1", "expired")], [("broke", "x-1", "service")]),
        ([account("1")], [account("1", "expiring_soon")], [("expiring", "x-1", "service")]),
        ([account("1", "expired")], [account("1")], [("recovered", "x-1", "service")]),
        ([account("1")], [account("1", username="@b")], [("renamed", "x-1", "list")]),
        ([account("1", "expiring_soon")], [account("1")], []),
        ([account("1")], [account("1", "unknown")], []),
        ([account("1"), account("2")], [account("2"), account("1")], []),
    ],
)
def test_what_has_changed_is_told(
    before: list[Connection], after: list[Connection], told: list[tuple[str, str, str]]
) -> None:
    assert changes(before, after) == told


def test_a_token_has_expired_by_its_date_when_the_second_snapshot_was_taken() -> None:
    dated = Connection(platform_id="x-1", access_token_expires_at=BEFORE + timedelta(hours=3))
    both = [("broke", "x-1", "expiry_date")]
    assert changes([dated], [dated]) == both


def test_an_event_has_the_account_before_and_after() -> None:
    (event,) = seen(BEFORE, account("1")).diff(seen(AFTER, account("1", "expired")))
    assert (event.before, event.after) == (account("1"), account("1", "expired"))


def test_a_user_who_could_not_be_asked_or_is_new_says_nothing() -> None:
    nobody, somebody = Snapshot({}, {"u": "down"}), seen(BEFORE, account("1"))
    assert somebody.diff(nobody) == []
    assert nobody.diff(somebody) == []


def test_who_failed_is_unknown_and_who_is_detached_has_nothing() -> None:
    found = Connection(platform_id="x-1", profile_url="https://example.com/a")
    snapshot = Snapshot.of(
        [
            UserSucceeded("a", ConnectionList([found])),
            UserFailed("b", NotSentError("down")),
            UserFailed("c", PermissionDeniedError(403, "User is not managed by key")),
        ]
    )
    assert snapshot.unknown == {"b": "down"}
    assert snapshot.seen == {
        "a": Seen([Connection(platform_id="x-1")], snapshot.seen["a"].at),
        "c": Seen([], snapshot.seen["a"].at, detached=True),
    }


def test_the_accounts_of_a_detached_user_are_gone() -> None:
    (event,) = seen(BEFORE, account("1")).diff(seen(AFTER, detached=True))
    assert (event.kind, event.reason) == ("gone", "service")


names = strategies.none() | strategies.text(max_size=5)
connections = strategies.builds(
    Connection,
    platform_id=strategies.sampled_from(["x-1", "x-2", "telegram--3"]),
    username=names,
    display_name=names,
    token_status=strategies.sampled_from(["valid", "expired", "expiring_soon", "odd", None]),
    access_token_expires_at=strategies.none()
    | strategies.integers(0, 3_000_000_000).map(lambda at: datetime.fromtimestamp(at, UTC)),
)
sightings = strategies.builds(
    Seen,
    strategies.lists(connections, max_size=3, unique_by=lambda one: one.platform_id),
    strategies.just(BEFORE),
    strategies.booleans(),
)
ids = strategies.none() | strategies.sampled_from(["a", "b"])
snapshots = strategies.builds(
    Snapshot,
    strategies.dictionaries(ids, sightings),
    strategies.dictionaries(ids, strategies.text()),
)


@hypothesis.given(snapshots)
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_a_snapshot_is_saved_and_loaded_and_differs_in_nothing(
    tmp_path: Path, snapshot: Snapshot
) -> None:
    snapshot.save(tmp_path / "seen.json")
    loaded = Snapshot.load(tmp_path / "seen.json")
    assert loaded == snapshot
    assert snapshot.diff(loaded) == []


@hypothesis.given(snapshots, snapshots)
def test_there_and_back_tells_what_is_opposite(old: Snapshot, new: Snapshot) -> None:
    there = {(e.user_id, e.platform_id) for e in old.diff(new) if e.kind == "appeared"}
    back = {(e.user_id, e.platform_id) for e in new.diff(old) if e.kind == "gone"}
    assert there == back


@needs_owners
def test_a_saved_snapshot_is_for_its_owner_and_small(tmp_path: Path) -> None:
    path = tmp_path / "seen.json"
    path.write_text("what was there")
    with (
        Sandbox(users=100) as sandbox,
        Publora(sandbox.api_key, base_url=sandbox.base_url) as publora,
    ):
        snapshot = publora.connections.snapshot(sandbox.user_ids)
    snapshot.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    accounts = sum(len(one.connections) for one in snapshot.seen.values())
    assert path.stat().st_size < 150 * accounts
    assert [one.name for one in tmp_path.iterdir()] == ["seen.json"]


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "seen.json"
    folder.mkdir()
    with pytest.raises(IsADirectoryError):
        Snapshot({}).save(folder)
    assert [one.name for one in tmp_path.iterdir()] == ["seen.json"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 1, "seen": 1, "unknown": []}', '{"version": 1, "seen": [[]]}'],
)
def test_what_is_no_snapshot_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "seen.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="holds no snapshot"):
        Snapshot.load(path)


def test_a_snapshot_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "seen.json"
    path.write_text('{"version": 2, "seen": [], "unknown": []}')
    with pytest.raises(ConfigurationError, match="newer version"):
        Snapshot.load(path)


@pytest.mark.filterwarnings("ignore:this call blocks the event loop")
async def test_both_colours_take_the_same_snapshot(publora_sandbox: Sandbox) -> None:
    user_ids = publora_sandbox.user_ids[:5]
    publora_sandbox.detach_user(user_ids[0])
    with Publora() as publora:
        own, many = publora.connections.snapshot(), publora.connections.snapshot(user_ids)
    async with AsyncPublora() as awaited:
        for theirs, mine in (
            (own, await awaited.connections.snapshot()),
            (many, await awaited.connections.snapshot(user_ids)),
        ):
            assert theirs.diff(mine) == []
            assert theirs.seen.keys() == mine.seen.keys()
    assert list(own.seen) == [None]
    assert many.seen[user_ids[0]].detached
    assert own.seen[None].connections.expired()


async def test_a_refused_key_has_what_was_answered_before(publora_sandbox: Sandbox) -> None:
    publora_sandbox.revoke_key(after=3)
    async with AsyncPublora() as publora:
        with pytest.raises(AuthenticationError) as caught:
            await publora.connections.snapshot(publora_sandbox.user_ids, concurrency=1)
    assert len(Snapshot.of(caught.value.results).seen) == 3


@hypothesis.given(strategies.lists(sightings, min_size=2, max_size=6))
def test_the_differences_in_a_row_lead_from_the_first_to_the_last(row: list[Seen]) -> None:
    there = set(row[0].connections.platform_ids)
    for before, after in itertools.pairwise(row):
        for event in Snapshot({"u": before}).diff(Snapshot({"u": after})):
            if event.kind == "appeared":
                assert event.platform_id not in there
                there.add(event.platform_id)
            else:
                assert event.platform_id in there
                there -= {event.platform_id} if event.kind == "gone" else set()
    assert there == set(row[-1].connections.platform_ids)
