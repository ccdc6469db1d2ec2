"""Orders of the past out of files that are joined by their keys."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from packhouse.sdk import (
    BadMapping,
    HistoryLocation,
    HistoryOrder,
    HistoryPayment,
    HistoryShipment,
    HistoryStatus,
    InvalidValue,
    Money,
    ReadingProgress,
    RejectedRow,
)
from packhouse.sdk.values import check_currency
from packhouse_spreadsheet.index import Index
from packhouse_spreadsheet.joins import Joins
from packhouse_spreadsheet.mapping import MappingFile, OrdersTable, load_mapping
from packhouse_spreadsheet.opening import Files
from packhouse_spreadsheet.parts import Parts, ReadLine
from packhouse_spreadsheet.record import BadRow, Layout, Record
from packhouse_spreadsheet.sheets import RawRow

_CHILDREN = ("lines", "payments", "reviews")


@contextmanager
def open_history(path: Path, data: Path | None, progress: ReadingProgress | None) -> Iterator["SpreadsheetHistory"]:
    """Index the files of a mapping, and read orders from them.

    Raises:
        BadMapping: the mapping cannot be used, or names columns that are not there.
        Unreadable: a file cannot be read.
    """
    mapping = load_mapping(path)
    if mapping.orders is None:
        raise BadMapping(path.name, ["[orders] is missing: it names the file of orders"])
    files = Files(mapping, path, data, progress)
    tables = mapping.history_tables()
    layouts = files.layouts(tables)
    with Index() as index:
        counts = {name: files.load(index, layouts[name], table, _join(name)) for name, table in tables.items()}
        yield SpreadsheetHistory(mapping, mapping.orders, index, layouts, counts["orders"])


def _join(name: str) -> str:
    return "order" if name in _CHILDREN else "key"


class SpreadsheetHistory:
    """The orders of a mapping's files, in the order of the orders' file; then the rows that belong to none."""

    def __init__(
        self, mapping: MappingFile, table: OrdersTable, index: Index, layouts: Mapping[str, Layout], total: int
    ) -> None:
        self.channel = mapping.channel
        self.title = mapping.title or mapping.channel
        self.total = total
        self._mapping = mapping
        self._table = table
        self._index = index
        self._layouts = layouts
        self._joins = Joins(index, layouts)
        self._parts = Parts(mapping, self._joins)

    def __iter__(self) -> Iterator[HistoryOrder | RejectedRow]:
        for row in self._index.rows("orders"):
            yield from self._of_row(row)
        for name in _CHILDREN:
            if name in self._layouts:
                yield from self._orphans(self._layouts[name])

    def _of_row(self, row: RawRow) -> Iterator[HistoryOrder | RejectedRow]:
        layout = self._layouts["orders"]
        self._joins.problems.clear()
        try:
            record = Record(layout, row)
            key = record.required("key")
            if self._repeats(layout, row, key):
                return
            order = self._order(record, key)
        except BadRow as error:
            yield from self._reported()
            if self._index.report_once(layout.file, row.line):
                yield RejectedRow(layout.source(row), error.reason, is_order=True)
            return
        if not self._joins.problems:
            yield order
            return
        first = self._joins.problems[0]
        yield from self._reported()
        reason = f"order {key} is left out as a whole: {first.source.file} line {first.source.line}: {first.reason}"
        yield RejectedRow(layout.source(row), reason, is_order=True)

    def _reported(self) -> Iterator[RejectedRow]:
        """The bad rows of the order, each once: a bad product or location spoils many orders."""
        for problem in self._joins.problems:
            if self._index.report_once(problem.source.file, problem.source.line):
                yield problem

    def _repeats(self, layout: Layout, row: RawRow, key: str) -> bool:
        """Whether the row says again what an earlier one said.

        Raises:
            BadRow: it has the key of an earlier one and says something else.
        """
        first = self._index.first_of_key("orders", key)
        if first is None or first.line == row.line:
            return False
        if layout.content(first) != layout.content(row):
            raise BadRow(f"order {key} is on line {first.line} already, with other content; that line counts")
        return True

    def _orphans(self, layout: Layout) -> Iterator[RejectedRow]:
        orders = self._layouts["orders"].file
        for row in self._index.orphans(layout.name, "orders"):
            key = layout.key(row, "order")
            reason = f"order {key!r} is not in {orders}" if key else f"{layout.columns['order']} is empty"
            if self._index.report_once(layout.file, row.line):
                yield RejectedRow(layout.source(row), row.problem or reason)

    def _order(self, record: Record, key: str) -> HistoryOrder:
        currency = self._currency(record)
        read = self._joins.children("lines", key, lambda each, own_id: self._parts.line(each, own_id, currency))
        payments = self._joins.children(
            "payments", key, lambda each, own_id: self._parts.payment(each, own_id, currency)
        )
        placed_at = record.time("placed_at")
        if placed_at is None:
            raise record.problem("placed_at", "an order needs the time at which it was placed")
        status = self._status(record)
        confirmed_at = record.time("confirmed_at")
        if confirmed_at is None and status not in {HistoryStatus.PENDING, HistoryStatus.CANCELLED}:
            confirmed_at = placed_at
        buyer = self._buyer(record)
        shipping = record.money("shipping", currency)
        return HistoryOrder(
            external_id=key,
            number=record.text("number") or key,
            status=status,
            currency=currency,
            placed_at=placed_at,
            source=record.source,
            confirmed_at=confirmed_at,
            completed_at=record.time("completed_at"),
            cancelled_at=record.time("cancelled_at"),
            cancel_reason=record.text("cancel_reason"),
            promised_by=record.time("promised_by"),
            lines=tuple(each.line for each in read),
            payments=self._settled(payments, confirmed_at),
            shipments=_shipments(record, status, read),
            reviews=self._joins.children("reviews", key, self._parts.review),
            shipping=shipping if shipping is not None else _freight(read, currency),
            discount=record.money("discount", currency),
            tax=record.money("tax", currency),
            total=record.money("total", currency),
            email=_first(buyer, "email"),
            customer_name=_first(buyer, "name"),
            customer_phone=_first(buyer, "phone"),
            customer_external_id=_first(buyer, "customer_id"),
            shipping_address=self._parts.address(buyer),
            note=record.text("note"),
        )

    def _currency(self, record: Record) -> str:
        currency = record.text("currency") or self._mapping.currency
        if currency is None:
            raise record.problem("currency", "is empty, and the mapping names no other")
        try:
            return check_currency(currency)
        except InvalidValue as error:
            raise record.problem("currency", error.message) from error

    def _buyer(self, record: Record) -> list[Record]:
        """The rows that say who bought: the order's own, then the customer's."""
        table = self._mapping.customers
        key = record.text("customer")
        if table is None or not key:
            return [record]
        customer = self._joins.referred("customers", key)
        if customer is None:
            raise record.problem("customer", f"{key!r} is not in {table.file}")
        return [record, customer]

    def _settled(
        self, payments: tuple[HistoryPayment, ...], confirmed_at: datetime | None
    ) -> tuple[HistoryPayment, ...]:
        """Where the mapping names no time of payment, money came when the order was confirmed, or never."""
        table = self._mapping.payments
        if table is None or table.columns.paid_at is not None or table.defaults.paid_at is not None:
            return payments
        return tuple(
            HistoryPayment(each.external_id, each.amount, each.kind, each.method, confirmed_at) for each in payments
        )

    def _status(self, record: Record) -> HistoryStatus:
        """What the status column says, carried further by the dates: what was handed over is shipped."""
        status = HistoryStatus.PENDING
        if self._table.columns.status is not None or self._table.defaults.status is not None:
            said = record.required("status")
            if said not in self._table.states:
                known = ", ".join(self._table.states)
                raise record.problem("status", f"{said!r} is no state that the mapping knows (known: {known})")
            status = self._table.states[said]
        return max((status, *_dated(record)), key=_ORDER.index)


# An order is as far as the furthest of these; a cancellation ends it wherever it was.
_ORDER = (
    HistoryStatus.PENDING,
    HistoryStatus.CONFIRMED,
    HistoryStatus.SHIPPED,
    HistoryStatus.DELIVERED,
    HistoryStatus.CANCELLED,
)


def _dated(record: Record) -> list[HistoryStatus]:
    dates = {
        "confirmed_at": HistoryStatus.CONFIRMED,
        "shipped_at": HistoryStatus.SHIPPED,
        "delivered_at": HistoryStatus.DELIVERED,
        "cancelled_at": HistoryStatus.CANCELLED,
    }
    return [status for field, status in dates.items() if record.time(field) is not None]


def _shipments(record: Record, status: HistoryStatus, lines: tuple[ReadLine, ...]) -> tuple[HistoryShipment, ...]:
    """A parcel for each place that sent something; none while nothing has left."""
    handed_over_at, delivered_at = record.time("shipped_at"), record.time("delivered_at")
    is_delivered = status is HistoryStatus.DELIVERED or delivered_at is not None
    has_left = is_delivered or status is HistoryStatus.SHIPPED or handed_over_at is not None
    if not has_left:
        return ()
    units: dict[HistoryLocation | None, list[tuple[str, int]]] = {} if lines else {None: []}
    for each in lines:
        units.setdefault(each.location, []).append((each.line.external_id, each.line.quantity))
    return tuple(
        HistoryShipment(
            lines=tuple(sent),
            is_delivered=is_delivered,
            handed_over_at=handed_over_at,
            delivered_at=delivered_at,
            carrier=record.text("carrier"),
            service=record.text("service"),
            tracking_number=record.text("tracking_number"),
            location=location,
        )
        for location, sent in units.items()
    )


def _freight(lines: tuple[ReadLine, ...], currency: str) -> Money | None:
    shares = [each.shipping for each in lines if each.shipping is not None]
    return sum(shares[1:], start=shares[0]) if shares else Money.of(0, currency)


def _first(records: list[Record], field: str) -> str:
    return next((text for record in records if (text := record.text(field))), "")
