"""A pandas frame of ours is pandas' own but for its way into a spreadsheet."""

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from publora_async import Connection, ConnectionList, ManagedUserList, UserConnectionsList
from publora_async._display.lists import Framed
from publora_async._display.pandas_frame import PandasFrame

ACCOUNTS = ConnectionList(
    [
        Connection(
            platform_id="x-1", access_token_expires_at=datetime(2026, 10, 8, 15, tzinfo=UTC)
        ),
        Connection(platform_id="linkedin-2"),
    ]
)
EXPIRES = "access_token_expires_at"
SHOWN = pd.Timestamp("2026-10-08 15:00")


def written(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    frame.to_excel(path, sheet_name="Ours", index=False)
    return pd.read_excel(path, sheet_name="Ours")


def test_it_goes_into_a_spreadsheet_and_keeps_its_zone(tmp_path: Path) -> None:
    frame = ACCOUNTS.to_pandas()
    assert written(frame, tmp_path / "a.xlsx")[EXPIRES].tolist() == [SHOWN, pd.NaT]
    assert str(frame[EXPIRES].dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize("empty", [ConnectionList(), UserConnectionsList(), ManagedUserList()])
def test_an_empty_one_does_whatever_list_it_is_of(empty: Framed, tmp_path: Path) -> None:
    assert list(written(empty.to_pandas(), tmp_path / "a.xlsx")) == list(empty._COLUMNS)


def test_a_time_is_written_as_it_is_shown(tmp_path: Path) -> None:
    frame = ACCOUNTS.to_pandas()
    frame["here"] = frame[EXPIRES].dt.tz_convert("Asia/Tokyo")
    here = written(frame, tmp_path / "a.xlsx")["here"]
    assert here.tolist() == [pd.Timestamp("2026-10-09 00:00"), pd.NaT]


@pytest.mark.parametrize(
    "make",
    [
        lambda frame: frame[frame["platform"] == "twitter"],
        lambda frame: frame.sort_values("platform").reset_index(drop=True),
        lambda frame: frame.set_index(EXPIRES),
        lambda frame: frame.set_index(["platform", EXPIRES]),
        lambda frame: frame.set_index(EXPIRES)[["platform"]].T,
        lambda frame: pd.concat([frame, frame], axis="columns"),
    ],
)
def test_what_pandas_makes_of_it_does_so_too(
    make: Callable[[pd.DataFrame], pd.DataFrame], tmp_path: Path
) -> None:
    made = make(ACCOUNTS.to_pandas())
    made.to_excel(tmp_path / "a.xlsx")
    assert type(made) is PandasFrame


def test_a_writer_takes_several(tmp_path: Path) -> None:
    with pd.ExcelWriter(tmp_path / "a.xlsx") as writer:
        ACCOUNTS.to_pandas().to_excel(writer, sheet_name="all")
        ACCOUNTS[:1].to_pandas().to_excel(writer, sheet_name="one")
    sheets = pd.read_excel(tmp_path / "a.xlsx", sheet_name=None)
    assert {name: len(sheet) for name, sheet in sheets.items()} == {"all": 2, "one": 1}


def test_it_equals_a_plain_one_from_either_side_and_has_its_name() -> None:
    frame = ACCOUNTS.to_pandas()
    plain = pd.DataFrame(frame)
    assert type(plain) is pd.DataFrame
    assert repr(type(frame)) == repr(type(plain))
    pd.testing.assert_frame_equal(frame, plain)
    pd.testing.assert_frame_equal(plain, frame)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_is_pickled_is_pandas_own(protocol: int) -> None:
    frame = ACCOUNTS.to_pandas()
    frame.attrs["source"] = "publora"
    there: Any = pickle.loads(pickle.dumps(frame, protocol))
    assert (type(there), there.attrs) == (pd.DataFrame, {"source": "publora"})
    pd.testing.assert_frame_equal(there, frame)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pd.DataFrame.copy])
def test_a_copy_is_such_a_frame(duplicate: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    assert type(duplicate(ACCOUNTS.to_pandas())) is PandasFrame
