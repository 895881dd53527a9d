"""Accounts as programs read them: JSON, a JSON object a line, CSV."""

import csv
import io
import json
import re
from datetime import datetime

from publora_async import Connection, ConnectionList

__all__ = ["escape", "to_csv", "to_json", "to_ndjson"]

# Beside the C0 controls, which JSON escapes by itself: DEL, the C1 controls, whatever breaks a
# line, and whatever turns the direction of the text that follows.
_MISCHIEF = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_IN_TEXT = re.compile(f"[\x00-\x1f{_MISCHIEF}]")
_IN_JSON = re.compile(f"[{_MISCHIEF}]")


def escape(text: str) -> str:
    r"""Show control characters as ``\x1b``: a terminal would obey them."""
    return _IN_TEXT.sub(lambda found: ascii(found[0])[1:-1], text)


def to_json(accounts: ConnectionList) -> str:
    """The answer as the wire has it, indented."""
    return _json(accounts.to_dict(), indent=2)


def to_ndjson(accounts: ConnectionList) -> str:
    """Each account as the wire has it, on a line of its own."""
    return "".join(_json(account.to_dict()) for account in accounts)


def _json(value: object, indent: int | None = None) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    # Still the same JSON: outside of its strings there is nothing of the kind.
    return _IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def to_csv(accounts: ConnectionList, *, escaped: bool) -> str:
    """
    The rows of :meth:`ConnectionList.to_records`, under a header.

    Args:
        accounts: What to write.
        escaped: Whether to show control characters, instead of passing them on as they are.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, list(Connection(platform_id="").to_row()), lineterminator="\n")
    writer.writeheader()
    for row in accounts.to_records():
        cells = {name: _cell(value) for name, value in row.items()}
        writer.writerow({name: escape(cell) for name, cell in cells.items()} if escaped else cells)
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)
