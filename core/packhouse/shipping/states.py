"""How far a shipment has come, the normalised set of tracking statuses, and what can go wrong on the way."""

from enum import StrEnum

from packhouse.sdk.carriers import TrackingStatus
from packhouse.sdk.states import StateMachine

# Carriers report in this set, so the SDK defines it; offered here because this room is the one that keeps it.
__all__ = ["SHIPMENT_STATUS", "IncidentReason", "ShipmentStatus", "TrackingStatus"]


class ShipmentStatus(StrEnum):
    """The shipment as a thing we are answerable for; the carrier's scans are its tracking events."""

    DRAFT = "draft"
    LABEL_PURCHASED = "label_purchased"
    HANDED_OVER = "handed_over"
    DELIVERED = "delivered"
    RETURNED_TO_SENDER = "returned_to_sender"
    LOST = "lost"
    VOIDED = "voided"


# Lost is not the end: a late scan may still find the parcel at the door.
SHIPMENT_STATUS = StateMachine(
    entity="Shipment.status",
    initial=frozenset({ShipmentStatus.DRAFT}),
    table={
        ShipmentStatus.DRAFT: frozenset(
            {ShipmentStatus.LABEL_PURCHASED, ShipmentStatus.HANDED_OVER, ShipmentStatus.VOIDED}
        ),
        ShipmentStatus.LABEL_PURCHASED: frozenset({ShipmentStatus.HANDED_OVER, ShipmentStatus.VOIDED}),
        ShipmentStatus.HANDED_OVER: frozenset(
            {ShipmentStatus.DELIVERED, ShipmentStatus.RETURNED_TO_SENDER, ShipmentStatus.LOST}
        ),
        ShipmentStatus.LOST: frozenset({ShipmentStatus.DELIVERED}),
        ShipmentStatus.DELIVERED: frozenset(),
        ShipmentStatus.RETURNED_TO_SENDER: frozenset(),
        ShipmentStatus.VOIDED: frozenset(),
    },
)


class IncidentReason(StrEnum):
    """Why a parcel was late, not delivered or damaged: carrier, recipient, customs or the world outside."""

    CARRIER_DAMAGED = "carrier_damaged"
    CARRIER_LOST = "carrier_lost"
    CARRIER_MISSORTED = "carrier_missorted"
    CARRIER_DELAY = "carrier_delay"
    CARRIER_VEHICLE = "carrier_vehicle"
    RECIPIENT_NOT_HOME = "recipient_not_home"
    RECIPIENT_REFUSED = "recipient_refused"
    RECIPIENT_CLOSED = "recipient_closed"
    RECIPIENT_NO_ACCESS = "recipient_no_access"
    RECIPIENT_NOT_COLLECTED = "recipient_not_collected"
    ADDRESS_WRONG = "address_wrong"
    ADDRESS_NOT_FOUND = "address_not_found"
    CUSTOMS_DELAY = "customs_delay"
    CUSTOMS_DOCUMENTS = "customs_documents"
    CUSTOMS_UNPAID = "customs_unpaid"
    WEATHER = "weather"
    STRIKE = "strike"
    DISASTER = "disaster"
    UNKNOWN = "unknown"
