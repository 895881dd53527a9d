"""``publora connections``, in every format."""

import csv
import io
import json
import re
from collections.abc import Callable

import pytest
from click.testing import Result
from hostile import HostileServer, reply

from publora_async import Connection, ConnectionList, decode_connections
from publora_async.sandbox import Sandbox
from publora_sync import Publora
from publora_sync.cli._formats import csv_header, to_csv

Run = Callable[..., Result]

NOBODY = "No account is connected yet: connect some at https://app.publora.com\n"
MISCHIEF = Connection(
    platform_id="twitter-1\x1b[2J",
    username="[bold red]x :smile:",
    display_name="a\nb\x7f\x9b31m\u202ec",
)


@pytest.fixture
def accounts(sandbox: Sandbox) -> ConnectionList:
    with Publora(sandbox.api_key, base_url=sandbox.base_url) as client:
        return client.connections.list()


def listing(*accounts: Connection) -> HostileServer:
    return HostileServer(reply(ConnectionList(accounts).to_dict()))


def test_off_a_terminal_it_is_aligned_text_with_one_account_a_line(run: Run) -> None:
    done = run("connections", "--platform", "twitter", "--platform", "telegram")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        "PLATFORM  HANDLE              NAME                        "
        "PLATFORM ID                  HEALTH   EXPIRES\n"
        "twitter   @juniperlanebakery  Juniper Lane Bakery         "
        "twitter-1445331143547648244  healthy  -\n"
        "twitter   @juniperlanehelp    Juniper Lane Support        "
        "twitter-1848652081577634787  healthy  -\n"
        "telegram  @juniperlanebakery  Juniper Lane Bakery         "
        "telegram--1005853229132      healthy  -\n"
        "telegram  -                   Juniper Lane Stammgäste 🥐  "
        "telegram--1008507664893      healthy  -\n"
    )


def test_accounts_that_need_a_reconnect_can_be_grepped(run: Run, accounts: ConnectionList) -> None:
    lines = run("connections").stdout.splitlines()
    found = [line for line in lines if "needs reconnect" in line]
    assert [line.split("  ")[0] for line in found] == ["linkedin", "youtube", "facebook"]
    assert len(lines) == 1 + len(accounts)


def test_json_is_the_answer_as_the_wire_has_it(run: Run, accounts: ConnectionList) -> None:
    done = run("connections", "--format", "json")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == json.dumps(accounts.to_dict(), ensure_ascii=False, indent=2) + "\n"


def test_ndjson_is_one_account_a_line(run: Run, accounts: ConnectionList) -> None:
    done = run("connections", "--format", "ndjson")
    assert (done.exit_code, done.stderr) == (0, "")
    assert list(map(json.loads, done.stdout.splitlines())) == [one.to_dict() for one in accounts]


