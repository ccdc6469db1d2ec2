"""Goods on their way to us: announcing, sending between locations, receiving, calling off."""

from collections.abc import Awaitable
from datetime import date, datetime

import strawberry
from strawberry import relay

from packhouse.inventory.commands.announce_inbound import AnnounceInbound, InboundPart, announce_inbound
from packhouse.inventory.commands.cancel_inbound import CancelInbound, cancel_inbound
from packhouse.inventory.commands.receive_inbound import ReceiveInbound, receive_inbound
from packhouse.inventory.commands.reschedule_inbound import RescheduleInbound, reschedule_inbound
from packhouse.inventory.graphql.arrivals import InboundShipment
from packhouse.inventory.models import InboundShipment as InboundRow
from packhouse.web.context import Info
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.payloads import UserError, attempt


@strawberry.input(description="Units of a SKU that come.")
class InboundLineInput:
    sku: str = strawberry.field(description="SKU of the variant.")
    quantity: int = strawberry.field(description="Units.")


@strawberry.input(description="Units of a SKU that leave a location.")
class TransferLineInput:
    sku: str = strawberry.field(description="SKU of the variant.")
    quantity: int = strawberry.field(description="Units.")
    bin: str | None = strawberry.field(default=None, description="The bin they leave.")
    lot: str = strawberry.field(default="", description="The lot they are of.")


@strawberry.input(description="Units of a SKU that came.")
class ReceivedLineInput:
    sku: str = strawberry.field(description="SKU of the variant.")
    quantity: int = strawberry.field(description="Units.")
    bin: str | None = strawberry.field(default=None, description="The bin they are put into.")
    lot: str = strawberry.field(
        default="", description="The lot they are of; those of a variant that is tracked by lot need one."
    )
    expires_on: date | None = strawberry.field(
        default=None, description="The last day on which the lot is good, with its first units."
    )


@strawberry.input(description="Goods that a supplier sends us.")
class AnnounceInboundInput:
    location_id: relay.GlobalID = strawberry.field(description="Where they go.")
    supplier: str = strawberry.field(description="Who sends them.")
    lines: list[InboundLineInput] = strawberry.field(description="What they are, each SKU once.")
    expected_at: datetime | None = strawberry.field(default=None, description="When they are expected.")
    reference: str = strawberry.field(default="", description="The purchase order or delivery note.")


@strawberry.input(description="Goods that leave one of our locations now for another one.")
class SendTransferInput:
    from_location_id: relay.GlobalID = strawberry.field(description="Where they are.")
    to_location_id: relay.GlobalID = strawberry.field(description="Where they go.")
    lines: list[TransferLineInput] = strawberry.field(description="What they are, each SKU once.")
    expected_at: datetime | None = strawberry.field(default=None, description="When they are expected.")
    reference: str = strawberry.field(default="", description="The delivery note.")


@strawberry.input(description="Goods that came.")
class ReceiveInboundInput:
    inbound_shipment_id: relay.GlobalID = strawberry.field(description="What brought them.")
    lines: list[ReceivedLineInput] = strawberry.field(
        default_factory=list, description="What came, each SKU once for a bin and a lot."
    )
    nothing_more_comes: bool = strawberry.field(
        default=False, description="Whether whatever is missing now is not expected any more."
    )


@strawberry.input(description="A new date for goods on their way.")
class RescheduleInboundInput:
    inbound_shipment_id: relay.GlobalID = strawberry.field(description="What brings them.")
    expected_at: datetime | None = strawberry.field(description="When they are expected now; null: nobody knows.")


@strawberry.input(description="Goods that do not come.")
class CancelInboundInput:
    inbound_shipment_id: relay.GlobalID = strawberry.field(description="What would have brought them.")
    reason: str = strawberry.field(description="Why, for the ledger.")


@strawberry.type(description="The inbound shipment that was made or changed.")
class InboundPayload:
    inbound_shipment: InboundShipment | None = strawberry.field(
        description="The inbound shipment; null where nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.type(description="Changes of what is on its way to us.")
class InboundMutations:
    @strawberry.mutation(description="Announce goods of a supplier: they count as incoming until they are received.")
    async def announce_inbound(self, info: Info, input: AnnounceInboundInput) -> InboundPayload:
        async def change() -> InboundRow:
            data = AnnounceInbound(
                location_id=node_id(input.location_id, "Location", "locationId"),
                lines=_parts(input.lines),
                supplier=input.supplier,
                expected_at=input.expected_at,
                reference=input.reference,
            )
            return await info.context.write(lambda uow: announce_inbound(uow, data))

        return await _payload(change())

    @strawberry.mutation(
        description="Send goods from one location to another: they leave the shelf now, and are incoming until received."
    )
    async def send_transfer(self, info: Info, input: SendTransferInput) -> InboundPayload:
        async def change() -> InboundRow:
            data = AnnounceInbound(
                location_id=node_id(input.to_location_id, "Location", "toLocationId"),
                lines=tuple(InboundPart(line.sku, line.quantity, line.bin, line.lot) for line in input.lines),
                from_location_id=node_id(input.from_location_id, "Location", "fromLocationId"),
                expected_at=input.expected_at,
                reference=input.reference,
            )
            return await info.context.write(lambda uow: announce_inbound(uow, data))

        return await _payload(change())

    @strawberry.mutation(
        description="Put goods that came on the shelf, in as many parts as they come, fewer than announced or more."
    )
    async def receive_inbound(self, info: Info, input: ReceiveInboundInput) -> InboundPayload:
        async def change() -> InboundRow:
            id_ = node_id(input.inbound_shipment_id, "InboundShipment", "inboundShipmentId")
            lines = tuple(
                InboundPart(line.sku, line.quantity, line.bin, line.lot, line.expires_on) for line in input.lines
            )
            data = ReceiveInbound(id_, lines, input.nothing_more_comes)
            return await info.context.write(lambda uow: receive_inbound(uow, data))

        return await _payload(change())

    @strawberry.mutation(description="Say when goods on their way are expected now.")
    async def reschedule_inbound(self, info: Info, input: RescheduleInboundInput) -> InboundPayload:
        async def change() -> InboundRow:
            id_ = node_id(input.inbound_shipment_id, "InboundShipment", "inboundShipmentId")
            data = RescheduleInbound(id_, input.expected_at)
            return await info.context.write(lambda uow: reschedule_inbound(uow, data))

        return await _payload(change())

    @strawberry.mutation(
        description="Call off goods of which nothing has come; those of a transfer go back on the shelf they came from."
    )
    async def cancel_inbound(self, info: Info, input: CancelInboundInput) -> InboundPayload:
        async def change() -> InboundRow:
            id_ = node_id(input.inbound_shipment_id, "InboundShipment", "inboundShipmentId")
            data = CancelInbound(id_, input.reason)
            return await info.context.write(lambda uow: cancel_inbound(uow, data))

        return await _payload(change())


def _parts(lines: list[InboundLineInput]) -> tuple[InboundPart, ...]:
    return tuple(InboundPart(line.sku, line.quantity) for line in lines)


async def _payload(change: Awaitable[InboundRow]) -> InboundPayload:
    row, errors = await attempt(change)
    return InboundPayload(inbound_shipment=InboundShipment.of(row) if row else None, user_errors=errors)
