from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import permutations

import pytest

from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import InvalidValue, TrackingStatus, TrackingUpdate, new_id
from packhouse.shipping.commands.hand_over import HandOver, hand_over
from packhouse.shipping.commands.record_tracking import RecordTracking, record_tracking
from packhouse.shipping.models import Shipment, TrackingEvent
from packhouse.shipping.states import IncidentReason
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.proofs import contents, contradictions, refused

Drafted = Callable[..., Awaitable[Shipment]]
_START = datetime(2026, 3, 1, 9, tzinfo=UTC)


def _scan(status: TrackingStatus, hours: int, incident: str = "", external_id: str = "") -> TrackingUpdate:
    return TrackingUpdate(
        external_id or f"{status.value}-{hours}", status, _START + timedelta(hours=hours), incident=incident
    )


@pytest.fixture
async def shipment(database: Database, by: Initiator, drafted: Drafted) -> Shipment:
    """Two mugs of an order of two, on their way."""
    await make_shop(database)
    draft = await drafted(await make_order(database, {"MUG": 2}), tracking_number="OWN-1")
    return await database.write(by, lambda uow: hand_over(uow, HandOver(draft.id)))


async def _record(database: Database, by: Initiator, shipment: Shipment, *updates: TrackingUpdate) -> Shipment:
    data = RecordTracking(shipment.id, updates)
    return await database.write(by, lambda uow: record_tracking(uow, data))


async def _events(database: Database, event_type: str) -> int:
    return len(await database.fetch("SELECT id FROM event WHERE type = $1", event_type))


async def test_delivery_completes_the_order(database: Database, by: Initiator, shipment: Shipment) -> None:
    await _record(database, by, shipment, _scan(TrackingStatus.PICKED_UP, 1))
    arrived = await _record(database, by, shipment, _scan(TrackingStatus.DELIVERED, 30))

    assert (arrived.status, arrived.tracking_status) == ("delivered", "delivered")
    assert (arrived.delivered_at, arrived.next_poll_at) == (_START + timedelta(hours=30), None)
    order = await Order.get(id=shipment.order_id)
    assert (order.status, order.completed_at) == ("completed", _START + timedelta(hours=30))
    assert (await OrderLine.get(order_id=order.id)).delivered == 2
    assert await _events(database, "tracking_updated") == 2
    assert await _events(database, "shipment_delivered") == 1
    assert await _events(database, "order_completed") == 1
    assert await contradictions(database) == []


async def test_scans_may_come_in_any_order_and_twice(database: Database, by: Initiator, shipment: Shipment) -> None:
    scans = [
        _scan(TrackingStatus.PICKED_UP, 1),
        _scan(TrackingStatus.OUT_FOR_DELIVERY, 20),
        _scan(TrackingStatus.DELIVERED, 22),
    ]
    for order in permutations(scans):
        await _record(database, by, shipment, *order, *order)
        for scan in order:
            await _record(database, by, shipment, scan)

    arrived = await Shipment.get(id=shipment.id)
    assert (arrived.status, arrived.tracking_status) == ("delivered", "delivered")
    assert await TrackingEvent.filter(shipment_id=shipment.id).count() == 3
    assert await _events(database, "shipment_delivered") == 1
    assert (await OrderLine.get(order_id=shipment.order_id)).delivered == 2


async def test_an_old_scan_that_comes_late_moves_nothing_back(
    database: Database, by: Initiator, shipment: Shipment
) -> None:
    await _record(database, by, shipment, _scan(TrackingStatus.OUT_FOR_DELIVERY, 20))
    late = await _record(database, by, shipment, _scan(TrackingStatus.IN_TRANSIT, 10))
    assert late.tracking_status == "out_for_delivery"
    before = await contents(database)
    await _record(database, by, shipment, _scan(TrackingStatus.IN_TRANSIT, 10))
    assert await contents(database) == before


async def test_a_lost_parcel_may_still_arrive(database: Database, by: Initiator, shipment: Shipment) -> None:
    lost = await _record(database, by, shipment, _scan(TrackingStatus.NEEDS_ATTENTION, 50, IncidentReason.CARRIER_LOST))
    assert (lost.status, lost.incident, lost.next_poll_at is None) == ("lost", "carrier_lost", False)
    arrived = await _record(database, by, shipment, _scan(TrackingStatus.DELIVERED, 90))
    assert (arrived.status, arrived.incident) == ("delivered", "")
    assert (await Order.get(id=shipment.order_id)).status == "completed"


async def test_a_parcel_that_goes_back_is_not_delivered(database: Database, by: Initiator, shipment: Shipment) -> None:
    back = await _record(
        database,
        by,
        shipment,
        _scan(TrackingStatus.RETURN_TO_SENDER, 50),
        _scan(TrackingStatus.DELIVERED, 90),
    )
    assert (back.status, back.next_poll_at) == ("returned_to_sender", None)
    assert (await OrderLine.get(order_id=shipment.order_id)).delivered == 0
    assert (await Order.get(id=shipment.order_id)).status == "confirmed"


async def test_an_order_in_parts_is_complete_with_the_last_one(
    database: Database, by: Initiator, drafted: Drafted
) -> None:
    await make_shop(database)
    order = await make_order(database, {"MUG": 2, "PLATE": 1})
    parts = []
    for number, units in enumerate(({"MUG": 2}, {"PLATE": 1})):
        draft = await drafted(order, units, tracking_number=f"OWN-{number}")
        parts.append(await database.write(by, partial(hand_over, data=HandOver(draft.id))))

    await _record(database, by, parts[1], _scan(TrackingStatus.DELIVERED, 5))
    assert (await Order.get(id=order.id)).status == "confirmed"
    await _record(database, by, parts[0], _scan(TrackingStatus.DELIVERED, 7))
    assert (await Order.get(id=order.id)).status == "completed"
    assert await contradictions(database) == []


async def test_long_texts_and_ids_fit(database: Database, by: Initiator, shipment: Shipment) -> None:
    long = "x" * 500
    update = TrackingUpdate(long, TrackingStatus.IN_TRANSIT, _START, long, long, incident=long)
    other = TrackingUpdate(long + "y", TrackingStatus.IN_TRANSIT, _START)
    await _record(database, by, shipment, update, other)
    await _record(database, by, shipment, update, other)
    assert await TrackingEvent.filter(shipment_id=shipment.id).count() == 2


async def test_only_what_was_handed_over_is_tracked(database: Database, by: Initiator, drafted: Drafted) -> None:
    await make_shop(database)
    draft = await drafted(await make_order(database, {"MUG": 2}), tracking_number="OWN-1")
    async with refused(database, "NOT_HANDED_OVER"):
        await _record(database, by, draft, _scan(TrackingStatus.PICKED_UP, 1))
    async with refused(database, "NOT_FOUND"):
        await database.write(by, lambda uow: record_tracking(uow, RecordTracking(new_id(), ())))
    for wrong in (
        TrackingUpdate("1", TrackingStatus.PICKED_UP, _START.replace(tzinfo=None)),
        TrackingUpdate("", TrackingStatus.PICKED_UP, _START),
    ):
        with pytest.raises(InvalidValue):
            await _record(database, by, draft, wrong)
