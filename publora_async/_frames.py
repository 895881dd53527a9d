"""Rows of accounts as HTML tables, data frames and for JSON."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

from publora_async._wire import time_text
from publora_async.records import Connection, Row

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

__all__ = ["COLUMNS", "SHOWN", "to_html", "to_json", "to_pandas", "to_polars"]

_TIMES = ("access_token_expires_at", "last_successful_post", "last_error_at")

Kind: TypeAlias = Literal["text", "flag", "flag or none", "time"]
"""What a column holds. A name and no class: a test may have put another in datetime's place."""

COLUMNS: Mapping[str, Kind] = {
    name: "time" if name in _TIMES else "flag" if name == "needs_reconnect" else "text"
    for name in Connection(platform_id="").to_row()
}
"""The columns of a data frame of accounts, each with its kind."""

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


def to_json(rows: Sequence[Row]) -> list[Row]:
    """The rows with each time as text, as JSON has none."""
    return [
        {
            name: time_text(value) if isinstance(value, datetime) else value
            for name, value in row.items()
        }
        for row in rows
    ]


def to_html(
    rows: Sequence[Mapping[str, object]], columns: Sequence[str], note: str | None = None
) -> str:
    """An HTML table of *columns*; at most 200 rows, a line that counts the others, and *note*."""
    from html import escape  # its table of entities takes as long as many of our modules

    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_text(row[name]))}</td>" for name in columns) + "</tr>"
        for row in rows[:_MOST_HTML_ROWS]
    )
    left = len(rows) - _MOST_HTML_ROWS
    more = f"<p>... and {left} more</p>" if left > 0 else ""
    last = f"<p>{escape(note)}</p>" if note else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}{last}"


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return "" if value is None else str(value)


def to_pandas(
    rows: Sequence[Mapping[str, object]], columns: Mapping[str, Kind], *, time_zone: bool
) -> "pd.DataFrame":
    """
    A pandas frame with *columns*, also when there are no rows; times in UTC.

    Raises:
        ImportError: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise ImportError("to_pandas() needs pandas: pip install pandas") from None
    # Named for every column: an empty frame, or one without a date, has no values to go by.
    kinds = {
        "text": pd.Series([""]).dtype,  # object, or str from pandas 3 on
        "flag": "bool",
        "flag or none": "boolean",
        "time": "datetime64[us, UTC]",
    }
    named = {name: kinds[kind] for name, kind in columns.items()}
    frame = pd.DataFrame(list(rows), columns=list(columns)).astype(named)
    if not time_zone:
        for name in named:
            if columns[name] == "time":
                frame[name] = frame[name].dt.tz_localize(None)
    return frame


def to_polars(
    rows: Sequence[Mapping[str, object]], columns: Mapping[str, Kind], *, time_zone: bool
) -> "pl.DataFrame":
    """
    A polars frame with *columns*, also when there are no rows; times in UTC.

    Raises:
        ImportError: polars is not installed.
    """
    try:
        import polars as pl
    except ImportError:
        raise ImportError("to_polars() needs polars: pip install polars") from None
    flag = pl.Boolean()
    kinds = {"text": pl.String(), "flag": flag, "flag or none": flag, "time": pl.Int64()}
    times = [name for name, kind in columns.items() if kind == "time"]
    # As numbers: under a frozen clock polars does not know a datetime when it sees one.
    plain = [{**row, **{name: _microseconds(row[name]) for name in times}} for row in rows]
    frame = pl.DataFrame(plain, schema={name: kinds[kind] for name, kind in columns.items()})
    dtype = pl.Datetime("us", "UTC" if time_zone else None)
    return frame.with_columns(pl.col(times).cast(dtype))


def _microseconds(time: object) -> int | None:
    return (time - _EPOCH) // timedelta(microseconds=1) if isinstance(time, datetime) else None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
