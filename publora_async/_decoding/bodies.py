"""From an answer's body to records, one function for each call."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import attrs

from publora_async._decoding.converter import Structure, structure_carefully, structure_quickly
from publora_async._decoding.problems import expected, kind_of
from publora_async._decoding.strict_json import parse, parse_quickly
from publora_async._wire import JSONValue
from publora_async.connection_list import ConnectionList
from publora_async.connection_test import ConnectionTest
from publora_async.errors import ResponseDecodeError
from publora_async.managed_user import ConnectionLink, ManagedUser, ManagedUserKey
from publora_async.records import Connection

__all__ = [
    "decode_connections",
    "decode_key",
    "decode_link",
    "decode_nothing",
    "decode_test",
    "decode_user",
    "decode_users",
]

MAX_ITEMS = 20_000

R = TypeVar("R")
T = TypeVar("T", bound=attrs.AttrsInstance)


def decode_connections(body: bytes) -> ConnectionList:
    """
    Read the body of an answer to ``GET /platform-connections``.

    Args:
        body: UTF-8 JSON, such as :meth:`ConnectionList.to_dict` written out.

    Raises:
        ResponseDecodeError: It is not JSON, or not of that shape.
    """
    return ConnectionList(_read(body, _connections))


def decode_test(body: bytes) -> ConnectionTest:
    """
    Read the body of an answer to ``POST /test-connection/{id}``.

    Raises:
        ResponseDecodeError: It is not JSON, or not of that shape.
    """
    return _read(body, partial(_record, None, ConnectionTest))


def decode_users(body: bytes) -> list[ManagedUser]:
    """
    Read the body of an answer to ``GET /workspace/users``.

    Raises:
        ResponseDecodeError: It is not JSON, or not of that shape.
    """
    return _read(body, partial(_records, "users", ManagedUser))


def decode_user(body: bytes) -> ManagedUser:
    """
    Read the body of an answer to ``POST /workspace/users``.

    Raises:
        ResponseDecodeError: It is not JSON, or not of that shape.
    """
    return _read(body, partial(_record, "user", ManagedUser))


def decode_link(body: bytes) -> ConnectionLink:
    """
    Read the body of an answer to ``POST /workspace/users/{id}/connection-url``.

    Raises:
        ResponseDecodeError: It is not JSON, or not of that shape.
    """
    return _read(body, partial(_record, None, ConnectionLink))


def decode_key(body: bytes) -> ManagedUserKey:
    """
    Read the body of an answer to ``POST /workspace/users/{id}/api-key``.

    Raises:
        ResponseDecodeError: It is not JSON, or not of that shape.
    """
    return _read(body, partial(_record, None, ManagedUserKey))


def decode_nothing(body: bytes) -> None:
    """
    Read the body of an answer that says no more than ``{"success": true}``.

    Raises:
        ResponseDecodeError: It says something else.
    """
    _read(body, _success)


def _read(body: bytes, build: Callable[[dict[str, JSONValue], Structure], R]) -> R:
    try:
        return build(_object(parse_quickly(body)), structure_quickly)
    except (KeyError, OverflowError, RecursionError, TypeError, ValueError, ResponseDecodeError):
        # Something is unusual or wrong: once more, exactly and keeping account of where it is.
        pass
    return build(_object(parse(body)), structure_carefully)


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


def _record(
    key: str | None, record: type[T], document: dict[str, JSONValue], structure: Structure
) -> T:
    value = document if key is None else document.get(key)
    return structure([value], record, lambda _: key or "")[0]


def _records(
    key: str, record: type[T], document: dict[str, JSONValue], structure: Structure
) -> list[T]:
    items = document.get(key)
    if not isinstance(items, list):
        raise expected([(key, f"expected a list, found {kind_of(items)}")])
    if len(items) > MAX_ITEMS:
        raise expected([(key, f"expected at most {MAX_ITEMS} items, found {len(items)}")])
    return structure(items, record, lambda index: f"{key}[{index}]")
