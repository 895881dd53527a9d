"""A snapshot is made of the answers of a fan-out."""

from publora_async import (
    Connection,
    ConnectionList,
    NotSentError,
    PermissionDeniedError,
    UserFailed,
    UserSucceeded,
)
from publora_async._watch.sights import Sights, is_detached

DETACHED = PermissionDeniedError(403, "User is not managed by key")


def test_who_failed_is_unknown_and_who_is_detached_has_nothing() -> None:
    sights = Sights(["a", "b", "c"])
    account = Connection(platform_id="x-1", profile_url="https://example.com/a")
    sights.add(0, UserSucceeded("a", ConnectionList([account])))
    sights.add(1, UserFailed("b", NotSentError("down")))
    sights.add(2, UserFailed("c", DETACHED))
    snapshot = sights.snapshot()
    assert snapshot.seen["a"].connections == ConnectionList([Connection(platform_id="x-1")])
    assert snapshot.unknown == {"b": "down"}
    assert (snapshot.seen["c"].detached, len(snapshot.seen["c"].connections)) == (True, 0)


def test_other_refusals_do_not_say_that_somebody_is_detached() -> None:
    assert is_detached(DETACHED)
    assert not is_detached(PermissionDeniedError(403, "no"))
    assert not is_detached(NotSentError("down"))
