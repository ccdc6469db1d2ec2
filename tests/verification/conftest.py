"""A database with an order at every step of its life."""

from types import SimpleNamespace
from uuid import UUID

import pytest

from packhouse.channels.commands.add_listing import AddListing, add_listing
from packhouse.channels.commands.create_channel import CreateChannel, create_channel
from packhouse.channels.counting import StockCounter
from packhouse.events.positions import assign_positions
from packhouse.fulfillment.away import units_away
from packhouse.fulfillment.commands.confirm_pick import ConfirmPick, confirm_pick
from packhouse.fulfillment.commands.reject import RejectFulfillment, reject_fulfillment
from packhouse.fulfillment.commands.start_picking import StartPicking, start_picking
from packhouse.fulfillment.models import FulfillmentOrder, Pick
from packhouse.fulfillment.states import RejectionReason
from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.commands.announce_inbound import AnnounceInbound, InboundPart, announce_inbound
from packhouse.inventory.commands.create_count import CreateCount, create_count
from packhouse.inventory.commands.move_stock import MoveStock, move_stock
from packhouse.inventory.commands.receive_inbound import ReceiveInbound, receive_inbound
from packhouse.inventory.commands.reclassify_stock import ReclassifyStock, reclassify_stock
from packhouse.inventory.commands.record_count import Counted, RecordCount, record_count
from packhouse.inventory.commands.release_reservation import release_reservation
from packhouse.inventory.commands.set_backorder_terms import SetBackorderTerms, set_backorder_terms
from packhouse.inventory.commands.set_bundle import BundlePart, SetBundle, set_bundle
from packhouse.inventory.commands.start_count import start_count
from packhouse.inventory.commands.submit_count import SubmitCount, submit_count
from packhouse.inventory.commands.track_lots import TrackLots, track_lots
from packhouse.inventory.models import Location
from packhouse.inventory.rules import CountPolicy
from packhouse.inventory.states import StockCondition
from packhouse.ordering.basket import BasketLine
from packhouse.ordering.commands.cancel import CancelOrder, cancel
from packhouse.ordering.commands.reroute import Reroute, reroute
from packhouse.ordering.commands.reserve import ReserveStock, reserve
from packhouse.orders.models import Order, OrderLine
from packhouse.payments.commands.refund_order import refund_order
from packhouse.payments.commands.request_refund import RefundOrder
from packhouse.returns.commands.approve_return import ApproveReturn, approve_return
from packhouse.returns.commands.inspect_return import InspectedUnits, InspectReturn, inspect_return
from packhouse.returns.commands.receive_return import ReceivedUnits, ReceiveReturn, receive_return
from packhouse.returns.commands.refund_return import RefundReturn, refund_return
from packhouse.returns.commands.request_return import LineToReturn, RequestReturn, request_return
from packhouse.returns.models import Return, ReturnLine
from packhouse.returns.states import ReturnReason
from packhouse.sdk import Money, ProviderInDoubt, ProviderRefused
from packhouse.settings.sections import ReturnsSettings
from packhouse.storage import Database
from packhouse.testing.factories import (
    BY,
    make_delivered,
    make_location,
    make_order,
    make_shipped,
    make_shop,
    make_stock,
    make_variant,
)
from packhouse.testing.payments import FakeBank, make_charge


@pytest.fixture
async def house(database: Database) -> Database:
    """Orders placed, picked in part, shipped, delivered, returned, refunded, rejected and cancelled."""
    london = await make_shop(database, units=40)
    leeds = await make_location(database, "leeds", priority=200)
    await make_stock(database, "MUG", leeds, 10)
    protect = AdjustStock("PLATE", london.id, "the season begins", safety_stock=2)
    await database.write(BY, lambda uow: adjust_stock(uow, protect))
    await make_order(database, {"MUG": 3, "PLATE": 1})
    await _picked_in_part(database, await make_order(database, {"MUG": 2}))
    await make_shipped(database, await make_order(database, {"MUG": 2, "PLATE": 2}))
    await _returned(database, await make_order(database, {"MUG": 3}), london.id)
    await _refunded(database)
    rejected = await make_order(database, {"MUG": 1})
    work = await FulfillmentOrder.get(order_id=rejected.id)
    data = RejectFulfillment(work.id, RejectionReason.DAMAGED)
    await database.write(BY, lambda uow: reject_fulfillment(uow, data))
    await database.write(BY, lambda uow: reroute(uow, Reroute(rejected.id)))
    await make_variant(database, "SET")
    a_set = SetBundle("SET", (BundlePart("MUG", 1), BundlePart("PLATE", 2)))
    await database.write(BY, lambda uow: set_bundle(uow, a_set))
    await make_delivered(database, await make_order(database, {"SET": 1}))
    coming = AnnounceInbound(leeds.id, (InboundPart("MUG", 5), InboundPart("PLATE", 2)), supplier="Potters")
    inbound = await database.write(BY, lambda uow: announce_inbound(uow, coming))
    came = ReceiveInbound(inbound.id, (InboundPart("MUG", 2),))
    await database.write(BY, lambda uow: receive_inbound(uow, came))
    given_up, _ = [
        await database.write(BY, lambda uow: reserve(uow, ReserveStock((BasketLine("MUG", 2),)))) for _ in range(2)
    ]
    await database.write(BY, lambda uow: release_reservation(uow, given_up.id))
    await _by_lot(database, london.id)
    gone = CancelOrder((await make_order(database, {"PLATE": 4})).id, "changed their mind")
    await database.write(BY, lambda uow: cancel(uow, gone, lambda _: []))
    await _waiting(database, london.id)
    await _counted(database, london)
    await _listed(database, leeds)
    return database


