from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest

from packhouse.fulfillment.commands.answer import NetworkAnswer, record_answer
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.inventory.models import StockLevel
from packhouse.ordering.commands.hold import HoldOrder, hold
from packhouse.orders.models import OrderLine
from packhouse.orders.states import HoldReason
from packhouse.sdk import NetworkShipment, NetworkStatus, new_id
from packhouse.shipping.commands.ship_external import _LONGEST, ShipExternal, ship_external
from packhouse.shipping.models import Shipment
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_location, make_order, make_stock, make_variant
from packhouse.testing.proofs import contradictions, refused

_AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def _reported(lines: Mapping[str, int], external_id: str = "S-1") -> NetworkShipment:
    return NetworkShipment(external_id, "test", "NET-1", _AT, lines)


@pytest.fixture
async def work(database: Database, by: Initiator) -> FulfillmentOrder:
    """Work for three mugs that a network has accepted."""
    await make_variant(database)
    await make_stock(database, "MUG", await make_location(database, network="test-3pl"), 10)
    row = await FulfillmentOrder.get(order_id=(await make_order(database, {"MUG": 3})).id)
    answer = NetworkAnswer(row.id, NetworkStatus.ACCEPTED)
    return await database.write(by, lambda uow: record_answer(uow, answer))


async def test_a_reported_parcel_is_recorded_once(database: Database, by: Initiator, work: FulfillmentOrder) -> None:
    line = await FulfillmentOrderLine.get(fulfillment_order_id=work.id)
    await database.write(by, lambda uow: hold(uow, HoldOrder(work.order_id, HoldReason.OTHER)))
    data = ShipExternal(work.id, _reported({str(line.id): 2}))

    gone = await database.write(by, lambda uow: ship_external(uow, data))
    again = await database.write(by, lambda uow: ship_external(uow, data))

    assert (gone.id, gone.status, gone.handed_over_at) == (again.id, "handed_over", _AT)
    assert (await OrderLine.get(order_id=work.order_id)).shipped == 2
    assert (await FulfillmentOrder.get(id=work.id)).status == "in_progress"

    rest = ShipExternal(work.id, _reported({str(line.id): 1}, "S-2"))
    await database.write(by, lambda uow: ship_external(uow, rest))
    done = await FulfillmentOrder.get(id=work.id)
    assert (done.status, done.request_status, done.closed_at, done.next_poll_at) == ("closed", "closed", _AT, None)
    assert await Shipment.filter(order_id=work.order_id).count() == 2
    level = await StockLevel.get(location_id=work.location_id)
    assert (level.on_hand, level.allocated) == (7, 0)
    assert await contradictions(database) == []


async def test_names_that_are_too_long_are_cut_and_ids_refused(
    database: Database, by: Initiator, work: FulfillmentOrder
) -> None:
    line = await FulfillmentOrderLine.get(fulfillment_order_id=work.id)
    reported = replace(_reported({str(line.id): 1}), carrier="c" * 100, service="s" * 65)
    for too_long in (
        {"external_id": "x" * 129},
        {"tracking_number": "x" * 65},
        {"tracking_url": "https://example.com/" + "x" * 500},
    ):
        async with refused(database, "UNREADABLE_SHIPMENT"):
            data = ShipExternal(work.id, replace(reported, **too_long))
            await database.write(by, partial(ship_external, data=data))
    shipment = await database.write(by, lambda uow: ship_external(uow, ShipExternal(work.id, reported)))
    assert (shipment.carrier, shipment.service) == ("c" * 64, "s" * 64)


async def test_the_bounds_are_those_of_the_columns() -> None:
    assert {name: Shipment._meta.fields_map[name].max_length for name in _LONGEST} == _LONGEST


async def test_a_parcel_that_cannot_be_is_refused(database: Database, by: Initiator, work: FulfillmentOrder) -> None:
    line = await FulfillmentOrderLine.get(fulfillment_order_id=work.id)
    for code, reported in (
        ("ALREADY_SHIPPED", _reported({str(line.id): 4})),
        ("NOT_FOUND", _reported({str(new_id()): 1})),
        ("UNREADABLE_SHIPMENT", _reported({"line one": 1})),
        ("UNREADABLE_SHIPMENT", _reported({str(line.id): 0})),
        ("UNREADABLE_SHIPMENT", _reported({})),
        ("UNREADABLE_SHIPMENT", _reported({str(line.id): 1}, "")),
    ):
        async with refused(database, code):
            data = ShipExternal(work.id, reported)
            await database.write(by, partial(ship_external, data=data))
    await FulfillmentOrder.filter(id=work.id).update(status="open")
    async with refused(database, "NOT_SENDABLE"):
        data = ShipExternal(work.id, _reported({str(line.id): 1}))
        await database.write(by, lambda uow: ship_external(uow, data))
