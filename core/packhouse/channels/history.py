"""What an order of the past may be, and how it is recognised: pure, so that a bad one is told before anything is written."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime

import orjson

from packhouse.inventory.states import LocationKind
from packhouse.payments.states import PaymentKind
from packhouse.sdk import HistoryLine, HistoryLocation, HistoryOrder, Money

MAX_MINOR = 2**53 - 1
_MAX_UNITS = 2**31 - 1
_BEST_SCORE = 5

# What is told about the catalogue and about places is not part of the order: both go their own way afterwards.
_NOT_THE_ORDERS_OWN: Mapping[type, frozenset[str]] = {
    HistoryOrder: frozenset({"source"}),
    HistoryLine: frozenset({"product"}),
    HistoryLocation: frozenset({"name", "kind", "address"}),
}


@dataclass(frozen=True, slots=True)
class Amounts:
    """What an order costs, in minor units of its currency."""

    subtotal: int
    discount: int
    shipping: int
    tax: int
    total: int


def minor(amount: Money | None) -> int:
    """An amount in minor units; nothing is 0."""
    return amount.minor if amount is not None else 0


def amounts(order: HistoryOrder) -> Amounts:
    """The order's amounts: its own total where it names one, else the sum. Included tax is not added again."""
    subtotal = sum(line.unit_price.minor * line.quantity for line in order.lines)
    discount = minor(order.discount) + sum(minor(line.discount) for line in order.lines)
    tax = minor(order.tax) if order.tax is not None else sum(minor(line.tax) for line in order.lines)
    shipping = minor(order.shipping)
    summed = subtotal - discount + shipping + (0 if order.tax_included else tax)
    return Amounts(subtotal, discount, shipping, tax, minor(order.total) if order.total is not None else summed)


def objection(order: HistoryOrder) -> str:
    """Why the order cannot be kept, as a sentence; empty where it can."""
    return next(_objections(order), "")


def digest(order: HistoryOrder) -> str:
    """A fingerprint of what the source says: equal for the same order, in whatever sequence its rows come.

    Empty values do not count, so that a field that is added to the contract later changes no fingerprint.
    """
    return hashlib.sha256(orjson.dumps(_plain(order), option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def _objections(order: HistoryOrder) -> Iterator[str]:
    yield from _texts(order)
    yield from _money(order)
    if objection := _lines(order) or _shipments(order) or _payments(order) or _reviews(order):
        yield objection


def _texts(order: HistoryOrder) -> Iterator[str]:
    wanted = (("external id", order.external_id, 128), ("number", order.number, 64))
    for name, text, longest in wanted:
        if not text or len(text) > longest:
            yield f"the {name} {text[:40]!r} is empty or longer than {longest} characters"
    optional = (("e-mail", order.email, 254), ("customer's id", order.customer_external_id, 128))
    for name, text, longest in optional:
        if len(text) > longest:
            yield f"the {name} is longer than {longest} characters"
    times = (order.placed_at, order.confirmed_at, order.completed_at, order.cancelled_at, order.promised_by)
    if any(time is not None and time.tzinfo is None for time in times):
        yield "a time has no time zone"


def _money(order: HistoryOrder) -> Iterator[str]:
    named = [order.shipping, order.discount, order.tax, order.total, *(each.amount for each in order.payments)]
    for line in order.lines:
        named += [line.unit_price, line.discount, line.tax]
    for amount in named:
        if amount is not None and amount.currency != order.currency:
            yield f"{amount} is not in the order's currency {order.currency}"
        if amount is not None and amount.minor < 0:
            yield f"{amount} is negative"
    sums = amounts(order)
    if sums.total < 0:
        yield f"the total is negative: {Money.from_minor(sums.total, order.currency)}"
    if max(sums.subtotal, sums.discount, sums.tax, sums.total) > MAX_MINOR:
        yield "the amounts sum up to more than can be kept"


def _lines(order: HistoryOrder) -> str:
    for line in order.lines:
        if not line.sku or len(line.sku) > 100:  # noqa: PLR2004  (the column's length)
            return f"the SKU {line.sku[:40]!r} is empty or longer than 100 characters"
        if not 1 <= line.quantity <= _MAX_UNITS:
            return f"line {line.external_id}: {line.quantity} is not a quantity"
    return _repeated("line", [line.external_id for line in order.lines])


def _shipments(order: HistoryOrder) -> str:
    ordered = {line.external_id: line.quantity for line in order.lines}
    shipped: Counter[str] = Counter()
    for shipment in order.shipments:
        shipped.update(dict(shipment.lines))
        place = shipment.location
        if place is not None and not (0 < len(place.code) <= 64 and place.kind in set(LocationKind)):  # noqa: PLR2004
            return f"the location {place.code[:40]!r} needs a code of at most 64 characters and a known kind"
    wrong = [line for line, units in shipped.items() if not 1 <= units <= ordered.get(line, 0)]
    return f"more units of line {wrong[0]} were shipped than ordered" if wrong else ""


def _payments(order: HistoryOrder) -> str:
    known = {PaymentKind.AUTHORIZATION, PaymentKind.CHARGE, PaymentKind.REFUND}
    for payment in order.payments:
        if payment.kind not in known:
            return f"payment {payment.external_id}: {payment.kind!r} is neither authorization, charge nor refund"
    return _repeated("payment", [f"{payment.kind} {payment.external_id}" for payment in order.payments])


def _reviews(order: HistoryOrder) -> str:
    for review in order.reviews:
        if not 1 <= review.score <= _BEST_SCORE:
            return f"review {review.external_id}: {review.score} is not a score from 1 to {_BEST_SCORE}"
    return _repeated("review", [review.external_id for review in order.reviews])


def _repeated(what: str, ids: list[str]) -> str:
    for own_id, count in Counter(ids).items():
        if count > 1:
            return f"{what} {own_id} is there {count} times"
        if len(own_id) > 128:  # noqa: PLR2004  (the column's length)
            return f"the id of {what} {own_id[:40]!r} is longer than 128 characters"
    return ""


def _plain(value: object) -> object:
    """A value as JSON knows it, without what is empty and without what is not the order's own."""
    if isinstance(value, Money):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, tuple):
        return sorted(
            (_plain(each) for each in value), key=lambda each: orjson.dumps(each, option=orjson.OPT_SORT_KEYS)
        )
    if is_dataclass(value) and not isinstance(value, type):
        left_out = _NOT_THE_ORDERS_OWN.get(type(value), frozenset())
        named = {each.name: getattr(value, each.name) for each in fields(value) if each.name not in left_out}
        return {name: _plain(each) for name, each in named.items() if each not in (None, "", (), False)}
    return value
