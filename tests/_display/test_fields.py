"""What reads dataclasses reads our records."""

import copy
import dataclasses
import pickle
import pprint
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import polars as pl

from publora_async import Connection, ConnectionList, LastError

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
FULL = Connection(
    platform_id="telegram--100",
    username="@zoe",
    token_status="expired",
    access_token_expires_at=NOW,
    last_error=LastError(message="Gone", occurred_at=NOW),
    extra={"boards": [1]},
)
ALL = ConnectionList([FULL, Connection(platform_id="twitter-1")])
COLUMNS = [
    "platform_id",
    "platform",
    "account_id",
    "status",
    "status_source",
    "needs_reconnect",
    "username",
    "display_name",
    "profile_image_url",
    "access_token_expires_at",
    "profile_url",
    "token_status",
    "token_expires_in",
    "last_successful_post",
    "last_error",
    "subscription_type",
    "extra",
]


def test_a_frame_made_of_the_list_itself_has_a_column_for_each_field() -> None:
    pandas, polars = pd.DataFrame(ALL), pl.DataFrame(ALL)
    assert list(pandas.columns) == polars.columns == COLUMNS
    for name in ("platform_id", "platform", "status"):
        expected = [getattr(account, name) for account in ALL]
        assert pandas[name].tolist() == polars[name].to_list() == expected
    error = {"message": "Gone", "occurred_at": NOW, "extra": {}}
    assert (pandas["last_error"][0], pandas["needs_reconnect"].tolist()) == (error, [True, False])


def test_the_functions_for_dataclasses_work() -> None:
    record: Any = FULL
    assert [field.name for field in dataclasses.fields(record)] == COLUMNS
    assert dataclasses.asdict(record)["status"] == "expired"
    assert dataclasses.replace(record, username="@bo").username == "@bo"
    assert dataclasses.replace(record) == FULL


def test_a_record_is_printed_copied_and_pickled_as_ever() -> None:
    assert pprint.pformat(FULL) == repr(FULL)
    assert copy.copy(FULL) == copy.deepcopy(FULL) == pickle.loads(pickle.dumps(FULL)) == FULL
