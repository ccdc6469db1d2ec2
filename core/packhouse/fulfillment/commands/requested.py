"""Telling that a location is asked to begin."""

from uuid import UUID

from packhouse.events.record import record
from packhouse.sdk import EventType
from packhouse.storage import UnitOfWork


def record_requested(
    uow: UnitOfWork, order_id: UUID, fulfillment_order_id: UUID, location_id: UUID, network: str, units: int
) -> None:
    """Record that a location was asked to send so many units: the work is open."""
    record(
        uow,
        EventType.FULFILLMENT_REQUESTED,
        fulfillment_order_id,
        order_id=order_id,
        payload={
            "fulfillment_order_id": str(fulfillment_order_id),
            "location_id": str(location_id),
            "network": network,
            "units": units,
        },
    )
