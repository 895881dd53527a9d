"""``publora connections``, in every format, about one account or many users."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from command import USERS, Run, listing, owners, summary
from hostile import HostileServer, reply

from publora_async import (
    Connection,
    ConnectionList,
    JSONValue,
    LastError,
    decode_connections,
)
from publora_async.sandbox import Faults, Sandbox
from publora_sync import Publora

FIELDS = [
    *("platformId", "platform", "username", "displayName", "status", "needsReconnect"),
    *("accessTokenExpiresAt", "tokenStatus", "tokenExpiresIn", "lastSuccessfulPost"),
    *("lastError", "lastErrorAt", "subscriptionType", "profileUrl", "profileImageUrl"),
]


def told(account: Connection) -> dict[str, JSONValue]:
    """What JSON says of an account: the wire's fields, and the SDK's words beside them."""
    return {
        **account.to_dict(),
        "platform": account.platform,
        "status": account.status,
        "needsReconnect": account.needs_reconnect,
    }


NOBODY = "No account is connected yet: connect some at https://app.publora.com\n"


def test_off_a_terminal_it_is_aligned_text_with_one_account_a_line(run: Run) -> None:
    done = run("connections", "--platform", "twitter", "--platform", "telegram")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        "PLATFORM  HANDLE              NAME                        "
        "PLATFORM ID                  STATUS  EXPIRES\n"
        "twitter   @juniperlanebakery  Juniper Lane Bakery         "
        "twitter-1445331143547648244  valid   -\n"
        "twitter   @juniperlanehelp    Juniper Lane Support        "
        "twitter-1848652081577634787  valid   -\n"
        "telegram  @juniperlanebakery  Juniper Lane Bakery         "
        "telegram--1005853229132      valid   -\n"
        "telegram  -                   Juniper Lane Stammgäste 🥐  "
        "telegram--1008507664893      valid   -\n"
    )


def test_accounts_that_need_a_reconnect_can_be_grepped(run: Run, accounts: ConnectionList) -> None:
    lines = run("connections").stdout.splitlines()
    found = [line for line in lines if "expired" in line]
    assert [line.split("  ")[0] for line in found] == ["linkedin", "instagram", "youtube"]
    assert len(lines) == 1 + len(accounts)


def test_json_is_the_answer_as_the_wire_has_it(run: Run, accounts: ConnectionList) -> None:
    done = run("connections", "--format", "json")
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"success": True, "connections": list(map(told, accounts))}
    assert done.stdout.startswith('{\n  "success": true,\n  "connections": [\n    {\n')


def test_ndjson_is_one_account_a_line(run: Run, accounts: ConnectionList) -> None:
    done = run("connections", "--format", "ndjson")
    assert (done.exit_code, done.stderr) == (0, "")
    assert list(map(json.loads, done.stdout.splitlines())) == list(map(told, accounts))


def test_csv_is_a_header_and_one_row_an_account(run: Run, accounts: ConnectionList) -> None:
    done = run("connections", "--format", "csv", "--platform", "linkedin")
    assert (done.exit_code, done.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["accessTokenExpiresAt"] for row in rows] == [
        account.to_dict()["accessTokenExpiresAt"] for account in accounts.on("linkedin")
    ]
    assert list(rows[1]) == FIELDS
    assert (rows[1]["username"], rows[1]["needsReconnect"]) == ("Amélie Besançon", "true")
    assert (rows[1]["profileImageUrl"], rows[1]["subscriptionType"]) == (
        accounts[3].profile_image_url,
        "",
    )


def test_csv_and_ndjson_agree_but_for_the_last_error(run: Run) -> None:
    csv_of = run("connections", "--format", "csv", "--raw").stdout
    rows = list(csv.DictReader(io.StringIO(csv_of)))
    objects = list(map(json.loads, run("connections", "--format", "ndjson").stdout.splitlines()))
    for row, one in zip(rows, objects, strict=True):
        error = one.pop("lastError", None) or {}
        assert (row.pop("lastError"), row.pop("lastErrorAt")) == (
            error.get("message", ""),
            error.get("occurredAt", ""),
        )
        assert {name: value for name, value in row.items() if value} == {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in one.items()
            if value is not None and name in FIELDS
        }


def test_an_account_of_whose_last_error_only_the_time_is_known_is_listed(run: Run) -> None:
    when = datetime(2026, 11, 1, tzinfo=UTC)
    account = Connection(platform_id="x-1", last_error=LastError(occurred_at=when))
    with listing(account) as server:
        done = run("connections", "--format", "csv", PUBLORA_BASE_URL=server.base_url)
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert (row["lastError"], row["lastErrorAt"]) == ("", "2026-11-01T00:00:00.000Z")


def test_columns_chooses_what_is_shown(run: Run) -> None:
    chosen = ("connections", "--platform", "linkedin", "--columns")
    text = run(*chosen, "status,Platform-ID,needs_reconnect").stdout
    assert text == (
        "STATUS   PLATFORM ID          NEEDSRECONNECT\n"
        "valid    linkedin-csjThlOvuz  no\n"
        "expired  linkedin-Nkjv5NihkF  yes\n"
    )
    rows = run(*chosen, "platformId,status", "--format", "csv").stdout
    assert rows == "platformId,status\nlinkedin-csjThlOvuz,valid\nlinkedin-Nkjv5NihkF,expired\n"


def test_columns_chooses_for_many_users_too(ask: Run, expected: dict[str, ConnectionList]) -> None:
    done = ask("connections", "--all-users", "--columns", "platformId", "--format", "csv")
    ids = [platform_id for accounts in expected.values() for platform_id in accounts.platform_ids]
    assert sorted(done.stdout.splitlines()[1:]) == sorted(ids)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--columns", "handle"], "Invalid value for '--columns': 'handle' is none of userId, "),
        (["--columns", "status", "--format", "json"], "--columns goes with table and csv: "),
    ],
)
def test_columns_that_cannot_be_shown_are_bad_usage(
    run: Run, arguments: list[str], complaint: str
) -> None:
    done = run("connections", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert complaint in done.stderr


def test_user_asks_about_a_managed_user(run: Run, sandbox: Sandbox) -> None:
    user = sandbox.user_ids[1]
    done = run("connections", "--format", "json", "--user", user)
    with Publora(sandbox.api_key, base_url=sandbox.base_url) as client:
        theirs = client.connections.list(user_id=user)
    assert json.loads(done.stdout)["connections"] == list(map(told, theirs))
    assert decode_connections(done.stdout_bytes).platform_ids == theirs.platform_ids
    assert len(theirs) == 6


@pytest.mark.parametrize("name", ["pinterest", "Pinterest"])
def test_platform_takes_any_name_in_any_case(run: Run, name: str) -> None:
    done = run("connections", "--format", "ndjson", "--platform", name)
    assert json.loads(done.stdout)["platformId"] == "pinterest-597214945393710540"


@pytest.mark.parametrize("form", ["table", "ndjson"])
def test_a_platform_without_accounts_is_said_on_stderr(run: Run, form: str) -> None:
    with listing(Connection(platform_id="vk-1")) as server:
        arguments = ("connections", "--format", form, "--platform", "TikTok", "--platform", "X")
        done = run(*arguments, PUBLORA_BASE_URL=server.base_url)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "None of 1 account is on TikTok or X.\n"


def test_a_mistyped_platform_is_told_and_ends_with_2(run: Run) -> None:
    arguments = ("--platform", "linkdin", "--platform", "vk", "--platform", "Pinterest")
    done = run("connections", *arguments, "--columns", "platformId")
    assert (done.exit_code, done.stdout) == (2, "PLATFORM ID\npinterest-597214945393710540\n")
    assert done.stderr == (
        "publora: no account is on 'linkdin', which is no platform that is known here: "
        "did you mean linkedin?\n"
    )


def test_a_platform_that_is_mistyped_for_many_users_is_told_at_the_end(ask: Run) -> None:
    done = ask("connections", "--all-users", "--platform", "tweeter")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].endswith("known here: did you mean twitter?")


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("table", ""),
        ("json", '{\n  "success": true,\n  "connections": []\n}\n'),
        ("ndjson", ""),
        ("csv", ",".join(FIELDS) + "\n"),
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
        assert theirs == [{"userId": user_id, **told(one)} for one in accounts]
    found = len(rows)
    bare = sum(not accounts for accounts in expected.values())
    assert (done.exit_code, done.stderr) == (0, summary(USERS, 0, bare, f"{found} accounts"))


def test_csv_says_it_in_the_first_column(ask: Run, expected: dict[str, ConnectionList]) -> None:
    done = ask("connections", "--all-users", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(rows[0]) == ["userId", *FIELDS, "error"]
    assert sorted((row["userId"], row["platformId"]) for row in rows) == sorted(
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
            {"userId": user_id, "connections": list(map(told, accounts))}
            for user_id, accounts in expected.items()
        ]
    }


def test_aligned_text_says_it_on_every_line(ask: Run, expected: dict[str, ConnectionList]) -> None:
    header, *lines = ask("connections", "--all-users").stdout.splitlines()
    assert header.split() == [
        *("USER", "PLATFORM", "HANDLE", "NAME", "PLATFORM", "ID", "STATUS", "EXPIRES")
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


def test_no_format_loses_sight_of_a_user_who_could_not_be_asked(run: Run) -> None:
    users = ("connections", "--user", "a", "--user", "b", "--concurrency", "1")
    account = Connection(platform_id="x-1")
    written = {}
    for form in ("table", "csv", "ndjson"):
        answers = (reply(ConnectionList([account]).to_dict()), reply({"error": "No"}, status=400))
        with HostileServer(*answers) as server:
            done = run(*users, "--format", form, PUBLORA_BASE_URL=server.base_url)
        assert done.exit_code == 2
        written[form] = done.stdout.splitlines()
    assert written["table"][-1] == "1 of 2 users could not be asked: 1 x HTTP 400: No."
    rows = list(csv.DictReader(written["csv"]))
    assert [(row["userId"], row["platformId"], row["error"]) for row in rows] == [
        ("a", "x-1", ""),
        ("b", "", "HTTP 400: No"),
    ]
    assert list(map(json.loads, written["ndjson"]))[1:] == [
        {
            "userId": "b",
            "error": {"type": "BadRequestError", "status": 400, "message": "HTTP 400: No"},
        }
    ]


@pytest.mark.parametrize("command", ["connections", "check"])
@pytest.mark.parametrize(
    ("columns", "written"),
    [
        ("platformId,status", ["platformId,status", "x-1,expired"]),
        ("userId,status", ["userId,status", "a,expired"]),
        ("userId,error", ["userId,error", "a,", "b,HTTP 400: No"]),
    ],
)
def test_csv_of_chosen_columns_has_no_rows_that_do_not_say_that_they_are_failures(
    run: Run, command: str, columns: str, written: list[str]
) -> None:
    account = Connection(platform_id="x-1", token_status="expired")
    answers = (reply(ConnectionList([account]).to_dict()), reply({"error": "No"}, status=400))
    users = ("--user", "a", "--user", "b", "--concurrency", "1")
    with HostileServer(*answers) as server:
        arguments = (command, *users, "--format", "csv", "--columns", columns)
        done = run(*arguments, PUBLORA_BASE_URL=server.base_url)
    assert (done.exit_code, done.stdout.splitlines()) == (2, written)
    assert done.stderr.startswith("user b failed: HTTP 400: No\n")


def test_a_table_of_nobody_says_how_many_could_not_be_asked_and_why(run: Run) -> None:
    answers = [reply({"error": f"No {why}"}, status=400) for why in "aabcd"]
    users = [word for name in "abcde" for word in ("--user", name)]
    with HostileServer(*answers) as server:
        done = run(*("connections", *users, "--concurrency", "1"), PUBLORA_BASE_URL=server.base_url)
    assert done.stdout == (
        "5 of 5 users could not be asked: "
        "2 x HTTP 400: No a; 1 x HTTP 400: No b; 1 x HTTP 400: No c; others.\n"
    )


def test_accounts_that_say_whose_they_are_do_not_overrule_the_command(run: Run) -> None:
    account = Connection(platform_id="twitter-1", extra={"userId": "somebody else"})
    with listing(account) as server:
        done = run(
            *("connections", "--user", "a", "--user", "b", "--format", "ndjson"),
            PUBLORA_BASE_URL=server.base_url,
        )
    assert owners("ndjson", done.stdout) == {"a", "b"}
