"""A shop with something of everything, and partners at the end of every line, for clients who mean no good."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from tests.channels.stock_shop import StockShop

from packhouse.channels.commands.accept_message import Message, accept_message
from packhouse.channels.commands.add_listing import AddListing, add_listing
from packhouse.channels.commands.create_channel import CreateChannel, create_channel
from packhouse.channels.models import Channel
from packhouse.feedback.commands.take_in_review import TakeInReview, take_in_review
from packhouse.fulfillment.commands.start_picking import StartPicking, start_picking
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.commands.announce_inbound import AnnounceInbound, InboundPart, announce_inbound
from packhouse.inventory.commands.create_count import CreateCount, create_count
from packhouse.inventory.commands.set_backorder_terms import SetBackorderTerms, set_backorder_terms
from packhouse.inventory.commands.set_bundle import BundlePart, SetBundle, set_bundle
from packhouse.inventory.commands.track_lots import TrackLots, track_lots
from packhouse.ordering.basket import BasketLine
from packhouse.ordering.commands.hold import HoldOrder, hold
from packhouse.ordering.commands.reserve import ReserveStock, reserve
from packhouse.orders.models import OrderLine
from packhouse.orders.states import HoldReason
from packhouse.returns.commands.request_return import LineToReturn, RequestReturn, request_return
from packhouse.returns.states import ReturnReason
from packhouse.rooms import all_rooms
from packhouse.routing.centroids import centroids
from packhouse.sdk import (
    IncomingReview,
    PluginContext,
    PluginManifest,
    Provider,
    ProviderInDoubt,
    ProviderRefused,
    RefundReceipt,
    RefundRequest,
    ReplyRequest,
    ReviewInvitation,
    ReviewPage,
    ReviewReply,
    hookimpl,
)
from packhouse.settings import ReturnsSettings
from packhouse.storage import Database
from packhouse.testing.factories import (
    BY,
    make_delivered,
    make_location,
    make_order,
    make_shipped,
    make_stock,
    make_variant,
)
from packhouse.testing.partners import TestCarrier, TestCooperatingNetwork
from packhouse.testing.payments import FakeBank, make_charge
from packhouse.testing.server import RunningServer, running_server, server_settings


@dataclass
class Stars:
    """A review platform."""

    code: str = "stars"
    title: str = "Stars"
    replies: dict[str, ReviewReply] = field(default_factory=dict)

    async def invite(self, invitation: ReviewInvitation) -> str:
        """Take an invitation."""
        return invitation.idempotency_key

    async def pull_reviews(self, cursor: str | None) -> ReviewPage:
        """Nothing has come."""
        return ReviewPage((), cursor)

    async def read_review(self, external_id: str) -> IncomingReview | None:
        """One review, for an order that nobody knows."""
        return IncomingReview(external_id, "nobody's", 3)

    async def reply(self, request: ReplyRequest) -> ReviewReply:
        """Show an answer."""
        return self.replies.setdefault(request.external_id, ReviewReply(request.text, datetime.now(UTC)))

    async def find_reply(self, external_id: str) -> ReviewReply | None:
        """What is shown."""
        return self.replies.get(external_id)


class UnclearBank(FakeBank):
    """A bank that gives no clear answer about some amounts, and refuses others."""

    async def refund(self, request: RefundRequest) -> RefundReceipt:
        """Make a refund, or not."""
        match request.amount.minor % 100:
            case 13:
                raise ProviderInDoubt("the line was cut")
            case 14:
                raise ProviderRefused("not this amount")
        return await super().refund(request)


class Partners:
    """A plugin with one of each."""

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        """Without settings."""
        return PluginManifest("partners", "Partners", "1")

    @hookimpl
    def register_channels(self, context: PluginContext) -> Sequence[Provider]:  # noqa: ARG002  (the hook's)
        """A shop."""
        return [StockShop()]

    @hookimpl
    def register_carriers(self, context: PluginContext) -> Sequence[Provider]:  # noqa: ARG002
        """A carrier."""
        return [TestCarrier()]

    @hookimpl
    def register_fulfillment_networks(self, context: PluginContext) -> Sequence[Provider]:  # noqa: ARG002
        """A network."""
        return [TestCooperatingNetwork()]

    @hookimpl
    def register_payment_providers(self) -> Sequence[Provider]:
        """A bank."""
        return [UnclearBank()]

    @hookimpl
    def register_review_platforms(self, context: PluginContext) -> Sequence[Provider]:  # noqa: ARG002
        """A platform."""
        return [Stars()]


@asynccontextmanager
async def furnished_server(url: str) -> AsyncIterator[RunningServer]:
    """A running server of that shop, whose jobs stand still."""
    parts = replace(all_rooms(), jobs=lambda _: [])
    settings = server_settings(url)
    # a busy machine is no fault; what hangs for so long is one
    patient = settings.model_copy(update={"graphql": settings.graphql.model_copy(update={"timeout_seconds": 60.0})})
    async with running_server(patient, [Partners()], parts=parts) as server:
        await furnish(server.house.database)
        await centroids()
        await server.house.relay.drain()
        yield server


async def furnish(database: Database) -> None:
    """Variants of each kind, two locations and a network, and orders at every step."""
    leeds, london = await make_location(database, "leeds"), await make_location(database, "london")
    far = await make_location(database, "far", network="test-3pl", priority=900)
    for sku in ("MUG", "PLATE", "JAM", "SET", "LATER", "FAR"):
        await make_variant(database, sku)
    for sku in ("MUG", "PLATE"):
        for place in (leeds, london, far):
            await make_stock(database, sku, place, 4_000)
    await make_stock(database, "FAR", far, 4_000)
    await _stock_of_lots(database, leeds.id)
    await database.write(
        BY, lambda uow: set_bundle(uow, SetBundle("SET", (BundlePart("MUG", 1), BundlePart("PLATE", 2))))
    )
    await database.write(BY, lambda uow: set_backorder_terms(uow, SetBackorderTerms("LATER", leeds.id, limit=50)))
    await database.write(BY, lambda uow: create_channel(uow, CreateChannel("web", "Web shop")))
    await database.write(BY, lambda uow: add_listing(uow, AddListing("shop", "M-1", "MUG")))
    await database.write(BY, lambda uow: reserve(uow, ReserveStock((BasketLine("MUG", 1),))))
    parts = (InboundPart("MUG", 5), InboundPart("LATER", 20))
    await database.write(BY, lambda uow: announce_inbound(uow, AnnounceInbound(leeds.id, parts, "Potters")))
    moved = AnnounceInbound(london.id, (InboundPart("PLATE", 5),), from_location_id=leeds.id)
    await database.write(BY, lambda uow: announce_inbound(uow, moved))
    await database.write(BY, lambda uow: create_count(uow, CreateCount(london.id, "the yearly one")))
    await _strays(database)
    await _orders(database)


async def _strays(database: Database) -> None:
    """What came in and has no place: a message of the shop, and a review."""
    channel = await Channel.get(code="shop")
    for message in (Message("m1", "orders", b"no JSON"), Message("m2", "orders", b'[["9001", "NOBODYS"]]')):
        await database.write(BY, lambda uow, message=message: accept_message(uow, channel, message))
    for number in ("r1", "r2"):
        review = TakeInReview("stars", IncomingReview(number, "nobody's", 4, title="Good"))
        await database.write(BY, lambda uow, review=review: take_in_review(uow, review))


async def _stock_of_lots(database: Database, location_id: object) -> None:
    await database.write(BY, lambda uow: track_lots(uow, TrackLots("JAM")))
    for number, lot in enumerate(("L-1", "L-2")):
        best_before = (datetime.now(UTC) + timedelta(days=60 + number)).date()
        data = AdjustStock("JAM", location_id, "made", 1_000, bin="B-1", lot=lot, expires_on=best_before)  # type: ignore[arg-type]
        await database.write(BY, lambda uow, data=data: adjust_stock(uow, data))


async def _orders(database: Database) -> None:
    for number in range(3):
        await make_order(database, {"MUG": 2, "PLATE": 1, "JAM": 1}, external_id=f"e-{number}", paid="40.00")
    await make_order(database, {"SET": 2, "LATER": 3}, external_id="e-set")
    held = await make_order(database, {"MUG": 1})
    await database.write(BY, lambda uow: hold(uow, HoldOrder(held.id, HoldReason.FRAUD)))
    picked = await make_order(database, {"MUG": 2, "JAM": 2})
    work = await FulfillmentOrder.get(order_id=picked.id)
    await database.write(BY, lambda uow: start_picking(uow, StartPicking((work.id,))))
    await make_shipped(database, await make_order(database, {"MUG": 1, "PLATE": 1}, paid="20.00"))
    arrived = await make_order(database, {"MUG": 3, "SET": 1})
    await make_charge(database, arrived, "40.00", external_id="pay-9")
    await make_delivered(database, arrived)
    line = await OrderLine.filter(order_id=arrived.id, sku="MUG").first()
    assert line is not None
    back = RequestReturn(arrived.id, (LineToReturn(line.id, 1, ReturnReason.UNWANTED),))
    await database.write(BY, lambda uow: request_return(uow, back, ReturnsSettings()))
