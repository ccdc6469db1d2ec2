"""From a channel's order to ours: SKUs through listings, the channel's prices as final."""

from collections.abc import Mapping

from packhouse.channels.models import Channel
from packhouse.ordering.data import OnShortage, PlaceLine, PlaceOrder, PlacePayment
from packhouse.sdk import IncomingLine, IncomingOrder, IncomingPayment, InvalidValue, Money
from packhouse.sdk.values import check_locale
from packhouse.storage import Reader
from packhouse.storage.dialect import placeholders

# What an order is tagged with that the channel marks as a test, for people to see and rules to find.
TEST_TAG = "test-order"

_LISTED = """
SELECT listing.channel_sku, variant.sku FROM listing JOIN variant ON variant.id = listing.variant_id
WHERE listing.channel_id = $1 AND listing.channel_sku IN ({skus})
"""


async def listed_skus(reader: Reader, channel: Channel, order: IncomingOrder) -> Mapping[str, str]:
    """Our SKU for each channel SKU of the order that has a listing; without one the channel's SKU is ours."""
    skus = sorted({line.sku for line in order.lines})
    if not skus:
        return {}
    rows = await reader.fetch(_LISTED.format(skus=placeholders(len(skus), 2)), channel.id, *skus)
    return {row["channel_sku"]: row["sku"] for row in rows}


def to_place(channel: Channel, order: IncomingOrder, skus: Mapping[str, str]) -> PlaceOrder:
    """What is to be placed for a channel's order: it is sold already, so nothing but nonsense is refused."""
    return PlaceOrder(
        channel=channel.code,
        currency=order.currency,
        lines=tuple(_line(line, skus) for line in order.lines),
        email=order.email,
        customer_name=order.customer_name,
        customer_external_id=order.customer_external_id,
        locale=language_tag(order.locale),
        shipping_address=order.shipping_address,
        billing_address=order.billing_address,
        shipping=order.shipping,
        tax=order.tax,
        discount=order.discount,
        tax_included=order.tax_included,
        total=order.total,
        external_id=order.external_id,
        number=order.number,
        payments=tuple(_payment(channel, payment) for payment in order.payments if payment.kind != "refund"),
        placed_at=order.placed_at,
        shipping_speed=order.shipping_speed,
        channel_updated_at=order.updated_at,
        note=order.note,
        tags=(*order.tags, TEST_TAG) if order.is_test else order.tags,
        price_is_final=True,
        on_shortage=OnShortage.HOLD,
        hold_if_unpaid=True,
        is_demo=channel.is_demo,
        cancelled_at=order.cancelled_at,
        cancel_reason=order.cancel_reason,
    )


def language_tag(locale: str) -> str:
    """What the channel says, where it is a language tag: an order that is sold is not refused for it."""
    try:
        return check_locale(locale.replace("_", "-"))
    except InvalidValue:
        return ""


def _line(line: IncomingLine, skus: Mapping[str, str]) -> PlaceLine:
    return PlaceLine(
        sku=skus.get(line.sku, line.sku),
        quantity=line.quantity,
        unit_price=line.unit_price,
        discount=line.discount or Money.from_minor(0, line.unit_price.currency),
        tax=line.tax,
        external_id=line.external_id,
        title=line.title,
        cancelled=min(line.cancelled, line.quantity),
        # a channel says of a digital good that it needs no parcel; of our own goods the catalogue knows better
        requires_shipping=None if line.requires_shipping else False,
    )


def _payment(channel: Channel, payment: IncomingPayment) -> PlacePayment:
    return PlacePayment(
        kind=payment.kind,
        amount=payment.amount,
        external_id=payment.external_id,
        provider=payment.provider or channel.provider or channel.code,
        method=payment.method,
        occurred_at=payment.occurred_at,
    )
