"""Lists become data frames, whose columns have the same types whatever they hold."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from publora_async import Connection, ConnectionList, LastError, ManagedUser, ManagedUserList

FULL = Connection(
    platform_id="telegram--100",
    username="<script>alert('&')</script>",
    display_name='"Zoë"',
    profile_image_url="https://example.com/you.jpg",
    access_token_expires_at=datetime(2026, 10, 8, 15, 30, 59, 123_456, tzinfo=UTC),
    profile_url="https://t.me/you",
    token_status="expired",
    token_expires_in="expired",
    last_successful_post=datetime(2026, 9, 30, 18, tzinfo=UTC),
    last_error=LastError(message="Gone", occurred_at=datetime(2026, 9, 29, 7, tzinfo=UTC)),
    subscription_type="Premium",
    extra={"boards": [1]},
)
BARE = Connection(platform_id="twitter-1")
COLUMNS = list(BARE.to_row())
TIMES = ["access_token_expires_at", "last_successful_post", "last_error_at"]


def test_a_pandas_frame_holds_the_rows() -> None:
    (row,) = ConnectionList([FULL]).to_pandas().to_dict("records")
    assert row == FULL.to_row()


def test_a_pandas_frame_marks_what_is_none_as_missing() -> None:
    frame = ConnectionList([FULL, BARE]).to_pandas()
    assert frame.columns[frame.isna().loc[1]].tolist() == [
        name for name, value in BARE.to_row().items() if value is None
    ]


@pytest.mark.parametrize("connections", [[], [BARE], [FULL], [FULL, BARE]])
def test_a_pandas_frame_has_the_same_columns_whatever_it_holds(
    connections: list[Connection],
) -> None:
    frame = ConnectionList(connections).to_pandas()
    assert list(frame.columns) == COLUMNS
    assert {name: str(frame[name].dtype) for name in [*TIMES, "needs_reconnect"]} == {
        **dict.fromkeys(TIMES, "datetime64[us, UTC]"),
        "needs_reconnect": "bool",
    }
    assert frame[frame["needs_reconnect"]].shape == (connections.count(FULL), len(COLUMNS))


@pytest.mark.parametrize("connections", [[], [BARE], [FULL], [FULL, BARE]])
def test_a_polars_frame_holds_the_rows_in_the_same_columns_whatever_it_holds(
    connections: list[Connection],
) -> None:
    frame = ConnectionList(connections).to_polars()
    assert frame.to_dicts() == ConnectionList(connections).to_records()
    assert dict(frame.schema) == {
        **dict.fromkeys(COLUMNS, pl.String()),
        **dict.fromkeys(TIMES, pl.Datetime("us", "UTC")),
        "needs_reconnect": pl.Boolean(),
    }


@pytest.mark.parametrize("time_zone", [True, False])
@pytest.mark.parametrize("connections", [[], [BARE], [FULL], [FULL, BARE]])
def test_an_arrow_table_holds_the_rows_in_the_same_columns_whatever_it_holds(
    connections: list[Connection],
    time_zone: bool,  # noqa: FBT001  # a column
) -> None:
    table = ConnectionList(connections).to_arrow(time_zone=time_zone)
    times = [table.schema.field(name).type for name in TIMES]
    assert times == [pa.timestamp("us", "UTC" if time_zone else None)] * 3
    assert {field.name: field.type for field in table.schema if field.name not in TIMES} == {
        **{name: pa.string() for name in COLUMNS if name not in TIMES},
        "needs_reconnect": pa.bool_(),
    }
    if time_zone:
        assert table.to_pylist() == ConnectionList(connections).to_records()


ZOE = ManagedUser(
    id="u1",
    email="zoe@example.com",
    daily_posts_left=3,
    connections_page_token_expires_at=datetime(2026, 10, 8, 15, 30, tzinfo=UTC),
)


@pytest.mark.parametrize("users", [[], [ManagedUser(id="u2")], [ZOE], [ManagedUser(id="u2"), ZOE]])
def test_managed_users_have_the_same_columns_whatever_they_hold(users: list[ManagedUser]) -> None:
    found = ManagedUserList(users)
    text = str(pd.Series([""]).dtype)
    assert {name: str(dtype) for name, dtype in found.to_pandas().dtypes.items()} == {
        "user_id": text,
        "email": text,
        "display_name": text,
        "role": text,
        "daily_posts_left": "Int64",
        "connections_page_token_expires_at": "datetime64[us, UTC]",
    }
    number, time = pl.Int64(), pl.Datetime("us", "UTC")
    assert [*found.to_polars().schema.values()] == [*[pl.String()] * 4, number, time]
    assert found.to_polars().to_dicts() == found.to_arrow().to_pylist() == found.to_records()


def test_text_has_one_type_also_where_there_is_none() -> None:
    text = pd.Series([""]).dtype
    for connections in ([], [BARE], [FULL]):
        frame = ConnectionList(connections).to_pandas()
        assert {frame[name].dtype for name in ("username", "last_error", "platform")} == {text}


@pytest.mark.parametrize("connections", [[], [BARE], [FULL, BARE]])
def test_frames_without_time_zones_go_into_a_spreadsheet(
    connections: list[Connection], tmp_path: Path
) -> None:
    accounts = ConnectionList(connections)
    accounts.to_pandas(time_zone=False).to_excel(tmp_path / "pandas.xlsx")
    accounts.to_polars(time_zone=False).write_excel(tmp_path / "polars.xlsx")
    for name in ("pandas", "polars"):
        sheet = pd.read_excel(tmp_path / f"{name}.xlsx")
        assert list(sheet["platform_id"]) == accounts.platform_ids
        assert [str(time) for time in sheet["last_successful_post"].dropna()] == [
            "2026-09-30 18:00:00" for one in connections if one is FULL
        ]


FROZEN = """
import pandas, polars, pyarrow  # none can be imported under a frozen clock
from freezegun import freeze_time
from publora_async import ConnectionList, ManagedUser, decode_connections
from publora_async._decoding.bodies import many

