"""JSON, one JSON object a line, CSV: control characters in them, and what CSV keeps."""

import csv
import io
import json
import re

import pytest
from command import Run, listing

from publora_async import Connection
from publora_sync.cli._formats import to_csv

MISCHIEF = Connection(
    platform_id="twitter-1\x1b[2J",
    username="[bold red]x :smile:",
    display_name="a\nb\x7f\x9b31m\u202ec",
)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff20"])
def test_csv_defuses_names_that_a_spreadsheet_would_run_unless_they_are_to_be_raw(
    run: Run, sign: str
) -> None:
    formula = Connection(platform_id="x-1", username=f"{sign}1+1", display_name='a,"b"\nc')
    with listing(formula) as server:
        arguments = ("connections", "--format", "csv")
        done = run(*arguments, PUBLORA_BASE_URL=server.base_url)
        kept = run(*arguments, "--raw", PUBLORA_BASE_URL=server.base_url)
    (row,) = csv.DictReader(io.StringIO(done.stdout, newline=""))
    assert (row["username"], row["displayName"]) == (f"'{sign}1+1", 'a,"b"\nc')
    (row,) = csv.DictReader(io.StringIO(kept.stdout_bytes.decode(), newline=""))
    assert row["username"] == f"{sign}1+1"


def test_a_number_below_0_is_no_formula() -> None:
    assert to_csv(["left"], [{"left": -1}], raw=False, escaped=False) == "left\n-1\n"


def test_control_characters_do_not_get_into_the_text(run: Run) -> None:
    with listing(MISCHIEF) as server:
        done = run("connections", PUBLORA_BASE_URL=server.base_url)
    assert re.split(" {2,}", done.stdout.splitlines()[1]) == [
        "twitter",
        "[bold red]x :smile:",
        r"a\nb\x7f\x9b31m\u202ec",
        r"twitter-1\x1b[2J",
        "valid",
        "-",
    ]


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_control_characters_are_escaped_in_json_and_come_back_whole(run: Run, form: str) -> None:
    with listing(MISCHIEF) as server:
        done = run("connections", "--format", form, PUBLORA_BASE_URL=server.base_url)
    assert r"a\nb\u007f\u009b31m\u202ec" in done.stdout
    assert not {"\x1b", "\x7f", "\x9b", "\u202e"} & set(done.stdout)
    value = json.loads(done.stdout)
    account = value["connections"][0] if form == "json" else value
    assert account.items() >= MISCHIEF.to_dict().items()


def test_csv_keeps_control_characters_but_for_a_terminal() -> None:
    names, rows = ["displayName"], [MISCHIEF.to_dict()]
    (kept,) = csv.DictReader(io.StringIO(to_csv(names, rows, raw=False, escaped=False)))
    (shown,) = csv.DictReader(io.StringIO(to_csv(names, rows, raw=False, escaped=True)))
    assert kept["displayName"] == MISCHIEF.display_name
    assert shown["displayName"] == r"a\nb\x7f\x9b31m\u202ec"


def test_control_characters_are_escaped_in_every_line(run: Run) -> None:
    account = Connection(platform_id="twitter-1", username="a\x1b[2Jb")
    with listing(account) as server:
        for form in ("table", "ndjson"):
            done = run(
                *("connections", "--user", "a", "--user", "b", "--format", form),
                PUBLORA_BASE_URL=server.base_url,
            )
            assert "\x1b" not in done.stdout
