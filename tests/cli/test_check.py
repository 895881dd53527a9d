"""``publora check``: its verdict about one account or many users."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import Result
from command import Run, listing, summary
from hostile import HostileServer, reply

from publora_async import Connection, ConnectionList
from publora_async.sandbox import Faults, Sandbox
from publora_sync.cli._check import _Verdict

HEALTHY = Connection(platform_id="twitter-1")
EXPIRED = Connection(platform_id="linkedin-1", token_status="expired")
SOON = Connection(platform_id="threads-1", token_status="expiring_soon")


def expiring(platform: str, **left: int) -> Connection:
    """An account that expires after the time *left* and a minute, for the test to run in."""
    date = datetime.now(UTC) + timedelta(minutes=1, **left)
    return Connection(platform_id=f"{platform}-1", access_token_expires_at=date)


def checked(run: Run, *accounts: Connection, within: str | None = None) -> Result:
    arguments = [] if within is None else ["--within", within]
    with listing(*accounts) as server:
        return run("check", *arguments, PUBLORA_BASE_URL=server.base_url)


def test_it_names_the_accounts_to_reconnect_and_ends_with_1(run: Run) -> None:
    done = run("check")
    first, blank, header, *lines = done.stdout.splitlines()
    assert (done.exit_code, done.stderr, blank) == (1, "", "")
    assert first == "Of 15 accounts, reconnect 3 now and 4 soon at https://app.publora.com"
    assert header.split() == ["PLATFORM", "HANDLE", "NAME", "PLATFORM", "ID", "HEALTH", "EXPIRES"]
    assert [line.split()[0] for line in lines] == [
        *("linkedin", "instagram", "youtube"),
        *("instagram", "threads", "tiktok", "pinterest"),
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
    assert [line.split()[0] for line in done.stdout.splitlines()[3:]] == soon
    assert done.exit_code == (1 if soon else 0)


def test_what_is_only_soon_is_said_so(run: Run) -> None:
    done = checked(run, expiring("facebook", days=41), within="60d")
    assert done.stdout.splitlines()[0] == (
        "Of 1 accounts, reconnect 1 soon at https://app.publora.com"
    )
    assert "expires in 41 days" in done.stdout


def test_user_and_sandbox_are_as_for_connections(run: Run, sandbox: Sandbox) -> None:
    done = run("check", "--sandbox", "--user", sandbox.user_ids[6], PUBLORA_API_KEY=None)
    assert (done.exit_code, done.stdout) == (0, "None of 0 accounts has to be reconnected.\n")


def test_a_verdict_that_cannot_be_had_is_not_mistaken_for_one(run: Run) -> None:
    done = run("check", PUBLORA_API_KEY="wrong")
    assert (done.exit_code, done.stdout) == (2, "")


def answering(*answers: Connection) -> HostileServer:
    """A service that lists each of *answers* for a user of its own, and then for all others."""
    return HostileServer(*(reply(ConnectionList([one]).to_dict()) for one in answers))


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
    assert [line.split()[:2] for line in lines] == [
        ["u1", "linkedin"],
        ["u2", "threads"],
        ["u3", "threads"],
    ]
    assert done.stderr == summary(4, 0, 0, "4 accounts; to reconnect: 1 now and 2 soon")


def test_check_that_could_not_find_out_about_a_user_ends_with_2(ask: Run, service: Sandbox) -> None:
    failing = service.user_ids[2]
    service.faults = Faults(error_users={failing: 404})
    done = ask("check", "--all-users", "--within", "14d")
    first, last = done.stderr.splitlines()
    why = "HTTP 404: Not found; Publora always has this list: check base_url"
    assert (done.exit_code, first) == (2, f"user {failing} failed: {why}")
    found = re.fullmatch(
        r"12 of 12 users, 1 failed, . without accounts; (.*); to reconnect: (.*)\.", last
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
    assert {line.split()[0] for line in done.stdout.splitlines()[3:]} <= set(service.user_ids[:4])
    assert done.stdout.startswith("Of ")
    assert done.stderr.splitlines()[0].startswith("Ended after 4 of 12 users, ")


def test_no_managed_user_is_no_failure(run: Run) -> None:
    with Sandbox(users=0) as service:
        done = run("check", "--all-users", PUBLORA_BASE_URL=service.base_url)
    assert (done.exit_code, done.stdout) == (
        0,
        "None of 0 accounts of 0 users has to be reconnected.\n",
    )
    assert done.stderr == summary(0, 0, 0, "0 accounts; to reconnect: none")


def test_all_accounts_are_judged_by_the_moment_at_which_the_check_began() -> None:
    verdict = _Verdict(None)
    verdict._now = datetime(2026, 10, 1, tzinfo=UTC)
    date = verdict._now + timedelta(days=3)
    account = Connection(platform_id="linkedin-1", access_token_expires_at=date)
    verdict.add(ConnectionList([account]))
    assert verdict.counts == "1 soon"
