"""What workers have found out, until it is handed out."""

from conftest import KEY
from crowd import answers

from publora_async import AsyncPublora
from publora_sync._executors.results import Results
from publora_sync._executors.users import User

FOUND = answers(["a", "b", "c"])
USERS = [User(number, one.user_id, None) for number, one in enumerate(FOUND)]


def put(kept: Results, *numbers: int) -> None:
    for number in numbers:
        kept.put(USERS[number], FOUND[number].unwrap())


def results(*, ordered: bool) -> Results:
    kept = Results(AsyncPublora(KEY).connections, ordered=ordered)
    put(kept, 2, 1)
    return kept


def handed_out(kept: Results) -> list[object]:
    return [kept.hand_out() for _ in list(kept.ready)]


def test_whatever_there_is_may_be_handed_out() -> None:
    kept = results(ordered=False)
    kept.release(all_of_them=False)
    assert handed_out(kept) == [(1, FOUND[1]), (2, FOUND[2])]


def test_in_order_nobody_comes_before_the_first() -> None:
    kept = results(ordered=True)
    kept.release(all_of_them=False)
    assert not kept.ready
    put(kept, 0)
    kept.release(all_of_them=False)
    assert handed_out(kept) == list(enumerate(FOUND))


def test_at_the_end_all_are_handed_out() -> None:
    kept = results(ordered=True)
    kept.release(all_of_them=True)
    assert len(kept) == 2
    assert handed_out(kept) == [(1, FOUND[1]), (2, FOUND[2])]


def test_who_leaves_takes_all_and_what_was_handed_out_last() -> None:
    kept = results(ordered=False)
    kept.release(all_of_them=False)
    kept.hand_out()
    put(kept, 0)
    assert sorted(kept.leave(), key=lambda one: one[0]) == list(enumerate(FOUND))
    assert (len(kept), kept.leave()) == (0, [])
