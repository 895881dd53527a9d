"""
Spans of OpenTelemetry: one for each call, one below it for each of its attempts.

Nothing is done, nor imported, before the program has set up a tracer provider. No attribute holds
the key, an id, or what the service said.
"""

import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeVar

from yarl import URL

from publora_async._http.failures import Failure
from publora_async._http.request import Request
from publora_async._http.straight import Stages
from publora_async._version import __version__
from publora_async.errors import APIStatusError, PubloraError

if TYPE_CHECKING:
    from opentelemetry.trace import Span, SpanKind, Tracer, TracerProvider

__all__ = ["CallSpans", "Tracing"]

T = TypeVar("T")

_NO_ID: Final = "REDACTED"
"""What stands for an id in ``url.full``, as the semantic conventions for URLs have it."""


class Tracing:
    """
    Makes the spans of one client's calls, if somebody wants them.

    Args:
        base_url: Where the service is.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._trace: Any = None
        self._provider: TracerProvider | None = None
        self._tracer: Tracer | None = None
        url = URL(base_url, encoded=True)
        self._path = url.raw_path.rstrip("/")
        self._server: dict[str, str | int] = {
            "server.address": url.host or "",
            "server.port": url.port or 0,
        }

    def call(self, request: Request) -> "CallSpans | None":
        """Make the spans of one call of *request*; ``None`` where nobody wants them."""
        if self._trace is None:
            # Whoever sets up a provider has imported it.
            if "opentelemetry.trace" not in sys.modules:
                return None
            self._trace = import_module("opentelemetry.trace")
            self._trace.get_tracer_provider()  # sets up what OTEL_PYTHON_TRACER_PROVIDER names
        trace = self._trace
        # Looked for at each call, as it may be set up after the first one. The function reads the
        # environment while there is none, which takes 2 % of a call.
        if getattr(trace, "_TRACER_PROVIDER", self) is None:
            return None
        provider = trace.get_tracer_provider()
        if type(provider) is trace.ProxyTracerProvider:
            return None
        if self._tracer is None or self._provider is not provider:
            self._tracer = provider.get_tracer("publora_async", __version__)
            self._provider = provider
        attributes = {
            "http.request.method": request.method,
            **self._server,
            "url.full": self._base_url + request.route.replace("{id}", _NO_ID),
            "url.template": self._path + request.route,
        }
        return CallSpans(self._tracer, f"{request.method} {request.route}", attributes)


class CallSpans:
    """
    The spans of one call.

    Args:
        tracer: Starts spans.
        name: What is called, such as ``"GET /platform-connections"``.
        attributes: What each attempt's span has from the start.
    """

    def __init__(self, tracer: "Tracer", name: str, attributes: dict[str, str | int]) -> None:
        self._tracer = tracer
        self._name = name
        self._attributes = attributes
        self._attempts = 0

    async def call(self, make: Callable[[], Awaitable[T | PubloraError]]) -> T | PubloraError:
        """Await *make*, which makes the attempts, in the call's span."""
        from opentelemetry.trace import SpanKind

        name = f"publora {self._name}"
        with self._span(name, SpanKind.INTERNAL, {"publora.call": self._name}) as self._call:
            try:
                outcome = await make()
            finally:
                self._call.set_attribute("publora.attempts", self._attempts)
            if isinstance(outcome, PubloraError):
                _mark(self._call, _type_of(outcome))
            return outcome

    async def attempt(self, make: Callable[[Stages], Awaitable[T | Failure]]) -> T | Failure:
        """Await *make*, which makes one attempt, in a span of its own."""
        from opentelemetry.trace import SpanKind

        attributes = dict(self._attributes)
        if self._attempts:
            attributes["http.request.resend_count"] = self._attempts
        self._attempts += 1
        stages = Stages()
        with self._span(self._name, SpanKind.CLIENT, attributes) as span:
            outcome = await make(stages)
            if stages.status is not None:
                span.set_attribute("http.response.status_code", stages.status)
            if isinstance(outcome, Failure):
                _mark(span, _type_of(outcome.error))
            return outcome

    def waited(self, what: str, seconds: float) -> None:
        """
        Note a wait in the call's span.

        Args:
            what: ``"slot"`` or ``"gate"``, which is over, or ``"backoff"``, which begins.
            seconds: How long it was, or will be.
        """
        self._call.add_event(f"publora.{what}", {"publora.wait.duration": seconds})

    @contextmanager
    def _span(
        self, name: str, kind: "SpanKind", attributes: dict[str, str | int]
    ) -> "Iterator[Span]":
        from opentelemetry.trace import use_span

        span = self._tracer.start_span(name, kind=kind, attributes=attributes)
        # An exception's text may hold what the service said, and thus personal data.
        with use_span(
            span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            try:
                yield span
            except BaseException as error:
                _mark(span, type(error).__name__)
                raise


def _type_of(error: PubloraError) -> str:
    return str(error.status) if isinstance(error, APIStatusError) else type(error).__name__


def _mark(span: "Span", kind: str) -> None:
    from opentelemetry.trace import StatusCode

    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)
