"""Every list can do with its rows what the others can."""

import pytest

from publora_async import ConnectionList, ManagedUserList, UserConnectionsList
from publora_async._display.lists import Framed

WAYS = ("to_records", "to_pandas", "to_polars", "to_arrow", "to_excel", "to_html")


@pytest.mark.parametrize("kind", [ConnectionList, UserConnectionsList, ManagedUserList])
def test_a_list_becomes_records_frames_a_spreadsheet_and_a_table(kind: type[Framed]) -> None:
    assert [name for name in WAYS if not callable(getattr(kind, name, None))] == []


@pytest.mark.parametrize("empty", [ConnectionList(), UserConnectionsList(), ManagedUserList()])
def test_its_frames_have_the_columns_of_its_records(empty: Framed) -> None:
    columns = list(empty._COLUMNS)
    assert list(empty.to_pandas().columns) == columns
    assert empty.to_polars().columns == empty.to_arrow().column_names == columns
