"""Rows as data frames and for JSON. The only user of pandas, polars and pyarrow."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

from publora_async._wire import time_text
from publora_async.records import Connection, Row

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["COLUMNS", "Kind", "to_arrow", "to_json", "to_pandas", "to_polars"]

_TIMES = ("access_token_expires_at", "last_successful_post", "last_error_at")

Kind: TypeAlias = Literal["text", "flag", "flag or none", "number", "time"]
"""What a column holds. A name and no class: a test may have put another in datetime's place."""

COLUMNS: Mapping[str, Kind] = {
    name: "time" if name in _TIMES else "flag" if name == "needs_reconnect" else "text"
    for name in Connection(platform_id="").to_row()
}
"""The columns of a data frame of accounts, each with its kind."""


def to_json(rows: Sequence[Row]) -> list[Row]:
    """The rows with each time as text, as JSON has none."""
    return [
        {
            name: time_text(value) if isinstance(value, datetime) else value
            for name, value in row.items()
        }
        for row in rows
    ]


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
        "number": "Int64",
        "time": "datetime64[us, UTC]",
    }
    named = {name: kinds[kind] for name, kind in columns.items()}
    from publora_async._display.pandas_frame import PandasFrame

    frame: pd.DataFrame = PandasFrame(list(rows), columns=list(columns)).astype(named)
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
    kinds = {
        "text": pl.String(),
        "flag": pl.Boolean(),
        "flag or none": pl.Boolean(),
        "number": pl.Int64(),
        "time": pl.Datetime("us", "UTC" if time_zone else None),
    }
    from publora_async._display.polars_frame import PolarsFrame

    return PolarsFrame(
        [
            pl.Series(
                name, _column(rows, name, kind), pl.Int64 if kind == "time" else kinds[kind]
            ).cast(kinds[kind])
            for name, kind in columns.items()
        ]
    )


def to_arrow(
    rows: Sequence[Mapping[str, object]], columns: Mapping[str, Kind], *, time_zone: bool
) -> "pa.Table":
    """
    An Arrow table with *columns*, also when there are no rows; times in UTC.

    Raises:
        ImportError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError:
        raise ImportError("to_arrow() needs pyarrow: pip install pyarrow") from None
    kinds = {
        "text": pa.string(),
        "flag": pa.bool_(),
        "flag or none": pa.bool_(),
        "number": pa.int64(),
        "time": pa.timestamp("us", "UTC" if time_zone else None),
    }
    return pa.table(
        {
            name: pa.array(
                _column(rows, name, kind), pa.int64() if kind == "time" else kinds[kind]
            ).cast(kinds[kind])
            for name, kind in columns.items()
        }
    )


def _column(rows: Sequence[Mapping[str, object]], name: str, kind: Kind) -> list[object]:
    if kind != "time":
        return [row[name] for row in rows]
    # As numbers: under a frozen clock they do not know a datetime when they see one.
    return [_microseconds(row[name]) for row in rows]


def _microseconds(time: object) -> int | None:
    return (time - _EPOCH) // timedelta(microseconds=1) if isinstance(time, datetime) else None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
