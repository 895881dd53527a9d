"""``publora test``: a platform's word on a credential."""

from click.testing import Result
from command import Run
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
        "STATUS      error\n"
        "MESSAGE     Access was revoked\n"
        "ACCOUNT     linkedin-1\n"
        "LAST ERROR  Duplicate content\n"
    )


def test_a_status_that_is_not_known_yet_ends_with_2(run: Run) -> None:
    done = checked(run, status="being_reviewed")
    assert (done.exit_code, done.stdout.splitlines()[0]) == (2, "STATUS   being_reviewed")


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
    done = run("test", account.platform_id, "--user", user_id)
    assert (done.exit_code, account.needs_reconnect) == (0, False)
    assert run("test", account.platform_id).exit_code == 2
