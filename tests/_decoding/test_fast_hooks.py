"""The hooks that are written out, against those that cattrs generates."""

import copy
from typing import Any

import pytest
from attrs.exceptions import FrozenInstanceError
from cattrs import BaseValidationError
from hypothesis import given
from hypothesis import strategies as st

from publora_async import Connection, LastError
from publora_async._decoding.converter import _converter
from publora_async._decoding.fast_hooks import _nulls_of, connections

TIMES = st.sampled_from(
    [
        "2026-05-15T10:30:00.000Z",
        "2026-05-15T10:30:00",
        "2026-05-15T10:30:00.123456+05:30",
        "0001-01-01T00:00:00+14:00",
        "2026-05-15",
        "soon",
    ]
)
NUMBERS = st.integers() | st.floats(-1e18, 1e18)
ODD = st.none() | st.booleans() | NUMBERS | st.lists(st.text(), max_size=2)


def objects(record: type, values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    names = [*_nulls_of(record), "somethingNew"]
    likely = {name: TIMES if "At" in name else values for name in names}
    some = st.fixed_dictionaries({}, optional=likely)
    return some | st.fixed_dictionaries(likely) | st.dictionaries(st.sampled_from(names), values)


ERRORS = objects(LastError, st.text(max_size=3) | TIMES | ODD) | ODD | st.text(max_size=3)
CONNECTIONS = objects(Connection, st.text(max_size=3) | TIMES | ERRORS) | ODD | st.text()


def read(value: object, record: type, *, detailed: bool) -> object:
    """What the converter makes of *value* in a list, or the fact that it refuses it."""
    hook = _converter(detailed=detailed).get_structure_hook(list[record])  # type: ignore[valid-type]
    try:
        (found,) = hook([value], list[record])  # type: ignore[valid-type]
    except (BaseValidationError, KeyError, OverflowError, TypeError, ValueError):
        return "refused"
    return found


@pytest.mark.parametrize(("record", "values"), [(LastError, ERRORS), (Connection, CONNECTIONS)])
def test_what_is_written_out_reads_what_cattrs_generates(
    record: type, values: st.SearchStrategy[object]
) -> None:
    @given(values)
    def agree(value: object) -> None:
        before = copy.deepcopy(value)
        found = read(value, record, detailed=False)
        assert repr(found) == repr(read(value, record, detailed=True))
        assert repr(value) == repr(before)
        if found != "refused":
            assert type(found) is record

    agree()


def test_what_is_written_out_is_frozen_like_any_record() -> None:
    found: Any = connections([{"platformId": "x-1", "lastError": {}}])
    for record in (found[0], found[0].last_error):
        with pytest.raises(FrozenInstanceError):
            record.extra = {}
        with pytest.raises(FrozenInstanceError):
            del record.extra
