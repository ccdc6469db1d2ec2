"""Reads of the work: fulfillment orders, pick lists, parcels."""

from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine, Parcel, ParcelItem, Pick, PickList
from packhouse.storage.batches import by_id, children

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
picks_of_pick_lists = children(Pick, "pick_list_id", "bin", "sku")
