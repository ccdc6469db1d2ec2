"""Who may see which events: whoever may read one of the areas that an event is of."""

from packhouse.sdk import EventType
from packhouse.web.context import Context
from packhouse.web.permissions import Area

AREAS: dict[EventType, tuple[Area, ...]] = {
    EventType.ORDER_PLACED: (Area.ORDERS,),
    EventType.ORDER_CONFIRMED: (Area.ORDERS,),
    EventType.ORDER_CHANGED: (Area.ORDERS,),
    EventType.ORDER_HELD: (Area.ORDERS,),
    EventType.ORDER_RELEASED: (Area.ORDERS,),
    EventType.ORDER_CANCELLED: (Area.ORDERS,),
    EventType.ORDER_COMPLETED: (Area.ORDERS,),
    EventType.ORDER_BACKORDERED: (Area.ORDERS, Area.INVENTORY),
    EventType.STOCK_ASSIGNED: (Area.ORDERS, Area.INVENTORY),
    EventType.BACKORDER_RESCHEDULED: (Area.ORDERS, Area.INVENTORY),
    EventType.PAYMENT_RECORDED: (Area.PAYMENTS,),
    EventType.STOCK_ADJUSTED: (Area.INVENTORY,),
    EventType.STOCK_MOVED: (Area.INVENTORY,),
    EventType.STOCK_CHANGED: (Area.INVENTORY, Area.CHANNELS),
    EventType.AWAITED_STOCK_CHANGED: (Area.INVENTORY,),
    EventType.STOCK_COUNT_CHANGED: (Area.INVENTORY, Area.FULFILLMENT),
    EventType.LOT_CHANGED: (Area.INVENTORY,),
    EventType.LOT_RECALLED: (Area.INVENTORY,),
    EventType.STOCK_TERMS_CHANGED: (Area.INVENTORY,),
    EventType.RESERVATION_EXTENDED: (Area.ORDERS, Area.INVENTORY),
    EventType.INBOUND_RESCHEDULED: (Area.INVENTORY,),
    EventType.FULFILLMENT_REQUESTED: (Area.FULFILLMENT,),
    EventType.FULFILLMENT_SUBMITTED: (Area.FULFILLMENT,),
    EventType.FULFILLMENT_ACCEPTED: (Area.FULFILLMENT,),
    EventType.FULFILLMENT_STARTED: (Area.FULFILLMENT,),
    EventType.FULFILLMENT_PICKED: (Area.FULFILLMENT,),
    EventType.FULFILLMENT_PACKED: (Area.FULFILLMENT,),
    EventType.FULFILLMENT_FAILED: (Area.FULFILLMENT,),
    EventType.FULFILLMENT_CANCELLED: (Area.FULFILLMENT,),
    EventType.FULFILLMENT_TIMED_OUT: (Area.FULFILLMENT,),
    EventType.FULFILLMENT_CANCELLATION_REQUESTED: (Area.FULFILLMENT,),
    EventType.FULFILLMENT_CANCELLATION_REJECTED: (Area.FULFILLMENT,),
    EventType.FULFILLMENT_CHANGE_REFUSED: (Area.FULFILLMENT,),
    EventType.PARCEL_PACKED: (Area.FULFILLMENT,),
    EventType.PARCEL_UNPACKED: (Area.FULFILLMENT,),
    EventType.SHIPMENT_CREATED: (Area.SHIPPING,),
    EventType.LABEL_PURCHASED: (Area.SHIPPING,),
    EventType.LABEL_VOIDED: (Area.SHIPPING,),
    # the end of a location's work as well
    EventType.SHIPMENT_DISPATCHED: (Area.SHIPPING, Area.FULFILLMENT),
    EventType.TRACKING_UPDATED: (Area.SHIPPING,),
    EventType.SHIPMENT_DELIVERED: (Area.SHIPPING,),
    EventType.RETURN_REQUESTED: (Area.RETURNS,),
    EventType.RETURN_APPROVED: (Area.RETURNS,),
    EventType.RETURN_DECLINED: (Area.RETURNS,),
    EventType.RETURN_CANCELLED: (Area.RETURNS,),
    EventType.RETURN_RECEIVED: (Area.RETURNS,),
    EventType.RETURN_INSPECTED: (Area.RETURNS,),
    EventType.RETURN_CLOSED: (Area.RETURNS,),
    EventType.REFUND_MADE: (Area.PAYMENTS, Area.RETURNS),
    EventType.REFUND_DENIED: (Area.PAYMENTS, Area.RETURNS),
    EventType.REVIEW_REQUESTED: (Area.FEEDBACK,),
    EventType.FEEDBACK_RECEIVED: (Area.FEEDBACK,),
    EventType.FEEDBACK_CHANGED: (Area.FEEDBACK,),
    EventType.FEEDBACK_REMOVED: (Area.FEEDBACK,),
    EventType.REVIEW_REPLIED: (Area.FEEDBACK,),
    EventType.CONSENT_CHANGED: (Area.CUSTOMERS,),
    EventType.VARIANT_CHANGED: (Area.CATALOG,),
    EventType.PRICE_CHANGED: (Area.CATALOG,),
    EventType.LOCATION_CHANGED: (Area.INVENTORY,),
    EventType.CHANNEL_CHANGED: (Area.CHANNELS,),
    EventType.ROUTING_CHANGED: (Area.ROUTING,),
    EventType.PLUGIN_CHANGED: (Area.PLUGINS,),
}
_READERS = {type_: frozenset(area.read for area in areas) for type_, areas in AREAS.items()}


def may_see(context: Context, type_: EventType) -> bool:
    """Whether whoever asks may see events of a type."""
    return context.grant.permissions.allows_any(_READERS[type_])
