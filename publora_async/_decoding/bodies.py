"""Response bodies: a decoder for each kind of call."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import attrs

from publora_async._decoding.converter import (
    Structure,
    expected,
    kind_of,
    structure_carefully,
    structure_quickly,
)
from publora_async._decoding.strict_json import parse, parse_quickly
from publora_async._wire import JSONValue
from publora_async.errors import ResponseDecodeError
from publora_async.records import Connection

__all__ = ["connections_of", "decode_success", "many", "one"]

MAX_ITEMS = 20_000

R = TypeVar("R")
T = TypeVar("T", bound=attrs.AttrsInstance)


def one(record: type[T], key: str | None = None) -> Callable[[bytes], T]:
    """
    Make the decoder of a response that holds one *record*.

    Args:
        record: The record's class; any attrs class whose fields are named as on the wire.
        key: The field that holds it. ``None``: the whole object is it.
    """

    def build(document: dict[str, JSONValue], structure: Structure) -> T:
        value = document if key is None else document.get(key)
        return structure([value], record, lambda _: key or "")[0]

    return partial(_decode, build=build)


def many(record: type[T], key: str, *, max_items: int = MAX_ITEMS) -> Callable[[bytes], list[T]]:
    """
    Make the decoder of a response that holds a list of *record*.

    Args:
        record: The class of each; any attrs class whose fields are named as on the wire.
        key: The field that holds the list.
        max_items: How many it may hold.
    """

    def build(document: dict[str, JSONValue], structure: Structure) -> list[T]:
        return _records(key, record, document, structure, max_items)

    return partial(_decode, build=build)


def connections_of(body: bytes, *, strict: bool = False) -> list[Connection]:
    """
    Read the body of a response to ``GET /platform-connections``.

    Raises:
        ResponseDecodeError: It is not JSON, or not of that shape.
    """
    return _decode(body, build=_connections, strict=strict)


def decode_success(body: bytes, *, strict: bool = False) -> None:
    """
    Read the body of a response that says no more than ``{"success": true}``, or nothing at all.

    Raises:
        ResponseDecodeError: It says something else.
    """
    if body:
        _decode(body, build=_success, strict=strict)


def _decode(
    body: bytes, *, build: Callable[[dict[str, JSONValue], Structure], R], strict: bool = False
) -> R:
    try:
        return build(_object(parse_quickly(body)), structure_quickly)
    except (KeyError, OverflowError, RecursionError, TypeError, ValueError, ResponseDecodeError):
        # Something is unusual or wrong: once more, exactly, to say what and where.
        pass
    return build(_object(parse(body)), partial(structure_carefully, strict=strict))


def _object(document: JSONValue) -> dict[str, JSONValue]:
    if isinstance(document, dict):
        return document
    raise expected([("", f"expected an object, found {kind_of(document)}")])


def _success(document: dict[str, JSONValue], _: Structure) -> None:
    if document.get("success") is not True:
        raise expected([("success", "expected true")])


def _connections(document: dict[str, JSONValue], structure: Structure) -> list[Connection]:
    _success(document, structure)
    return _records("connections", Connection, document, structure)


def _records(
    key: str,
    record: type[T],
    document: dict[str, JSONValue],
    structure: Structure,
    max_items: int = MAX_ITEMS,
) -> list[T]:
    items = document.get(key)
    if not isinstance(items, list):
        raise expected([(key, f"expected a list, found {kind_of(items)}")])
    if len(items) > max_items:
        raise expected([(key, f"expected at most {max_items} items, found {len(items)}")])
    return structure(items, record, lambda index: f"{key}[{index}]")
