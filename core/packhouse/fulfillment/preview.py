"""What a network would make of an order's open units, before any work is given to it."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

from packhouse.inventory.models import Location
from packhouse.orders.models import Order, OrderLine, OrderLineComponent
from packhouse.sdk import (
    Address,
    FulfillmentItem,
    FulfillmentPreview,
    FulfillmentRequest,
    Money,
    PreviewsFulfillment,
    ProviderError,
    ProviderRefused,
    Providers,
    Refused,
    ShippingSpeed,
)

DEADLINE_SECONDS = 8.0


async def preview_fulfillment(
    providers: Providers, order_id: UUID, location_id: UUID, deadline_seconds: float = DEADLINE_SECONDS
) -> FulfillmentPreview:
    """Ask the network of a location about all units of an order that have not shipped.

    A refusal is a preview without offers.

    Raises:
        Refused: NOT_FOUND, NOTHING_TO_SEND, NO_PREVIEW (the location's network gives none), PREVIEW_UNAVAILABLE.
    """
    order = await Order.get_or_none(id=order_id)
    if order is None:
        raise Refused("NOT_FOUND", f"there is no order {order_id}", "orderId")
    location = await Location.get_or_none(id=location_id)
    if location is None:
        raise Refused("NOT_FOUND", f"there is no location {location_id}", "locationId")
    networks: Mapping[str, object] = providers.networks
    provider = networks.get(location.network)
    if not isinstance(provider, PreviewsFulfillment):
        raise Refused("NO_PREVIEW", f"whoever runs location {location.code} gives no previews", "locationId")
    request = await _request(order, location)
    try:
        async with asyncio.timeout(deadline_seconds):
            return await provider.preview(request)
    except ProviderRefused as refusal:
        return FulfillmentPreview((), (refusal.detail,))
    except ProviderError as error:
        raise Refused("PREVIEW_UNAVAILABLE", error.detail, "locationId") from error
    except TimeoutError:
        raise Refused(
            "PREVIEW_UNAVAILABLE",
            f"{location.network} gave no answer within {deadline_seconds:g} seconds",
            "locationId",
        ) from None


async def _request(order: Order, location: Location) -> FulfillmentRequest:
    items = await _open_items(order)
    if not items:
        raise Refused("NOTHING_TO_SEND", f"nothing of order {order.number} is left to send", "orderId")
    return FulfillmentRequest(
        idempotency_key=str(order.id),
        reference=str(order.id),
        location=location.code,
        order_number=order.number,
        ship_to=Address(**(order.shipping_address or {})),
        items=items,
        speed=ShippingSpeed(order.shipping_speed),
        channel=order.channel,
        ordered_at=order.placed_at,
        email=order.email,
    )


async def _open_items(order: Order) -> tuple[FulfillmentItem, ...]:
    """What has not shipped; a bundle as its parts, of which nobody knows what each was sold for."""
    lines = await OrderLine.filter(order_id=order.id, requires_shipping=True).order_by("position")
    parts: dict[UUID, list[OrderLineComponent]] = defaultdict(list)
    for part in await OrderLineComponent.filter(order_line_id__in=[line.id for line in lines if line.is_bundle]):
        parts[part.order_line_id].append(part)
    items: list[FulfillmentItem] = []
    for line in lines:
        units = line.ordered - line.shipped - line.cancelled
        if units and line.is_bundle:
            items += [
                FulfillmentItem(str(part.id), part.sku, part.sku, units * part.quantity) for part in parts[line.id]
            ]
        elif units:
            value = Money.from_minor(line.unit_price, order.currency)
            items.append(FulfillmentItem(str(line.id), line.sku, line.title, units, value))
    return tuple(items)
