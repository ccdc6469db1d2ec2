from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from packhouse.sdk import TrackingStatus
from packhouse.shipping.rules import Scan, newest, outcome
from packhouse.shipping.states import IncidentReason, ShipmentStatus

_START = datetime(2026, 3, 1, tzinfo=UTC)


def _scan(status: TrackingStatus, hours: int, incident: str = "") -> Scan:
    return Scan(status, _START + timedelta(hours=hours), incident)


def test_the_newest_scan_is_the_carriers_newest_in_whatever_order_they_come() -> None:
    scans = [
        _scan(TrackingStatus.PICKED_UP, 1),
        _scan(TrackingStatus.IN_TRANSIT, 5),
        _scan(TrackingStatus.OUT_FOR_DELIVERY, 5),
    ]
    assert {newest(order) for order in permutations(scans)} == {scans[2]}
    assert newest([]) is None


@pytest.mark.parametrize(
    ("status", "scans", "expected"),
    [
        (ShipmentStatus.HANDED_OVER, [(TrackingStatus.IN_TRANSIT, 1, "")], None),
        (ShipmentStatus.HANDED_OVER, [(TrackingStatus.DELIVERED, 2, "")], (ShipmentStatus.DELIVERED, 2)),
        (
            ShipmentStatus.HANDED_OVER,
            [(TrackingStatus.DELIVERED, 2, ""), (TrackingStatus.IN_TRANSIT, 3, "")],
            (ShipmentStatus.DELIVERED, 2),
        ),
        (
            ShipmentStatus.HANDED_OVER,
            [(TrackingStatus.RETURN_TO_SENDER, 2, ""), (TrackingStatus.DELIVERED, 9, "")],
            (ShipmentStatus.RETURNED_TO_SENDER, 2),
        ),
        (
            ShipmentStatus.HANDED_OVER,
            [(TrackingStatus.NEEDS_ATTENTION, 4, IncidentReason.CARRIER_LOST)],
            (ShipmentStatus.LOST, 4),
        ),
        (
            ShipmentStatus.HANDED_OVER,
            [(TrackingStatus.NEEDS_ATTENTION, 4, IncidentReason.CARRIER_LOST), (TrackingStatus.IN_TRANSIT, 6, "")],
            None,
        ),
        (
            ShipmentStatus.LOST,
            [(TrackingStatus.NEEDS_ATTENTION, 4, IncidentReason.CARRIER_LOST), (TrackingStatus.DELIVERED, 9, "")],
            (ShipmentStatus.DELIVERED, 9),
        ),
        (ShipmentStatus.LOST, [(TrackingStatus.RETURN_TO_SENDER, 4, "")], None),
        (ShipmentStatus.DELIVERED, [(TrackingStatus.DELIVERED, 4, "")], None),
    ],
)
def test_what_scans_make_of_a_shipment(
    status: ShipmentStatus,
    scans: list[tuple[TrackingStatus, int, str]],
    expected: tuple[ShipmentStatus, int] | None,
) -> None:
    found = outcome(status, [_scan(*scan) for scan in scans])
    assert found == (None if expected is None else (expected[0], _START + timedelta(hours=expected[1])))
