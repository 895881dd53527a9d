"""The formats that programs read: JSON, one JSON object a line, CSV."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

__all__ = [
    "Format",
    "counted",
    "csv_header",
    "csv_rows",
    "escape",
    "to_csv",
    "to_json",
    "to_ndjson",
]

Format: TypeAlias = Literal["table", "json", "csv", "ndjson"]
"""What ``--format`` can be."""

# JSON escapes the C0 controls by itself. This is the rest of what must not reach a terminal: DEL,
# the C1 controls, what breaks a line, and what changes the direction of the text after it.
_CONTROLS = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_CONTROL_IN_TEXT = re.compile(f"[\x00-\x1f{_CONTROLS}]")
_CONTROL_IN_JSON = re.compile(f"[{_CONTROLS}]")


# What makes a spreadsheet take a cell for a formula, the signs' full-width forms included.
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def escape(text: str) -> str:
    r"""Replace each control character by an escape such as ``\x1b``: a terminal would obey it."""
    return _CONTROL_IN_TEXT.sub(lambda found: ascii(found[0])[1:-1], text)


def counted(number: int, noun: str) -> str:
    """Say how many there are, such as ``"1 user"``; the *noun* takes an s for more than one."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


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


def to_csv(
    columns: Sequence[str], rows: Iterable[Mapping[str, object]], *, raw: bool, escaped: bool
) -> str:
    """
    Write CSV with a header.

    Args:
        columns: The names for the header, and which of each row's values to write.
        rows: The values by name.
        raw: Whether to keep what a spreadsheet would run, rather than put a ``'`` before it.
        escaped: Whether to escape control characters, rather than keep them.
    """
    return csv_header(columns) + csv_rows(columns, rows, raw=raw, escaped=escaped)


def csv_header(columns: Iterable[str]) -> str:
    """Write the header of CSV."""
    return _csv([columns])


def csv_rows(
    columns: Sequence[str], rows: Iterable[Mapping[str, object]], *, raw: bool, escaped: bool
) -> str:
    """Write the rows of CSV without a header; see :func:`to_csv` for the arguments."""

    def cell(value: object) -> str:
        text = _text(value) if raw else _defused(value)
        return escape(text) if escaped else text

    return _csv([cell(row.get(name)) for name in columns] for row in rows)


def _csv(rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO()
    plain = csv.writer(out, lineterminator="\n")
    quoted = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in map(list, rows):
        # Before CPython 3.13, a cell with a carriage return is not quoted unasked.
        (quoted if any("\r" in cell for cell in row) else plain).writerow(row)
    return out.getvalue()


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _defused(value: object) -> str:
    # A number below 0 is no formula.
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUN) else _text(value)
