"""Rows of accounts as HTML tables and data frames."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from publora_async.records import Connection

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

__all__ = ["COLUMNS", "SHOWN", "to_html", "to_pandas", "to_polars"]

_TIMES = ("access_token_expires_at", "last_successful_post", "last_error_at")

COLUMNS: Mapping[str, type] = {
    name: datetime if name in _TIMES else bool if name == "needs_reconnect" else str
    for name in Connection(platform_id="").to_row()
}
"""The columns of a data frame of accounts, each with its type."""

SHOWN: Sequence[str] = (
    "platform",
    "username",
    "display_name",
    "platform_id",
    "status",
    "access_token_expires_at",
)
"""The columns that an HTML table shows."""

_MOST_HTML_ROWS = 200


def to_html(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> str:
    """An HTML table of *columns*; at most 200 rows, and a line that counts the others."""
    from html import escape  # its table of entities takes as long as many of our modules

    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_text(row[name]))}</td>" for name in columns) + "</tr>"
        for row in rows[:_MOST_HTML_ROWS]
    )
    left = len(rows) - _MOST_HTML_ROWS
    more = f"<p>... and {left} more</p>" if left > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return "" if value is None else str(value)


def to_pandas(rows: Sequence[Mapping[str, object]], columns: Mapping[str, type]) -> "pd.DataFrame":
    """
    A pandas frame with *columns* (name to type), also when there are no rows.

    Raises:
        ImportError: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise ImportError("to_pandas() needs pandas: pip install pandas") from None
    # Named for every column: an empty frame, or one without a date, has no values to go by.
    kinds = {datetime: "datetime64[us, UTC]", bool: "bool"}
    named = {name: kinds[kind] for name, kind in columns.items() if kind in kinds}
    return pd.DataFrame(list(rows), columns=list(columns)).astype(named)


def to_polars(rows: Sequence[Mapping[str, object]], columns: Mapping[str, type]) -> "pl.DataFrame":
    """
    A polars frame with *columns* (name to type), also when there are no rows.

    Raises:
        ImportError: polars is not installed.
    """
    try:
        import polars as pl
    except ImportError:
        raise ImportError("to_polars() needs polars: pip install polars") from None
    kinds = {str: pl.String(), bool: pl.Boolean(), datetime: pl.Datetime("us", "UTC")}
    return pl.DataFrame(list(rows), schema={name: kinds[kind] for name, kind in columns.items()})
