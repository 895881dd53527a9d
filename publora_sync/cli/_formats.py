"""Accounts and users as programs read them: JSON, a JSON object a line, CSV."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from publora_async import (
    APIStatusError,
    Connection,
    ConnectionList,
    JSONValue,
    PubloraError,
    UserConnections,
)

__all__ = [
    "ACCOUNT_FIELDS",
    "csv_header",
    "csv_rows",
    "escape",
    "of_user",
    "to_csv",
    "to_json",
    "to_ndjson",
]

ACCOUNT_FIELDS = tuple(Connection(platform_id="").to_row())
"""The columns of CSV."""

# Beside the C0 controls, which JSON escapes by itself: DEL, the C1 controls, whatever breaks a
# line, and whatever turns the direction of the text that follows.
_MISCHIEF = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_IN_TEXT = re.compile(f"[\x00-\x1f{_MISCHIEF}]")
_IN_JSON = re.compile(f"[{_MISCHIEF}]")


def escape(text: str) -> str:
    r"""Show control characters as ``\x1b``: a terminal would obey them."""
    return _IN_TEXT.sub(lambda found: ascii(found[0])[1:-1], text)


def to_json(document: Mapping[str, object]) -> str:
    """A whole document, indented."""
    return _json(document, indent=2)


def to_ndjson(items: Iterable[Mapping[str, object]]) -> str:
    """Each item on a line of its own."""
    return "".join(map(_json, items))


def _json(value: object, indent: int | None = None) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    # Still the same JSON: outside of its strings there is nothing of the kind.
    return _IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def of_user(answer: UserConnections) -> dict[str, object]:
    """What came of asking about a user: ``connections`` as the wire has them, or ``error``."""
    if answer.connections is None:
        return {"userId": answer.user_id, "error": _error(answer.error)}
    return {"userId": answer.user_id, "connections": answer.connections.to_dict()["connections"]}


def _error(error: PubloraError | None) -> dict[str, JSONValue]:
    status = error.status if isinstance(error, APIStatusError) else None
    return {"type": type(error).__name__, "status": status, "message": str(error)}


def to_csv(accounts: ConnectionList, *, escaped: bool) -> str:
    """
    The rows of :meth:`ConnectionList.to_records`, under a header.

    Args:
        accounts: What to write.
        escaped: Whether to show control characters, instead of passing them on as they are.
    """
    return csv_header(ACCOUNT_FIELDS) + csv_rows(accounts.to_records(), escaped=escaped)


def csv_header(names: Iterable[str]) -> str:
    """The line of *names* that rows stand under."""
    return _csv([names])


def csv_rows(rows: Iterable[Mapping[str, object]], *, escaped: bool) -> str:
    """Each row's values; *escaped* as for :func:`to_csv`."""
    cells = ([_cell(value) for value in row.values()] for row in rows)
    return _csv([escape(cell) for cell in row] if escaped else row for row in cells)


def _csv(rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)
