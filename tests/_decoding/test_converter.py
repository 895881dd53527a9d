"""JSON values become records, quickly or carefully, by one and the same rule."""

from datetime import UTC, datetime

import attrs
import pytest

from publora_async import Connection, ConnectionTest, LastError, ManagedUserKey, ResponseDecodeError
from publora_async._decoding.converter import Structure, structure_carefully, structure_quickly
from publora_async._wire import JSONValue

NOON = datetime(2026, 10, 8, 12, tzinfo=UTC)


def path_of(index: int) -> str:
    return f"things[{index}]"


WAYS = pytest.mark.parametrize("structure", [structure_quickly, structure_carefully])


@WAYS
@pytest.mark.parametrize(
    ("item", "record"),
    [
        (
            {"platformId": "twitter-1", "lastError": {"occurredAt": "2026-10-08T14:00:00+02:00"}},
            Connection(
                platform_id="twitter-1",
                username=None,
                display_name=None,
                last_error=LastError(occurred_at=NOON),
            ),
        ),
        (
            {"platformId": "a-1", "status": "ok", "permissions": None},
            ConnectionTest(platform_id="a-1", status="ok"),
        ),
        (
            {"platformId": "a-1", "status": "ok", "permissions": ["b", "c"], "new": [1]},
            ConnectionTest(
                platform_id="a-1", status="ok", permissions=("b", "c"), extra={"new": [1]}
            ),
        ),
    ],
)
def test_either_way_makes_the_same_record(
    structure: Structure, item: JSONValue, record: attrs.AttrsInstance
) -> None:
    assert structure([item], type(record), path_of) == [record]


@WAYS
def test_a_secret_is_masked_from_the_start(structure: Structure) -> None:
    (key,) = structure([{"apiKey": "sk_swordfish"}], ManagedUserKey, path_of)
    assert "swordfish" not in repr(key)
    assert key.api_key == "sk_swordfish"


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (5, "things[1]: expected an object, found a number"),
        ({"status": "ok"}, "things[1].platformId: is missing"),
        ({"platformId": None}, "things[1].platformId: expected text, found nothing"),
        (
            {"platformId": "a-1", "permissions": "all"},
            "things[1].permissions: expected a list, found text",
        ),
        (
            {"platformId": "a-1", "lastError": {"occurredAt": "noon"}},
            "things[1].lastError.occurredAt: expected an ISO 8601 time",
        ),
    ],
)
def test_what_is_not_as_documented_is_explained_by_the_careful_way(
    item: JSONValue, problem: str
) -> None:
    good: JSONValue = {"platformId": "a-1", "status": "ok"}
    if isinstance(item, dict):
        item = {"status": "ok", **item}
    with pytest.raises((KeyError, TypeError, ValueError)):
        structure_quickly([good, item], ConnectionTest, path_of)
    with pytest.raises(ResponseDecodeError) as raised:
        structure_carefully([good, item], ConnectionTest, path_of)
    assert raised.value.problems == (problem,)
    assert raised.value.path == problem.partition(": ")[0]


def test_the_careful_way_ends_after_ten_problems() -> None:
    with pytest.raises(ResponseDecodeError) as raised:
        structure_carefully([{}] * 50, ConnectionTest, path_of)
    assert raised.value.problems == tuple(
        f"things[{index}].{name}: is missing"
        for index in range(5)
        for name in ("platformId", "status")
    )
