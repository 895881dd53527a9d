"""The cattrs converter: JSON values -> records, or an error that names the field."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import attrs

from publora_async._decoding.fast_hooks import connections, in_utc, last_error
from publora_async._decoding.strict_json import MAX_LEVELS, is_deep, is_inexact
from publora_async._wire import JSONValue, wire_name
from publora_async.errors import ResponseDecodeError
from publora_async.records import Connection, LastError
from publora_async.secret import Secret

if TYPE_CHECKING:
    from cattrs import Converter

__all__ = ["Structure", "expected", "kind_of", "structure_carefully", "structure_quickly"]

MAX_PROBLEMS = 10

T = TypeVar("T", bound=attrs.AttrsInstance)


class Structure(Protocol):
    """A way of making records of JSON values."""

    def __call__(
        self, items: list[JSONValue], record: type[T], path_of: Callable[[int], str], /
    ) -> list[T]:
        """
        Make a *record* of each of *items*.

        Args:
            items: JSON values.
            record: The class of the records.
            path_of: Returns where in the response the item of an index stands.
        """
        ...


def structure_quickly(
    items: list[JSONValue], record: type[T], _path_of: Callable[[int], str]
) -> list[T]:
    """
    Make records of items that are as documented, without keeping account of where each stands.

    Raises:
        KeyError, OverflowError, TypeError, ValueError: An item is unusual or wrong;
            :func:`structure_carefully` can tell which.
    """
    structure = _converter(detailed=False).get_structure_hook(list[record])  # type: ignore[valid-type]  # a type, made anew
    found: list[T] = structure(items, list)
    return found


def structure_carefully(
    items: list[JSONValue], record: type[T], path_of: Callable[[int], str]
) -> list[T]:
    """
    Make records of every item that can be read, or say which cannot, and why.

    Raises:
        ResponseDecodeError: At least one item cannot be read; it lists the first ten problems.
    """
    from cattrs import ClassValidationError

    structure = _converter(detailed=True).get_structure_hook(record)
    found: list[T] = []
    problems: list[tuple[str, str]] = []
    for index, item in enumerate(items):
        try:
            found.append(structure(item, record))
        except (ClassValidationError, ValueError) as error:
            problems += _problems(error, path_of(index))
        if len(problems) >= MAX_PROBLEMS:
            break
    if problems:
        raise expected(problems[:MAX_PROBLEMS])
    return found


def expected(problems: list[tuple[str, str]]) -> ResponseDecodeError:
    """Make the error that lists *problems*, each a path and what is wrong there."""
    lines = [f"{path}: {problem}" if path else problem for path, problem in problems]
    return ResponseDecodeError(
        "the answer is not what Publora documents: " + "; ".join(lines),
        path=problems[0][0],
        problems=tuple(lines),
    )


def kind_of(value: object) -> str:
    """Name the type of a JSON value for a message; never the value, which is personal data."""
    names = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list"}
    return "nothing" if value is None else names.get(type(value), "an object")


def _unexpected(value: object, expected: str) -> ValueError:
    return ValueError(f"expected {expected}, found {kind_of(value)}")


def _problems(error: Exception, path: str) -> Iterator[tuple[str, str]]:
    from cattrs import ClassValidationError

    if isinstance(error, ClassValidationError):
        for inner, note in error.group_exceptions()[0]:
            name = wire_name(attrs.fields_dict(error.cl)[note.name])
            yield from _problems(inner, f"{path}.{name}" if path else name)
    else:
        yield path, "is missing" if isinstance(error, KeyError) else str(error)


def _text(value: object, _: type[str]) -> str:
    # Strict on purpose: a converter that calls str() makes the text "None" out of a null.
    if type(value) is str:
        return value
    raise _unexpected(value, "text")


def _time(value: object, _: type[datetime]) -> datetime:
    try:
        return in_utc(datetime.fromisoformat(_text(value, str)))
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
def _converter(*, detailed: bool) -> "Converter":
    from cattrs import Converter

    converter = Converter(detailed_validation=detailed)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(int, _number)
    converter.register_structure_hook(datetime, _time)
    converter.register_structure_hook(Secret, _secret)
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _texts)
    converter.register_structure_hook_factory(
        attrs.has, lambda record: _record_hook(record, converter, detailed=detailed)
    )
    if not detailed:
        converter.register_structure_hook(LastError, last_error)
        converter.register_structure_hook_func(lambda kind: kind == list[Connection], connections)
    return converter


def _record_hook(
    record: type[T], converter: "Converter", *, detailed: bool
) -> Callable[[object, type[T]], T]:
    from cattrs.gen import make_dict_structure_fn, override

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
        if not detailed and is_inexact(extra):
            raise ValueError
        if detailed and is_deep(extra):
            raise ValueError(f"nested more than {MAX_LEVELS} levels deep")
        return attrs.evolve(found, extra=extra)  # type: ignore[misc]  # T is an attrs class

    return structure
