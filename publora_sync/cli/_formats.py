"""The formats that programs read: JSON, one JSON object a line, CSV."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, TypeAlias

__all__ = ["Format", "csv_header", "csv_rows", "escape", "to_csv", "to_json", "to_ndjson"]

Format: TypeAlias = Literal["table", "json", "csv", "ndjson"]
"""What ``--format`` can be."""

# JSON escapes the C0 controls by itself. This is the rest of what must not reach a terminal: DEL,
# the C1 controls, what breaks a line, and what changes the direction of the text after it.
_CONTROLS = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_CONTROL_IN_TEXT = re.compile(f"[\x00-\x1f{_CONTROLS}]")
_CONTROL_IN_JSON = re.compile(f"[{_CONTROLS}]")


def escape(text: str) -> str:
    r"""Replace each control character by an escape such as ``\x1b``: a terminal would obey it."""
    return _CONTROL_IN_TEXT.sub(lambda found: ascii(found[0])[1:-1], text)


def to_json(document: Mapping[str, object]) -> str:
    """Write *document* as indented JSON."""
    return _json(document, indent=2)


def to_ndjson(items: Iterable[Mapping[str, object]]) -> str:
    """Write each item as JSON on a line of its own."""
    return "".join(map(_json, items))


def _json(value: object, indent: int | None = None) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    # It means the same: only strings can hold such characters.
    return _CONTROL_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def to_csv(columns: Iterable[str], rows: Iterable[Mapping[str, object]], *, escaped: bool) -> str:
    """
    Write CSV with a header.

    Args:
        columns: The names for the header.
        rows: Each with its values in the order of *columns*.
        escaped: Whether to escape control characters, rather than keep them.
    """
    return csv_header(columns) + csv_rows(rows, escaped=escaped)


def csv_header(columns: Iterable[str]) -> str:
    """Write the header of CSV."""
    return _csv([columns])


def csv_rows(rows: Iterable[Mapping[str, object]], *, escaped: bool) -> str:
    """Write the rows of CSV without a header; see :func:`to_csv` for the arguments."""
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
