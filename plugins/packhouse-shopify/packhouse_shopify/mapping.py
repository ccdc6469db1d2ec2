"""Turns an order in the shape of Shopify's webhooks (REST Admin, Order) into an incoming order."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from packhouse.sdk import Address, IncomingLine, IncomingOrder, InvalidValue, Money, Unreadable
from packhouse_shopify.consents import read_consents
from packhouse_shopify.fields import Fields, gid_tail, summed
from packhouse_shopify.payments import read_payments


def read_order(raw: object) -> IncomingOrder:
    """The order in a webhook's JSON.

    Raises:
        Unreadable: it is no order, or a field of it cannot be what it should be; `field` is the field's path.
    """
    if not isinstance(raw, Mapping):
        raise Unreadable("the body is not a JSON object")
    order = Fields(raw)
    order_id = order.identity("Order")
    currency = _currency(order)
    total = order.required_money("total_price", currency)
    placed_at = _moment(order, "processed_at", "created_at")
    customer = order.child("customer")
    shipping_address = _address(order, "shipping_address")
    return IncomingOrder(
        external_id=order_id,
        number=order.text("name") or order.text("order_number") or order_id,
        currency=currency,
        placed_at=placed_at,
        updated_at=_moment(order, "updated_at"),
        lines=_lines(order, currency),
        total=total,
        shipping=_shipping(order, currency),
        tax=order.money("total_tax", currency),
        discount=order.money("total_discounts", currency),
        tax_included=order.flag("taxes_included", default=False),
        email=order.text("email") or (customer.text("email") if customer else ""),
        customer_name=_customer_name(customer) or (shipping_address.name if shipping_address else ""),
        customer_external_id=customer.identity("Customer") if customer else "",
        locale=order.text("customer_locale"),
        shipping_address=shipping_address,
        billing_address=_address(order, "billing_address"),
        payments=read_payments(order, order_id, total, placed_at),
        cancelled_at=order.time("cancelled_at"),
        cancel_reason=order.text("cancel_reason").lower(),
        note=order.text("note"),
        tags=_tags(order),
        is_test=order.flag("test", default=False),
        consents=read_consents(order, customer, placed_at),
    )


def _currency(order: Fields) -> str:
    currency = order.text("currency")
    try:
        return Money.of(0, currency).currency
    except InvalidValue as error:
        raise order.unreadable("currency", error.message) from None


def _moment(order: Fields, *keys: str) -> datetime:
    for key in keys:
        moment = order.time(key)
        if moment is not None:
            return moment
    raise order.unreadable(keys[0], "is missing")


def _shipping(order: Fields, currency: str) -> Money | None:
    """What shipping costs before discounts; removed shipping lines do not count."""
    if order.data.get("shipping_lines") is None:
        return order.money("total_shipping_price", currency)
    lines = [line for line in order.children("shipping_lines") if not line.flag("is_removed", default=False)]
    return summed((line.required_money("price", currency) for line in lines), currency, order.at("shipping_lines"))


def _customer_name(customer: Fields | None) -> str:
    return " ".join(part for key in ("first_name", "last_name") if customer and (part := customer.text(key)))


def _tags(order: Fields) -> tuple[str, ...]:
    """Sorted, because webhooks and the Admin API give them in orders of their own."""
    return tuple(sorted({tag for part in order.text("tags").split(",") if (tag := part.strip())}))


def _address(order: Fields, key: str) -> Address | None:
    address = order.child(key)
    if address is None:
        return None
    names = " ".join(part for name in ("first_name", "last_name") if (part := address.text(name)))
    try:
        return Address(
            name=address.text("name") or names,
            company=address.text("company"),
            line1=address.text("address1"),
            line2=address.text("address2"),
            city=address.text("city"),
            region=address.text("province_code") or address.text("province"),
            postcode=address.text("zip"),
            country=address.text("country_code"),
            phone=address.text("phone"),
        )
    except InvalidValue as error:
        raise address.unreadable("country_code", error.message) from None


def _lines(order: Fields, currency: str) -> tuple[IncomingLine, ...]:
    if order.data.get("line_items") is None:
        raise order.unreadable("line_items", "is missing")
    kept = _units_refunded_after_shipping(order)
    lines: dict[str, IncomingLine] = {}
    for item in order.children("line_items"):
        line = _line(item, currency, kept)
        if line.external_id in lines:
            raise item.unreadable("id", f"line {line.external_id} is there twice")
        lines[line.external_id] = line
    return tuple(lines.values())


def _line(item: Fields, currency: str, kept: Counter[str]) -> IncomingLine:
    line_id = item.identity("LineItem")
    title = item.text("name") or item.text("title")
    sku = item.text("sku")
    if not sku:
        raise item.unreadable("sku", f"line {line_id} ({title or 'without a title'}) has no SKU")
    quantity = item.units("quantity", least=1)
    current = quantity if item.data.get("current_quantity") is None else item.units("current_quantity")
    return IncomingLine(
        external_id=line_id,
        sku=sku,
        title=title or sku,
        quantity=quantity,
        unit_price=item.required_money("price", currency),
        discount=_line_discount(item, currency),
        tax=summed(
            (tax.required_money("price", currency) for tax in item.children("tax_lines")),
            currency,
            item.at("tax_lines"),
        ),
        requires_shipping=item.flag("requires_shipping", default=True),
        cancelled=min(quantity, max(0, quantity - current - kept[line_id])),
    )


def _line_discount(item: Fields, currency: str) -> Money | None:
    """Allocations hold the line's share of order discounts too; `total_discount` only the line's own."""
    allocations = item.children("discount_allocations")
    if not allocations:
        return item.money("total_discount", currency)
    amounts = (allocation.required_money("amount", currency) for allocation in allocations)
    return summed(amounts, currency, item.at("discount_allocations"))


def _units_refunded_after_shipping(order: Fields) -> Counter[str]:
    """Units by line that were refunded and yet were shipped, so that they are not cancelled.

    Shopify lowers `current_quantity` for any refund. A unit restocked as "return" came back from the customer; one that
    was not restocked counts as shipped when the whole order is.
    """
    shipped = {"return"}
    if order.text("fulfillment_status").lower() == "fulfilled":
        shipped |= {"no_restock", "legacy_restock"}
    units: Counter[str] = Counter()
    for refund in order.children("refunds"):
        for refunded in refund.children("refund_line_items"):
            if refunded.text("restock_type").lower() in shipped:
                units[_refunded_line_id(refunded)] += refunded.units("quantity")
    return units


def _refunded_line_id(refunded: Fields) -> str:
    item = refunded.child("line_item")
    digits = gid_tail(item.data.get("admin_graphql_api_id"), "LineItem") if item else ""
    return digits or refunded.text("line_item_id")
