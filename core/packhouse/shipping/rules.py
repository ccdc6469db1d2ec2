"""What a carrier's scans say, and what they make of a shipment: pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from packhouse.shipping.states import SHIPMENT_STATUS, IncidentReason, ShipmentStatus, TrackingStatus

# Two scans of one moment: the one that is further along is the newer one.
_PROGRESS = {
    status: place
    for place, status in enumerate(
        (
            TrackingStatus.UNKNOWN,
            TrackingStatus.PENDING,
            TrackingStatus.PICKED_UP,
            TrackingStatus.IN_TRANSIT,
            TrackingStatus.ON_HOLD,
            TrackingStatus.DELIVERY_DELAYED,
            TrackingStatus.OUT_FOR_DELIVERY,
            TrackingStatus.READY_FOR_PICKUP,
            TrackingStatus.DELIVERY_FAILED,
            TrackingStatus.NEEDS_ATTENTION,
            TrackingStatus.RETURN_TO_SENDER,
            TrackingStatus.DELIVERED,
        )
    )
}
_ENDS = {
    TrackingStatus.DELIVERED: ShipmentStatus.DELIVERED,
    TrackingStatus.RETURN_TO_SENDER: ShipmentStatus.RETURNED_TO_SENDER,
}


@dataclass(frozen=True, slots=True)
class Scan:
    """A carrier's scan: what it means, and the carrier's own time (aware)."""

    status: TrackingStatus
    occurred_at: datetime
    incident: str = ""


def newest(scans: Iterable[Scan]) -> Scan | None:
    """The scan that says where the shipment is now, by the carrier's time; None where there is none."""
    return max(scans, key=_age, default=None)


def outcome(status: ShipmentStatus, scans: Iterable[Scan]) -> tuple[ShipmentStatus, datetime] | None:
    """What all scans known make of a shipment, and since when; None where they change nothing.

    The first end counts: a parcel that went back to its sender and was then "delivered" came back to us. One that the
    carrier lost is lost until a later scan finds it at the door.
    """
    ordered = sorted(scans, key=_age)
    ends = [(_ENDS[scan.status], scan.occurred_at) for scan in ordered if scan.status in _ENDS]
    if ends:
        return ends[0] if SHIPMENT_STATUS.can(status, ends[0][0]) else None
    if (
        ordered
        and ordered[-1].incident == IncidentReason.CARRIER_LOST
        and SHIPMENT_STATUS.can(status, ShipmentStatus.LOST)
    ):
        return ShipmentStatus.LOST, ordered[-1].occurred_at
    return None


def _age(scan: Scan) -> tuple[datetime, int]:
    return scan.occurred_at, _PROGRESS[scan.status]