accounts = b'{"success": true, "connections": [{"platformId": "x-1", "tokenStatus": "valid", '
accounts += b'"accessTokenExpiresAt": "2026-05-02T00:00:00.000Z", "username": 5}]}'
users = b'{"users": [{"_id": "a", "connectionsPageTokenExpiresAt": "2026-05-02T00:00:00.000Z"}]}'

def look():
    found = decode_connections(accounts)
    (user,) = many(ManagedUser, "users")(users)
    return (
        type(found[0].access_token_expires_at), user,
        [str(dtype) for dtype in found.to_pandas().dtypes],
        found.to_polars().schema, found.to_polars().to_dicts(),
        found.to_arrow().schema, found.to_arrow().to_pylist(),
    )

with freeze_time("2026-05-01"):
    frozen = look()
assert frozen == look()
"""


def test_a_frozen_clock_changes_no_type_in_records_and_frames() -> None:
    command = [sys.executable, "-c", FROZEN]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("year", [1, 9999])
def test_no_year_is_too_far_for_a_frame(year: int) -> None:
    date = datetime(year, 1, 1, tzinfo=UTC)
    connections = ConnectionList([Connection(platform_id="x-1", access_token_expires_at=date)])
    assert connections.to_pandas()["access_token_expires_at"].tolist() == [pd.Timestamp(date)]
    assert connections.to_polars()["access_token_expires_at"].to_list() == [date]


@pytest.mark.parametrize(
    ("module", "to_frame"),
    [
        ("pandas", ConnectionList.to_pandas),
        ("polars", ConnectionList.to_polars),
        ("pyarrow", ConnectionList.to_arrow),
    ],
)
def test_a_library_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    to_frame: Callable[[ConnectionList], object],
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError) as raised:
        to_frame(ConnectionList())
    assert str(raised.value) == f"{to_frame.__name__}() needs {module}: pip install {module}"
