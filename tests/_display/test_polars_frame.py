"""A polars frame of ours is polars' own but for its way into a spreadsheet."""

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from xlsxwriter import Workbook

from publora_async import Connection, ConnectionList, ManagedUserList, UserConnectionsList
from publora_async._display.lists import Framed
from publora_async._display.polars_frame import PolarsFrame

ACCOUNTS = ConnectionList(
    [
        Connection(
            platform_id="x-1", access_token_expires_at=datetime(2026, 10, 8, 15, tzinfo=UTC)
        ),
        Connection(platform_id="linkedin-2"),
    ]
)
EXPIRES = "access_token_expires_at"


def test_it_goes_into_a_spreadsheet_and_keeps_its_zone(tmp_path: Path) -> None:
    frame = ACCOUNTS.to_polars()
    frame.write_excel(tmp_path / "a.xlsx", worksheet="Ours")
    sheet = pd.read_excel(tmp_path / "a.xlsx", sheet_name="Ours")
    assert sheet[EXPIRES].tolist() == [pd.Timestamp("2026-10-08 15:00"), pd.NaT]
    assert frame.schema[EXPIRES] == pl.Datetime("us", "UTC")


@pytest.mark.parametrize("empty", [ConnectionList(), UserConnectionsList(), ManagedUserList()])
def test_an_empty_one_does_whatever_list_it_is_of(empty: Framed, tmp_path: Path) -> None:
    empty.to_polars().write_excel(tmp_path / "a.xlsx")
    assert list(pd.read_excel(tmp_path / "a.xlsx")) == list(empty._COLUMNS)


def test_a_workbook_takes_several(tmp_path: Path) -> None:
    with Workbook(tmp_path / "a.xlsx") as book:
        ACCOUNTS.to_polars().write_excel(book, "all")
        ACCOUNTS[:1].to_polars().write_excel(book, "one")
    sheets = pd.read_excel(tmp_path / "a.xlsx", sheet_name=None)
    assert {name: len(sheet) for name, sheet in sheets.items()} == {"all": 2, "one": 1}


def test_it_equals_a_plain_one_from_either_side_and_has_its_name() -> None:
    frame = ACCOUNTS.to_polars()
    plain = pl.DataFrame(frame)
    assert type(plain) is pl.DataFrame
    assert repr(type(frame)) == repr(type(plain))
    assert_frame_equal(frame, plain)
    assert_frame_equal(plain, frame)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_is_pickled_is_polars_own(protocol: int) -> None:
    frame = ACCOUNTS.to_polars()
    there = pickle.loads(pickle.dumps(frame, protocol))
    assert type(there) is pl.DataFrame
    assert_frame_equal(there, frame)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pl.DataFrame.clone])
def test_a_copy_is_such_a_frame(duplicate: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    assert type(duplicate(ACCOUNTS.to_polars())) is PolarsFrame
