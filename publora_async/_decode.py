"""From an answer's body to records, one function for each call."""

from typing import TypeVar

import attrs

from publora_async._converter import expected, kind_of, structured
from publora_async._json import parse
from publora_async._wire import JSONValue
from publora_async.connection_list import ConnectionList
from publora_async.connection_test import ConnectionTest
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

T = TypeVar("T", bound=attrs.AttrsInstance)


def decode_connections(body: bytes) -> ConnectionList:
    """
    Read the body of an answer to ``GET /platform-connections``.

    Args:
        body: UTF-8 JSON, such as :meth:`ConnectionList.to_dict` written out.

    Raises:
        ResponseDecodeError: It is not JSON, or not of that shape.
    """
    return ConnectionList(_records(_success(body), "connections", Connection))


def decode_test(body: bytes) -> ConnectionTest:
    """
    Read the body of an answer to ``POST /test-connection/{id}``.

    Raises:
        ResponseDecodeError: It is not JSON, or not of that shape.
    """
    return _record(_document(body), "", ConnectionTest)


def decode_users(body: bytes) -> list[ManagedUser]:
    """
    Read the body of an answer to ``GET /workspace/users``.

    Raises:
        ResponseDecodeError: It is not JSON, or not of that shape.
    """
    return _records(_document(body), "users", ManagedUser)


def decode_user(body: bytes) -> ManagedUser:
    """
    Read the body of an answer to ``POST /workspace/users``.

    Raises:
        ResponseDecodeError: It is not JSON, or not of that shape.
    """
    return _record(_document(body).get("user"), "user", ManagedUser)


def decode_link(body: bytes) -> ConnectionLink:
    """
    Read the body of an answer to ``POST /workspace/users/{id}/connection-url``.

    Raises:
        ResponseDecodeError: It is not JSON, or not of that shape.
    """
    return _record(_document(body), "", ConnectionLink)


def decode_key(body: bytes) -> ManagedUserKey:
    """
    Read the body of an answer to ``POST /workspace/users/{id}/api-key``.

    Raises:
        ResponseDecodeError: It is not JSON, or not of that shape.
    """
    return _record(_document(body), "", ManagedUserKey)


def decode_nothing(body: bytes) -> None:
    """
    Read the body of an answer that says no more than ``{"success": true}``.

    Raises:
        ResponseDecodeError: It says something else.
    """
    _success(body)


def _document(body: bytes) -> dict[str, JSONValue]:
    document = parse(body)
    if isinstance(document, dict):
        return document
    raise expected([("", f"expected an object, found {kind_of(document)}")])


def _success(body: bytes) -> dict[str, JSONValue]:
    document = _document(body)
    if document.get("success") is True:
        return document
    raise expected([("success", "expected true")])


def _record(value: JSONValue, path: str, record: type[T]) -> T:
    return structured([value], record, lambda _: path)[0]


def _records(document: dict[str, JSONValue], key: str, record: type[T]) -> list[T]:
    items = document.get(key)
    if not isinstance(items, list):
        raise expected([(key, f"expected a list, found {kind_of(items)}")])
    if len(items) > MAX_ITEMS:
        raise expected([(key, f"expected at most {MAX_ITEMS} items, found {len(items)}")])
    return structured(items, record, lambda index: f"{key}[{index}]")
