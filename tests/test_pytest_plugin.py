"""The fixture for users' own tests."""

import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.publora_sandbox(users=50, seed=7)
def test_a_marker_gives_the_fixture_options(publora_sandbox: Sandbox) -> None:
    assert list(publora_sandbox.user_ids) == list(Sandbox(users=50, seed=7).user_ids)


@pytest.mark.publora_sandbox(users=50, seed=7)
class TestClass:
    @pytest.mark.publora_sandbox(users=3)
    def test_the_marker_of_a_test_goes_before_that_of_its_class(
        self, publora_sandbox: Sandbox
    ) -> None:
        assert list(publora_sandbox.user_ids) == list(Sandbox(users=3, seed=7).user_ids)


@pytest.mark.parametrize(
    ("own", "ended"),
    [
        ("def test_it(publora_session_sandbox): publora_session_sandbox.base_url", "OK"),
        ("@pytest.mark.publora_sandbox(5)\ndef test_it(publora_sandbox): pass", "TESTS_FAILED"),
    ],
)
def test_a_run_in_the_same_process_finds_the_fixtures(own: str, ended: str, tmp_path: Path) -> None:
    (tmp_path / f"test_own_{ended.lower()}.py").write_text(f"import pytest\n{own}")
    others = ["anyio", "asyncio", "cacheprovider", "hypothesispytest", "terminal", "xdist"]
    without = [word for name in others for word in ("-p", f"no:{name}")]
    assert pytest.main([*without, str(tmp_path)]) == pytest.ExitCode[ended]


OWN_TESTS = """
import os

import pytest
from publora_sync import Publora


@pytest.fixture(scope="session")
def publora_sandbox_options():
    return {"users": 2}


@pytest.mark.parametrize("number", range(6))
def test_a_session_has_one_sandbox(number, publora_session_sandbox, request):
    sandbox = publora_session_sandbox
    assert "PUBLORA_BASE_URL" not in os.environ
    with Publora(sandbox.api_key, base_url=sandbox.base_url) as publora:
        publora.connections.list()
    request.session.asked = getattr(request.session, "asked", 0) + 1
    assert (sandbox.requests, len(sandbox.user_ids)) == (request.session.asked, 2)


@pytest.mark.publora_sandbox(seed=5)
def test_a_test_has_its_own_beside_it(publora_sandbox, publora_session_sandbox):
    assert publora_sandbox.base_url != publora_session_sandbox.base_url
    assert os.environ["PUBLORA_BASE_URL"] == publora_sandbox.base_url
    assert len(publora_sandbox.user_ids) == 2


@pytest.mark.publora_sandbox(user=5)
def test_a_slip_is_told(publora_sandbox):
    pass


@pytest.mark.publora_sandbox(5)
def test_a_value_without_its_name_is_refused(publora_sandbox):
    pass
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "under xdist"])
def test_the_fixtures_serve_a_project_with_strict_markers(
    workers: list[str], tmp_path: Path
) -> None:
    (tmp_path / "test_own.py").write_text(OWN_TESTS)
    plain = ("-q", "--strict-markers", "-p", "no:cacheprovider", "-p", "no:randomly")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *plain, *workers],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "7 passed, 2 errors" in ended.stdout
    assert "the marker takes names with values" in ended.stdout
    assert "got an unexpected keyword argument 'user'" in ended.stdout


def test_the_marker_is_explained_by_pytest_itself(tmp_path: Path) -> None:
    listed = subprocess.check_output(
        [sys.executable, "-m", "pytest", "--markers"], cwd=tmp_path, text=True
    )
    assert (
        "@pytest.mark.publora_sandbox(**options): what the fixture publora_sandbox makes its "
        "Sandbox with" in listed
    )


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
