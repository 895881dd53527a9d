"""``publora connections``, in every format, about one account or many users."""

import csv
import io
import json

import pytest
from command import USERS, Run, listing, owners, summary

from publora_async import Connection, ConnectionList, decode_connections
from publora_async.sandbox import Faults, Sandbox
from publora_sync import Publora
from publora_sync.cli._formats import csv_header

NOBODY = "No account is connected yet: connect some at https://app.publora.com\n"


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
    assert [line.split("  ")[0] for line in found] == ["linkedin", "instagram", "youtube"]
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


def test_user_asks_about_a_managed_user(run: Run, sandbox: Sandbox) -> None:
    user = sandbox.user_ids[1]
    done = run("connections", "--format", "json", "--user", user)
    with Publora(sandbox.api_key, base_url=sandbox.base_url) as client:
        theirs = client.connections.list(user_id=user)
    assert decode_connections(done.stdout_bytes) == theirs
    assert len(theirs) == 6


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


def test_ndjson_says_whose_each_account_is(ask: Run, expected: dict[str, ConnectionList]) -> None:
    done = ask("connections", "--all-users", "--format", "ndjson")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {next(iter(row)) for row in rows} == {"userId"}
    for user_id, accounts in expected.items():
        theirs = [row for row in rows if row["userId"] == user_id]
        assert theirs == [{"userId": user_id, **one.to_dict()} for one in accounts]
    found = len(rows)
    bare = sum(not accounts for accounts in expected.values())
    assert (done.exit_code, done.stderr) == (0, summary(USERS, 0, bare, f"{found} accounts"))


def test_csv_says_it_in_the_first_column(ask: Run, expected: dict[str, ConnectionList]) -> None:
    done = ask("connections", "--all-users", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(rows[0]) == ["user_id", *Connection(platform_id="").to_row()]
    assert sorted((row["user_id"], row["platform_id"]) for row in rows) == sorted(
        (user_id, account.platform_id)
        for user_id, accounts in expected.items()
        for account in accounts
    )


def test_json_is_one_document_in_the_order_of_the_users(
    ask: Run, expected: dict[str, ConnectionList]
) -> None:
    done = ask("connections", "--all-users", "--format", "json", "--concurrency", "3")
    assert json.loads(done.stdout) == {
        "users": [
            {"userId": user_id, "connections": [account.to_dict() for account in accounts]}
            for user_id, accounts in expected.items()
        ]
    }


def test_aligned_text_says_it_on_every_line(ask: Run, expected: dict[str, ConnectionList]) -> None:
    header, *lines = ask("connections", "--all-users").stdout.splitlines()
    assert header.split() == [
        *("USER", "PLATFORM", "HANDLE", "NAME", "PLATFORM", "ID", "HEALTH", "EXPIRES")
    ]
    assert [line.split()[:2] for line in lines] == [
        [user_id, account.platform]
        for user_id, accounts in expected.items()
        for account in accounts
    ]


def test_json_has_the_error_in_place_of_the_connections(ask: Run, service: Sandbox) -> None:
    failing = service.user_ids[2]
    service.faults = Faults(error_users={failing: 404})
    done = ask("connections", "--user", failing, "--user", "b\x1bd", "--format", "json")
    assert json.loads(done.stdout)["users"] == [
        {
            "userId": failing,
            "error": {
                "type": "NotFoundError",
                "status": 404,
                "message": "HTTP 404: Not found; Publora always has this list: check base_url",
            },
        },
        {
            "userId": "b\x1bd",
            "error": {
                "type": "ConfigurationError",
                "status": None,
                "message": (
                    "user_id may hold only printable ASCII characters without blanks; "
                    "character 2 of 3 is something else"
                ),
            },
        },
    ]
    assert r"user b\x1bd failed: " in done.stderr


def test_accounts_that_say_whose_they_are_do_not_overrule_the_command(run: Run) -> None:
    account = Connection(platform_id="twitter-1", extra={"userId": "somebody else"})
    with listing(account) as server:
        done = run(
            *("connections", "--user", "a", "--user", "b", "--format", "ndjson"),
            PUBLORA_BASE_URL=server.base_url,
        )
    assert owners("ndjson", done.stdout) == {"a", "b"}