async def _waiting(database: Database, london: UUID) -> None:
    """A set of which a part is there, and a lamp that is there in part: the rest of each waits."""
    await make_variant(database, "LAMP")
    await make_variant(database, "PAIR")
    a_pair = SetBundle("PAIR", (BundlePart("LAMP", 2), BundlePart("PLATE", 1)))
    await database.write(BY, lambda uow: set_bundle(uow, a_pair))
    one = AdjustStock("LAMP", london, "received", quantity=1)
    await database.write(BY, lambda uow: adjust_stock(uow, one))
    terms = SetBackorderTerms("LAMP", london, limit=9)
    await database.write(BY, lambda uow: set_backorder_terms(uow, terms))
    await make_order(database, {"LAMP": 6})
    await make_order(database, {"PAIR": 1})


async def _by_lot(database: Database, location_id: UUID) -> None:
    """Tea of two lots in three bins: some damaged, some sent to a customer, some being picked."""
    await make_variant(database, "TEA")
    await database.write(BY, lambda uow: track_lots(uow, TrackLots("TEA")))
    for lot, bin_code in (("T-1", "T1"), ("T-2", "T2")):
        came = AdjustStock("TEA", location_id, "received", 8, bin=bin_code, lot=lot)
        await database.write(BY, lambda uow, came=came: adjust_stock(uow, came))
    away = MoveStock("TEA", location_id, 3, "T2", "T3", "tidied up")
    await database.write(BY, lambda uow: move_stock(uow, away))
    dropped = ReclassifyStock("TEA", location_id, 2, StockCondition.SELLABLE, StockCondition.DAMAGED, "wet", lot="T-2")
    await database.write(BY, lambda uow: reclassify_stock(uow, dropped))
    await make_shipped(database, await make_order(database, {"TEA": 2}))
    work = await FulfillmentOrder.get(order_id=(await make_order(database, {"TEA": 1})).id)
    await database.write(BY, lambda uow: start_picking(uow, StartPicking((work.id,))))


async def _counted(database: Database, location: Location) -> None:
    """A count that found one more than there should be."""
    await make_variant(database, "BOWL")
    await make_stock(database, "BOWL", location, 5)
    chosen = CreateCount(location.id, "a yearly count", skus=("BOWL",))
    count = await database.write(BY, lambda uow: create_count(uow, chosen))
    await database.write(BY, lambda uow: start_count(uow, count.id))
    found = RecordCount(count.id, "Counter", (Counted("BOWL", 6),))
    await database.write(BY, lambda uow: record_count(uow, found, units_away))
    policy = CountPolicy(units=1)
    await database.write(BY, lambda uow: submit_count(uow, SubmitCount(count.id), policy))


async def _listed(database: Database, location: Location) -> None:
    """A variant that a channel sells, counted."""
    await make_variant(database, "JUG")
    await make_stock(database, "JUG", location, 6)
    await database.write(BY, lambda uow: create_channel(uow, CreateChannel("shop", "Shop")))
    await database.write(BY, lambda uow: add_listing(uow, AddListing("shop", "JUG", "JUG")))
    await assign_positions(database)
    await StockCounter(SimpleNamespace(database=database)).run()


async def _picked_in_part(database: Database, order: Order) -> None:
    work = await FulfillmentOrder.get(order_id=order.id)
    await database.write(BY, lambda uow: start_picking(uow, StartPicking((work.id,))))
    pick = await Pick.get(fulfillment_order_line__fulfillment_order_id=work.id)
    await database.write(BY, lambda uow: confirm_pick(uow, ConfirmPick(pick.id, "MUG", 1)))


async def _returned(database: Database, order: Order, location_id: object) -> Return:
    """Three mugs, of which two came back and were refunded."""
    await make_charge(database, order, "30.00")
    await make_delivered(database, order)
    line = await OrderLine.get(order_id=order.id)
    asked = RequestReturn(order.id, (LineToReturn(line.id, 2, ReturnReason.UNWANTED),))
    policy = ReturnsSettings()
    opened = await database.write(BY, lambda uow: request_return(uow, asked, policy))
    await database.write(BY, lambda uow: approve_return(uow, ApproveReturn(opened.id)))
    coming = await ReturnLine.get(return_request_id=opened.id)
    arrived = ReceiveReturn(opened.id, (ReceivedUnits(coming.id, 2),))
    await database.write(BY, lambda uow: receive_return(uow, arrived))
    seen = InspectReturn(opened.id, (InspectedUnits(coming.id, location_id, 2),))
    await database.write(BY, lambda uow: inspect_return(uow, seen, policy))
    await refund_return(database, FakeBank().providers, BY, RefundReturn(opened.id))
    return opened


async def _refunded(database: Database) -> None:
    """An order with a refund that failed and one that is in doubt."""
    order = await make_order(database, {"PLATE": 3})
    await make_charge(database, order, "30.00", external_id="pay-9")
    for error in (ProviderRefused("no"), ProviderInDoubt("who knows")):
        bank = FakeBank(error=error)
        with pytest.raises(type(error)):
            await refund_order(database, bank.providers, BY, RefundOrder(order.id, Money.of("5.00", "GBP")))
