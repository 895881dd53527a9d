"""Rows as an Excel file. The only user of xlsxwriter."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from publora_async._display.words import width
from publora_async.errors import ConfigurationError

__all__ = ["to_excel"]

_MOST_TEXT = 32_767
_MOST_ROWS = 1_048_575
_WIDEST = 50
_YEARS = range(1900, 10_000)

Value = str | int | bool | datetime | None


def to_excel(
    rows: Sequence[Mapping[str, object]], columns: Sequence[str], path: str | os.PathLike[str]
) -> None:
    """
    Write an Excel file.

    Args:
        rows: What to write.
        columns: Which columns of it, in this order.
        path: Where to; a file that is there is replaced.

    Raises:
        ImportError: xlsxwriter is not installed.
        ConfigurationError: There are more rows than a sheet can hold.
        OSError: The file cannot be written.
    """
    try:
        from xlsxwriter import Workbook
    except ImportError:
        raise ImportError("to_excel() needs xlsxwriter: pip install xlsxwriter") from None
    if len(rows) > _MOST_ROWS:
        raise ConfigurationError(f"a sheet holds {_MOST_ROWS:,} rows, and these are {len(rows):,}")
    with Path(path).open("wb") as file, Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Publora")
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(rows), len(columns) - 1)
        bold = book.add_format({"bold": True})
        time = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"})
        for at, name in enumerate(columns):
            sheet.write_string(0, at, name, bold)
            widest = width(name) + 4
            for line, row in enumerate(rows, 1):
                value = _plain(row[name])
                if isinstance(value, str):
                    # Whatever it begins with: as a formula, "=HYPERLINK(...)" would run.
                    sheet.write_string(line, at, value)
                    widest = max(widest, width(value[:_WIDEST]))
                elif isinstance(value, datetime):
                    sheet.write_datetime(line, at, value, time)
                    widest = max(widest, 16)
                elif value is not None:
                    sheet.write(line, at, value)
            sheet.set_column(at, at, min(_WIDEST, widest))


def _plain(value: object) -> Value:
    """Make of a value what a cell can hold: time without a zone, text of a bounded length."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, datetime) and value.astimezone(UTC).year in _YEARS:
        return value.astimezone(UTC).replace(tzinfo=None)
    return str(value).encode("utf-8", "replace").decode()[:_MOST_TEXT]
