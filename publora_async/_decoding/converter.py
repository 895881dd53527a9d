"""The cattrs converter: JSON values -> records, or an error that names the field."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, get_args, get_origin

import attrs

from publora_async._decoding.fast_hooks import connections, in_utc, last_error, parse_time
from publora_async._decoding.strict_json import MAX_LEVELS, is_deep, is_inexact
from publora_async._wire import JSONValue, wire_name
from publora_async.errors import ResponseDecodeError
from publora_async.records import Connection, LastError
from publora_async.secret import Secret

if TYPE_CHECKING:
    from cattrs import ClassValidationError, Converter

__all__ = ["Structure", "expected", "kind_of", "structure_carefully", "structure_quickly"]

MAX_PROBLEMS = 10

logger = logging.getLogger("publora_async")

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
    items: list[JSONValue], record: type[T], path_of: Callable[[int], str], *, strict: bool = True
) -> list[T]:
    """
    Make records of items one by one, and say what is wrong with those that are not as documented.

    An optional field of another type than documented is ``None``, its value goes to *extra*, and
    one WARNING for all of *items* names such fields.

    Args:
        items: JSON values.
        record: The class of the records.
        path_of: Returns where in the response the item of an index stands.
        strict: Whether such a field makes its item unusable.

    Raises:
        ResponseDecodeError: An item cannot be read; it lists the first ten problems.
    """
    from cattrs import ClassValidationError

    structure = _converter(detailed=True, strict=strict).get_structure_hook(record)
    found: list[T] = []
    problems: list[tuple[str, str]] = []
    odd: set[str] = set()
    for index, item in enumerate(items):
        try:
            found += structure_quickly([item], record, path_of)
            continue
        except (KeyError, OverflowError, TypeError, ValueError):
            # Raised or mended below, outside this block: the caught one quotes the value.
            pass
        try:
            found.append(structure(item, record))
            odd |= set(_odd_fields(found[-1]))
        except (ClassValidationError, ValueError) as error:
            problems += _problems(error, path_of(index))
        if len(problems) >= MAX_PROBLEMS:
            break
    if problems:
        raise expected(problems[:MAX_PROBLEMS])
    if odd:
        message = "%s: not of the documented type, so None, with the value in extra: %s"
        logger.warning(message, record.__name__, ", ".join(sorted(odd)))
    return found


def _odd_fields(record: Any) -> Iterator[str]:  # noqa: ANN401  # any attrs class
    for field in attrs.fields(type(record)):
        name = wire_name(field)
        if name in record.extra:
            yield name
        elif attrs.has(type(value := getattr(record, field.name))):
            yield from (f"{name}.{inner}" for inner in _odd_fields(value))


def expected(problems: list[tuple[str, str]]) -> ResponseDecodeError:
    """Make the error that lists *problems*, each a path and what is wrong there."""
    lines = [f"{path}: {problem}" if path else problem for path, problem in problems]
    return ResponseDecodeError(
        "the response is not what Publora documents: " + "; ".join(lines),
        path=problems[0][0],
        problems=tuple(lines),
    )


def kind_of(value: object) -> str:
    """Name the type of a JSON value for a message; never the value, which is personal data."""
    names = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list"}
    return "nothing" if value is None else names.get(type(value), "an object")


def _unexpected(value: object, expected: str) -> ValueError:
    return ValueError(f"expected {expected}, found {kind_of(value)}")


def _failures(error: "ClassValidationError") -> Iterator[tuple[str, Exception]]:
    """List the fields of a record that could not be read, as the wire spells them, and why."""
    for inner, note in error.group_exceptions()[0]:
        yield wire_name(attrs.fields_dict(error.cl)[note.name]), inner


def _problems(error: Exception, path: str) -> Iterator[tuple[str, str]]:
    from cattrs import ClassValidationError

    if isinstance(error, ClassValidationError):
        for name, inner in _failures(error):
            yield from _problems(inner, f"{path}.{name}" if path else name)
    else:
        yield path, "is missing" if isinstance(error, KeyError) else str(error)


def _is_time(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, datetime)


def _text(value: object, _: type[str]) -> str:
    # Strict on purpose: a converter that calls str() makes the text "None" out of a null.
    if type(value) is str:
        return value
    raise _unexpected(value, "text")


def _time(value: object, _: type[datetime]) -> datetime:
    try:
        return in_utc(parse_time(_text(value, str)))
    except ValueError:
        # Raised below, outside this block: the caught one quotes the value.
        pass
    raise ValueError("expected an ISO 8601 time")


def _number(value: object, _: type[int]) -> int:
    # Not isinstance: true is a number to Python.
    if type(value) is int:
        return value
    raise _unexpected(value, "a whole number")


def _boolean(value: object, _: type[bool]) -> bool:
    # Strict on purpose: a converter that calls bool() takes "false" for true.
    if type(value) is bool:
        return value
    raise _unexpected(value, "true or false")


def _secret(value: object, _: type[Secret]) -> Secret:
    return Secret(_text(value, str))


def _is_name(kind: object) -> bool:
    return any(get_origin(one) is Literal for one in get_args(kind))


def _name(value: object, kind: object) -> str | None:
    # Usually one of the names that the type lists, but any text may come.
    return None if value is None and NoneType in get_args(kind) else _text(value, str)


def _texts(value: object, _: type[tuple[str, ...]]) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, list):
        return tuple(_text(item, str) for item in value)
    raise _unexpected(value, "a list")


@cache
def _converter(*, detailed: bool, strict: bool = True) -> "Converter":
    from cattrs import Converter

    converter = Converter(detailed_validation=detailed)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(int, _number)
    converter.register_structure_hook(bool, _boolean)
    # Not by the class itself: a test may have put a frozen clock's in its place.
    converter.register_structure_hook_func(_is_time, _time)
    converter.register_structure_hook(Secret, _secret)
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _texts)
    converter.register_structure_hook_func(_is_name, _name)
    converter.register_structure_hook_factory(
        attrs.has, lambda record: _record_hook(record, converter, detailed=detailed, strict=strict)
    )
    if not detailed:
        converter.register_structure_hook(LastError, last_error)
        converter.register_structure_hook_func(lambda kind: kind == list[Connection], connections)
    return converter


def _record_hook(
    record: type[T], converter: "Converter", *, detailed: bool, strict: bool
) -> Callable[[object, type[T]], T]:
    from cattrs import ClassValidationError
    from cattrs.gen import make_dict_structure_fn, override

    fields = [field for field in attrs.fields(record) if field.name != "extra"]
    renamed: dict[str, Any] = {field.name: override(rename=wire_name(field)) for field in fields}
    structure_known = make_dict_structure_fn(
        record, converter, extra=override(omit=True), **renamed
    )
    names = frozenset(wire_name(field) for field in fields)
    optional = {wire_name(field) for field in fields if field.default is not attrs.NOTHING}

    def structure(value: object, kind: type[T]) -> T:
        if not isinstance(value, dict):
            raise _unexpected(value, "an object")
        odd: set[str] = set()
        try:
            found = structure_known(value, kind)
        except ClassValidationError as error:
            if strict or not (odd := optional & {name for name, _ in _failures(error)}):
                raise
        if odd:
            found = structure_known({n: v for n, v in value.items() if n not in odd}, kind)
        if not odd and value.keys() <= names:
            return found
        extra = {name: item for name, item in value.items() if name in odd or name not in names}
        if not detailed and is_inexact(extra):
            raise ValueError
        if detailed and is_deep(extra):
            raise ValueError(f"nested more than {MAX_LEVELS} levels deep")
        return attrs.evolve(found, extra=extra)  # type: ignore[misc]  # T is an attrs class

    return structure
