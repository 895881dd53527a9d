"""The key is in nothing that the tools which watch programs keep; skipped where one is missing."""

import asyncio
import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asking import failure, listing_for
from colours import Client
from conftest import KEY
from hostile import Answer, HostileServer, reply, silence, then_hang_up

from publora_async import AsyncPublora, PubloraError
from publora_sync import Publora

ANSWERS: dict[str, Answer] = {
    "401 that repeats the key": reply({"error": f"Invalid API key {KEY}"}, status=401),
    "500 that repeats the key": reply(f"x-publora-key: {KEY}".encode(), status=500),
    "hang-up": then_hang_up(),
    "silence": silence,
    "no JSON": reply(KEY.encode()),
}


@pytest.fixture(params=[AsyncPublora, Publora], ids=["async", "sync"])
def colour(request: pytest.FixtureRequest) -> type[AsyncPublora | Publora]:
    chosen: type[AsyncPublora | Publora] = request.param
    return chosen


async def failing(
    colour: type[AsyncPublora | Publora], name: str, watch: Callable[[PubloraError], object]
) -> None:
    """Fail once, and have *watch* look at the error while it is handled, with all its frames."""
    with HostileServer(ANSWERS[name]) as server:
        publora = colour(KEY, base_url=server.base_url, max_retries=0, timeout=0.5)
        client = Client(publora)
        error = await failure(client, listing_for("swordfish"))
        try:
            raise error
        except PubloraError as raised:
            watch(raised)
        finally:
            await client.close()


@pytest.mark.parametrize("name", ANSWERS)
async def test_05_no_sentry_event_holds_the_key(
    name: str, colour: type[AsyncPublora | Publora]
) -> None:
    sentry_sdk = pytest.importorskip("sentry_sdk")
    events: list[Any] = []

    def keep(event: Any, _: object) -> None:  # noqa: ANN401  # Sentry's
        events.append(event)

    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(
            sentry_sdk.Client(
                dsn="http://none@127.0.0.1:1/1",
                before_send=keep,
                include_local_variables=True,
                max_request_body_size="always",
                auto_enabling_integrations=False,
                traces_sample_rate=0.0,
            )
        )
        await failing(colour, name, sentry_sdk.capture_exception)
    assert len(events) == 1
    assert "'vars': {" in repr(events)
    assert KEY not in repr(events)


@pytest.mark.parametrize("name", ANSWERS)
async def test_05_no_log_of_loguru_with_locals_holds_the_key(
    name: str, colour: type[AsyncPublora | Publora]
) -> None:
    logger = pytest.importorskip("loguru").logger
    kept = io.StringIO()
    number = logger.add(kept, level=0, diagnose=True, backtrace=True)
    try:
        await failing(colour, name, lambda error: logger.opt(exception=error).error("failed"))
    finally:
        logger.remove(number)
    assert " object at 0x" in kept.getvalue()  # the value of a local
    assert KEY not in kept.getvalue()


@pytest.mark.parametrize("name", ANSWERS)
async def test_05_no_log_of_structlog_with_locals_holds_the_key(
    name: str, colour: type[AsyncPublora | Publora]
) -> None:
    structlog = pytest.importorskip("structlog")
    kept = io.StringIO()
    frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=True)
    logger = structlog.wrap_logger(
        structlog.PrintLogger(kept),
        processors=[
            structlog.processors.ExceptionRenderer(frames),
            structlog.processors.JSONRenderer(default=repr),
        ],
    )
    await failing(colour, name, lambda error: logger.error("failed", exc_info=error))
    assert '"locals": {' in kept.getvalue()
    assert KEY not in kept.getvalue()


@pytest.mark.parametrize("name", ANSWERS)
async def test_05_no_log_of_the_standard_library_holds_the_key(
    name: str, colour: type[AsyncPublora | Publora], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logger = logging.getLogger("the program's own")
    await failing(colour, name, lambda error: logger.error("failed", exc_info=error))
    assert "failed" in caplog.text
    assert KEY not in caplog.text


async def test_05_no_cassette_of_vcrpy_holds_the_key_and_it_plays(
    colour: type[AsyncPublora | Publora], tmp_path: Path
) -> None:
    vcr = pytest.importorskip("vcr")
    cassette = tmp_path / "cassette.yaml"
    body = {"success": True, "connections": [{"platformId": "twitter-1"}]}
    listed = []
    with HostileServer(reply(body)) as server:
        for _ in range(2):
            client = Client(colour(KEY, base_url=server.base_url))
            with vcr.use_cassette(str(cassette)):
                listed.append(await client.ask(lambda publora: publora.connections.list()))
            await client.close()
        assert len(server.heads) == 1
    assert [one.platform_ids for one in listed] == [["twitter-1"]] * 2
    shown = await asyncio.to_thread(cassette.read_text)
    assert "twitter-1" in shown
    assert KEY not in shown
