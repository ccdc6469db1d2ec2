"""What the reports mean: their questions, their figures, and how a moment becomes an hour of the local week.

Medians and 90th percentiles are nearest-rank: of n values in order, the median is the one at rank ceil(n / 2), p90 the one
at rank ceil(9n / 10). So each is a value that really occurred, and both databases agree on it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from packhouse.sdk import InvalidValue, Money

# Since 1973 every offset of every time zone is a multiple of a quarter of an hour, and so is every change of one.
QUARTER = 900
_DAYS = 7
_HOURS = 24


class ReportGroup(StrEnum):
    """What a report is split by.

    An order's carriers are those of its shipments that were not voided; its locations are those of its fulfillment orders
    that were not cancelled or, where it has none (imported history), of its shipments. An order with several counts once
    in each.
    """

    NONE = "none"
    CHANNEL = "channel"
    LOCATION = "location"
    CARRIER = "carrier"


class ReportUnit(StrEnum):
    """What a step is measured on, and so what its count counts."""

    ORDER = "order"
    FULFILLMENT_ORDER = "fulfillment_order"
    SHIPMENT = "shipment"


class ReportStep(StrEnum):
    """A stretch of an order's way, from one moment to the next.

    PLACED_TO_CONFIRMED, PLACED_TO_DELIVERED (the last shipment) and DELIVERED_TO_REVIEWED (the first review) are measured
    on orders; WORK_CREATED_TO_STARTED, WORK_STARTED_TO_PACKED and WORK_PACKED_TO_CLOSED on fulfillment orders;
    CONFIRMED_TO_HANDED_OVER and HANDED_OVER_TO_DELIVERED on shipments.
    """

    PLACED_TO_CONFIRMED = "placed_to_confirmed"
    WORK_CREATED_TO_STARTED = "work_created_to_started"
    WORK_STARTED_TO_PACKED = "work_started_to_packed"
    WORK_PACKED_TO_CLOSED = "work_packed_to_closed"
    CONFIRMED_TO_HANDED_OVER = "confirmed_to_handed_over"
    HANDED_OVER_TO_DELIVERED = "handed_over_to_delivered"
    PLACED_TO_DELIVERED = "placed_to_delivered"
    DELIVERED_TO_REVIEWED = "delivered_to_reviewed"

    @property
    def unit(self) -> ReportUnit:
        """What the step is measured on."""
        if self.value.startswith("work_"):
            return ReportUnit.FULFILLMENT_ORDER
        by_shipment = {ReportStep.CONFIRMED_TO_HANDED_OVER, ReportStep.HANDED_OVER_TO_DELIVERED}
        return ReportUnit.SHIPMENT if self in by_shipment else ReportUnit.ORDER


class DeliveryOutcome(StrEnum):
    """What became of a promise. Overdue: not delivered, past the promise, and somebody still waits for it."""

    ON_TIME = "on_time"
    LATE = "late"
    OVERDUE = "overdue"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Period:
    """Orders placed at `start` or later and before `end`; None leaves that side open.

    Raises:
        InvalidValue: a time without a zone, or an end that is not after the start.
    """

    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", _utc(self.start, "period.from"))
        object.__setattr__(self, "end", _utc(self.end, "period.to"))
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise InvalidValue("period.to", f"{self.end} is not after the start, {self.start}")


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders count: those of the channels (None: all), demo orders and imported history or not. Drafts never do."""

    channels: tuple[str, ...] | None = None
    include_demo: bool = False
    include_imported: bool = True


@dataclass(frozen=True, slots=True)
class StepDuration:
    """How long a step took: median and p90 in whole seconds (fractions dropped), None where nothing was counted.

    `contradictory` counts those whose step ended before it began, according to the data; they are in no other figure.
    """

    step: ReportStep
    count: int = 0
    median_seconds: int | None = None
    p90_seconds: int | None = None
    contradictory: int = 0


@dataclass(frozen=True, slots=True)
class StepDurationGroup:
    """Every step of one channel, location or carrier; `key` is its code, None for all or for the unknown."""

    key: str | None
    steps: tuple[StepDuration, ...]


@dataclass(frozen=True, slots=True)
class ReviewScores:
    """The scores (1 to 5) of all reviews of some orders."""

    count: int = 0
    total: int = 0

    @property
    def average(self) -> Decimal | None:
        """The exact mean to 28 digits; None without a review."""
        return Decimal(self.total) / self.count if self.count else None


@dataclass(frozen=True, slots=True)
class DeliveryPerformance:
    """Promises against deliveries of one channel, location or carrier.

    `promised` orders have a promise that counts; of them `on_time + late` were delivered, `overdue` still wait. Lateness
    (whole seconds from the promised moment to the delivery) is of the late ones only.
    """

    key: str | None
    promised: int = 0
    on_time: int = 0
    late: int = 0
    overdue: int = 0
    median_lateness_seconds: int | None = None
    p90_lateness_seconds: int | None = None
    on_time_reviews: ReviewScores = field(default=ReviewScores())
    late_reviews: ReviewScores = field(default=ReviewScores())

    @property
    def delivered(self) -> int:
        """Promised orders that were delivered."""
        return self.on_time + self.late

    @property
    def on_time_share(self) -> Decimal | None:
        """On-time orders of the delivered ones, 0 to 1, to 28 digits; None where none was delivered."""
        return Decimal(self.on_time) / self.delivered if self.delivered else None


@dataclass(frozen=True, slots=True)
class HourOfWeek:
    """Orders placed in one hour of the local week: `weekday` 1 (Monday) to 7, `hour` 0 to 23, their totals by currency."""

    weekday: int
    hour: int
    orders: int
    amounts: tuple[Money, ...]


def time_zone(name: str) -> ZoneInfo:
    """The IANA time zone of a name.

    Raises:
        InvalidValue: there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidValue("timeZone", f"{name!r} is not an IANA time zone such as Europe/London") from error


class WeekTally:
    """Counts orders into the 168 hours of the week, local to a zone.

    The hour that a clock repeats in autumn falls into one cell twice, the one that it leaves out in spring into none.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._orders: Counter[tuple[int, int]] = Counter()
        self._minor: dict[tuple[int, int], Counter[str]] = {}

    def add(self, quarter: int, currency: str, orders: int, minor: int) -> None:
        """Add orders of one quarter of an hour (counted from 1970 on) and the sum of their totals."""
        local = datetime.fromtimestamp(quarter * QUARTER, self._zone)
        cell = local.isoweekday(), local.hour
        self._orders[cell] += orders
        self._minor.setdefault(cell, Counter())[currency] += minor

    def cells(self) -> list[HourOfWeek]:
        """All 168 hours from Monday 0 h to Sunday 23 h, empty ones too."""
        hours = [(weekday, hour) for weekday in range(1, _DAYS + 1) for hour in range(_HOURS)]
        return [HourOfWeek(*cell, self._orders[cell], self._amounts(cell)) for cell in hours]

    def _amounts(self, cell: tuple[int, int]) -> tuple[Money, ...]:
        sums: Iterable[tuple[str, int]] = sorted(self._minor.get(cell, Counter()).items())
        return tuple(Money.from_minor(minor, currency) for currency, minor in sums)


def _utc(moment: datetime | None, name: str) -> datetime | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise InvalidValue(name, f"{moment.isoformat()} has no time zone: write 2026-01-31T00:00:00Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise InvalidValue(name, f"{moment.isoformat()} is out of range") from error
