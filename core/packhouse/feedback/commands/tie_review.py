"""Tying a review to what it is about: its order by number, a product in it by SKU."""

from collections.abc import Sequence
from uuid import UUID

from packhouse.channels.models import Channel, Listing
from packhouse.feedback.models import ReviewRequest
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import IncomingReview, Refused


async def order_of(platform: str, review: IncomingReview) -> Order:
    """The order that a review names by its number, or by the reference of its invitation.

    Numbers are unique in a channel only: of several orders the one that was asked about there wins, then the one with
    the writer's e-mail address.

    Raises:
        Refused: NO_ORDER_NAMED, NOT_FOUND, AMBIGUOUS_ORDER.
    """
    if not review.order_number:
        raise Refused("NO_ORDER_NAMED", "it names no order")
    invited = await _invited(platform, review.order_number)
    if invited is not None:
        return invited
    orders = await Order.filter(number=review.order_number)
    if len(orders) > 1:
        asked = await ReviewRequest.filter(order_id__in=[order.id for order in orders], platform=platform)
        orders = _narrowed(orders, {request.order_id for request in asked})
        orders = _narrowed(orders, {order.id for order in orders if review.email and order.email == review.email})
    if len(orders) == 1:
        return orders[0]
    if not orders:
        raise Refused("NOT_FOUND", f"there is no order with number {review.order_number!r}")
    raise Refused("AMBIGUOUS_ORDER", f"{len(orders)} orders have the number {review.order_number!r}")


async def line_of(order: Order, sku: str) -> OrderLine | None:
    """The line that a review of a SKU is about, ours or the channel's own; None without a SKU.

    Where several lines have it, the first one that was delivered, else the first one.

    Raises:
        Refused: UNKNOWN_SKU (the order has no such line).
    """
    if not sku:
        return None
    lines = await OrderLine.filter(order_id=order.id).order_by("position")
    found = [line for line in lines if line.sku == sku]
    if not found:
        variant_id = await _listed(order.channel, sku)
        found = [line for line in lines if variant_id is not None and line.variant_id == variant_id]
    if not found:
        raise Refused("UNKNOWN_SKU", f"order {order.number} has no line with SKU {sku}", "sku")
    return next((line for line in found if line.delivered), found[0])


async def _invited(platform: str, reference: str) -> Order | None:
    try:
        request = await ReviewRequest.get_or_none(id=UUID(reference), platform=platform)
    except ValueError:
        return None
    return None if request is None else await Order.get(id=request.order_id)


async def _listed(channel: str, channel_sku: str) -> UUID | None:
    """The variant that a channel calls by its own SKU."""
    found = await Channel.get_or_none(code=channel)
    listing = await Listing.get_or_none(channel_id=found.id, channel_sku=channel_sku) if found else None
    return None if listing is None else listing.variant_id


def _narrowed(orders: Sequence[Order], chosen: set[UUID]) -> list[Order]:
    """Only those that were chosen, where any was."""
    return [order for order in orders if order.id in chosen] or list(orders)
