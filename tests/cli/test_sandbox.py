"""``publora sandbox``: the sandbox's own command line under another name."""

import signal
import subprocess

import requests
from command import COMMAND, Run

from publora_async.sandbox import Sandbox


def test_a_sandbox_that_cannot_be_is_one_line(run: Run, sandbox: Sandbox) -> None:
    port = sandbox.base_url.split(":")[2].split("/")[0]
    taken = run("sandbox", "--port", port)
    assert (taken.exit_code, taken.stdout, taken.stderr.count("\n")) == (2, "", 1)
    assert taken.stderr.startswith(f"publora: cannot listen on 127.0.0.1:{port}, ")
    negative = run("sandbox", "--users", "-1")
    assert (negative.exit_code, negative.stdout) == (2, "")
    assert negative.stderr == (
        "publora: users must be a whole number from 0 to 2147483648, not -1\n"
    )


def test_ctrl_c_ends_the_sandbox_as_it_does_by_its_other_name() -> None:
    with subprocess.Popen(
        [*COMMAND, "sandbox", "--port", "0", "--users", "3", "--seed", "5", "--form", "contract"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().removeprefix("PUBLORA_BASE_URL=").strip()
            key = process.stdout.readline().removeprefix("PUBLORA_API_KEY=").strip()
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
