"""What the tests share: an environment that says nothing, and one question in both colours."""

import asyncio
import gc
import os
import signal
from collections.abc import Callable
from typing import Protocol, TypedDict, Unpack

import hypothesis
import pytest

from publora_async import AsyncPublora, ConnectionList, Timeouts
from publora_sync import Publora

KEY = "sk_test.0123456789abcdef"

# The same examples in each run, so that one run of .ci/run makes many of them and the others few:
# pytest --hypothesis-profile=thorough.
for name, examples in (("thorough", 200), ("quick", 40)):
    hypothesis.settings.register_profile(
        name, max_examples=examples, derandomize=True, deadline=None
    )
hypothesis.settings.load_profile("quick")


class Options(TypedDict, total=False):
    """The client's options that the tests set."""

    api_key: str
    timeout: float | Timeouts
    deadline: float | None
    max_retries: int
    max_connections: int
    proxy: str
    trust_env: bool


class Ask(Protocol):
    """Lists connections once, with a client of its own."""

    async def __call__(
        self, base_url: str, user_id: str | None = None, **options: Unpack[Options]
    ) -> ConnectionList: ...


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The suite's event loop: asyncio's, or uvloop's where ``PUBLORA_TEST_LOOP=uvloop``."""
    if os.environ.get("PUBLORA_TEST_LOOP") == "uvloop":
        import uvloop

        return {"uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Half as many workers again as cores: a third of the time, a test waits for a process."""
    return (os.cpu_count() or 1) * 3 // 2


def pytest_configure() -> None:
    """Take Ctrl-C, also where the suite was started without it: by nohup, or behind a shell."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionfinish() -> None:
    """Let the collector see again what it was spared."""
    gc.unfreeze()


@pytest.fixture(autouse=True, scope="module")
def _collector_is_spared() -> None:
    """Spare the collector, which runs after each promise's test, what is kept of earlier tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        is_proxy = name.lower().endswith("_proxy")
        if is_proxy or name.startswith("PUBLORA_") or name == "PYTHONUNBUFFERED":
            monkeypatch.delenv(name)


async def _ask_async(
    base_url: str, user_id: str | None = None, **options: Unpack[Options]
) -> ConnectionList:
    settings: Options = {"api_key": KEY, "max_retries": 0, **options}
    async with AsyncPublora(base_url=base_url, **settings) as publora:
        return await publora.connections.list(user_id=user_id)


async def _ask_sync(
    base_url: str, user_id: str | None = None, **options: Unpack[Options]
) -> ConnectionList:
    def ask() -> ConnectionList:
        settings: Options = {"api_key": KEY, "max_retries": 0, **options}
        with Publora(base_url=base_url, **settings) as publora:
            return publora.connections.list(user_id=user_id)

    return await asyncio.to_thread(ask)


@pytest.fixture(params=[_ask_async, _ask_sync], ids=["async", "sync"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Ask once, in either colour."""
    chosen: Ask = request.param
    return chosen
