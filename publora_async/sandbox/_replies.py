"""What the service says back: replies, and refusals in its own words."""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["Refusal", "Reply", "encode", "refuse"]

_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


class Reply(NamedTuple):
    """
    One answer, before it is put on the wire.

    Attributes:
        status: HTTP status code.

        body: JSON text, whole or in pieces to be sent one by one.

        headers: What to send beside the content's type.
    """

    status: int
    body: bytes | Iterator[bytes]
    headers: Mapping[str, str] = MappingProxyType({})


class Refusal(Exception):  # noqa: N818
    """
    The service says no.

    Attributes:
        reply: What it says.
    """

    def __init__(self, status: int, error: str, code: str | None = None) -> None:
        super().__init__(error)
        self.reply = refuse(status, error, code)


def refuse(status: int, error: str, code: str | None = None) -> Reply:
    """
    Give the reply of a call that failed.

    Args:
        status: HTTP status code.

        error: What went wrong, in a sentence.

        code: A stable error code. ``None`` where the service sends none.
    """
    return Reply(status, encode({"error": error} | ({} if code is None else {"code": code})))


def encode(data: object) -> bytes:
    """Give *data* as compact JSON in UTF-8; half a surrogate pair becomes a question mark."""
    return _ENCODER.encode(data).encode(errors="replace")
