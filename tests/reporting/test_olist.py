"""The reports on 2,028 real orders equal figures computed from the CSV files with nothing but csv and datetime."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median_low
from zoneinfo import ZoneInfo

import pytest

from packhouse.channels.importing import HistoryImport
from packhouse.channels.rejects import Rejects
from packhouse.feedback.commands.import_reviews import import_reviews
from packhouse.reporting.queries import delivery_performance, orders_by_hour_of_week, step_durations
from packhouse.reporting.rules import DeliveryPerformance, ReportGroup, ReportStep, ReviewScores, StepDuration
from packhouse.sdk import Money
from packhouse.storage import Database, Initiator
from packhouse.testing.shared import shared_path
from packhouse_spreadsheet.history import open_history

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
MAPPING = Path(__file__).parents[2] / "config" / "mappings" / "olist.toml"


@dataclass
class History:
    """The rows of the files, as they are."""

    orders: list[dict[str, str]]
    items: defaultdict[str, list[dict[str, str]]] = field(default_factory=lambda: defaultdict(list))
    reviews: defaultdict[str, list[dict[str, str]]] = field(default_factory=lambda: defaultdict(list))

    def parcels(self, order: Mapping[str, str]) -> int:
        """One for each seller, one where the sellers are not known."""
        return len({item["seller_id"] for item in self.items[order["order_id"]]}) or 1

    def cents(self, order: Mapping[str, str]) -> int:
        items = self.items[order["order_id"]]
        return int(sum(100 * (Decimal(item["price"]) + Decimal(item["freight_value"])) for item in items))

    def seconds(self, order: Mapping[str, str], begun: str, ended: str) -> int | None:
        if not (order[begun] and order[ended]):
            return None
        return int((moment(order[ended]) - moment(order[begun])).total_seconds())


@pytest.fixture
def history() -> History:
    folder = shared_path("data/olist")
    history = History(list(rows(folder / "orders.csv")))
    for item in rows(folder / "order_items.csv"):
        history.items[item["order_id"]].append(item)
    for review in rows(folder / "order_reviews.csv"):
        history.reviews[review["order_id"]].append(review)
    return history


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SAO_PAULO).astimezone(UTC)


@pytest.fixture
async def imported(database: Database, tmp_path: Path) -> Database:
    """The database with all the orders, as the example mapping brings them in."""
    folder = shared_path("data/olist")
    with open_history(MAPPING, folder, None) as source, Rejects(tmp_path / "rejects.csv") as rejects:
        count = await HistoryImport(database, Initiator("tester", "import"), import_reviews, rejects).run(
            source, "spreadsheet"
        )
    assert (count.read, rejects.count) == (2028, 0)
    return database


def expected_step(step: ReportStep, seconds: Iterable[int | None]) -> StepDuration:
    known = [each for each in seconds if each is not None]
    counted = sorted(each for each in known if each >= 0)
    if not counted:
        return StepDuration(step)
    p90 = counted[-(-9 * len(counted) // 10) - 1]
    return StepDuration(step, len(counted), median_low(counted), p90, len(known) - len(counted))


def expected_steps(history: History) -> dict[ReportStep, StepDuration]:
    def of_orders(begun: str, ended: str) -> list[int | None]:
        return [history.seconds(order, begun, ended) for order in history.orders]

    def of_parcels(begun: str, ended: str) -> list[int | None]:
        return [history.seconds(order, begun, ended) for order in history.orders for _ in range(history.parcels(order))]

    def to_review(order: Mapping[str, str]) -> int | None:
        reviews = [each["review_creation_date"] for each in history.reviews[order["order_id"]]]
        return history.seconds({**order, "reviewed": min(reviews, default="")}, delivered, "reviewed")

    placed, approved = "order_purchase_timestamp", "order_approved_at"
    handed_over, delivered = "order_delivered_carrier_date", "order_delivered_customer_date"
    seconds = {
        ReportStep.PLACED_TO_CONFIRMED: of_orders(placed, approved),
        ReportStep.CONFIRMED_TO_HANDED_OVER: of_parcels(approved, handed_over),
        ReportStep.HANDED_OVER_TO_DELIVERED: of_parcels(handed_over, delivered),
        ReportStep.PLACED_TO_DELIVERED: of_orders(placed, delivered),
        ReportStep.DELIVERED_TO_REVIEWED: [to_review(order) for order in history.orders],
    }
    return {step: expected_step(step, seconds.get(step, ())) for step in ReportStep}


def expected_performance(history: History) -> DeliveryPerformance:
    late: list[dict[str, str]] = []
    on_time: list[dict[str, str]] = []
    for order in history.orders:
        if delivered := order["order_delivered_customer_date"]:
            # times written like this sort as text
            (late if delivered > order["order_estimated_delivery_date"] else on_time).append(order)
    waiting = {"created", "approved", "invoiced", "processing", "shipped"}
    lateness = sorted(
        history.seconds(order, "order_estimated_delivery_date", "order_delivered_customer_date") or 0 for order in late
    )
    return DeliveryPerformance(
        key="olist",
        promised=len(history.orders),
        on_time=len(on_time),
        late=len(late),
        overdue=sum(order["order_status"] in waiting for order in history.orders),
        median_lateness_seconds=median_low(lateness),
        p90_lateness_seconds=lateness[-(-9 * len(lateness) // 10) - 1],
        on_time_reviews=expected_scores(history, on_time),
        late_reviews=expected_scores(history, late),
    )


def expected_scores(history: History, orders: Sequence[Mapping[str, str]]) -> ReviewScores:
    scores = [int(each["review_score"]) for order in orders for each in history.reviews[order["order_id"]]]
    return ReviewScores(len(scores), sum(scores))


def expected_hours(history: History) -> tuple[Counter[tuple[int, int]], Counter[tuple[int, int]]]:
    """Orders and cents by weekday and hour."""
    orders: Counter[tuple[int, int]] = Counter()
    cents: Counter[tuple[int, int]] = Counter()
    for order in history.orders:
        local = datetime.fromisoformat(order["order_purchase_timestamp"])
        cell = local.isoweekday(), local.hour
        orders[cell] += 1
        cents[cell] += history.cents(order)
    return orders, cents


def test_the_files_are_those_that_the_figures_are_known_of(history: History) -> None:
    expected = expected_performance(history)
    assert (expected.promised, expected.on_time, expected.late, expected.overdue) == (2028, 1213, 103, 414)


async def test_the_reports_equal_the_files(imported: Database, history: History) -> None:
    (performance,) = await delivery_performance(imported, group=ReportGroup.CHANNEL)
    assert performance == expected_performance(history)
    assert performance.on_time_share == Decimal(1213) / 1316

    (durations,) = await step_durations(imported, group=ReportGroup.CHANNEL)
    assert {step.step: step for step in durations.steps} == expected_steps(history)

    # the files' own clock is the one that the report is asked for
    hours = await orders_by_hour_of_week(imported, "America/Sao_Paulo")
    orders, cents = expected_hours(history)
    assert {(cell.weekday, cell.hour): cell.orders for cell in hours if cell.orders} == orders
    amounts = {(cell.weekday, cell.hour): cell.amounts for cell in hours if cell.orders}
    assert amounts == {cell: (Money.from_minor(cents[cell], "BRL"),) for cell in orders}
