"""What the command's tests share: a sandbox to ask, and the command run in this process."""

from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from publora_async.sandbox import Sandbox
from publora_sync.cli import publora


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def environment(sandbox: Sandbox) -> dict[str, str]:
    """What a shell would set to make the command ask the sandbox."""
    return {"PUBLORA_API_KEY": sandbox.api_key, "PUBLORA_BASE_URL": sandbox.base_url}


@pytest.fixture
def run(environment: dict[str, str]) -> Callable[..., Result]:
    """Run the command; *others* is added to its environment, ``None`` takes a variable away."""

    def run(*arguments: str, **others: str | None) -> Result:
        runner = CliRunner(env={**environment, **others})
        return runner.invoke(publora, arguments, prog_name="publora", catch_exceptions=False)

    return run
