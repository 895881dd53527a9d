"""What a watch remembers: users, events and rounds, all or nothing."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from publora_async import Connection, ConnectionList, Event, StateFileError
from publora_async._watch.database import usable
from publora_async._watch.looks import Look, Rules
from publora_async._watch.state import StateFile, Unknown

NOW = datetime(2026, 11, 2, tzinfo=UTC)
AT = NOW.timestamp()
RULES = Rules(21600.0)
SOON = timedelta(seconds=RULES.soon)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateFile]:
    file = StateFile(str(tmp_path / "accounts.db"))
    yield file
    file.close()


def account(status: str = "valid", name: str = "1") -> Connection:
    return Connection(platform_id=f"x-{name}", username="@a", token_status=status)


def look(
    *accounts: Connection, user: str = "u", after: timedelta = timedelta(0), detached: bool = False
) -> Look:
    return Look(user, NOW + after, ConnectionList(accounts), detached=detached)


def failed(*, user: str = "u", after: timedelta = timedelta(0)) -> Look:
    return Look(user, NOW + after, why="down")


def take(state: StateFile, *looks: Look, forget: bool = False) -> int:
    return state.take_in(looks, RULES, forget=forget)


def rows(state: StateFile) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = state._database.execute(
        "SELECT user, again, unknown, why FROM users ORDER BY user"
    ).fetchall()
    return found


def test_an_event_is_in_the_log_until_it_is_acknowledged(state: StateFile) -> None:
    take(state, look(account()))
    assert take(state, look(account("expired"), after=SOON)) == 0
    assert state.next_due() == AT + 2 * RULES.soon
    assert take(state, look(account("expired"), after=2 * SOON)) == 1
    (event,) = state.undelivered()
    assert (event.kind, event.user_id) == ("broke", "u")
    assert state.undelivered() == [event]
    assert [one.kind for one in state.status().undelivered] == ["broke"]
    state.acknowledge(event, AT)
    assert state.undelivered() == []


def test_the_keys_own_account_has_no_user_id(state: StateFile) -> None:
    take(state, look(account("expired"), user=""))
    take(state, look(account("expired"), user="", after=SOON))
    (event,) = state.undelivered()
    assert event.user_id is None


def test_everything_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    path = str(tmp_path / "accounts.db")
    for number, kinds in enumerate(([], ["broke"], ["broke"])):
        state = StateFile(path)
        take(state, look(account("expired"), after=number * SOON))
        assert [event.kind for event in state.undelivered()] == kinds
        state.close()


def test_who_could_not_be_asked_is_unknown_since_then_and_asked_again(state: StateFile) -> None:
    take(state, look(account()))
    take(state, failed(after=SOON), failed(user=""))
    unknown = (Unknown(None, NOW, "down"), Unknown("u", NOW + SOON, "down"))
    assert state.status().unknown == unknown
    assert rows(state)[1] == ("u", AT + 2 * RULES.soon, AT + RULES.soon, "down")
    later = timedelta(hours=2)
    take(state, failed(after=later))
    assert rows(state)[1][1] == AT + 2 * 7200 - RULES.soon
    take(state, failed(after=timedelta(days=9)))
    assert rows(state)[1][1] == AT + 9 * 86400 + RULES.every
    take(state, look(account(), after=later))
    assert rows(state)[1] == ("u", None, None, None)


def test_who_was_not_known_before_is_unknown_too_and_then_seen_for_the_first_time(
    state: StateFile,
) -> None:
    take(state, failed())
    take(state, look(account(), after=SOON), look(account(), after=2 * SOON))
    assert state.undelivered() == []


def test_who_is_due_is_given_once_and_also_where_the_clock_was_set_back(state: StateFile) -> None:
    take(state, failed(user="a"), failed(user="b", after=timedelta(days=1)))
    assert state.due(AT, AT, RULES.every) == ["b"]
    assert state.due(AT + RULES.soon - 1, AT + RULES.soon, RULES.every) == []
    assert state.due(AT + RULES.soon, AT + RULES.soon - 1, RULES.every) == []
    assert state.due(AT + RULES.soon, AT + RULES.soon, RULES.every) == ["a"]
    assert state.due(AT + RULES.soon, AT + RULES.soon, RULES.every) == []
    assert state.next_due() is None


def test_users_belong_to_a_round_once(state: StateFile) -> None:
    take(state, look(user="a"), look(user="c"))
    state.begin_round(AT)
    assert state.enter(["a", "b", "a"]) == ["a", "b"]
    assert state.enter(["b"]) == []
    assert state.unlisted() == ["c"]
    assert state.unlisted() == []
    state.end_round(AT + 5, 2, AT + 9)
    assert (state.status().round_ended, state.status().users) == (NOW + timedelta(seconds=5), 2)
    assert (state.fact("began"), state.fact("nothing")) == (AT + 9, None)
    state.begin_round(AT + 9)
    assert state.enter(["b"]) == ["b"]


def test_who_is_no_longer_listed_is_forgotten_without_an_event(state: StateFile) -> None:
    take(state, look(account()), look(account(), user="v"))
    take(state, look(after=SOON), forget=True)
    assert [row[0] for row in rows(state)] == ["v"]
    assert state.undelivered() == []
    take(state, failed(user="w"))
    take(state, failed(after=SOON), failed(user="v"), failed(user="w"), forget=True)
    assert [row[0] for row in rows(state)] == ["v"]


def test_of_who_is_detached_all_accounts_are_gone(state: StateFile) -> None:
    take(state, look(account(), account(name="2")))
    take(state, look(after=SOON, detached=True), forget=True)
    assert [row[0] for row in rows(state)] == ["u"]
    take(state, look(after=2 * SOON, detached=True))
    assert [event.kind for event in state.undelivered()] == ["gone", "gone"]
    take(state, look(after=timedelta(days=9), detached=True))
    assert rows(state) == []


def test_where_half_of_all_looks_worse_nothing_is_believed_soon(state: StateFile) -> None:
    rules = Rules(21600.0, users=60)
    users = [f"u{number}" for number in range(6)]
    second = timedelta(seconds=1)

    def see(status: str, whom: list[str], after: timedelta) -> int:
        looks = [look(account(status), user=u, after=after + second) for u in whom]
        return state.take_in(looks, rules)

    see("valid", users, timedelta(0))
    assert see("expired", users[:4], second) == 0
    assert see("expired", ["u0"], SOON + second) == 0
    assert see("expired", ["u0"], timedelta(hours=3) + second) == 1
    see("valid", users[4:] * 3, SOON)
    assert see("expired", ["u1"], SOON + 2 * second) == 2


def test_who_is_first_seen_weighs_as_much_if_something_is_wrong(state: StateFile) -> None:
    rules = Rules(21600.0, users=3)
    many = [account("expired"), *(account(name=str(number)) for number in range(2, 6))]
    others = [look(account(status), user="a") for status in ("valid", "expired")]
    state.take_in([look(account()), *others, look(*many, user="b")], rules)
    for number in (1, 2):
        seen = look(account("expired"), after=number * timedelta(seconds=rules.soon))
        assert state.take_in([seen], rules) == number - 1


def test_who_is_looked_at_again_for_a_suspicion_says_nothing_of_all_others(
    state: StateFile,
) -> None:
    rules = Rules(21600.0, users=60)
    told = []
    for number, (whom, status) in enumerate(
        [("abcde", "valid"), ("ab", "expired"), ("cde", "valid"), ("bbb", "expired")]
    ):
        after = number * timedelta(seconds=1)
        looks = [look(account(status), user=user, after=after) for user in whom]
        told.append(state.take_in(looks, rules))
    seen = look(account("expired"), user="a", after=SOON + timedelta(seconds=1))
    assert [*told, state.take_in([seen], rules)] == [0, 0, 0, 0, 1]


def test_where_nobody_knows_how_others_are_nothing_is_believed_soon(tmp_path: Path) -> None:
    """As after a restart in the middle of what may be the service's error."""
    path = str(tmp_path / "accounts.db")
    told = []
    for hours in (0, 1, 1.3, 4):
        state = StateFile(path)
        status = "expired" if hours else "valid"
        seen = look(account(status), after=timedelta(hours=hours))
        told.append(state.take_in([seen], Rules(21600.0, users=60)))
        state.close()
    assert told == [0, 0, 0, 1]


