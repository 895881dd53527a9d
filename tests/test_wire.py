"""How records are spelled on the wire, whatever record it is."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

import attrs

from publora_async._wire import ALWAYS, JSONValue, named, to_wire, wire_name


@attrs.frozen(kw_only=True)
class Part:
    """A part of a record."""

    seen_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Record:
    """A record with a field of every kind."""

    record_id: str = attrs.field(metadata=named("_id"))
    long_field_name: str | None = None
    kept: int | None = attrs.field(default=None, metadata=ALWAYS)
    texts: tuple[str, ...] = ()
    part: Part | None = None
    extra: Mapping[str, JSONValue] = attrs.field(factory=dict)


def test_a_field_is_spelled_in_camel_case_unless_it_has_a_name_of_its_own() -> None:
    assert [wire_name(field) for field in attrs.fields(Record)] == [
        "_id",
        "longFieldName",
        "kept",
        "texts",
        "part",
        "extra",
    ]


def test_what_is_none_is_left_out_but_for_what_is_always_there() -> None:
    assert to_wire(Record(record_id="a")) == {"_id": "a", "kept": None, "texts": []}


def test_parts_lists_and_unknown_fields_are_written_too() -> None:
    east = timezone(timedelta(hours=2))
    record = Record(
        record_id="a",
        kept=1,
        texts=("b", "c"),
        part=Part(seen_at=datetime(2026, 1, 2, 3, 4, 5, 6_000, tzinfo=east)),
        extra={"plan": {"name": None}},
    )
    assert to_wire(record) == {
        "_id": "a",
        "kept": 1,
        "texts": ["b", "c"],
        "part": {"seenAt": "2026-01-02T01:04:05.006Z"},
        "plan": {"name": None},
    }


def test_a_time_is_in_milliseconds_unless_it_is_finer() -> None:
    times = [datetime(2026, 1, 2, microsecond=part, tzinfo=UTC) for part in (0, 1_000, 1)]
    assert [to_wire(Part(seen_at=time))["seenAt"] for time in times] == [
        "2026-01-02T00:00:00.000Z",
        "2026-01-02T00:00:00.001Z",
        "2026-01-02T00:00:00.000001Z",
    ]


def test_unknown_fields_are_copied_all_the_way_down() -> None:
    plan: dict[str, JSONValue] = {"names": ["a"]}
    written = to_wire(Record(record_id="a", extra={"plan": plan}))
    plan["names"] = ["b"]
    assert written["plan"] == {"names": ["a"]}
