"""The fixture that pytest finds wherever this distribution is installed."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from publora_async.sandbox import Sandbox

__all__ = ["publora_sandbox"]


@pytest.fixture
def publora_sandbox(monkeypatch: pytest.MonkeyPatch) -> "Iterator[Sandbox]":
    """
    A running :class:`publora_async.sandbox.Sandbox`, which the environment points at.

    ``Publora()`` and ``AsyncPublora()`` without arguments ask it as long as the test lasts.
    """
    # Every test run on the machine imports this module; few of them want a web server.
    from publora_async.sandbox import Sandbox

    with Sandbox() as sandbox:
        monkeypatch.setenv("PUBLORA_API_KEY", sandbox.api_key)
        monkeypatch.setenv("PUBLORA_BASE_URL", sandbox.base_url)
        yield sandbox
