"""Spans kept in memory, for tests."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.util.types import AttributeValue

from packhouse.telemetry.spans import Spans


@dataclass
class Traced:
    """Spans of one process."""

    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)

    def __post_init__(self) -> None:
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracing = Spans(provider)

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        """Those that are over."""
        return self.exporter.get_finished_spans()

    def named(self, name: str) -> ReadableSpan:
        """The only one of this name."""
        (found,) = [span for span in self.spans if span.name == name]
        return found

    def inside(self, parent: ReadableSpan, *names: str) -> Sequence[ReadableSpan]:
        """Those of these names, or of any, that are children of another."""
        return [
            span
            for span in self.spans
            if span.parent is not None
            and span.parent.span_id == parent.context.span_id
            and (not names or span.name in names)
        ]


def said(span: ReadableSpan, name: str) -> AttributeValue | None:
    """An attribute."""
    return (span.attributes or {}).get(name)
