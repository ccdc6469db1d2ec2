"""What a carrier is told about a parcel: where from, where to, what is in it."""

from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine, Parcel, ParcelItem
from packhouse.inventory.models import Location
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import Address, Dimensions, Money, QuoteRequest, Refused
from packhouse.sdk import Parcel as SentParcel
from packhouse.sdk import ParcelItem as SentItem


async def quote_request(parcel_id: UUID, field: str = "parcelId") -> QuoteRequest:
    """The request for a packed parcel.

    Raises:
        Refused: NOT_FOUND.
    """
    parcel = await Parcel.get_or_none(id=parcel_id)
    if parcel is None:
        raise Refused("NOT_FOUND", f"there is no parcel {parcel_id}", field)
    work = await FulfillmentOrder.get(id=parcel.fulfillment_order_id)
    order = await Order.get(id=work.order_id)
    location = await Location.get(id=work.location_id)
    return QuoteRequest(
        ship_from=Address(**location.address),
        ship_to=Address(**(order.shipping_address or {})),
        parcels=(SentParcel(parcel.weight_grams, _size(parcel), await _items(parcel, order)),),
    )


def _size(parcel: Parcel) -> Dimensions | None:
    if parcel.length_mm is None or parcel.width_mm is None or parcel.height_mm is None:
        return None
    return Dimensions(parcel.length_mm, parcel.width_mm, parcel.height_mm)


async def _items(parcel: Parcel, order: Order) -> tuple[SentItem, ...]:
    items = await ParcelItem.filter(parcel_id=parcel.id).order_by("id")
    work_lines = {
        line.id: line
        for line in await FulfillmentOrderLine.filter(id__in=[item.fulfillment_order_line_id for item in items])
    }
    lines = {line.id: line for line in await OrderLine.filter(order_id=order.id)}
    wanted = [line.variant_id for line in work_lines.values() if line.variant_id]
    variants = {variant.id: variant for variant in await Variant.filter(id__in=wanted)}
    sent = []
    for item in items:
        work_line = work_lines[item.fulfillment_order_line_id]
        line = lines[work_line.order_line_id]
        variant = variants.get(work_line.variant_id) if work_line.variant_id else None
        sent.append(
            SentItem(
                sku=work_line.sku,
                title=line.title,
                quantity=item.quantity,
                unit_value=Money.from_minor(line.unit_price, order.currency),
                hs_code=variant.hs_code if variant else "",
                country_of_origin=variant.country_of_origin if variant else "",
            )
        )
    return tuple(sent)
