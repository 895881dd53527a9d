"""Strict JSON: bytes -> values, or an error that quotes none of them."""

import json
import math
from codecs import BOM_UTF8
from itertools import repeat
from typing import Final, NoReturn

from publora_async._wire import JSONValue
from publora_async.errors import ResponseDecodeError

try:
    import orjson
except ImportError:  # extra: speed
    orjson = None

__all__ = ["MAX_LEVELS", "is_deep", "is_inexact", "parse", "parse_ahead", "parse_quickly"]

# What is nested five times as deeply still parses, but can no longer be copied or written out.
MAX_LEVELS: Final = 100


class _Parsed(bytes):
    document: JSONValue


def parse_ahead(body: bytes) -> bytes:
    """Give *body* back, such that :func:`parse_quickly` has nothing left to do where it can."""
    ahead = _Parsed(body)
    try:
        ahead.document = parse_quickly(body)
    except (ValueError, ResponseDecodeError):  # whoever decodes it meets it again
        return body
    return ahead


def parse_quickly(body: bytes) -> JSONValue:
    """
    Read JSON with orjson where it is installed, and else as :func:`parse` does.

    What it gives is what :func:`parse` gives, but for whole numbers of more than 64 bits, see
    :func:`is_inexact`. It refuses more: a byte order mark, lone surrogates, deep nesting.

    Raises:
        ValueError: Only :func:`parse` can read it, or say why it cannot.
    """
    if isinstance(body, _Parsed):
        return body.document
    if orjson is None:
        return parse(body)
    value: JSONValue = orjson.loads(body)
    return value


def is_inexact(value: JSONValue, levels: int = MAX_LEVELS) -> bool:
    """
    Whether a number in *value* may be a whole one that orjson has made a float of.

    What is nested in more than so many *levels* is not looked at: it may be.
    """
    if isinstance(value, dict):
        return not levels or any(map(is_inexact, value.values(), repeat(levels - 1)))
    if isinstance(value, list):
        return not levels or any(map(is_inexact, value, repeat(levels - 1)))
    return isinstance(value, float) and abs(value) >= 2**63


def is_deep(value: JSONValue, levels: int = MAX_LEVELS) -> bool:
    """Whether *value* is nested in more than so many *levels*."""
    if isinstance(value, dict):
        return not levels or any(map(is_deep, value.values(), repeat(levels - 1)))
    if isinstance(value, list):
        return not levels or any(map(is_deep, value, repeat(levels - 1)))
    return False


def parse(body: bytes) -> JSONValue:
    """
    Read JSON: strict UTF-8 (a byte order mark is tolerated), finite numbers, printable text.

    Raises:
        ResponseDecodeError: It is something else, or nested too deeply to read.
    """
    try:
        value: JSONValue = _json.decode(body.removeprefix(BOM_UTF8).decode())
        # Only an escape can bring in a lone surrogate: UTF-8 itself cannot hold one. To look for
        # one byte first is 50 times as fast, and most responses hold no escape at all.
        escapes = b"\\" in body and (b"\\ud" in body or b"\\uD" in body)
        return _printable(value) if escapes else value
    except (ValueError, RecursionError):
        # Raised below, outside this block: the caught one holds the whole body.
        pass
    raise ResponseDecodeError(f"the response is not JSON ({len(body)} bytes): {_ADVICE}")


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
