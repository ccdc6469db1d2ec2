"""Reads of shipments, labels, tracking and promises."""

from packhouse.shipping.models import DeliveryPromise, Label, Shipment, ShipmentLine, TrackingEvent
from packhouse.storage.batches import by_id, children

shipments_by_id = by_id(Shipment)
shipment_lines_by_id = by_id(ShipmentLine)
tracking_events_by_id = by_id(TrackingEvent)
promises_by_id = by_id(DeliveryPromise)
shipments_of_orders = children(Shipment, "order_id", "created_at")
lines_of_shipments = children(ShipmentLine, "shipment_id")
tracking_of_shipments = children(TrackingEvent, "shipment_id", "occurred_at")
labels_of_shipments = children(Label, "shipment_id")
promises_of_orders = children(DeliveryPromise, "order_id", "made_at")
