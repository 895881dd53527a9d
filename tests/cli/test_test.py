"""``publora test``: a platform's word on a credential."""

import csv
import io
import json

import pytest
from click.testing import Result
from command import Run, in_terminal
from hostile import HostileServer, reply

from publora_async.sandbox import Sandbox
from publora_sync import Publora


def checked(run: Run, *arguments: str, **body: object) -> Result:
    with HostileServer(reply({"platformId": "linkedin-1", **body})) as server:
        return run("test", "linkedin-1", *arguments, PUBLORA_BASE_URL=server.base_url)


def test_a_credential_that_works_ends_with_0(run: Run) -> None:
    done = checked(
        run,
        status="ok",
        message="Connection is working",
        username="Am\x1blie",
        permissions=["w_member_social", "r_basicprofile"],
        tokenExpiresIn="7d 3h",
        lastSuccessfulPost="2026-11-07T18:20:59.000Z",
    )
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        "VERDICT      works\n"
        "STATUS       ok\n"
        "MESSAGE      Connection is working\n"
        "ACCOUNT      Am\\x1blie  linkedin-1\n"
        "PERMISSIONS  w_member_social, r_basicprofile\n"
        "EXPIRES IN   7d 3h\n"
        "LAST POST    2026-11-07 18:20 UTC\n"
    )


def test_one_that_does_not_work_ends_with_1(run: Run) -> None:
    error = {"message": "Duplicate content", "occurredAt": "2027-01-05T14:20:00.000Z"}
    done = checked(run, status="error", message="Access was revoked", lastError=error)
    assert (done.exit_code, done.stderr) == (1, "")
    assert done.stdout == (
        "VERDICT     broken\n"
        "STATUS      error\n"
        "MESSAGE     Access was revoked\n"
        "ADVICE      reconnect the account\n"
        "ACCOUNT     linkedin-1\n"
        "LAST ERROR  Duplicate content\n"
    )


def test_a_status_that_is_not_known_yet_ends_with_3(run: Run) -> None:
    done = checked(run, status="being_reviewed")
    assert (done.exit_code, done.stdout.splitlines()[:2]) == (
        3,
        ["VERDICT  unknown", "STATUS   being_reviewed"],
    )


@pytest.mark.parametrize(
    ("message", "code", "advice"),
    [
        ("Unknown platform: pinterest", 3, "nothing tests accounts of this platform"),
        ("Invalid bot connection", 3, "it works if it was connected as a person"),
        (
            "Bot needs channel administrator posting rights",
            1,
            "give the bot these rights in Telegram; reconnecting does not help",
        ),
        ("Channel is unavailable", 1, "see in Telegram whether the channel is there"),
        ("Request failed with status code 503", 3, "the platform itself failed"),
        ("Request failed with status code 429", 3, "the platform itself failed"),
        ("Request failed with status code 401", 1, "reconnect the account"),
        (None, 1, "reconnect the account"),
    ],
)
def test_an_error_that_is_no_lost_credential_is_told_apart(
    run: Run, message: str | None, code: int, advice: str
) -> None:
    done = checked(run, status="error", message=message)
    (said,) = [line for line in done.stdout.splitlines() if line.startswith("ADVICE")]
    assert (done.exit_code, said.removeprefix("ADVICE").strip()[: len(advice)]) == (code, advice)


def test_the_result_can_be_read_by_programs(run: Run) -> None:
    error = {"message": "=1+1", "occurredAt": "2027-01-05T14:20:00.000Z"}
    body = {
        "status": "error",
        "message": "Unknown platform: x",
        "permissions": ["a", "b"],
        "lastError": error,
    }
    told = {
        "platformId": "linkedin-1",
        **body,
        "verdict": "unknown",
        "advice": "nothing tests accounts of this platform: "
        "its status in publora connections stands",
    }
    for form in ("json", "ndjson"):
        done = checked(run, "--format", form, **body)
        assert (done.exit_code, json.loads(done.stdout)) == (3, told)
    (row,) = csv.DictReader(io.StringIO(checked(run, "--format", "csv", **body).stdout))
    assert (row["verdict"], row["permissions"], row["lastError"], row["lastErrorAt"]) == (
        *("unknown", "a b", "'=1+1", "2027-01-05T14:20:00.000Z"),
    )
    kept = checked(run, "--format", "csv", "--raw", **body)
    assert ",=1+1," in kept.stdout


@pytest.mark.parametrize(
    ("body", "colour"),
    [
        ({"status": "ok"}, "\x1b[32m✓ works"),
        ({"status": "error"}, "\x1b[1;31m✗ broken"),
        ({"status": "whatever"}, "\x1b[33m? unknown"),
    ],
)
def test_a_terminal_gets_the_verdict_in_colour(body: dict[str, str], colour: str) -> None:
    with (
        HostileServer(reply({"platformId": "x-1", **body})) as server,
        in_terminal(
            "test", "x-1", PUBLORA_API_KEY="sk_x", PUBLORA_BASE_URL=server.base_url
        ) as process,
    ):
        shown, _ = process.communicate()
    assert colour in shown


def test_an_account_that_is_not_there_could_not_be_checked(run: Run) -> None:
    done = run("test", "linkedin-nobody")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "publora: HTTP 404: Connection not found (POST /test-connection/linkedin-nobody)\n"
    )


def test_an_account_of_a_user_is_tested_for_the_user(run: Run, sandbox: Sandbox) -> None:
    user_id = sandbox.user_ids[2]
    with Publora(sandbox.api_key, base_url=sandbox.base_url) as client:
        account = client.connections.list(user_id=user_id)[0]
        (user,) = [user for user in client.managed_users.list() if user.id == user_id]
    assert user.email
    for name in (user_id, user.email.upper()):
        done = run("test", account.platform_id, "--user", name)
        assert (done.exit_code, account.needs_reconnect) == (0, False)
    assert run("test", account.platform_id).exit_code == 2
