"""The fixture for users' own tests."""

import subprocess
import sys
from pathlib import Path

from publora_async import AsyncPublora
from publora_async.sandbox import Sandbox
from publora_sync import Publora


def test_a_client_without_arguments_asks_the_fixtures_sandbox(publora_sandbox: Sandbox) -> None:
    with Publora() as publora:
        assert len(publora.connections.list()) == 15
    assert publora_sandbox.requests == 1


async def test_the_fixture_serves_async_tests_too(publora_sandbox: Sandbox) -> None:
    async with AsyncPublora() as publora:
        user_ids = publora_sandbox.user_ids
        answers = await publora.connections.list_many(user_ids)
    assert [answer.user_id for answer in answers] == list(user_ids)


def test_a_run_that_does_not_use_the_fixture_loads_nothing_of_the_sdk() -> None:
    script = """
import sys
import pytest
before = set(sys.modules)
import publora_async.pytest_plugin
print(*sorted(set(sys.modules) - before))
"""
    ours = "publora_async publora_async._version publora_async.pytest_plugin\n"
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == ours


def test_pytest_starts_quietly_in_a_program_that_has_imported_both_packages(
    tmp_path: Path,
) -> None:
    (tmp_path / "test_one.py").write_text("def test_one(publora_sandbox): pass")
    script = """
import sys
import publora_async, publora_sync
import pytest

# Those packages that warn are others' business.
others = ["anyio", "asyncio", "hypothesispytest", "xdist"]
without = [word for name in others for word in ("-p", f"no:{name}")]
sys.exit(pytest.main(["-q", "-W", "error", "-p", "no:cacheprovider", *without, sys.argv[1]]))
"""
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "1 passed" in ended.stdout
