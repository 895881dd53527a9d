"""Answers until they are handed out."""

from crowd import answers

from publora_sync._executors.results import Results

FOUND = answers(["a", "b", "c"])


def results(*, ordered: bool) -> Results:
    kept = Results(ordered=ordered)
    kept.put(2, FOUND[2])
    kept.put(1, FOUND[1])
    return kept


def test_whatever_there_is_may_be_handed_out() -> None:
    kept = results(ordered=False)
    kept.release(all_of_them=False)
    assert [kept.hand_out(), kept.hand_out()] == [(1, FOUND[1]), (2, FOUND[2])]


def test_in_order_nobody_comes_before_the_first() -> None:
    kept = results(ordered=True)
    kept.release(all_of_them=False)
    assert not kept.ready
    kept.put(0, FOUND[0])
    kept.release(all_of_them=False)
    assert list(kept.ready) == list(enumerate(FOUND))


def test_at_the_end_all_are_handed_out() -> None:
    kept = results(ordered=True)
    kept.release(all_of_them=True)
    assert list(kept.ready) == [(1, FOUND[1]), (2, FOUND[2])]
    assert len(kept) == 2


def test_who_leaves_takes_all_and_what_was_handed_out_last() -> None:
    kept = results(ordered=False)
    kept.release(all_of_them=False)
    kept.hand_out()
    kept.put(0, FOUND[0])
    assert sorted(kept.leave(), key=lambda one: one[0]) == list(enumerate(FOUND))
    assert (len(kept), kept.leave()) == (0, [])
