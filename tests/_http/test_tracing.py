"""What a program that uses OpenTelemetry sees of calls: spans, whose they are, what they hold."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest
from asking import failure, listing, listing_for
from colours import Client, Question
from conftest import KEY
from hostile import Answer, Held, HostileServer, reply, then_hang_up
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from still_clock import until

from publora_async import AsyncPublora
from publora_sync import Publora

CALL, ATTEMPT = "publora GET /platform-connections", "GET /platform-connections"
DOWN = reply({"error": f"no swordfish for {KEY}"}, status=503)
SLOW_DOWN = reply({"error": "slow down"}, status=429, headers={"Retry-After": "0"})


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[ReadableSpan]]]:
    """All spans that have ended so far; a provider can be set up only once in a process."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    yield lambda: list(exporter.get_finished_spans())
    provider.shutdown()


Open = Callable[..., tuple[Client, HostileServer]]


@pytest.fixture(params=[AsyncPublora, Publora], ids=["async", "sync"])
async def opened(request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    """Make a client of either colour, which does not wait, and a server with these answers."""
    async with AsyncExitStack() as stack:

        def opened(*answers: Answer, **options: object) -> tuple[Client, HostileServer]:
            server = stack.enter_context(HostileServer(*answers))
            settings: Any = {"base_url": f"{server.base_url}/", **options}
            client = Client(request.param(KEY, **settings), random=lambda: 0.0)
            stack.push_async_callback(client.close)
            return client, server

        yield opened


def told(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


def parent(span: ReadableSpan) -> int | None:
    return None if span.parent is None else span.parent.span_id


def events(span: ReadableSpan) -> list[str]:
    return [event.name for event in span.events]


async def test_a_call_has_a_span_and_each_of_its_attempts_one_below_it(
    opened: Open, spans: Callable[[], list[ReadableSpan]]
) -> None:
    client, server = opened(DOWN, reply())
    await client.ask(listing)
    first, second, call = spans()
    shared = {
        "http.request.method": "GET",
        "server.address": "127.0.0.1",
        "server.port": server.port,
        "url.full": f"{server.base_url}/platform-connections",
        "url.template": "/api/v1/platform-connections",
    }
    assert [(span.name, span.kind) for span in (call, first, second)] == [
        (CALL, trace.SpanKind.INTERNAL),
        (ATTEMPT, trace.SpanKind.CLIENT),
        (ATTEMPT, trace.SpanKind.CLIENT),
    ]
    assert told(call) == {"publora.call": ATTEMPT, "publora.attempts": 2}
    assert told(first) == {**shared, "http.response.status_code": 503, "error.type": "503"}
    assert told(second) == {
        **shared,
        "http.request.resend_count": 1,
        "http.response.status_code": 200,
    }
    assert parent(call) is None
    assert parent(first) == parent(second) == call.get_span_context().span_id
    assert [span.status.status_code.name for span in (call, first, second)] == [
        "UNSET",
        "ERROR",
        "UNSET",
    ]
    assert [(one.name, dict(one.attributes or {})) for one in call.events] == [
        ("publora.backoff", {"publora.wait.duration": 0.0})
    ]


@pytest.mark.parametrize(
    ("answer", "kind", "status"),
    [
        (reply({"error": "No"}, status=404), "404", 404),
        (then_hang_up(), "TransportError", None),
        (reply(b"no JSON"), "ResponseDecodeError", 200),
    ],
    ids=["refused", "no response", "no sense"],
)
async def test_a_failure_is_marked_with_its_kind(
    answer: Answer,
    kind: str,
    status: int | None,
    opened: Open,
    spans: Callable[[], list[ReadableSpan]],
) -> None:
    client, _ = opened(answer, max_retries=0)
    await failure(client)
    for span in spans():
        assert told(span)["error.type"] == kind
        assert span.status.status_code is trace.StatusCode.ERROR
    assert told(spans()[0]).get("http.response.status_code") == status


async def test_a_call_that_was_cancelled_says_so(
    spans: Callable[[], list[ReadableSpan]],
) -> None:
    with HostileServer(held := Held()) as server:
        async with AsyncPublora(KEY, base_url=server.base_url) as publora:
            call = asyncio.create_task(publora.connections.list())
            await held.next()
            call.cancel()
            await asyncio.wait([call])
    assert [told(span)["error.type"] for span in spans()] == ["CancelledError"] * 2
    assert told(spans()[1])["publora.attempts"] == 1


def for_two(publora: Any) -> Any:  # noqa: ANN401  # either colour
    return publora.connections.list_many(["swordfish-1", "swordfish-2"], concurrency=2)


async def each_of_three(client: Client) -> None:
    """Iterate, with answers that come one at a time."""

    def iterate(publora: Any) -> object:  # noqa: ANN401  # either colour
        answers = publora.connections.iter_many(["a", "b", "c"], concurrency=1)
        if isinstance(publora, Publora):
            return list(answers)

        async def all_of_them() -> list[object]:
            return [answer async for answer in answers]

        return all_of_them()

    await client.ask(iterate)


@pytest.mark.parametrize(
    ("ask", "count"),
    [(listing, 1), (for_two, 2), (None, 3)],
    ids=["list", "list_many", "iter_many"],
)
async def test_the_callers_span_is_the_parent(
    ask: Question | None, count: int, opened: Open, spans: Callable[[], list[ReadableSpan]]
) -> None:
    client, _ = opened(reply())
    tracer = trace.get_tracer_provider().get_tracer("the program's own")
    with tracer.start_as_current_span("theirs") as theirs:
        await (each_of_three(client) if ask is None else client.ask(ask))
        assert trace.get_current_span() is theirs
    calls = [span for span in spans() if span.name == CALL]
    assert len(calls) == count
    assert {parent(span) for span in calls} == {theirs.get_span_context().span_id}


async def test_a_wait_for_a_slot_is_an_event(
    spans: Callable[[], list[ReadableSpan]],
) -> None:
    with HostileServer(held := Held()) as server:
        async with AsyncPublora(KEY, base_url=server.base_url, max_connections=1) as publora:
            calls = [asyncio.create_task(publora.connections.list()) for _ in range(2)]
            for _ in calls:
                (await held.next()).sendall(reply())
            await asyncio.gather(*calls)
    assert [events(span) for span in spans() if span.name == CALL] == [[], ["publora.slot"]]


async def held_back(client: Client, held: Held) -> None:
    """Have one of two users wait at the gate until the other one's response is there."""
    call = asyncio.create_task(client.ask(for_two))
    first, second = await held.next(), await held.next()
    first.sendall(SLOW_DOWN)
    assert await until(lambda: client.waits)
    second.sendall(reply())
    (await held.next()).sendall(reply())
    await call


async def test_a_wait_at_the_gate_is_an_event(
    opened: Open, spans: Callable[[], list[ReadableSpan]]
) -> None:
    client, _ = opened(held := Held())
    await held_back(client, held)
    found = sorted(events(span) for span in spans() if span.name == CALL)
    assert found == [[], ["publora.backoff", "publora.gate"]]


async def test_without_a_provider_what_waits_is_told_to_nobody(opened: Open) -> None:
    client, _ = opened(held := Held(), max_connections=2)
    assert isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
    await held_back(client, held)
    assert client.waits == [0.0]


async def test_a_program_that_has_not_imported_opentelemetry_is_not_made_to(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = opened(reply())
    monkeypatch.delitem(sys.modules, "opentelemetry.trace")
    await client.ask(listing)
    assert "opentelemetry.trace" not in sys.modules


async def test_an_api_that_keeps_the_provider_elsewhere_is_asked_for_it(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = opened(reply())
    asked: list[trace.TracerProvider] = []

    def get_tracer_provider() -> trace.TracerProvider:
        asked.append(trace.ProxyTracerProvider())
        return asked[-1]

    monkeypatch.delattr(trace, "_TRACER_PROVIDER")
    monkeypatch.setattr(trace, "get_tracer_provider", get_tracer_provider)
    await client.ask(listing)
    await client.ask(listing)
    assert len(asked) == 3


async def test_no_span_holds_the_key_an_id_or_what_the_service_said(
    opened: Open, spans: Callable[[], list[ReadableSpan]]
) -> None:
    client, _ = opened(DOWN)
    await failure(client, listing_for("swordfish"))
    await failure(client, lambda publora: publora.connections.test("twitter-swordfish"))
    shown = "".join(span.to_json() for span in spans())
    assert "test-connection/REDACTED" in shown
    assert "/test-connection/{id}" in shown
    assert KEY not in shown
    assert "swordfish" not in shown


LATE = """
import sys
from publora_sync import Publora
from publora_async.sandbox import Sandbox

with Sandbox() as sandbox, Publora(sandbox.api_key, base_url=sandbox.base_url) as publora:
    publora.connections.list()
    assert not [name for name in sys.modules if name.startswith("opentelemetry")]
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    publora.connections.list()
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    publora.connections.list()
    publora.connections.list()
print(*[span.name for span in exporter.get_finished_spans()], sep=", ")
"""


def test_nothing_is_imported_before_the_program_does_and_a_provider_may_come_late() -> None:
    run = partial(subprocess.run, capture_output=True, text=True, check=True)
    done = run([sys.executable, "-W", "error", "-c", LATE])
    assert done.stdout.strip() == ", ".join([ATTEMPT, CALL] * 2)
