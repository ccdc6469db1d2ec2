"""What a process counts about itself, for Prometheus. Labels are words of the program and of the settings, never of people.

`Metrics` is made by the composition root, one for each application, and reached through the database that all work with.
It counts in the loop's thread alone, and so without locks, which cost more than the counting.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from time import perf_counter

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_PREFIX = "packhouse_"
_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SLOW = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that is looked up when somebody asks: values by the values of its labels."""

    name: str
    help: str
    labels: Labels = ()
    values: Sequence[tuple[Labels, float]] = ()


class Count:
    """How often something happened."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def inc(self) -> None:
        """Once more."""
        self.value += 1


class Times:
    """How long something took, by buckets of seconds."""

    __slots__ = ("_bounds", "buckets", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.buckets = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Once more."""
        self.buckets[bisect_left(self._bounds, seconds)] += 1
        self.total += seconds


@dataclass(eq=False)
class Counter(dict[Labels, Count]):
    """Counts by the values of the labels, of which there are few."""

    name: str
    help: str
    labels: Labels

    def __missing__(self, values: Labels) -> Count:
        count = self[values] = Count()
        return count

    def family(self) -> Metric:
        """As Prometheus reads it."""
        family = CounterMetricFamily(_PREFIX + self.name, self.help, labels=self.labels)
        for values, count in self.items():
            family.add_metric(values, count.value)
        return family


@dataclass(eq=False)
class Histogram(dict[Labels, Times]):
    """Times by the values of the labels, of which there are few."""

    name: str
    help: str
    labels: Labels
    bounds: Sequence[float] = _FAST

    def __missing__(self, values: Labels) -> Times:
        times = self[values] = Times(self.bounds)
        return times

    def family(self) -> Metric:
        """As Prometheus reads it: each bucket with all below it."""
        family = HistogramMetricFamily(_PREFIX + self.name, self.help, labels=self.labels)
        ends = [*map(str, self.bounds), "+Inf"]
        for values, times in self.items():
            family.add_metric(values, list(zip(ends, accumulate(times.buckets), strict=True)), times.total)
        return family


class Metrics(Collector):
    """Counters and histograms, each named in the words of the house, and the figures as they were looked up last."""

    def __init__(self) -> None:
        self._own: list[Counter | Histogram] = []
        self._figures: Sequence[Figure] = ()
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._registry.register(self)
        self.http_requests = self._counter("http_requests", "HTTP requests answered", "route", "method", "status")
        self.http_request_seconds = self._histogram("http_request_seconds", "Time to answer HTTP requests", "route")
        self.operations = self._counter("graphql_operations", "GraphQL operations ended", "kind", "outcome")
        self.operation_seconds = self._histogram("graphql_operation_seconds", "Time for queries and mutations", "kind")
        self.lagged = self._counter("subscriptions_lagged", "Subscriptions ended for a client too slow", "log")
        self.units_of_work = self._counter("units_of_work", "Transactions of commands ended", "outcome")
        self.unit_of_work_seconds = self._histogram("unit_of_work_seconds", "Time from asking for one to its end")
        self.retries = self._counter("unit_of_work_retries", "Transactions run again", "reason")
        self.connections_lost = self._counter("database_connections_lost", "Connections that ended in use", "reason")
        self.attempts = self._counter("delivery_attempts", "Attempts to deliver an event", "plugin", "outcome")
        self.attempt_seconds = self._histogram("delivery_attempt_seconds", "Time for one", "plugin", bounds=_SLOW)
        self.job_runs = self._counter("job_runs", "Runs of jobs in this process", "job", "outcome")
        self.job_seconds = self._histogram("job_run_seconds", "Time that jobs take", "job", bounds=_SLOW)
        self.calls = self._counter("provider_calls", "Calls with an effect outside", "provider", "operation", "outcome")
        self.call_seconds = self._histogram("provider_call_seconds", "Time for one", "provider", bounds=_SLOW)
        self.outgoing = self._counter("outgoing_requests", "HTTP requests made by plugins", "caller", "outcome")
        self.outgoing_seconds = self._histogram("outgoing_request_seconds", "Time for one", "caller", bounds=_SLOW)

    def note(self, figures: Iterable[Figure]) -> None:
        """Keep looked-up figures for the next text."""
        self._figures = tuple(figures)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """What Prometheus's registry asks for."""
        yield from (each.family() for each in self._own)
        for figure in self._figures:
            family = GaugeMetricFamily(_PREFIX + figure.name, figure.help, labels=figure.labels)
            for labels, value in figure.values:
                family.add_metric(labels, value)
            yield family

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        made = Counter(name, text, labels)
        self._own.append(made)
        return made

    def _histogram(self, name: str, text: str, *labels: str, bounds: Sequence[float] = _FAST) -> Histogram:
        made = Histogram(name, text, labels, bounds)
        self._own.append(made)
        return made


class Stopwatch:
    """Seconds since it was made."""

    __slots__ = ("_started",)

    def __init__(self) -> None:
        self._started = perf_counter()

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return perf_counter() - self._started
