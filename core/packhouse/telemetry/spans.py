"""Tracing that is on: the words of `tracing` in those of OpenTelemetry, with a provider of its own and nothing global."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import cast

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from packhouse.settings import TracingSettings
from packhouse.telemetry.tracing import TRACEPARENT, Kind, Span, Tracing

_KINDS = {
    "internal": trace.SpanKind.INTERNAL,
    "server": trace.SpanKind.SERVER,
    "consumer": trace.SpanKind.CONSUMER,
    "client": trace.SpanKind.CLIENT,
}
_PROPAGATOR = TraceContextTextMapPropagator()


def exporting(settings: TracingSettings, about: Mapping[str, str]) -> "Spans":
    """Spans that are sent to a collector by OTLP over HTTP, in batches and from a thread of their own."""
    provider = TracerProvider(
        resource=Resource.create({"service.name": settings.service_name, **about}),
        sampler=ParentBasedTraceIdRatio(settings.sample_ratio),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.endpoint)))
    return Spans(provider)


class Spans(Tracing):
    """Makes spans by a provider, which it closes in the end.

    An error's text is not sent along: it may quote what must stay here.
    """

    is_on = True

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("packhouse")

    @contextmanager
    def _spanning(self, span: trace.Span) -> Iterator[Span]:
        with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield _Open(span)
            except BaseException as error:
                _fail(span, type(error).__name__)
                raise

    def span(
        self, name: str, kind: Kind = "internal", *, parent: str | None = "", **attributes: object
    ) -> AbstractContextManager[Span]:
        """A span while the block lasts."""
        return self._spanning(self._start(name, kind, parent, attributes))

    def begin(self, name: str, kind: Kind, **attributes: object) -> Span:
        """A span that is ended by hand."""
        return _Open(self._start(name, kind, "", attributes))

    def traceparent(self) -> str:
        """The current span, for another process."""
        return _traceparent(None)

    def is_recording(self) -> bool:
        """Whether there is a current span that is not over and will be sent."""
        return trace.get_current_span().is_recording()

    async def close(self) -> None:
        """Send what is still to be sent."""
        await asyncio.to_thread(self._provider.shutdown)

    def _start(self, name: str, kind: Kind, parent: str | None, attributes: Mapping[str, object]) -> trace.Span:
        context = Context() if parent is None else _PROPAGATOR.extract({TRACEPARENT: parent}) if parent else None
        return self._tracer.start_span(name, context, _KINDS[kind], _named(attributes))


class _Open:
    """A span of OpenTelemetry's in our words."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def traceparent(self) -> str:
        return _traceparent(trace.set_span_in_context(self._span))

    def say(self, **attributes: str | float) -> None:
        self._span.set_attributes(_named(attributes))

    def fail(self, reason: str) -> None:
        _fail(self._span, reason)

    def end(self) -> None:
        self._span.end()


def _fail(span: trace.Span, reason: str) -> None:
    span.set_status(trace.StatusCode.ERROR, reason)
    span.set_attribute("error.type", reason)


def _traceparent(context: Context | None) -> str:
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, context)
    return carrier.get(TRACEPARENT, "")


def _named(attributes: Mapping[str, object]) -> dict[str, AttributeValue]:
    return {
        _dotted(name): cast("AttributeValue", value if isinstance(value, str | int | float) else str(value))
        for name, value in attributes.items()
        if value is not None
    }


@cache
def _dotted(name: str) -> str:
    return "_".join(part.replace("_", ".") for part in name.split("__"))
