"""The fixtures that pytest finds wherever this distribution is installed."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from publora_async.sandbox import Sandbox

__all__ = [
    "publora_sandbox",
    "publora_sandbox_options",
    "publora_session_sandbox",
    "pytest_configure",
]

_MARKER = "publora_sandbox"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, for those who run with ``--strict-markers``."""
    config.addinivalue_line(
        "markers", f"{_MARKER}(**options): what the fixture {_MARKER} makes its Sandbox with"
    )


@pytest.fixture(scope="session")
def publora_sandbox_options() -> "Mapping[str, object]":
    """
    What both fixtures make their :class:`publora_async.sandbox.Sandbox` with.

    Override it in a ``conftest.py``; the marker ``publora_sandbox`` adds to it for a test.
    """
    return {}


@pytest.fixture
def publora_sandbox(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    publora_sandbox_options: "Mapping[str, object]",
) -> "Iterator[Sandbox]":
    """
    A running :class:`publora_async.sandbox.Sandbox`, which the environment points at.

    ``Publora()`` and ``AsyncPublora()`` without arguments ask it as long as the test lasts.
    ``@pytest.mark.publora_sandbox(users=50)`` gives it options, on a test, a class or a module.
    """
    options = dict(publora_sandbox_options)
    # The test's own come first, and have the last word.
    for mark in reversed([*request.node.iter_markers(_MARKER)]):
        if mark.args:
            raise TypeError(f"the marker takes names with values: @pytest.mark.{_MARKER}(users=50)")
        options |= mark.kwargs
    with _sandbox(options) as sandbox:
        monkeypatch.setenv("PUBLORA_API_KEY", sandbox.api_key)
        monkeypatch.setenv("PUBLORA_BASE_URL", sandbox.base_url)
        yield sandbox


@pytest.fixture(scope="session")
def publora_session_sandbox(
    publora_sandbox_options: "Mapping[str, object]",
) -> "Iterator[Sandbox]":
    """
    A :class:`publora_async.sandbox.Sandbox` that runs from its first use to the session's end.

    What one test changes in it the next one finds changed. The environment is left alone, as the
    session's other tests have the same: give a client ``api_key`` and ``base_url``. With
    pytest-xdist each worker has its own.
    """
    with _sandbox(publora_sandbox_options) as sandbox:
        yield sandbox


def _sandbox(options: "Mapping[str, object]") -> "Sandbox":
    # Every test run on the machine imports this module; few of them want a web server.
    from publora_async.sandbox import Sandbox

    return Sandbox(**options)  # type: ignore[arg-type]  # they are the caller's to get right
