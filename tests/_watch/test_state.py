"""What a watch remembers: users, events and rounds, all or nothing."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import pytest
from hypothesis import strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from publora_async import Connection, ConnectionList, Event, StateFileError
from publora_async._watch.database import usable
from publora_async._watch.judge import Look, Rules
from publora_async._watch.state import StateFile, status_of

NOW = datetime(2026, 11, 2, tzinfo=UTC)
AT = NOW.timestamp()
RULES = Rules(21600.0, draw=lambda: 0.5)
SOON = timedelta(seconds=RULES.soon)


def opened(path: str) -> StateFile:
    file = StateFile(path)
    file.open()
    return file


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateFile]:
    file = opened(str(tmp_path / "accounts.db"))
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


def take(state: StateFile, *looks: Look, rules: Rules = RULES) -> int:
    """Take in what was seen of users of this round; give how many events are not delivered."""
    state.enter(look.user for look in looks)
    state.take_in(looks, rules)
    return len(state.undelivered(-1))


def again_of(state: StateFile, user: str = "u") -> float:
    ((again,),) = state._database.execute("SELECT again FROM users WHERE user = ?", (user,))
    return float(again)


def rows(state: StateFile) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = state._database.execute(
        "SELECT user, unknown, why FROM users ORDER BY user"
    ).fetchall()
    return found


def test_an_event_is_in_the_log_until_it_is_acknowledged(state: StateFile) -> None:
    take(state, look(account()))
    assert take(state, look(account("expired"), after=SOON)) == 0
    assert again_of(state) == AT + 2 * RULES.soon
    assert take(state, look(account("expired"), after=2 * SOON)) == 1
    assert again_of(state) == RULES.next_round("u", AT + 2 * RULES.soon)
    (event,) = state.undelivered()
    assert (event.kind, event.user_id) == ("broke", "u")
    assert state.undelivered() == [event]
    assert state.status()["undelivered"] == [event.to_dict()]
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
        state = opened(path)
        take(state, look(account("expired"), after=number * SOON))
        assert [event.kind for event in state.undelivered()] == kinds
        state.close()


def test_who_could_not_be_asked_is_unknown_since_then_and_asked_again(state: StateFile) -> None:
    take(state, look(account()))
    take(state, failed(after=SOON), failed(user=""))
    assert state.status()["unknown"] == [
        {"userId": None, "since": "2026-11-02T00:00:00.000Z", "why": "down"},
        {"userId": "u", "since": "2026-11-02T00:18:00.000Z", "why": "down"},
    ]
    assert rows(state)[1] == ("u", AT + RULES.soon, "down")
    assert again_of(state) == AT + 2 * RULES.soon
    later = timedelta(hours=2)
    take(state, failed(after=later))
    assert again_of(state) == AT + 7200 + (7200 - RULES.soon) / 2
    take(state, failed(after=timedelta(days=9)))
    assert again_of(state) == AT + 9 * 86400 + RULES.every
    take(state, look(account(), after=later))
    assert rows(state)[1] == ("u", None, None)


def test_who_was_not_known_before_is_unknown_too_and_then_seen_for_the_first_time(
    state: StateFile,
) -> None:
    take(state, failed())
    take(state, look(account(), after=SOON), look(account(), after=2 * SOON))
    assert state.undelivered() == []


def test_who_is_due_first_is_given_first_and_who_is_new_before_all(state: StateFile) -> None:
    take(state, failed(user="a", after=SOON), failed(user="b"))
    state.enter(["c", "b"])
    assert state.next_due(2) == [(0, "c"), (AT + RULES.soon, "b")]
    assert state.next_due(9)[2:] == [(AT + 2 * RULES.soon, "a")]


def test_a_clock_that_was_set_back_has_nobody_wait(state: StateFile) -> None:
    take(state, failed(user="a"), failed(user="b", after=timedelta(days=1)))
    state.begin_round(AT, RULES)
    assert state.next_due(9) == [(0, "b"), (AT + RULES.soon, "a")]


def test_a_single_round_is_about_everybody(state: StateFile) -> None:
    take(state, look(account()), failed(user="a"))
    state.begin_round(AT, attrs.evolve(RULES, once=True))
    assert state.next_due(9) == [(0, "a"), (0, "u")]


def test_it_is_known_when_a_round_ended_and_how_many_users_it_was_about(state: StateFile) -> None:
    assert state.status()["roundEnded"] is None
    state.enter(["a", "b", "a"])
    state.enter(["b"])
    assert state.begin_round(AT, RULES) == 2
    state.end_round(AT + 5)
    status = state.status()
    assert (status["roundEnded"], status["users"]) == ("2026-11-02T00:00:05.000Z", 2)
    state.enter(["b"])
    assert state.begin_round(AT, RULES) == 2
    assert state.status()["users"] == 1


def lists(state: StateFile, *users: str, number: int = 1) -> None:
    """Begin so many rounds with these users."""
    for _ in range(number):
        state.enter(users)
        state.begin_round(AT, RULES)


def test_who_is_missing_from_two_lists_is_forgotten_without_an_event(state: StateFile) -> None:
    take(state, look(account()), look(account(), user="v"), failed(user="w"))
    lists(state, "x", "y", number=4)
    state.take_in([look(after=SOON), failed(user="v"), failed(user="w")], RULES)
    assert [row[0] for row in rows(state)] == ["v", "x", "y"]
    state.take_in([failed(user="v", after=timedelta(days=2))], RULES)
    assert [row[0] for row in rows(state)] == ["x", "y"]
    assert state.undelivered() == []


def test_who_is_missing_from_one_list_is_remembered(state: StateFile) -> None:
    take(state, look(account("expired")))
    lists(state, "u", "v")
    for number in range(4):
        lists(state, "v", *(["u"] if number % 2 else []))
        state.take_in([look(account("expired"), after=number * SOON)], RULES)
    assert [event.kind for event in state.undelivered()] == ["broke"]


def test_where_more_than_half_are_no_longer_listed_the_list_is_not_believed_at_first(
    state: StateFile,
) -> None:
    users = ["u", "v", "w"]
    lists(state, *users)
    for kept in (users, users, ["v"]):
        lists(state, "v")
        state.take_in([look(account(), user=user) for user in users], RULES)
        assert [row[0] for row in rows(state)] == kept


def test_a_list_of_which_only_a_part_could_be_had_says_nothing_of_others(state: StateFile) -> None:
    lists(state, "u", "v")
    for _ in range(4):
        state.enter(["v"])
        assert state.begin_round(AT, RULES, are_all_entered=False) == 2
    state.take_in([look(account())], RULES)
    assert [row[0] for row in rows(state)] == ["u", "v"]


def test_of_who_is_detached_all_accounts_are_gone(state: StateFile) -> None:
    take(state, look(account(), account(name="2")), look(user="v"))
    lists(state, "v", "w", number=3)
    state.take_in([look(after=SOON, detached=True)], RULES)
    assert "u" in [row[0] for row in rows(state)]
    state.take_in([look(after=2 * SOON, detached=True)], RULES)
    assert [event.kind for event in state.undelivered()] == ["gone", "gone"]
    state.take_in([look(after=timedelta(days=9), detached=True)], RULES)
    assert "u" not in [row[0] for row in rows(state)]


def test_where_a_third_of_all_looks_worse_nothing_is_believed_soon(state: StateFile) -> None:
    rules = Rules(21600.0, users=60)
    users = [f"u{number}" for number in range(14)]
    second = timedelta(seconds=1)

    def see(status: str, whom: list[str], after: timedelta) -> int:
        looks = [look(account(status), user=u, after=after + second) for u in whom]
        return take(state, *looks, rules=rules)

    see("valid", users, timedelta(0))
    assert see("expired", users[:4], second) == 0
    assert see("expired", ["u0"], SOON + second) == 0
    assert see("expired", ["u0"], timedelta(hours=3) + second) == 1
    see("valid", users[4:], SOON)
    assert see("expired", ["u1"], SOON + 2 * second) == 2


def test_who_is_first_seen_weighs_as_much_if_something_is_wrong(state: StateFile) -> None:
    rules, soon = Rules(21600.0, users=3), timedelta(seconds=Rules(21600.0, users=3).soon)
    many = [account("expired"), *(account(name=str(number)) for number in range(2, 6))]
    take(state, look(account()), look(account(), user="a"), rules=rules)
    take(state, look(account("expired"), after=soon), rules=rules)
    others = [look(*many, user="b", after=soon), look(account("expired"), user="a", after=soon)]
    assert take(state, *others, rules=rules) == 0
    assert take(state, look(account("expired"), after=2 * soon), rules=rules) == 1


def test_what_others_were_before_a_suspicion_says_nothing_of_it(state: StateFile) -> None:
    rules = Rules(21600.0, users=60)
    for user in "abcdefghu":
        take(state, look(account(), user=user), rules=rules)
    seen = [look(account("expired"), after=number * SOON / 3) for number in range(1, 8, 3)]
    assert [take(state, one, rules=rules) for one in seen] == [0, 0, 0]
    for user in "ab":
        take(state, look(account(), user=user, after=3 * SOON), rules=rules)
    assert take(state, look(account("expired"), after=4 * SOON), rules=rules) == 1


def test_of_two_users_one_is_enough_to_compare_with(state: StateFile) -> None:
    rules, soon = Rules(21600.0, users=2), timedelta(seconds=Rules(21600.0, users=2).soon)
    for number, (mine, other) in enumerate([("valid", "valid"), ("expired", "expired")]):
        both = look(account(mine)), look(account(other), user="v")
        later = [attrs.evolve(one, at=one.at + number * soon) for one in both]
        take(state, *later, rules=rules)
    assert take(state, look(account("expired"), after=2 * soon), rules=rules) == 0
    take(state, look(account(), user="v", after=2 * soon), rules=rules)
    assert take(state, look(account("expired"), after=3 * soon), rules=rules) == 1


def test_of_two_users_one_is_believed_where_the_other_was_not_seen_since(state: StateFile) -> None:
    rules, soon = Rules(21600.0, users=2), timedelta(seconds=Rules(21600.0, users=2).soon)
    take(state, look(account()), look(account(), user="v"), rules=rules)
    take(state, look(account("expired"), after=soon), rules=rules)
    assert take(state, look(account("expired"), after=2 * soon), rules=rules) == 1


def test_since_when_somebody_is_unknown_is_never_in_the_future(state: StateFile) -> None:
    take(state, failed(after=timedelta(days=1)))
    take(state, failed())
    assert rows(state)[0][1] == AT


def test_a_glitch_of_the_service_is_doubted_for_as_long_as_it_lasts(state: StateFile) -> None:
    """Also after a round, when all that look worse have been looked at again."""
    rules = Rules(900.0, users=20)
    users = [f"u{number}" for number in range(20)]
    for minutes in range(30):
        status = "expired" if minutes else "valid"
        after = timedelta(minutes=minutes)
        looks = [look(account(status), user=user, after=after) for user in users[1:]]
        told = take(state, look(account(), user="u0", after=after), *looks, rules=rules)
        assert told == 0


def test_where_nobody_knows_how_others_are_nothing_is_believed_soon(tmp_path: Path) -> None:
    """As after a restart in the middle of what may be the service's error."""
    path = str(tmp_path / "accounts.db")
    told = []
    for hours in (0, 1, 1.3, 4):
        state = opened(path)
        status = "expired" if hours else "valid"
        seen = look(account(status), after=timedelta(hours=hours))
        told.append(take(state, seen, rules=Rules(21600.0, users=60)))
        state.close()
    assert told == [0, 0, 0, 1]