def test_csv_is_a_header_and_one_row_an_account(run: Run, accounts: ConnectionList) -> None:
    done = run("connections", "--format", "csv", "--platform", "linkedin")
    assert (done.exit_code, done.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    expiries = [account.access_token_expires_at for account in accounts.on("linkedin")]
    assert [row["access_token_expires_at"] for row in rows] == [
        expiry.isoformat() for expiry in expiries if expiry
    ]
    assert list(rows[1]) == list(accounts[0].to_row())
    assert (rows[1]["username"], rows[1]["needs_reconnect"]) == ("Amélie Besançon", "true")
    assert (rows[1]["profile_image_url"], rows[1]["subscription_type"]) == (
        accounts[3].profile_image_url,
        "",
    )


def test_csv_keeps_names_that_a_spreadsheet_would_compute(run: Run) -> None:
    formula = Connection(platform_id="twitter-1", username="=1+1", display_name='a,"b"\nc')
    with listing(formula) as server:
        done = run("connections", "--format", "csv", PUBLORA_BASE_URL=server.base_url)
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert (row["username"], row["display_name"]) == ("=1+1", 'a,"b"\nc')


def test_user_asks_about_a_managed_user(run: Run, sandbox: Sandbox) -> None:
    user = sandbox.user_ids[1]
    done = run("connections", "--format", "json", "--user", user)
    with Publora(sandbox.api_key, base_url=sandbox.base_url) as client:
        theirs = client.connections.list(user_id=user)
    assert decode_connections(done.stdout_bytes) == theirs
    assert len(theirs) == 3


@pytest.mark.parametrize("name", ["pinterest", "Pinterest"])
def test_platform_takes_any_name_in_any_case(run: Run, name: str) -> None:
    done = run("connections", "--format", "ndjson", "--platform", name)
    assert json.loads(done.stdout)["platformId"] == "pinterest-597214945393710540"


@pytest.mark.parametrize("form", ["table", "ndjson"])
def test_a_platform_without_accounts_is_said_on_stderr(run: Run, form: str) -> None:
    done = run("connections", "--format", form, "--platform", "vk", "--platform", "x")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "None of 15 accounts is on vk or x.\n"


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("table", ""),
        ("json", '{\n  "success": true,\n  "connections": []\n}\n'),
        ("ndjson", ""),
        ("csv", csv_header(Connection(platform_id="").to_row())),
    ],
)
def test_nothing_connected_is_no_failure(run: Run, form: str, written: str) -> None:
    with listing() as server:
        done = run("connections", "--format", form, PUBLORA_BASE_URL=server.base_url)
    assert (done.exit_code, done.stdout, done.stderr) == (0, written, NOBODY)


def test_control_characters_do_not_get_into_the_text(run: Run) -> None:
    with listing(MISCHIEF) as server:
        done = run("connections", PUBLORA_BASE_URL=server.base_url)
    assert re.split(" {2,}", done.stdout.splitlines()[1]) == [
        "twitter",
        "[bold red]x :smile:",
        r"a\nb\x7f\x9b31m\u202ec",
        r"twitter-1\x1b[2J",
        "healthy",
        "-",
    ]


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_control_characters_are_escaped_in_json_and_come_back_whole(run: Run, form: str) -> None:
    with listing(MISCHIEF) as server:
        done = run("connections", "--format", form, PUBLORA_BASE_URL=server.base_url)
    assert r"a\nb\u007f\u009b31m\u202ec" in done.stdout
    assert not {"\x1b", "\x7f", "\x9b", "\u202e"} & set(done.stdout)
    value = json.loads(done.stdout)
    assert (value["connections"][0] if form == "json" else value) == MISCHIEF.to_dict()


def test_csv_keeps_control_characters_but_for_a_terminal() -> None:
    accounts = ConnectionList([MISCHIEF])
    columns = MISCHIEF.to_row()
    (kept,) = csv.DictReader(io.StringIO(to_csv(columns, accounts.to_records(), escaped=False)))
    (shown,) = csv.DictReader(io.StringIO(to_csv(columns, accounts.to_records(), escaped=True)))
    assert kept["display_name"] == MISCHIEF.display_name
    assert shown["display_name"] == r"a\nb\x7f\x9b31m\u202ec"


def test_sandbox_needs_no_environment_and_heeds_none(run: Run, accounts: ConnectionList) -> None:
    arguments = ("connections", "--sandbox", "--format", "ndjson")
    bare = run(*arguments, PUBLORA_API_KEY=None, PUBLORA_BASE_URL=None)
    wrong = run(*arguments, PUBLORA_API_KEY="not a key", PUBLORA_BASE_URL="ftp://nowhere")
    for done in (bare, wrong):
        assert done.exit_code == 0
        ids = [json.loads(line)["platformId"] for line in done.stdout.splitlines()]
        assert ids == accounts.platform_ids
        assert done.stderr.startswith("These accounts are made up; --user ")


def test_sandbox_names_a_user_that_can_be_asked_about(run: Run) -> None:
    user = run("connections", "--sandbox").stderr.split()[6]
    done = run("connections", "--sandbox", "--user", user)
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, 4)
