"""The contract's own examples, run as they stand but for the base address, agree with the SDK."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publora_async import ConnectionList, decode_connections
from publora_async.sandbox import Sandbox
from publora_sync import Publora

CONTRACT = Path(__file__).parent / "contract" / "platform-connections.md"
ADDRESS = "https://api.publora.com/api/v1"

# Read here: the tests themselves run without any variable of ours.
NODE_PATH = os.environ.get("PUBLORA_TEST_NODE_PATH", "")
BASH, CURL, NODE = map(shutil.which, ("bash", "curl", "node"))
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")

# An ES module has top-level await and no require, a CommonJS one has it the other way round;
# the axios example needs both. So it runs as an ES module, and finds this file's require as a
# global. JSON, because what console.log makes of an object is for people.
AXIOS_PRELOAD = """\
globalThis.require = require;
console.log = (value) => process.stdout.write(JSON.stringify(value));
"""


def block(heading: str, language: str) -> str:
    """Give the code that the contract shows first under *heading*."""
    text = CONTRACT.read_text("utf-8")
    pattern = rf"^#+ {re.escape(heading)}\n+```{language}\n(.*?)^```$"
    found = re.search(pattern, text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def example(heading: str, language: str, sandbox: Sandbox) -> str:
    """Give the example under *heading*, sent to *sandbox*."""
    code = block(heading, language)
    assert code.count(ADDRESS) == 1
    return code.replace(ADDRESS, sandbox.base_url)


def run(*command: str | Path | None, **environment: str) -> str:
    """Run *command* until it ends well, and give what it prints."""
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(params=["today", "contract"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Serve, in either form, accounts most of whose dates were in the last thirty days."""
    # The Python example goes by its own clock, so it is the sandbox's that is put back.
    with Sandbox(form=request.param, now=datetime.now(UTC) - timedelta(days=30)) as sandbox:
        yield sandbox


@pytest.fixture
def accounts(sandbox: Sandbox) -> ConnectionList:
    """Ask the SDK about the same sandbox."""
    with Publora(sandbox.api_key, base_url=sandbox.base_url) as publora:
        return publora.connections.list()


@pytest.fixture
def node_path() -> str:
    """Give the folder that axios can be required from."""
    command = [str(NODE), "--eval", "require('axios')"]
    environment = os.environ | {"NODE_PATH": NODE_PATH}
    probe = subprocess.run(command, capture_output=True, check=False, env=environment)
    if probe.returncode != 0:
        pytest.skip("no axios: name a node_modules folder that has it in PUBLORA_TEST_NODE_PATH")
    return NODE_PATH


def test_the_python_example_counts_the_accounts_and_warns_of_those_past_their_date(
    sandbox: Sandbox, accounts: ConnectionList
) -> None:
    now = datetime.now(UTC)
    expired = [
        account.platform_id
        for account in accounts
        if account.access_token_expires_at is not None and account.access_token_expires_at < now
    ]
    assert len(expired) > 1
    code = example("Python (requests)", "python", sandbox)

    printed = run(sys.executable, "-X", "utf8", "-c", code)

    assert printed.splitlines() == [
        f"Connected to {len(accounts)} accounts",
        *(f"⚠️  {platform_id} token expired! Reconnect in dashboard." for platform_id in expired),
    ]


@pytest.mark.skipif(None in {BASH, CURL}, reason="bash or curl is not installed")
def test_the_curl_example_prints_the_body_that_the_sdk_reads_and_writes(
    sandbox: Sandbox, accounts: ConnectionList
) -> None:
    printed = run(BASH, "-c", example("cURL", "bash", sandbox))

    assert decode_connections(printed.encode()) == accounts
    documented = json.loads(block("Response", "json"))["connections"][0].keys()
    answer = json.loads(printed)
    # The SDK writes the contract's fields always, the others where there is something to say.
    answer["connections"] = [
        {k: v for k, v in connection.items() if v is not None or k in documented}
        for connection in answer["connections"]
    ]
    assert answer == accounts.to_dict()


@needs_node
def test_the_fetch_example_counts_the_accounts_of_two_platforms(
    sandbox: Sandbox, accounts: ConnectionList, tmp_path: Path
) -> None:
    script = tmp_path / "example.mjs"
    script.write_text(example("JavaScript (fetch)", "javascript", sandbox), "utf-8")

    assert run(NODE, script).splitlines() == [
        f"Twitter accounts: {len(accounts.on('twitter'))}",
        f"LinkedIn accounts: {len(accounts.on('linkedin'))}",
    ]


@needs_node
def test_the_axios_example_maps_platforms_to_ids_as_the_sdk_does(
    sandbox: Sandbox, accounts: ConnectionList, tmp_path: Path, node_path: str
) -> None:
    preload, script = tmp_path / "preload.cjs", tmp_path / "example.mjs"
    preload.write_text(AXIOS_PRELOAD, "utf-8")
    script.write_text(example("Node.js (axios)", "javascript", sandbox), "utf-8")

    printed = json.loads(run(NODE, "--require", preload, script, NODE_PATH=node_path))

    # As pairs: the order of the platforms is the same too.
    assert [*printed.items()] == [*accounts.ids_by_platform().items()]