def test_a_failure_in_the_middle_keeps_nothing_of_the_whole(state: StateFile) -> None:
    take(state, look(account("expired")))
    before = rows(state)
    broken = Look("v", NOW, ConnectionList([1]))  # type: ignore[list-item]  # so that it fails
    with pytest.raises(AttributeError):
        take(state, look(account("expired"), after=SOON), broken)
    assert (rows(state), state.undelivered()) == (before, [])
    assert take(state, look(account("expired"), after=SOON)) == 1


def test_a_full_disk_is_an_error_and_nothing_is_lost(state: StateFile) -> None:
    take(state, look(account("expired")))
    (pages,) = state._database.execute("PRAGMA page_count").fetchone()
    state._database.execute(f"PRAGMA max_page_count = {pages}")
    many = [look(account(), user=f"user {number}") for number in range(2000)]
    with pytest.raises(StateFileError, match="full"), usable("accounts.db"):
        take(state, *many)
    assert [row[0] for row in rows(state)] == ["u"]
    state._database.execute("PRAGMA max_page_count = 100000")
    assert take(state, look(account("expired"), after=SOON)) == 1


def test_a_file_that_may_only_be_read_is_an_error(state: StateFile) -> None:
    state._database.execute("PRAGMA query_only = ON")
    with pytest.raises(StateFileError, match="readonly"), usable("accounts.db"):
        take(state, look(account()))


