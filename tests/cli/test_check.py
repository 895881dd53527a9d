"""``publora check``: its verdict about one account or many users."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve
from click.testing import Result
from command import Run, listing, summary
from hostile import HostileServer, reply

from publora_async import Connection, ConnectionList, LastError
from publora_async.sandbox import Faults, Sandbox
from publora_sync import Publora

HEALTHY = Connection(platform_id="twitter-1")
EXPIRED = Connection(platform_id="linkedin-1", token_status="expired")
SOON = Connection(platform_id="threads-1", token_status="expiring_soon")
UNKNOWN = Connection(platform_id="telegram-1", token_status="unknown")


def expiring(platform: str, **left: int) -> Connection:
    """An account that expires after the time *left* and a minute, for the test to run in."""
    date = datetime.now(UTC) + timedelta(minutes=1, **left)
    return Connection(platform_id=f"{platform}-1", access_token_expires_at=date)


def platform_in(line: str) -> str:
    """The platform of the account that a line of text is about."""
    return next(cell for cell in re.split("  +", line) if re.match("[a-z]+-", cell)).split("-")[0]


def checked(run: Run, *accounts: Connection, within: str | None = None) -> Result:
    arguments = [] if within is None else ["--within", within]
    with listing(*accounts) as server:
        return run("check", *arguments, PUBLORA_BASE_URL=server.base_url)


def test_it_names_the_accounts_to_reconnect_and_ends_with_1(run: Run) -> None:
    done = run("check")
    first, second, blank, header, *lines = done.stdout.splitlines()
    assert (done.exit_code, done.stderr, blank) == (1, "", "")
    assert first == "Of 15 accounts, reconnect 3 now and 4 soon at https://app.publora.com"
    assert second == "1 is unknown: publora test ID asks the platform."
    assert re.split("  +", header) == ["STATUS", "HANDLE", "NAME", "PLATFORM ID", "WHY"]
    assert [platform_in(line) for line in lines] == [
        *("linkedin", "instagram", "youtube"),
        *("pinterest", "threads", "instagram", "tiktok"),
        "bluesky",
    ]
    assert [line.split("  ")[0] for line in lines] == [
        *["expired"] * 3,
        *["expiring soon"] * 4,
        "unknown",
    ]


def test_healthy_accounts_end_with_0(run: Run) -> None:
    done = checked(run, Connection(platform_id="twitter-1"), expiring("linkedin", days=8))
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "None of 2 accounts has to be reconnected.\n"


def test_nothing_connected_is_healthy(run: Run) -> None:
    done = checked(run)
    assert (done.exit_code, done.stdout) == (0, "None of 0 accounts has to be reconnected.\n")
    assert done.stderr == "No account is connected yet: connect some at https://app.publora.com\n"


@pytest.mark.parametrize(
    ("within", "soon"),
    [
        (None, ["facebook", "tiktok"]),
        ("14d", ["facebook", "instagram"]),
        ("2w", ["facebook", "instagram"]),
        ("49h", ["facebook"]),
        ("2881m", ["facebook"]),
        ("2880m", []),
        ("0d", []),
        ("99999999w", ["facebook", "instagram", "tiktok"]),
    ],
)
def test_within_says_how_soon_is_soon(run: Run, within: str | None, soon: list[str]) -> None:
    accounts = [
        expiring("facebook", days=2),
        expiring("instagram", days=10),
        expiring("tiktok", days=29),
        Connection(platform_id="twitter-1"),
    ]
    done = checked(run, *accounts, within=within)
    assert sorted(map(platform_in, done.stdout.splitlines()[3:])) == soon
    assert done.exit_code == (1 if soon else 0)


def test_what_is_only_soon_is_said_so(run: Run) -> None:
    done = checked(run, expiring("facebook", days=41), within="60d")
    assert done.stdout.splitlines()[0] == (
        "Of 1 account, reconnect 1 soon at https://app.publora.com"
    )
    assert "expires in 41 days" in done.stdout


def test_user_and_sandbox_are_as_for_connections(run: Run, sandbox: Sandbox) -> None:
    done = run("check", "--sandbox", "--user", sandbox.user_ids[6], PUBLORA_API_KEY=None)
    assert (done.exit_code, done.stdout) == (0, "None of 0 accounts has to be reconnected.\n")


def test_a_verdict_that_cannot_be_had_is_not_mistaken_for_one(run: Run) -> None:
    done = run("check", PUBLORA_API_KEY="wrong")
    assert (done.exit_code, done.stdout) == (2, "")


def answering(*answers: Connection) -> HostileServer:
    """A service that lists each of *answers* for a user of its own, and then who u1 is."""
    users = reply({"users": [{"_id": "u1", "displayName": "Ann Lee"}]})
    return HostileServer(*(reply(ConnectionList([one]).to_dict()) for one in answers), users)


def checked_many(run: Run, *answers: Connection, within: str = "14d") -> Result:
    users = [word for number in range(len(answers)) for word in ("--user", f"u{number}")]
    with answering(*answers) as server:
        return run(
            *("check", *users, "--concurrency", "1", "--within", within),
            PUBLORA_BASE_URL=server.base_url,
        )


def test_check_finds_all_of_many_users_healthy(run: Run) -> None:
    done = checked_many(run, HEALTHY, HEALTHY)
    assert (done.exit_code, done.stdout) == (
        0,
        "None of 2 accounts of 2 users has to be reconnected.\n",
    )
    assert done.stderr == summary(2, 0, 0, "2 accounts; to reconnect: none")


def test_check_names_the_accounts_of_many_users_to_reconnect(run: Run) -> None:
    done = checked_many(run, HEALTHY, EXPIRED, SOON, SOON)
    first, blank, _, *lines = done.stdout.splitlines()
    assert (done.exit_code, blank) == (1, "")
    assert first == (
        "Of 4 accounts of 4 users, reconnect 1 now and 2 soon: publora connect USER gives each "
        "a link"
    )
    assert [re.split("  +", line)[:2] for line in lines] == [
        ["Ann Lee", "expired"],
        ["u2", "expiring soon"],
        ["u3", "expiring soon"],
    ]
    assert done.stderr == summary(4, 0, 0, "4 accounts; to reconnect: 1 now and 2 soon")


def test_check_that_could_not_find_out_about_a_user_ends_with_2(ask: Run, service: Sandbox) -> None:
    failing = service.user_ids[2]
    service.faults = Faults(error_users={failing: 404})
    done = ask("check", "--all-users", "--within", "14d")
    first, last = done.stderr.splitlines()
    assert done.exit_code == 2
    assert re.fullmatch(rf"user {failing} \(.*@.*\) failed: HTTP 404: Not found; .*", first)
    assert "\n1 of 12 users could not be asked: 1 x HTTP 404: Not found; " in done.stdout
    found = re.fullmatch(
        r"12 of 12 users, 1 failed, . without accounts; (.*); to reconnect: (.*), . are unknown\.",
        last,
    )
    assert found
    assert done.stdout.startswith(f"Of {found[1]} of 11 users, reconnect {found[2]}: publora ")


def test_check_whose_key_is_refused_half_way_prints_what_it_found(
    ask: Run, service: Sandbox
) -> None:
    service.revoke_key(after=4)
    users = [word for user_id in service.user_ids for word in ("--user", user_id)]
    done = ask("check", *users, "--concurrency", "1", "--within", "400d")
    assert done.exit_code == 2
    headline, _, table = done.stdout.partition("\n\n")
    assert {line.split()[0] for line in table.splitlines()[1:]} <= set(service.user_ids[:4])
    assert headline.startswith("Of ")
    assert done.stderr.splitlines()[0].startswith("Ended after 4 of 12 users, ")


def test_a_users_accounts_are_reconnected_with_a_link_for_the_user(run: Run) -> None:
    with listing(EXPIRED) as server:
        done = run("check", "--user", "u1", PUBLORA_BASE_URL=server.base_url)
    assert done.stdout.splitlines()[0] == (
        "Of 1 account, reconnect 1 now: publora connect USER gives each a link"
    )
    with listing() as server:
        nothing = run("check", "--user", "u1", PUBLORA_BASE_URL=server.base_url)
    assert nothing.stderr == (
        "No account is connected yet: publora connect u1 gives a link to connect some with\n"
    )


def test_no_managed_user_is_no_failure(run: Run) -> None:
    with Sandbox(users=0) as service:
        done = run("check", "--all-users", PUBLORA_BASE_URL=service.base_url)
    assert (done.exit_code, done.stdout) == (0, "There are no users.\n")
    assert done.stderr == summary(0, 0, 0, "0 accounts; to reconnect: none")


def test_unknown_accounts_are_told_apart_from_healthy_ones_and_from_an_outage(run: Run) -> None:
    done = checked(run, HEALTHY, UNKNOWN, UNKNOWN)
    assert (done.exit_code, done.stderr) == (3, "")
    assert done.stdout.splitlines()[0] == (
        "None of 3 accounts has to be reconnected, "
        "but 2 are unknown: publora test ID asks the platform."
    )
    with HostileServer(reply(status=503)) as server:
        down = run("check", "--deadline", "0.1", PUBLORA_BASE_URL=server.base_url)
    assert (down.exit_code, down.stdout) == (2, "")


def test_what_is_unknown_does_not_hide_what_has_expired(run: Run) -> None:
    assert checked(run, UNKNOWN, EXPIRED).exit_code == 1


def test_the_reason_is_told_and_the_most_urgent_comes_first(run: Run) -> None:
    error = LastError(message="Access was revoked")
    accounts = [
        HEALTHY,
        UNKNOWN,
        SOON,
        expiring("instagram", days=5),
        expiring("facebook", hours=3),
        expiring("x", days=-13),
        evolve(EXPIRED, last_error=error),
    ]
    done = checked(run, *accounts)
    assert [re.split("  +", line)[-2:] for line in done.stdout.splitlines()[4:]] == [
        ["x-1", "expired 12 days ago"],
        ["linkedin-1", "Publora says so; last error: Access was revoked"],
        ["facebook-1", "expires in 3 hours"],
        ["instagram-1", "expires in 5 days"],
        ["threads-1", "Publora says so"],
        ["telegram-1", "Publora cannot tell"],
    ]


def test_check_can_be_about_one_platform(run: Run) -> None:
    with listing(HEALTHY, EXPIRED) as server:
        environment = {"PUBLORA_BASE_URL": server.base_url}
        healthy = run("check", "--platform", "X", **environment)
        assert (healthy.exit_code, healthy.stdout) == (
            0,
            "None of 1 account on X has to be reconnected.\n",
        )
        assert run("check", "--platform", "LinkedIn", **environment).exit_code == 1
        mistyped = run("check", "--platform", "linkdin", **environment)
    assert (mistyped.exit_code, mistyped.stdout, mistyped.stderr) == (
        *(2, ""),
        (
            "publora: no account is on 'linkdin', which is no platform that is known here: "
            "did you mean linkedin?\n"
        ),
    )


def test_check_writes_what_programs_read(run: Run) -> None:
    with listing(HEALTHY, EXPIRED) as server:
        done = {
            form: run("check", "--format", form, PUBLORA_BASE_URL=server.base_url)
            for form in ("json", "ndjson", "csv")
        }
    assert {one.exit_code for one in done.values()} == {1}
    account = {
        **EXPIRED.to_dict(),
        "platform": "linkedin",
        "status": "expired",
        "needsReconnect": True,
        "reason": "Publora says so",
    }
    assert json.loads(done["json"].stdout) == {
        "accounts": 2,
        "attention": [account],
        "failed": [],
    }
    assert json.loads(done["ndjson"].stdout) == account
    (row,) = csv.DictReader(io.StringIO(done["csv"].stdout))
    assert (row["platformId"], row["reason"]) == ("linkedin-1", "Publora says so")
    assert "userId" not in row


def test_check_of_many_users_says_who_they_are_and_who_failed(ask: Run, service: Sandbox) -> None:
    service.faults = Faults(error_users={service.user_ids[2]: 404})
    done = ask("check", "--all-users", "--within", "400d", "--format", "json")
    said = json.loads(done.stdout)
    with Publora(service.api_key, base_url=service.base_url) as client:
        emails = {user.id: user.email for user in client.managed_users.list()}
    assert said["attention"]
    assert all(one["userEmail"] == emails[one["userId"]] for one in said["attention"])
    assert [
        (one["userId"], one["userEmail"], one["error"]["status"]) for one in said["failed"]
    ] == [(service.user_ids[2], emails[service.user_ids[2]], 404)]
    lines = ask("check", "--all-users", "--format", "ndjson", "--within", "400d").stdout
    assert json.loads(lines.splitlines()[-1]) == said["failed"][0]
    text = ask("check", "--all-users", "--format", "csv", "--within", "400d").stdout
    *rows, failed = csv.DictReader(io.StringIO(text))
    assert list(failed)[:4] == ["userId", "userEmail", "userName", "platformId"]
    assert failed["error"].startswith("HTTP 404: ")
    assert {row["error"] for row in rows} == {""}


@pytest.mark.parametrize(
    ("answers", "said", "remark"),
    [
        (
            [reply({"error": "No"}, status=400)],
            "2 of 2 users could not be asked: 2 x HTTP 400: No.\n",
            "0 accounts; to reconnect: not known of 2 users",
        ),
        (
            [reply(ConnectionList([HEALTHY]).to_dict()), reply({"error": "No"}, status=400)],
            (
                "None of 1 account of 1 user has to be reconnected, "
                "but 1 of 2 users could not be asked: 1 x HTTP 400: No.\n"
            ),
            "1 account; to reconnect: none of those asked",
        ),
        (
            [reply(ConnectionList([EXPIRED]).to_dict()), reply({"error": "No"}, status=400)],
            (
                "Of 1 account of 1 user, reconnect 1 now: publora connect USER gives each a link\n"
                "1 of 2 users could not be asked: 1 x HTTP 400: No.\n"
            ),
            "1 account; to reconnect: 1 now",
        ),
    ],
)
def test_nothing_reads_as_if_all_were_well_where_users_could_not_be_asked(
    run: Run, answers: list[bytes], said: str, remark: str
) -> None:
    arguments = ("check", "--user", "a", "--user", "b", "--concurrency", "1")
    with HostileServer(*answers) as server:
        done = run(*arguments, PUBLORA_BASE_URL=server.base_url)
    headline = done.stdout.partition("\n\n")[0].rstrip("\n")
    assert (done.exit_code, f"{headline}\n") == (2, said)
    assert done.stderr.splitlines()[-1].endswith(f"; {remark}.")


def test_a_platform_that_is_mistyped_for_many_users_gives_no_verdict(run: Run) -> None:
    with listing(HEALTHY) as server:
        arguments = ("check", "--user", "a", "--user", "b", "--platform", "linkdin")
        done = run(*arguments, PUBLORA_BASE_URL=server.base_url)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.endswith("did you mean linkedin?\n")


def test_check_does_with_ids_where_nobody_tells_whose_they_are(run: Run) -> None:
    everybody = {"success": True, "connections": [EXPIRED.to_dict()]}
    with HostileServer(*[reply(everybody)] * 2, reply(status=404)) as server:
        done = run("check", "--user", "u1", "--user", "u2", PUBLORA_BASE_URL=server.base_url)
    assert done.exit_code == 1
    assert {line.split()[0] for line in done.stdout.splitlines()[3:]} == {"u1", "u2"}


SH = shutil.which("sh") or ""


@pytest.mark.skipif(not SH, reason="no sh")
@pytest.mark.parametrize(
    ("answers", "mailed", "told"),
    [
        ([HEALTHY, HEALTHY], "", ""),
        ([HEALTHY, EXPIRED], "Reconnect", ""),
        ([HEALTHY, UNKNOWN], "Unknown", ""),
        ([None, EXPIRED], "Checked in part", "could not find out\n"),
    ],
)
def test_the_script_in_the_help_mails_every_account_to_reconnect(
    run: Run, tmp_path: Path, answers: list[Connection | None], mailed: str, told: str
) -> None:
    example = run("check", "--help").stdout.partition("neither answer:\n")[2]
    script = f"{example.partition('esac')[0]}esac\n"
    command = f'{sys.executable} -m publora_sync "$@" --concurrency 1 -q 2> failed'
    functions = f"publora() {{ {command}; }}\nmail() {{ echo $2 > subject; cat > body; }}\n"
    users = reply({"users": [{"_id": f"u{number}"} for number in range(len(answers))]})
    refusal = reply({"error": "No"}, status=400)
    each = [refusal if one is None else reply(ConnectionList([one]).to_dict()) for one in answers]
    with HostileServer(users, *each, users) as server:
        settings = {"PUBLORA_API_KEY": "sk_made.up", "PUBLORA_BASE_URL": server.base_url}
        done = subprocess.run(
            [SH, "-u", "-c", functions + script],
            cwd=tmp_path,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stderr == told
    subject, body = tmp_path / "subject", tmp_path / "body"
    assert (subject.read_text().strip() if subject.exists() else "") == mailed
    assert not mailed or ("linkedin-1" in body.read_text()) == (EXPIRED in answers)
