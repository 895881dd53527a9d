"""Which changes are news, and when: said look by look, and by a machine that tries everything."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from math import inf

import attrs
import pytest
from hypothesis import strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from publora_async import Connection, ConnectionList, Event
from publora_async._watch.changes import Health
from publora_async._watch.judge import Known, Look, Rules, judge

START = datetime(2026, 11, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVERY = 6 * 3600.0
SOON = 0.3 * HOUR
"""Of a round of six hours, a twentieth."""


@attrs.define
class User:
    """What is known of one user, look after look."""

    rules: Rules = attrs.field(factory=lambda: Rules(EVERY))
    now: datetime = START
    known: dict[str, Known] | None = None
    again: float | None = None

    def sees(
        self,
        *accounts: Connection,
        after: timedelta = timedelta(0),
        careful: bool = False,
        detached: bool = False,
        tests: Mapping[str, bool | None] | None = None,
    ) -> list[Event]:
        """Look once more, so long after the last time."""
        self.now += after
        look = Look("u", self.now, ConnectionList(accounts), detached=detached, tests=tests or {})
        verdict = judge(self.known, look, self.rules, is_careful=lambda: careful)
        # As it comes back from the file.
        self.known = {i: Known.unpack(one.pack()) for i, one in verdict.known.items()}
        self.again = None if verdict.again == inf else verdict.again
        return verdict.events

    def twice(self, *accounts: Connection, after: timedelta = HOUR) -> list[str]:
        """Look, and look again soon; give the kinds of what is told."""
        first = self.sees(*accounts, after=after)
        return kinds([*first, *self.sees(*accounts, after=SOON)])


def kinds(events: Iterable[Event]) -> list[str]:
    return [event.kind for event in events]


def account(
    name: str = "1",
    status: str | None = "valid",
    username: str | None = None,
    access_token_expires_at: datetime | None = None,
) -> Connection:
    return Connection(
        platform_id=f"x-{name}",
        token_status=status,
        username=username,
        access_token_expires_at=access_token_expires_at,
    )


def test_nothing_is_news_before_a_second_look_has_shown_it() -> None:
    user = User()
    user.sees(account())
    assert user.sees(account(status="expired"), after=HOUR) == []
    assert user.again == (user.now + SOON).timestamp()
    assert user.sees(account(status="expired"), after=SOON / 2) == []
    assert user.again == (user.now + SOON / 2).timestamp()
    (event,) = user.sees(account(status="expired"), after=SOON / 2)
    assert (event.kind, event.user_id, event.platform_id) == ("broke", "u", "x-1")
    assert (event.since, event.reason) == (user.now - SOON, "service")
    assert (event.before, event.after) == (account(), account(status="expired"))
    assert user.again is None
    assert user.sees(account(status="expired"), after=HOUR) == []


def test_what_a_second_look_does_not_show_was_nothing() -> None:
    user = User()
    user.sees(account())
    assert user.sees(account(status="expired"), after=HOUR) == []
    assert user.sees(account(), after=SOON) == []
    assert user.sees(account(status="expired"), after=SOON) == []


def test_an_account_breaks_recovers_is_renamed_expires_soon_and_goes() -> None:
    user = User()
    user.sees(account())
    assert user.twice(account(status="expired")) == ["broke"]
    assert user.twice(account()) == ["recovered"]
    assert user.twice(account(username="@a")) == []
    assert user.twice(account(username="@b")) == ["renamed"]
    assert user.twice(account(status="expiring_soon", username="@b")) == ["expiring"]
    assert user.twice(account(username="@b")) == []
    user.sees(account(username="@b"), after=25 * HOUR)
    assert user.twice() == ["gone"]
    assert user.twice(account()) == ["appeared"]


def test_of_a_new_account_that_is_broken_both_is_told() -> None:
    user = User()
    user.sees()
    user.sees(account(status="expired"), after=HOUR)
    events = user.sees(account(status="expired"), after=SOON)
    assert [(event.kind, event.before) for event in events] == [("appeared", None), ("broke", None)]


def test_an_account_that_comes_for_a_moment_was_nothing() -> None:
    user = User()
    user.sees()
    assert user.sees(account(), after=HOUR) == []
    assert user.sees(after=SOON) == []
    assert user.known == {}


def test_what_is_broken_when_somebody_is_first_seen_is_news_but_not_that_it_is_there() -> None:
    user = User()
    assert user.twice(account(status="expired"), account("2")) == ["broke"]


def test_where_all_is_broken_when_it_is_first_seen_nothing_has_got_worse() -> None:
    assert User().twice(*(account(str(n), "expired") for n in range(4))) == ["broke"] * 4


def test_a_baseline_tells_of_changes_only() -> None:
    user = User(Rules(EVERY, baseline=True))
    broken, soon = account(status="expired"), account("2", "expiring_soon")
    assert user.twice(broken, soon, account("3", "unknown")) == []
    assert user.twice(account(), account("2", "expired"), account("3")) == ["recovered", "broke"]
    assert user.twice(broken, account("2", "expired"), account("3")) == ["broke"]


def test_what_is_not_known_says_nothing_and_takes_nothing_back() -> None:
    user = User()
    user.sees(account())
    user.sees(account(status="expired"), after=HOUR)
    assert user.sees(account(status="unknown"), after=SOON) == []
    assert kinds(user.sees(account(status="expired"), after=SOON)) == ["broke"]
    assert user.twice(account(status="on holiday")) == []
    user.sees(account(), after=HOUR)
    user.sees(account(status="unknown"), after=SOON)
    assert kinds(user.sees(account(), after=SOON)) == ["recovered"]


def test_lists_that_no_longer_say_how_an_account_is_say_nothing() -> None:
    past = START - HOUR
    user = User()
    user.sees(account(access_token_expires_at=past))
    for _ in range(9):
        assert user.twice(account(status=None, access_token_expires_at=past)) == []
    assert user.twice(account(status="expired", access_token_expires_at=past)) == ["broke"]
    assert user.twice(account(status=None, access_token_expires_at=START + 900 * HOUR)) == []


def test_of_who_is_first_seen_where_lists_are_silent_the_date_is_believed() -> None:
    user = User()
    user.sees(account(status=None, access_token_expires_at=START + 2 * HOUR))
    user.sees(account(status=None, access_token_expires_at=START + 900 * HOUR))
    (event,) = user.sees(
        account(status=None, access_token_expires_at=START - HOUR), after=HOUR
    ) + user.sees(account(status=None, access_token_expires_at=START - HOUR), after=SOON)
    assert (event.kind, event.reason) == ("broke", "expiry_date")


def test_lists_that_fall_silent_neither_confirm_a_suspicion_nor_take_it_back() -> None:
    silent = account(status=None)
    user = User()
    user.sees(account())
    user.sees(account(status="expired"), after=HOUR)
    assert user.sees(silent, after=SOON) == []
    assert kinds(user.sees(account(status="expired"), after=SOON)) == ["broke"]


def test_where_lists_are_silent_the_live_test_is_believed_soon() -> None:
    silent = account(status=None, access_token_expires_at=START - HOUR)
    user = User()
    user.sees(account(access_token_expires_at=START - HOUR))
    user.sees(silent, after=HOUR, tests={"x-1": False})
    (event,) = user.sees(silent, after=SOON, tests={"x-1": False})
    assert (event.kind, event.reason) == ("broke", "live_test")
    user.sees(silent, after=HOUR, tests={"x-1": True})
    assert kinds(user.sees(silent, after=SOON, tests={"x-1": True})) == ["recovered"]


def test_a_name_that_changes_as_lists_fall_silent_is_told_and_the_silence_not_believed() -> None:
    dated = account(username="@a", access_token_expires_at=START + 900 * HOUR)
    silent = account(status=None, username="@b", access_token_expires_at=START + 900 * HOUR)
    user = User()
    user.sees(dated)
    assert user.twice(silent) == ["renamed"]
    assert user.twice(attrs.evolve(silent, access_token_expires_at=START - HOUR)) == []


def test_a_token_that_has_expired_by_its_date_is_tested() -> None:
    dated = account(status=None, access_token_expires_at=START + HOUR)
    user = User(Rules(EVERY, baseline=True))
    user.sees(dated)
    assert user.again == (START + HOUR).timestamp() + 1
    works = {"x-1": True}
    user.sees(dated, after=2 * HOUR, tests=works)
    assert user.sees(dated, after=SOON, tests=works) == []
    user.sees(dated, after=HOUR, tests={"x-1": False})
    (event,) = user.sees(dated, after=SOON, tests={"x-1": False})
    assert (event.kind, event.reason) == ("broke", "live_test")
    user.sees(dated, after=HOUR, tests=works)
    assert kinds(user.sees(dated, after=SOON, tests=works)) == ["recovered"]


def test_where_the_test_fails_the_date_is_not_believed_soon() -> None:
    dated = account(status=None, access_token_expires_at=START + HOUR)
    failed: dict[str, bool | None] = {"x-1": None}
    user = User(Rules(EVERY, baseline=True))
    user.sees(dated)
    user.sees(dated, after=2 * HOUR, tests=failed)
    assert user.sees(dated, after=SOON, tests=failed) == []
    (event,) = user.sees(dated, after=3 * HOUR, tests=failed)
    assert (event.kind, event.reason) == ("broke", "expiry_date")


def test_where_nothing_is_tested_the_date_is_believed() -> None:
    dated = account(status=None, access_token_expires_at=START + HOUR)
    user = User(Rules(EVERY, baseline=True))
    user.sees(dated)
    user.sees(dated, after=2 * HOUR)
    (event,) = user.sees(dated, after=SOON)
    assert (event.kind, event.reason) == ("broke", "expiry_date")


def test_an_account_that_is_seen_is_not_gone_whatever_is_known_of_its_health() -> None:
    user = User()
    user.sees(account())
    user.sees(after=HOUR)
    user.sees(account(status="unknown"), after=SOON)
    assert user.sees(after=99 * HOUR) == []


def test_a_list_that_is_suddenly_empty_is_not_believed_soon() -> None:
    many = [account(str(number)) for number in range(5)]
    user = User()
    user.sees(*many)
    assert user.twice() == []
    assert user.twice(*many) == []
    user.sees(after=HOUR)
    assert kinds(user.sees(after=3 * HOUR)) == ["gone"] * 5


@pytest.mark.parametrize(("gone", "stay", "told"), [(2, 0, 2), (3, 0, 0), (3, 3, 0), (3, 4, 3)])
def test_it_takes_three_accounts_and_half_of_all_to_be_doubtful(
    gone: int, stay: int, told: int
) -> None:
    there = [account(f"stays {number}") for number in range(stay)]
    user = User()
    user.sees(*there, *(account(f"goes {number}") for number in range(gone)))
    assert user.twice(*there) == ["gone"] * told


def test_what_has_gone_before_says_nothing_against_doubt() -> None:
    there = [account(f"stays {number}") for number in range(3)]
    user = User()
    user.sees(*there, *(account(f"goes {number}") for number in range(4)))
    assert user.twice(*there) == []
    assert kinds(user.sees(*there, after=3 * HOUR)) == ["gone"] * 4
    assert user.twice() == []


def test_that_somebody_is_detached_is_believed_soon() -> None:
    user = User()
    user.sees(*(account(str(number)) for number in range(5)))
    user.sees(after=HOUR, detached=True)
    events = user.sees(after=SOON, detached=True)
    assert {(event.kind, event.reason) for event in events} == {("gone", "service")}
    assert len(events) == 5


def test_where_all_looks_worse_one_is_careful() -> None:
    user = User()
    user.sees(account())
    assert user.sees(account(status="expired"), after=HOUR, careful=True) == []
    assert user.sees(account(status="expired"), after=SOON, careful=True) == []
    assert kinds(user.sees(account(status="expired"), after=3 * HOUR, careful=True)) == ["broke"]


def test_who_is_doubted_is_looked_at_ever_later_but_in_each_round() -> None:
    user = User(Rules(900.0))
    user.sees(account())
    user.sees(after=HOUR, careful=True)
    waits = []
    for _ in range(6):
        assert user.again is not None
        waits.append(user.again - user.now.timestamp())
        assert user.sees(after=timedelta(seconds=waits[-1]), careful=True) == []
    assert waits == [45, 45, 45, 67.5, 101.25, 151.875]
    user.sees(after=timedelta(minutes=30), careful=True)
    assert user.again == user.now.timestamp() + 900
    assert kinds(user.sees(after=HOUR, careful=True)) == ["gone"]


def test_a_suspicion_that_nothing_is_known_of_for_long_is_forgotten() -> None:
    user = User()
    user.sees(account())
    user.sees(account(status="expired"), after=HOUR)
    for _ in range(9):
        user.sees(account(status="unknown"), after=6 * HOUR)
    assert user.sees(account(status="expired"), after=HOUR) == []


def test_what_was_known_before_a_look_that_says_nothing_is_what_an_event_tells() -> None:
    user = User()
    user.sees(account())
    assert user.twice(account(status="expired")) == ["broke"]
    user.sees(account(status="unknown"), after=HOUR)
    user.sees(account(), after=HOUR)
    (event,) = user.sees(account(), after=SOON)
    assert event.before == account(status="expired")


def test_dates_that_are_always_near_are_not_looked_at_all_the_time() -> None:
    user = User()
    for _ in range(3):
        date = user.now + HOUR + timedelta(seconds=2)
        user.sees(account(access_token_expires_at=date), after=HOUR)
        assert user.again == (user.now + SOON).timestamp()


def test_a_token_that_is_about_to_expire_and_not_by_turns_flaps() -> None:
    user = User()
    user.sees(account())
    told: list[str] = []
    for _ in range(4):
        told += user.twice(account(status="expiring_soon"))
        told += user.twice(account())
    assert told == ["expiring", "expiring", "flapping"]


def test_a_clock_that_is_set_back_makes_nothing_news_and_nothing_wait_for_ever() -> None:
    user = User()
    user.sees(account())
    user.sees(account(status="expired"), after=HOUR)
    assert user.sees(account(status="expired"), after=-24 * HOUR) == []
    assert kinds(user.sees(account(status="expired"), after=SOON)) == ["broke"]


def test_what_flaps_is_said_to_once_and_told_how_it_is_when_it_is_calm() -> None:
    user = User()
    user.sees(account())
    told: list[str] = []
    for _ in range(6):
        told += user.twice(account(status="expired"), after=3 * HOUR)
        told += user.twice(account(), after=3 * HOUR)
    assert told == ["broke", "recovered", "broke", "recovered", "flapping"]
    told = user.twice(account(status="expired"), after=3 * HOUR)
    assert told == []
    assert user.twice(account(status="expired"), after=12 * HOUR) == []
    (event,) = user.sees(account(status="expired"), after=12 * HOUR)
    assert event.kind == "broke"
    assert user.twice(account()) == ["recovered"]


def test_that_what_flapped_works_for_good_is_told_when_it_is_calm() -> None:
    user = User()
    user.sees(account())
    for _ in range(3):
        user.twice(account(status="expired"), after=3 * HOUR)
        user.twice(account(), after=3 * HOUR)
    assert user.sees(account(status="unknown"), after=25 * HOUR) == []
    (event,) = user.sees(account(), after=HOUR)
    assert (event.kind, event.since) == ("recovered", START + 6 * (3 * HOUR + SOON) - SOON)
    assert user.twice(account(status="expired")) == ["broke"]


def test_a_name_that_changes_as_the_account_begins_to_flap_is_told() -> None:
    user = User()
    user.sees(account(username="@a"))
    for _ in range(2):
        user.twice(account(status="expired", username="@a"), after=3 * HOUR)
        user.twice(account(username="@a"), after=3 * HOUR)
    broken = account(status="expired", username="@b")
    assert user.twice(broken, after=3 * HOUR) == ["flapping", "renamed"]
    user.sees(broken, after=HOUR)
    assert kinds(user.sees(broken, after=24 * HOUR)) == ["broke"]
    user.sees(broken, after=24 * HOUR)
    assert user.known == {"x-1": Known(broken, Health.BROKEN)}


def test_an_account_that_comes_and_goes_flaps_too() -> None:
    user = User()
    user.sees(account())
    told: list[str] = []
    for _ in range(3):
        told += user.twice(after=3 * HOUR)
        told += user.twice(account(), after=3 * HOUR)
    told += user.twice(after=3 * HOUR)
    assert told == ["gone", "appeared", "gone", "appeared", "flapping"]
    assert kinds(user.sees(after=25 * HOUR)) == ["gone"]
    user.sees(after=50 * HOUR)
    assert user.known == {}


def test_what_changes_seldom_does_not_flap() -> None:
    user = User()
    user.sees(account())
    told: list[str] = []
    for _ in range(6):
        told += user.twice(account(status="expired"), after=24 * HOUR)
        told += user.twice(account(), after=24 * HOUR)
    assert told == ["broke", "recovered"] * 6


class TruthMachine(RuleBasedStateMachine):
    """An account whose truth changes, looked at at any time, by any clock."""

    def __init__(self) -> None:
        super().__init__()
        self.user = User()
        self.user.sees(account())
        self.told: list[str] = []
        self.real: str | None = "valid"

    def look(self, after: timedelta) -> None:
        accounts = [] if self.real is None else [account(status=self.real)]
        self.told += kinds(self.user.sees(*accounts, after=after))

    @rule(real=strategies.sampled_from(["valid", "expired", "expiring_soon", "unknown", None]))
    def changes(self, real: str | None) -> None:
        self.real = real

    @rule(minutes=strategies.integers(-2000, 2000))
    def is_looked_at(self, minutes: int) -> None:
        self.look(timedelta(minutes=minutes))

    @rule()
    def is_calm(self) -> None:
        """For long enough: whatever is true is known then."""
        for _ in range(6):
            self.look(timedelta(hours=26))
        if self.real != "unknown":
            assert self.state() == self.real

    def state(self) -> str | None:
        there, status = True, "valid"
        for kind in self.told:
            there = kind != "gone" if kind in {"gone", "appeared"} else there
            changed = {
                "broke": "expired",
                "recovered": "valid",
                "appeared": "valid",
                "expiring": "expiring_soon",
            }
            status = changed.get(kind, status)
        # That a token was renewed in time is not told.
        if status == "expiring_soon" and self.real == "valid":
            status = "valid"
        return status if there else None

    @invariant()
    def a_recovery_follows_a_break_and_nothing_is_told_twice(self) -> None:
        broken, there = False, True
        for kind in self.told:
            if kind in {"broke", "recovered"}:
                assert there
                assert broken == (kind == "recovered")
                broken = kind == "broke"
            elif kind in {"appeared", "gone"}:
                assert there == (kind == "gone")
                there, broken = kind == "appeared", False

    @precondition(lambda self: self.told)
    @invariant()
    def it_flaps_only_where_it_went_to_and_fro(self) -> None:
        for number, kind in enumerate(self.told):
            if kind == "flapping":
                before = [k for k in self.told[:number] if k not in {"expiring", "flapping"}]
                assert len(before) >= 4


TestTruth = TruthMachine.TestCase


def test_a_name_that_changes_while_the_account_breaks_is_told_once() -> None:
    user = User()
    user.sees(account(username="@a"))
    user.sees(account(username="@b"), after=HOUR)
    told = kinds(user.sees(account(username="@b", status="expired"), after=SOON))
    for _ in range(3):
        told += kinds(user.sees(account(username="@b", status="expired"), after=SOON))
    assert told == ["broke", "renamed"]


def test_a_display_name_that_is_not_known_for_a_while_is_the_one_that_was() -> None:
    named = attrs.evolve(account(), display_name="A")
    user = User()
    user.sees(named)
    user.sees(account(), after=HOUR)
    assert user.known == {"x-1": Known(named)}


def test_an_account_that_comes_back_under_another_name_was_renamed() -> None:
    user = User()
    user.sees(account(username="@a"))
    assert user.twice() == ["gone"]
    user.sees(account(username="@b"), after=HOUR)
    appeared, renamed = user.sees(account(username="@b"), after=SOON)
    assert (appeared.kind, appeared.before) == ("appeared", None)
    assert (renamed.kind, renamed.before) == ("renamed", account(username="@a"))


def test_a_new_account_of_which_nothing_is_known_appears() -> None:
    user = User()
    user.sees()
    assert user.twice(account(status="unknown")) == ["appeared"]


def test_what_expires_soon_does_not_look_worse() -> None:
    user = User()
    user.sees(*(account(name) for name in "1234"))
    soon = [account(name, "expiring_soon") for name in "123"]
    assert sorted(user.twice(account("4", "expired"), *soon)) == ["broke", *["expiring"] * 3]


def test_what_was_first_seen_broken_is_not_doubted_whatever_others_look_like() -> None:
    user = User()
    user.sees(account(status="expired"), careful=True)
    assert kinds(user.sees(account(status="expired"), after=SOON, careful=True)) == ["broke"]


def test_a_name_that_comes_and_goes_holds_back_no_break() -> None:
    user = User()
    user.sees(account(username="@a"))
    told: list[str] = []
    for number in range(4):
        broken = account(status="expired", username=("@a", "@b")[number % 2])
        told += kinds(user.sees(broken, after=SOON))
    assert "broke" in told


def test_a_name_that_is_not_known_for_a_while_was_changed_all_the_same() -> None:
    user = User()
    user.sees(account(username="@a"))
    assert user.twice(account()) == []
    assert user.twice(account(username="@b")) == ["renamed"]


def test_a_clock_that_is_set_back_lets_what_flaps_calm_down() -> None:
    user = User()
    user.sees(account())
    for _ in range(3):
        user.twice(account(status="expired"), after=3 * HOUR)
        user.twice(account(), after=3 * HOUR)
    user.twice(account(status="expired"), after=3 * HOUR)
    assert user.sees(account(status="expired"), after=-1000 * HOUR) == []
    (event,) = user.sees(account(status="expired"), after=24 * HOUR)
    assert (event.kind, event.since) == ("broke", user.now - 24 * HOUR)


@pytest.mark.parametrize(
    ("users", "seconds"), [(1, 50), (2, 250), (10, 250), (20, 150), (5000, 50)]
)
def test_among_few_users_the_second_look_waits_until_others_were_seen(
    users: int, seconds: float
) -> None:
    assert Rules(1000.0, users).soon == seconds


@pytest.mark.parametrize(
    ("rules", "told", "health", "careful", "seconds"),
    [
        (Rules(1000.0), "f", "b", False, 50),
        (Rules(1000.0), "f", "b", True, 3600),
        (Rules(21600.0), "f", "a", True, 7200),
        (Rules(1000.0), "b", "f", True, 50),
        (Rules(1000.0), "~", "b", True, 4000),
    ],
)
def test_what_may_be_an_error_of_the_service_has_to_be_seen_for_longer(
    rules: Rules, told: str, health: str, *, careful: bool, seconds: float
) -> None:
    assert rules.patience(Health(told), Health(health), careful=careful) == seconds


def test_everybody_has_a_moment_in_each_round() -> None:
    rules = Rules(1000.0, draw=lambda: 0.0)
    first = rules.next_round("u", 5000.0)
    assert 5000 < first <= 6010
    for number in range(1, 5):
        assert rules.next_round("u", first + 1000 * (number - 1)) == first + 1000 * number
    assert rules.next_round("u", first - 500) == first
    late = Rules(1000.0, draw=lambda: 0.5)
    moments = {late.next_round(user, 5000.0) - 25 for user in "abcdefgh"}
    assert len(moments) == 8
    assert 5000 < min(moments) < max(moments) <= 6010
    assert Rules(1000.0, once=True).next_round("u", 5000.0) == inf


def test_what_is_known_comes_back_from_json() -> None:
    for known in (
        Known(Connection(platform_id="x-1")),
        Known(
            Connection(platform_id="x-1", token_status="expired"), Health.BROKEN, "fr", 1.5, 2, 2.5
        ),
    ):
        assert Known.unpack(json.loads(json.dumps(known.pack()))) == known
