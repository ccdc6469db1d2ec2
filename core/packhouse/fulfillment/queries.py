"""Reads of the work: fulfillment orders, pick lists, parcels."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine, Parcel, ParcelItem, Pick, PickList
from packhouse.fulfillment.states import FulfillmentOrderStatus
from packhouse.routing.capacity import Work
from packhouse.storage import Reader
from packhouse.storage.batches import by_id, children
from packhouse.storage.dialect import read_id

fulfillment_orders_by_id = by_id(FulfillmentOrder)
fulfillment_order_lines_by_id = by_id(FulfillmentOrderLine)
pick_lists_by_id = by_id(PickList)
picks_by_id = by_id(Pick)
parcels_by_id = by_id(Parcel)
parcel_items_by_id = by_id(ParcelItem)
fulfillment_orders_of_orders = children(FulfillmentOrder, "order_id", "created_at")
lines_of_fulfillment_orders = children(FulfillmentOrderLine, "fulfillment_order_id", "sku")
parcels_of_fulfillment_orders = children(Parcel, "fulfillment_order_id", "packed_at")
items_of_parcels = children(ParcelItem, "parcel_id")
picks_of_pick_lists = children(Pick, "pick_list_id", "position")

_GIVEN_OUT = f"""
SELECT fulfillment_order.location_id, COUNT(DISTINCT fulfillment_order.id) AS orders,
       SUM(line.quantity - line.cancelled) AS units
FROM fulfillment_order JOIN fulfillment_order_line AS line ON line.fulfillment_order_id = fulfillment_order.id
WHERE fulfillment_order.status <> '{FulfillmentOrderStatus.CANCELLED.value}' AND ({{windows}})
GROUP BY fulfillment_order.location_id
"""


async def work_given_out(reader: Reader, since: Mapping[UUID, datetime]) -> dict[UUID, Work]:
    """What each location was given to do from a moment on, by location: one statement. What was cancelled is not counted."""
    if not since:
        return {}
    windows = " OR ".join(
        f"(fulfillment_order.location_id = ${number} AND fulfillment_order.created_at >= ${number + 1})"
        for number in range(1, 2 * len(since), 2)
    )
    values = [value for pair in since.items() for value in pair]
    rows = await reader.fetch(_GIVEN_OUT.format(windows=windows), *values)
    given_out = {read_id(row["location_id"]): Work(int(row["units"]), row["orders"]) for row in rows}
    return {location_id: given_out.get(location_id, Work()) for location_id in since}
