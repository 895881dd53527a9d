"""The one cattrs converter: bytes -> records, or an error that names the field."""

import json
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, NoReturn, TypeVar

import attrs
from cattrs import ClassValidationError, Converter
from cattrs.gen import make_dict_structure_fn, override

from publora_async.connection_list import ConnectionList
from publora_async.errors import ResponseDecodeError
from publora_async.records import Connection, JSONValue, LastError, wire_name

__all__ = ["decode_connections", "parse"]

MAX_ITEMS = 20_000
MAX_PROBLEMS = 10

T = TypeVar("T", bound=attrs.AttrsInstance)


def decode_connections(body: bytes) -> ConnectionList:
    """
    Read the body of an answer to ``GET /platform-connections``.

    Args:
        body: UTF-8 JSON, such as :meth:`ConnectionList.to_dict` written out.

    Raises:
        ResponseDecodeError: It is not JSON, or not of that shape.
    """
    document = _document(body)
    if document.get("success") is not True:
        raise _error([("success", "expected true")])
    return ConnectionList(_records(document, "connections", Connection))


def parse(body: bytes) -> JSONValue:
    """
    Read JSON: strict UTF-8 (a byte order mark is tolerated), finite numbers, printable text.

    Raises:
        ResponseDecodeError: It is something else, or nested too deeply to read.
    """
    try:
        text = body.decode("utf-8-sig")
        value: JSONValue = _json.decode(text)
        # Only an escape can bring in a lone surrogate: UTF-8 itself cannot hold one.
        return _printable(value) if "\\ud" in text.lower() else value
    except (ValueError, RecursionError):
        # Raised below, outside this block: the caught one holds the whole body.
        pass
    raise ResponseDecodeError(f"the answer is not JSON ({len(body)} bytes): {_ADVICE}")


_ADVICE = "check that base_url points at Publora's API and no proxy answers in its place"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse(digits)


_json = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)


def _printable(value: JSONValue) -> JSONValue:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_printable(item) for item in value]
    if isinstance(value, dict):
        return {str(_printable(key)): _printable(item) for key, item in value.items()}
    return value


def _document(body: bytes) -> dict[str, JSONValue]:
    document = parse(body)
    if isinstance(document, dict):
        return document
    raise _error([("", f"expected an object, found {_kind(document)}")])


def _records(document: dict[str, JSONValue], key: str, record: type[T]) -> list[T]:
    items = document.get(key)
    if not isinstance(items, list):
        raise _error([(key, f"expected a list, found {_kind(items)}")])
    if len(items) > MAX_ITEMS:
        raise _error([(key, f"expected at most {MAX_ITEMS} items, found {len(items)}")])
    structure = _converter(detailed=False).get_structure_hook(record)
    try:
        return [structure(item, record) for item in items]
    except (KeyError, ValueError):
        # Read once more, with a converter that keeps account of where it is.
        pass
    raise _error(_explain(items, key, record))


def _explain(items: list[JSONValue], key: str, record: type[T]) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    structure = _converter(detailed=True).get_structure_hook(record)
    for index, item in enumerate(items):
        try:
            structure(item, record)
        except (ClassValidationError, ValueError) as error:
            problems += _problems(error, f"{key}[{index}]")
        if len(problems) >= MAX_PROBLEMS:
            break
    return problems[:MAX_PROBLEMS]


def _problems(error: Exception, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(error, ClassValidationError):
        for inner, note in error.group_exceptions()[0]:
            yield from _problems(inner, f"{path}.{wire_name(note.name)}")
    else:
        yield path, "is missing" if isinstance(error, KeyError) else str(error)


def _error(problems: list[tuple[str, str]]) -> ResponseDecodeError:
    lines = [f"{path}: {problem}" if path else problem for path, problem in problems]
    return ResponseDecodeError(
        "the answer is not what Publora documents: " + "; ".join(lines),
        path=problems[0][0],
        problems=tuple(lines),
    )


def _kind(value: object) -> str:
    """A JSON value's type, for messages; never the value, which is personal data."""
    names = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list"}
    return "nothing" if value is None else names.get(type(value), "an object")


def _unexpected(value: object, expected: str) -> ValueError:
    return ValueError(f"expected {expected}, found {_kind(value)}")


def _text(value: object, _: type[str]) -> str:
    # Strict on purpose: a converter that calls str() makes the text "None" out of a null.
    if type(value) is str:
        return value
    raise _unexpected(value, "text")


def _time(value: object, _: type[datetime]) -> datetime:
    try:
        time = datetime.fromisoformat(_text(value, str))
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        # Raised below, outside this block: the caught one quotes the value.
        pass
    raise ValueError("expected an ISO 8601 time")


@cache
def _converter(*, detailed: bool) -> Converter:
    converter = Converter(detailed_validation=detailed)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(datetime, _time)
    for record in (LastError, Connection):
        converter.register_structure_hook(record, _record_hook(record, converter))
    return converter


def _record_hook(record: type[T], converter: Converter) -> Callable[[object, type[T]], T]:
    fields = [field.name for field in attrs.fields(record) if field.name != "extra"]
    renamed: dict[str, Any] = {name: override(rename=wire_name(name)) for name in fields}
    known = make_dict_structure_fn(record, converter, extra=override(omit=True), **renamed)
    wire_names = frozenset(map(wire_name, fields))

    def structure(value: object, kind: type[T]) -> T:
        if not isinstance(value, dict):
            raise _unexpected(value, "an object")
        found = known(value, kind)
        if value.keys() <= wire_names:
            return found
        extra = {name: item for name, item in value.items() if name not in wire_names}
        return attrs.evolve(found, extra=extra)  # type: ignore[misc]  # T is an attrs class

    return structure