def test_a_failure_in_the_middle_keeps_nothing_of_the_whole(state: StateFile) -> None:
    take(state, look(account("expired")))
    state.enter("v")
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
    state.end_round(AT + 89 * 86400)
    count = "SELECT COUNT(*) FROM events"
    assert state._database.execute(count).fetchone() == (2,)
    state.end_round(AT + 91 * 86400)
    assert state._database.execute(count).fetchone() == (1,)
    assert len(state.undelivered()) == 1


def test_an_account_takes_less_than_100_bytes(tmp_path: Path) -> None:
    path = tmp_path / "accounts.db"
    state = opened(str(path))
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


def test_a_file_that_cannot_be_opened_is_not_held(tmp_path: Path) -> None:
    path = tmp_path / "accounts.db"
    path.write_bytes(b"no database" * 100)
    for _ in range(2):
        with pytest.raises(StateFileError, match="file is not a database"):
            status_of(str(path))
        file = StateFile(str(path))
        with (
            pytest.raises(StateFileError, match="file is not a database"),
            closing(file),
            usable(str(path)),
        ):
            file.open()


class FileMachine(RuleBasedStateMachine):
    """Two users with an account each, asked about in any order, by any clock, through crashes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.path = str(Path(self.folder.name, "accounts.db"))
        self.now = NOW
        self.real: dict[str, str | None] = {"a": "valid", "b": "valid"}
        self.received: list[Event] = []
        self.state = opened(self.path)
        for user in self.real:
            take(self.state, self.look(user))

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
        take(self.state, self.look(user))

    @rule(user=users)
    def cannot_be_asked(self, user: str) -> None:
        take(self.state, Look(user, self.now, why="down"))

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
            take(self.state, self.look(user), Look("b", self.now, broken))
        self.state.close()
        self.state = opened(self.path)

    @rule()
    def is_calm(self) -> None:
        """For long enough: what is told is true then."""
        for _ in range(6):
            self.now += timedelta(hours=26)
            for user in self.real:
                take(self.state, self.look(user))
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
