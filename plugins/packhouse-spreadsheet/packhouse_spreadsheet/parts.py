"""The parts of an order, each from one row."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from packhouse.sdk import (
    Address,
    HistoryLine,
    HistoryLocation,
    HistoryPayment,
    HistoryProduct,
    HistoryReview,
    InvalidValue,
    Money,
)
from packhouse_spreadsheet.joins import Joins
from packhouse_spreadsheet.mapping import MappingFile
from packhouse_spreadsheet.record import BadRow, Record, address_values

_GRAMS = {"g": 1, "kg": 1000}
_MILLIMETRES = {"mm": 1, "cm": 10, "m": 1000}
_PAYMENT_KINDS = ("authorization", "charge", "refund")
_SCORES = (1, 5)


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line with its share of the freight, and where it was sent from."""

    line: HistoryLine
    shipping: Money | None
    location: HistoryLocation | None


class Parts:
    """Reads lines, payments, reviews, products and locations by a mapping."""

    def __init__(self, mapping: MappingFile, joins: Joins) -> None:
        self._mapping = mapping
        self._joins = joins

    def line(self, record: Record, own_id: str, currency: str) -> ReadLine:
        """A line of an order in `currency`.

        Raises:
            BadRow: it cannot be read.
        """
        sku = record.required("sku")
        product = self._product(sku)
        price = record.money("unit_price", currency)
        if price is None:
            raise record.problem("unit_price", "a line needs a price")
        quantity = record.whole("quantity", least=1)
        line = HistoryLine(
            external_id=own_id,
            sku=sku,
            title=record.text("title") or (product.title if product else sku),
            quantity=1 if quantity is None else quantity,
            unit_price=price,
            discount=record.money("discount", currency),
            tax=record.money("tax", currency),
            product=product,
        )
        return ReadLine(line, record.money("shipping", currency), self._location(record))

    def payment(self, record: Record, own_id: str, currency: str) -> HistoryPayment:
        """A payment; `paid_at` is None where the file names no time.

        Raises:
            BadRow: it cannot be read.
        """
        amount = record.money("amount", currency)
        if amount is None:
            raise record.problem("amount", "a payment needs an amount")
        kind = record.text("kind") or "charge"
        if kind not in _PAYMENT_KINDS:
            raise record.problem("kind", f"{kind!r} is none of {', '.join(_PAYMENT_KINDS)}")
        return HistoryPayment(own_id, amount, kind, record.text("method"), record.time("paid_at"))

    def review(self, record: Record, own_id: str) -> HistoryReview:
        """A review.

        Raises:
            BadRow: it cannot be read.
        """
        score = record.whole("score", *_SCORES)
        answered_at = record.time("answered_at")
        created_at = record.time("created_at") or answered_at
        if score is None or created_at is None:
            raise BadRow("a review needs a score and a time")
        return HistoryReview(
            external_id=own_id,
            score=score,
            created_at=created_at,
            title=record.text("title"),
            body=record.text("body"),
            sku=record.text("sku"),
            answered_at=answered_at,
        )

    def address(self, records: list[Record]) -> Address | None:
        """The address that the records hold together; None where they hold none.

        Raises:
            BadRow: the country is no ISO 3166 code.
        """
        values = address_values(records, self._mapping.country)
        if not values:
            return None
        try:
            return Address(**values)
        except InvalidValue as error:
            raise BadRow(f"{error.field}: {error.message}") from error

    def _product(self, sku: str) -> HistoryProduct | None:
        table = self._mapping.products
        record = self._joins.referred("products", sku) if table else None
        if table is None or record is None:
            return None
        millimetres = _MILLIMETRES[table.size_unit]
        try:
            return HistoryProduct(
                sku=sku,
                title=record.text("title") or sku,
                barcode=record.text("barcode"),
                weight_grams=_measure(record, "weight", _GRAMS[table.weight_unit]),
                length_mm=_measure(record, "length", millimetres),
                width_mm=_measure(record, "width", millimetres),
                height_mm=_measure(record, "height", millimetres),
            )
        except BadRow as error:
            raise self._joins.bad_reference(record.layout, record.row, error.reason) from error

    def _location(self, record: Record) -> HistoryLocation | None:
        key = record.text("location")
        if not key:
            return None
        table = self._mapping.locations
        if table is None:
            return HistoryLocation(key, key, "drop_shipper")
        found = self._joins.referred("locations", key)
        if found is None:
            raise record.problem("location", f"{key!r} is not in {table.file}")
        try:
            address = self.address([found]) or Address()
        except BadRow as error:
            raise self._joins.bad_reference(found.layout, found.row, error.reason) from error
        code = table.prefix + key
        return HistoryLocation(code, found.text("title") or code, table.kind, address)


def _measure(record: Record, field: str, factor: int) -> int | None:
    """A weight or a length in whole grams or millimetres; nothing and zero both mean that it is not known."""
    number = record.number(field)
    if number is None or number == 0:
        return None
    if number < 0:
        raise record.problem(field, f"{number} is negative")
    measure = int((number * factor).quantize(Decimal(1), ROUND_HALF_UP))
    if measure >= 2**31:
        raise record.problem(field, f"{number} is too large")
    return measure or None
