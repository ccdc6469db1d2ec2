"""From what was asked for to priced lines and totals, in minor units: pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from packhouse.ordering.data import PlaceLine, PlaceOrder
from packhouse.sdk import InvalidValue, Money, Refused
from packhouse.sdk.values import check_currency, check_length, check_locale

MAX_LINES = 1_000
MAX_QUANTITY = 1_000_000
# What every JSON client can count to in minor units.
MAX_AMOUNT = 2**53 - 1
MAX_PRIORITY = 1_000_000


@dataclass(frozen=True, slots=True)
class KnownVariant:
    """What placing needs to know of a variant."""

    id: UUID
    sku: str
    title: str
    requires_shipping: bool
    is_bundle: bool = False


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line ready to be written; amounts in minor units."""

    variant: KnownVariant
    line: PlaceLine
    requires_shipping: bool
    unit_price: int
    discount: int
    tax: int
    total: int

    @property
    def units_to_send(self) -> int:
        """Units that somebody has to send."""
        return self.line.quantity - self.line.cancelled if self.requires_shipping else 0


@dataclass(frozen=True, slots=True)
class Totals:
    """The order's amounts in minor units."""

    subtotal: int
    discount: int
    shipping: int
    tax: int
    total: int


def check_request(data: PlaceOrder) -> None:
    """Refuse what can be refused without looking anything up.

    Raises:
        InvalidValue: no lines, too many, a quantity that is none, an amount below nothing or in another currency, a
            locale that is none, a priority out of bounds.
    """
    check_currency(data.currency)
    for field, text, most in (
        ("number", data.number, 64),
        ("externalId", data.external_id, 128),
        ("email", data.email, 254),
        ("customerExternalId", data.customer_external_id, 128),
    ):
        check_length(text, most, field)
    check_locale(data.locale)
    check_priority(data.priority)
    if not data.lines:
        raise InvalidValue("lines", "an order needs at least one line")
    if len(data.lines) > MAX_LINES:
        raise InvalidValue("lines", f"an order has at most {MAX_LINES} lines")
    for index, line in enumerate(data.lines):
        _check_line(line, data.currency, f"lines.{index}")
    for field in ("shipping", "tax", "discount", "total"):
        _check_amount(getattr(data, field), data.currency, field)
    _check_payments(data)


def _check_payments(data: PlaceOrder) -> None:
    told = set()
    for index, payment in enumerate(data.payments):
        _check_amount(payment.amount, data.currency, f"payments.{index}.amount")
        check_length(payment.external_id, 128, f"payments.{index}.externalId")
        check_length(payment.provider, 64, f"payments.{index}.provider")
        fact = (payment.kind, payment.external_id)
        if payment.external_id and fact in told:
            message = f"{payment.external_id!r} is there twice: one {payment.kind} is told once"
            raise InvalidValue(f"payments.{index}.externalId", message)
        told.add(fact)


def check_priority(priority: int) -> None:
    """Refuse a priority that is out of bounds.

    Raises:
        InvalidValue: it is not within a million of nothing.
    """
    if abs(priority) > MAX_PRIORITY:
        raise InvalidValue("priority", f"{priority} is not a number from -{MAX_PRIORITY} to {MAX_PRIORITY}")


def priced_lines(
    data: PlaceOrder, variants: Mapping[str, KnownVariant], prices: Mapping[tuple[UUID, int], int]
) -> list[PricedLine]:
    """The lines with their prices.

    Raises:
        Refused: UNKNOWN_SKU, NO_PRICE, PRICE_MISMATCH, DISCOUNT_TOO_LARGE; each with the line's field.
    """
    return [_priced(data, line, f"lines.{index}", variants, prices) for index, line in enumerate(data.lines)]


def totals(data: PlaceOrder, lines: list[PricedLine]) -> Totals:
    """The order's amounts. Tax that is included in the prices is not added again.

    Raises:
        InvalidValue: a total below nothing, or one that nobody can count to.
    """
    subtotal = sum(line.unit_price * line.line.quantity for line in lines)
    discount = data.discount.minor if data.discount else sum(line.discount for line in lines)
    tax = data.tax.minor if data.tax else sum(line.tax for line in lines)
    shipping = data.shipping.minor if data.shipping else 0
    summed = subtotal - discount + shipping + (0 if data.tax_included else tax)
    amounts = Totals(subtotal, discount, shipping, tax, data.total.minor if data.total else summed)
    if amounts.total < 0:
        raise InvalidValue("discount", "the discounts are larger than the order's price")
    if max(subtotal, discount, tax, amounts.total) > MAX_AMOUNT:
        raise InvalidValue("lines", "the order's amounts are too large")
    return amounts


def _check_line(line: PlaceLine, currency: str, path: str) -> None:
    if not line.sku.strip():
        raise InvalidValue(f"{path}.sku", "a line needs a SKU")
    check_length(line.external_id, 128, f"{path}.externalId")
    if not 1 <= line.quantity <= MAX_QUANTITY:
        raise InvalidValue(f"{path}.quantity", f"{line.quantity} is not a quantity from 1 to {MAX_QUANTITY}")
    if not 0 <= line.cancelled <= line.quantity:
        raise InvalidValue(f"{path}.cancelled", f"{line.cancelled} of {line.quantity} units cannot be cancelled")
    for field, amount in (("unitPrice", line.unit_price), ("discount", line.discount), ("tax", line.tax)):
        _check_amount(amount, currency, f"{path}.{field}")


def _check_amount(amount: Money | None, currency: str, path: str) -> None:
    if amount is None:
        return
    if amount.currency != currency:
        raise Refused("CURRENCY_MISMATCH", f"{amount} is not in the order's currency {currency}", path)
    if amount.minor < 0:
        raise InvalidValue(path, f"{amount} is below nothing")


def _priced(
    data: PlaceOrder,
    line: PlaceLine,
    path: str,
    variants: Mapping[str, KnownVariant],
    prices: Mapping[tuple[UUID, int], int],
) -> PricedLine:
    variant = variants.get(line.sku)
    if variant is None:
        raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {line.sku}", f"{path}.sku")
    unit_price = _unit_price(data, line, path, prices.get((variant.id, line.quantity)))
    discount = line.discount.minor if line.discount else 0
    tax = line.tax.minor if line.tax else 0
    gross = unit_price * line.quantity
    if discount > gross:
        raise Refused("DISCOUNT_TOO_LARGE", f"the discount on {line.sku} is larger than its price", f"{path}.discount")
    requires_shipping = variant.requires_shipping if line.requires_shipping is None else line.requires_shipping
    total = gross - discount + (0 if data.tax_included else tax)
    return PricedLine(variant, line, requires_shipping, unit_price, discount, tax, total)


def _unit_price(data: PlaceOrder, line: PlaceLine, path: str, listed: int | None) -> int:
    given = line.unit_price.minor if line.unit_price else None
    if given is not None and (data.price_is_final or given == listed):
        return given
    if listed is None:
        raise Refused(
            "NO_PRICE", f"{line.sku} has no price in {data.currency} on channel {data.channel}", f"{path}.unitPrice"
        )
    if given is not None:
        price = Money.from_minor(listed, data.currency)
        raise Refused("PRICE_MISMATCH", f"{line.sku} costs {price} on channel {data.channel} now", f"{path}.unitPrice")
    return listed
