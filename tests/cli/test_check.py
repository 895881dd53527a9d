"""``publora check``: its verdict, and the spans of time it takes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import Result
from hostile import HostileServer, reply

from publora_async import Connection, ConnectionList
from publora_async.sandbox import Sandbox

Run = Callable[..., Result]


def expiring(platform: str, **left: int) -> Connection:
    """An account that expires after the time *left* and a minute, for the test to run in."""
    date = datetime.now(UTC) + timedelta(minutes=1, **left)
    return Connection(platform_id=f"{platform}-1", access_token_expires_at=date)


def checked(run: Run, *accounts: Connection, within: str | None = None) -> Result:
    arguments = [] if within is None else ["--within", within]
    with HostileServer(reply(ConnectionList(accounts).to_dict())) as server:
        return run("check", *arguments, PUBLORA_BASE_URL=server.base_url)


def test_it_names_the_accounts_to_reconnect_and_ends_with_1(run: Run) -> None:
    done = run("check")
    first, blank, header, *lines = done.stdout.splitlines()
    assert (done.exit_code, done.stderr, blank) == (1, "", "")
    assert first == "Of 15 accounts, reconnect 3 now and 4 soon at https://app.publora.com"
    assert header.split() == ["PLATFORM", "HANDLE", "NAME", "PLATFORM", "ID", "HEALTH", "EXPIRES"]
    assert [line.split()[0] for line in lines] == [
        *("linkedin", "youtube", "facebook"),
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


@pytest.mark.parametrize(
    "span", ["7", "d", "-7d", "7 d", "1.5d", "7y", "999999999w", "\u0667d", ""]
)
def test_a_bad_span_is_bad_usage(run: Run, span: str) -> None:
    done = run("check", "--within", span)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == (
        f"Error: Invalid value for '--within': {span!r} is no span of time "
        "such as 7d, 36h, 90m or 2w."
    )


def test_user_and_sandbox_are_as_for_connections(run: Run, sandbox: Sandbox) -> None:
    done = run("check", "--sandbox", "--user", sandbox.user_ids[0], PUBLORA_API_KEY=None)
    assert (done.exit_code, done.stdout) == (0, "None of 0 accounts has to be reconnected.\n")


def test_a_verdict_that_cannot_be_had_is_not_mistaken_for_one(run: Run) -> None:
    done = run("check", PUBLORA_API_KEY="wrong")
    assert (done.exit_code, done.stdout) == (2, "")
