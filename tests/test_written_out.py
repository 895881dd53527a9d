"""The hooks that are written out, against those that cattrs generates."""

import copy
from collections.abc import Callable

import pytest
from attrs.exceptions import FrozenInstanceError
from cattrs import ClassValidationError
from hypothesis import given
from hypothesis import strategies as st

from publora_async import Connection, LastError
from publora_async._converter import _converter
from publora_async._written_out import HOOKS, _nulls_of

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


def read(hook: Callable[[object, type], object], value: object, record: type) -> object:
    """What *hook* makes of *value*, or the fact that it refuses it."""
    try:
        return hook(value, record)
    except (ClassValidationError, KeyError, OverflowError, TypeError, ValueError):
        return "refused"


@pytest.mark.parametrize(("record", "values"), [(LastError, ERRORS), (Connection, CONNECTIONS)])
def test_what_is_written_out_reads_what_cattrs_generates(
    record: type, values: st.SearchStrategy[object]
) -> None:
    generated = _converter(detailed=True).get_structure_hook(record)

    @given(values)
    def agree(value: object) -> None:
        before = copy.deepcopy(value)
        found = read(HOOKS[record], value, record)
        assert repr(found) == repr(read(generated, value, record))
        assert repr(value) == repr(before)
        if found != "refused":
            assert type(found) is record

    agree()


def test_what_is_written_out_is_frozen_like_any_record() -> None:
    found = HOOKS[Connection]({"platformId": "x-1", "lastError": {}}, Connection)
    for record in (found, found.last_error):
        with pytest.raises(FrozenInstanceError):
            record.extra = {}
        with pytest.raises(FrozenInstanceError):
            del record.extra
