"""``publora sandbox``: the sandbox's own command line under another name."""

import signal
import subprocess

import pytest
import requests
from capabilities import needs_signals
from command import COMMAND, Run

from publora_async.sandbox import Faults, Sandbox


def test_a_sandbox_that_cannot_be_is_one_line(run: Run, sandbox: Sandbox) -> None:
    port = sandbox.base_url.split(":")[2].split("/")[0]
    taken = run("sandbox", "--port", port)
    assert (taken.exit_code, taken.stdout, taken.stderr.count("\n")) == (2, "", 1)
    assert taken.stderr.startswith(f"publora sandbox: cannot listen on 127.0.0.1:{port}, ")
    negative = run("sandbox", "--users", "-1")
    assert (negative.exit_code, negative.stdout) == (2, "")
    assert negative.stderr == (
        "publora sandbox: users must be a whole number from 0 to 2147483648, not -1\n"
    )


@pytest.mark.parametrize("arguments", [["--nonsense"], ["-x"], ["--nonsense=1"], ["stray"]])
def test_what_the_sandbox_does_not_know_is_one_line(run: Run, arguments: list[str]) -> None:
    done = run("sandbox", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"publora sandbox: unrecognized arguments: {arguments[0]}\n"


def test_it_takes_whatever_the_sandboxs_own_command_line_takes(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[Sandbox] = []
    monkeypatch.setattr("publora_async.sandbox.__main__.serve", served.append)
    done = run("sandbox", "--users", "3", "--seed=5", "--latency", "0.1-0.5", "--rate-limit=9")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    [sandbox] = served
    assert sandbox.user_ids == Sandbox(users=3, seed=5).user_ids
    assert sandbox.faults == Faults(latency=(0.1, 0.5), rate_limit=9)


@needs_signals
def test_ctrl_c_ends_the_sandbox_as_it_does_by_its_other_name() -> None:
    with subprocess.Popen(
        [*COMMAND, "sandbox", "--port", "0", "--users", "3", "--seed", "5", "--form", "contract"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().removeprefix("export PUBLORA_BASE_URL=").strip()
            key = process.stdout.readline().removeprefix("export PUBLORA_API_KEY=").strip()
            with requests.Session() as session:
                session.headers["x-publora-key"] = key
                found = session.get(f"{url}/platform-connections").json()["connections"]
                users = session.get(f"{url}/workspace/users").json()["users"]
                process.send_signal(signal.SIGINT)
                assert process.communicate() == ("", "")
        finally:
            process.kill()
    assert process.returncode == 0
    assert {len(connection) for connection in found} == {5}
    assert [user["_id"] for user in users] == list(Sandbox(users=3, seed=5).user_ids)
