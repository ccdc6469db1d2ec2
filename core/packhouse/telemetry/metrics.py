"""What a process counts about itself, for Prometheus. Labels are words of the program and of the settings, never of people.

`Metrics` is made by the composition root, one for each application, and reached through the database that all work with.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SLOW = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that is looked up when somebody asks: values by the values of its labels."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    values: Sequence[tuple[tuple[str, ...], float]] = ()


class Metrics:
    """Counters, histograms and gauges, each named in the words of the house."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        self._figures = _Figures()
        registry.register(self._figures)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"packhouse_{name}", text, labels, registry=registry)

        def histogram(name: str, text: str, *labels: str, buckets: Sequence[float] = _FAST) -> Histogram:
            return Histogram(f"packhouse_{name}", text, labels, registry=registry, buckets=buckets)

        self.http_requests = counter("http_requests", "HTTP requests answered", "route", "method", "status")
        self.http_request_seconds = histogram("http_request_seconds", "Time to answer HTTP requests", "route")
        self.operations = counter("graphql_operations", "GraphQL operations ended", "kind", "outcome")
        self.operation_seconds = histogram("graphql_operation_seconds", "Time for queries and mutations", "kind")
        self.units_of_work = counter("units_of_work", "Transactions of commands ended", "outcome")
        self.unit_of_work_seconds = histogram("unit_of_work_seconds", "Time from asking for a transaction to its end")
        self.retries = counter("unit_of_work_retries", "Transactions run again", "reason")
        self.attempts = counter("delivery_attempts", "Attempts to deliver an event", "plugin", "outcome")
        self.attempt_seconds = histogram(
            "delivery_attempt_seconds", "Time that plugins take for an event", "plugin", buckets=_SLOW
        )
        self.job_runs = counter("job_runs", "Runs of jobs in this process", "job", "outcome")
        self.job_seconds = histogram("job_run_seconds", "Time that jobs take", "job", buckets=_SLOW)
        self.calls = counter("provider_calls", "Calls with an effect outside", "provider", "operation", "outcome")
        self.call_seconds = histogram("provider_call_seconds", "Time for such calls", "provider", buckets=_SLOW)
        self.outgoing = counter("outgoing_requests", "HTTP requests made by plugins", "caller", "outcome")
        self.outgoing_seconds = histogram("outgoing_request_seconds", "Time for them", "caller", buckets=_SLOW)

    def note(self, figures: Iterable[Figure]) -> None:
        """Keep looked-up figures for the next text."""
        self._figures.current = tuple(figures)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)


@dataclass(eq=False)
class _Figures(Collector):
    """Shows the figures as they were looked up last."""

    current: Sequence[Figure] = field(default=())

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for figure in self.current:
            family = GaugeMetricFamily(f"packhouse_{figure.name}", figure.help, labels=figure.labels)
            for labels, value in figure.values:
                family.add_metric(labels, value)
            yield family


class Stopwatch:
    """Seconds since it was made."""

    __slots__ = ("_started",)

    def __init__(self) -> None:
        self._started = perf_counter()

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return perf_counter() - self._started