def test_a_file_that_another_has_locked_is_an_error(state: StateFile, tmp_path: Path) -> None:
    state._database.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(tmp_path / "accounts.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateFileError, match="locked"), usable("accounts.db"):
        take(state, look(account()))
    other.close()
    assert take(state, look(account())) == 0


def test_the_log_keeps_what_was_acknowledged_for_three_months(state: StateFile) -> None:
    take(state, look(account("expired"), account("expired", "2")))
    take(state, look(account("expired"), account("expired", "2"), after=SOON))
    state.acknowledge(state.undelivered()[0], AT)
    state.end_round(AT + 89 * 86400, 1, AT)
    count = "SELECT COUNT(*) FROM events"
    assert state._database.execute(count).fetchone() == (2,)
    state.end_round(AT + 91 * 86400, 1, AT)
    assert state._database.execute(count).fetchone() == (1,)
    assert len(state.undelivered()) == 1


def test_an_account_takes_less_than_100_bytes(tmp_path: Path) -> None:
    path = tmp_path / "accounts.db"
    state = StateFile(str(path))
    users = [f"{number * 7919:024x}" for number in range(2000)]
    looks = []
    for user in users:
        accounts = [
            Connection(
                platform_id=f"{platform}-{hash((user, platform)) % 10**19}",
                username=f"@{user[-8:]}",
                display_name=f"Name of {user[-8:]}",
                access_token_expires_at=NOW + timedelta(days=hash(user) % 60),
                token_status="valid",
            )
            for platform in ("twitter", "linkedin", "instagram", "youtube", "facebook")
        ]
        looks.append(look(*accounts, user=user))
    take(state, *looks)
    state.close()
    assert path.stat().st_size < 100 * 5 * len(users)


def test_nothing_is_written_where_nothing_has_changed(state: StateFile) -> None:
    take(state, look(account()))
    before = state._database.total_changes
    take(state, look(account(), after=SOON))
    assert state._database.total_changes == before


def test_a_file_that_cannot_be_opened_is_not_held(tmp_path: Path) -> None:
    path = tmp_path / "accounts.db"
    path.write_bytes(b"no database" * 100)
    for _ in range(2):
        with pytest.raises(StateFileError, match="is broken"), usable(str(path)):
            StateFile(str(path))


class FileMachine(RuleBasedStateMachine):
    """Two users with an account each, asked about in any order, by any clock, through crashes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.path = str(Path(self.folder.name, "accounts.db"))
        self.now = NOW
        self.real: dict[str, str | None] = {"a": "valid", "b": "valid"}
        self.received: list[Event] = []
        self.state = StateFile(self.path)
        for user in self.real:
            self.state.take_in([self.look(user)], RULES)

    def look(self, user: str) -> Look:
        status = self.real[user]
        accounts = [] if status is None else [account(status)]
        return Look(user, self.now, ConnectionList(accounts))

    users = strategies.sampled_from("ab")

    @rule(user=users, real=strategies.sampled_from(["valid", "expired", None]))
    def changes(self, user: str, real: str | None) -> None:
        self.real[user] = real

    @rule(user=users)
    def is_looked_at(self, user: str) -> None:
        self.state.take_in([self.look(user)], RULES)

    @rule(user=users)
    def cannot_be_asked(self, user: str) -> None:
        self.state.take_in([Look(user, self.now, why="down")], RULES)

    @rule(hours=strategies.integers(-40, 40))
    def time_passes_or_jumps(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def is_received(self) -> None:
        for event in self.state.undelivered()[:1]:
            self.received.append(event)

    @rule()
    def is_acknowledged(self) -> None:
        for event in self.state.undelivered()[:1]:
            self.received.append(event)
            self.state.acknowledge(event, self.now.timestamp())

    @rule(user=users)
    def is_killed_in_the_middle(self, user: str) -> None:
        broken: Any = ConnectionList([1])  # type: ignore[list-item]  # so that it fails
        with pytest.raises(AttributeError):
            self.state.take_in([self.look(user), Look("b", self.now, broken)], RULES)
        self.state.close()
        self.state = StateFile(self.path)

    @rule()
    def is_calm(self) -> None:
        """For long enough: what is told is true then."""
        for _ in range(6):
            self.now += timedelta(hours=26)
            for user in self.real:
                self.state.take_in([self.look(user)], RULES)
        assert self.told() == self.real

    def told(self) -> dict[str, str | None]:
        said: dict[str, str | None] = {"a": "valid", "b": "valid"}
        leads_to = {"broke": "expired", "recovered": "valid", "appeared": "valid", "gone": None}
        for event in self.log():
            if event.kind in leads_to:
                assert event.user_id is not None
                was, will = said[event.user_id], leads_to[event.kind]
                # Never twice, and a recovery only of what has broken.
                assert was != will
                assert event.kind == "appeared" or was is not None
                said[event.user_id] = will
        return said

    def log(self) -> list[Event]:
        bodies = self.state._database.execute("SELECT body FROM events ORDER BY number")
        return [Event.from_dict(json.loads(body)) for (body,) in bodies]

    @invariant()
    def nothing_is_told_twice_or_lost(self) -> None:
        self.told()
        log = self.log()
        assert {event.id for event in self.received} <= {event.id for event in log}
        assert len({event.id for event in log}) == len(log)
        waiting = {event.id for event in self.state.undelivered()}
        assert {event.id for event in log} == waiting | {event.id for event in self.received}

    @invariant()
    def the_file_is_whole(self) -> None:
        found = self.state._database.execute("PRAGMA integrity_check").fetchone()
        assert found == ("ok",)

    def teardown(self) -> None:
        self.state.close()
        self.folder.cleanup()


TestFile = FileMachine.TestCase
