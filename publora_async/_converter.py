"""The one cattrs converter: JSON values -> records, or an error that names the field."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import attrs
from cattrs import ClassValidationError, Converter
from cattrs.gen import make_dict_structure_fn, override

from publora_async._wire import JSONValue, wire_name
from publora_async._written_out import HOOKS, utc_time
from publora_async.connection_test import ConnectionTest
from publora_async.errors import ResponseDecodeError
from publora_async.managed_user import ConnectionLink, ManagedUser, ManagedUserKey
from publora_async.records import Connection, LastError
from publora_async.secret import Secret

__all__ = ["expected", "kind_of", "structured"]

MAX_PROBLEMS = 10

T = TypeVar("T", bound=attrs.AttrsInstance)


def structured(items: list[JSONValue], record: type[T], path_of: Callable[[int], str]) -> list[T]:
    """
    Read each of *items* as a *record*.

    Args:
        items: JSON values.
        record: What each is to be.
        path_of: Where in the answer the item of an index stands.

    Raises:
        ResponseDecodeError: At least one of them is something else.
    """
    structure = _converter(detailed=False).get_structure_hook(record)
    try:
        return [structure(item, record) for item in items]
    except (KeyError, OverflowError, TypeError, ValueError):
        # Read once more, with a converter that keeps account of where it is.
        pass
    problems: list[tuple[str, str]] = []
    structure = _converter(detailed=True).get_structure_hook(record)
    for index, item in enumerate(items):
        try:
            structure(item, record)
        except (ClassValidationError, ValueError) as error:
            problems += _problems(error, path_of(index))
        if len(problems) >= MAX_PROBLEMS:
            break
    raise expected(problems[:MAX_PROBLEMS])


def _problems(error: Exception, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(error, ClassValidationError):
        for inner, note in error.group_exceptions()[0]:
            name = wire_name(attrs.fields_dict(error.cl)[note.name])
            yield from _problems(inner, f"{path}.{name}" if path else name)
    else:
        yield path, "is missing" if isinstance(error, KeyError) else str(error)


def expected(problems: list[tuple[str, str]]) -> ResponseDecodeError:
    """Make the error that lists *problems*, each a path and what is wrong there."""
    lines = [f"{path}: {problem}" if path else problem for path, problem in problems]
    return ResponseDecodeError(
        "the answer is not what Publora documents: " + "; ".join(lines),
        path=problems[0][0],
        problems=tuple(lines),
    )


def kind_of(value: object) -> str:
    """A JSON value's type, for messages; never the value, which is personal data."""
    names = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list"}
    return "nothing" if value is None else names.get(type(value), "an object")


def _unexpected(value: object, expected: str) -> ValueError:
    return ValueError(f"expected {expected}, found {kind_of(value)}")


def _text(value: object, _: type[str]) -> str:
    # Strict on purpose: a converter that calls str() makes the text "None" out of a null.
    if type(value) is str:
        return value
    raise _unexpected(value, "text")


def _time(value: object, _: type[datetime]) -> datetime:
    try:
        return utc_time(_text(value, str))
    except (ValueError, OverflowError):
        # Raised below, outside this block: the caught one quotes the value.
        pass
    raise ValueError("expected an ISO 8601 time")


def _number(value: object, _: type[int]) -> int:
    # Not isinstance: true is a number to Python.
    if type(value) is int:
        return value
    raise _unexpected(value, "a whole number")


def _secret(value: object, _: type[Secret]) -> Secret:
    return Secret(_text(value, str))


def _texts(value: object, _: type[tuple[str, ...]]) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, list):
        return tuple(_text(item, str) for item in value)
    raise _unexpected(value, "a list")


@cache
def _converter(*, detailed: bool) -> Converter:
    converter = Converter(detailed_validation=detailed)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(int, _number)
    converter.register_structure_hook(datetime, _time)
    converter.register_structure_hook(Secret, _secret)
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _texts)
    for record in _RECORDS:
        hook = None if detailed else HOOKS.get(record)
        converter.register_structure_hook(record, hook or _record_hook(record, converter))
    return converter


# What a record holds comes before it.
_RECORDS: tuple[type[attrs.AttrsInstance], ...] = (
    LastError,
    Connection,
    ConnectionTest,
    ManagedUser,
    ConnectionLink,
    ManagedUserKey,
)


def _record_hook(record: type[T], converter: Converter) -> Callable[[object, type[T]], T]:
    names = {
        field.name: wire_name(field) for field in attrs.fields(record) if field.name != "extra"
    }
    renamed: dict[str, Any] = {name: override(rename=wire) for name, wire in names.items()}
    known = make_dict_structure_fn(record, converter, extra=override(omit=True), **renamed)
    wire_names = frozenset(names.values())

    def structure(value: object, kind: type[T]) -> T:
        if not isinstance(value, dict):
            raise _unexpected(value, "an object")
        found = known(value, kind)
        if value.keys() <= wire_names:
            return found
        extra = {name: item for name, item in value.items() if name not in wire_names}
        return attrs.evolve(found, extra=extra)  # type: ignore[misc]  # T is an attrs class

    return structure
