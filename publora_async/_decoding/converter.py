"""The one cattrs converter: JSON values -> records, or an error that names the field."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import attrs

from publora_async._decoding.fast_hooks import connections, in_utc, last_error
from publora_async._decoding.problems import expected, unexpected
from publora_async._decoding.strict_json import MAX_LEVELS, is_deep, is_inexact
from publora_async._wire import JSONValue, wire_name
from publora_async.connection_test import ConnectionTest
from publora_async.managed_user import ConnectionLink, ManagedUser, ManagedUserKey
from publora_async.records import Connection, LastError
from publora_async.secret import Secret

if TYPE_CHECKING:
    from cattrs import Converter

__all__ = ["Structure", "structure_carefully", "structure_quickly"]

MAX_PROBLEMS = 10

T = TypeVar("T", bound=attrs.AttrsInstance)


class Structure(Protocol):
    """A way of making records of JSON values."""

    def __call__(
        self, items: list[JSONValue], record: type[T], path_of: Callable[[int], str], /
    ) -> list[T]:
        """
        Read each of *items* as a *record*.

        Args:
            items: JSON values.
            record: What each is to be.
            path_of: Where in the answer the item of an index stands.
        """
        ...


def structure_quickly(
    items: list[JSONValue], record: type[T], _path_of: Callable[[int], str]
) -> list[T]:
    """
    Read what is as documented.

    Raises:
        KeyError, OverflowError, TypeError, ValueError: Something is not, or not exactly known:
            :func:`structure_carefully` is to look at it.
    """
    structure = _converter(detailed=False).get_structure_hook(list[record])  # type: ignore[valid-type]  # a type, made anew
    found: list[T] = structure(items, list)
    return found


def structure_carefully(
    items: list[JSONValue], record: type[T], path_of: Callable[[int], str]
) -> list[T]:
    """
    Read whatever may be read, and say exactly what may not.

    Raises:
        ResponseDecodeError: At least one item is something else.
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
    raise unexpected(value, "text")


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
    raise unexpected(value, "a whole number")


def _secret(value: object, _: type[Secret]) -> Secret:
    return Secret(_text(value, str))


def _texts(value: object, _: type[tuple[str, ...]]) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, list):
        return tuple(_text(item, str) for item in value)
    raise unexpected(value, "a list")


@cache
def _converter(*, detailed: bool) -> "Converter":
    from cattrs import Converter

    converter = Converter(detailed_validation=detailed)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(int, _number)
    converter.register_structure_hook(datetime, _time)
    converter.register_structure_hook(Secret, _secret)
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _texts)
    for record in _RECORDS:
        converter.register_structure_hook(
            record, _record_hook(record, converter, detailed=detailed)
        )
    if not detailed:
        converter.register_structure_hook(LastError, last_error)
        converter.register_structure_hook_func(lambda kind: kind == list[Connection], connections)
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
            raise unexpected(value, "an object")
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
