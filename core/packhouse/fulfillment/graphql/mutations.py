"""Picking, packing and rejecting."""

import strawberry
from strawberry import relay

from packhouse.fulfillment import models
from packhouse.fulfillment.commands.confirm_pick import ConfirmPick, confirm_pick
from packhouse.fulfillment.commands.pack import PackItem, PackParcel, pack
from packhouse.fulfillment.commands.reject import RejectFulfillment, reject_fulfillment
from packhouse.fulfillment.commands.request_cancellation import RequestCancellation, request_cancellation
from packhouse.fulfillment.commands.start_picking import StartPicking, start_picking
from packhouse.fulfillment.graphql.types import FulfillmentOrder, Parcel, PickList
from packhouse.fulfillment.states import RejectionReason, Withdrawal
from packhouse.sdk import Dimensions, Refused
from packhouse.web.context import Info
from packhouse.web.graphql.enums import expose
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.payloads import UserError, attempt

expose(RejectionReason)


@strawberry.input(description="Fulfillment orders to pick in one round.")
class StartPickingInput:
    fulfillment_order_ids: list[relay.GlobalID] = strawberry.field(
        description="Open fulfillment orders, all of one location."
    )


@strawberry.input(description="Units taken from a bin, proved by a scan.")
class ConfirmPickInput:
    pick_id: relay.GlobalID = strawberry.field(description="The pick on the list.")
    code: str = strawberry.field(description="What the scanner read: the variant's barcode or SKU.")
    quantity: int = strawberry.field(default=1, description="Units taken.")
    lot: str = strawberry.field(
        default="",
        description="The lot on the units, where the pick names one. Another one goes instead where it lies in the same bin, may be"
        " sold, and nobody else picks it.",
    )


@strawberry.type(description="A pick list as it stands now.")
class PickListPayload:
    pick_list: PickList | None = strawberry.field(description="The pick list; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.input(description="Work that a location does not do.")
class RejectFulfillmentInput:
    fulfillment_order_id: relay.GlobalID = strawberry.field(description="The work.")
    reason: RejectionReason = strawberry.field(
        description="Why. NOT_IN_STOCK leaves none available there, DAMAGED sets the units apart; both set the stock right."
    )
    note: str = strawberry.field(default="", description="More about it, for people.")
    fulfillment_order_line_ids: list[relay.GlobalID] = strawberry.field(
        default_factory=list, description="The lines whose stock was found wrong; none named means all."
    )


@strawberry.input(description="Work that somebody else shall give back.")
class RequestFulfillmentCancellationInput:
    fulfillment_order_id: relay.GlobalID = strawberry.field(description="The work.")
    reason: str = strawberry.field(description="Why, for them and for the timeline.")
    elsewhere: bool = strawberry.field(
        default=False, description="Whether it shall be sent from another location; else it may be given to them again."
    )


@strawberry.type(description="The work that was changed.")
class FulfillmentOrderPayload:
    fulfillment_order: FulfillmentOrder | None = strawberry.field(
        description="The fulfillment order; null where nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.input(description="Units that go into a parcel.")
class PackItemInput:
    fulfillment_order_line_id: relay.GlobalID = strawberry.field(description="Which line they are of.")
    quantity: int = strawberry.field(description="Units.")


@strawberry.input(description="The outer size of a parcel.")
class DimensionsInput:
    length_mm: int = strawberry.field(description="Length in millimetres.")
    width_mm: int = strawberry.field(description="Width in millimetres.")
    height_mm: int = strawberry.field(description="Height in millimetres.")


@strawberry.input(description="A parcel to pack.")
class PackParcelInput:
    fulfillment_order_id: relay.GlobalID = strawberry.field(description="The work it is for.")
    items: list[PackItemInput] = strawberry.field(
        default_factory=list, description="What goes in; nothing named means everything that is picked and not packed."
    )
    weight_grams: int | None = strawberry.field(
        default=None, description="Weight with contents in grams; null adds up the variants' weights."
    )
    dimensions: DimensionsInput | None = strawberry.field(default=None, description="Outer size.")


@strawberry.type(description="The parcel that was packed.")
class ParcelPayload:
    parcel: Parcel | None = strawberry.field(description="The parcel; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.type(description="The work of a location.")
class FulfillmentMutations:
    @strawberry.mutation(description="Make a pick list, in the order of the bins, and start the work.")
    async def start_picking(self, info: Info, input: StartPickingInput) -> PickListPayload:
        context = info.context

        async def start() -> models.PickList:
            ids = tuple(
                node_id(each, "FulfillmentOrder", f"fulfillmentOrderIds.{index}")
                for index, each in enumerate(input.fulfillment_order_ids)
            )
            return await context.write(lambda uow: start_picking(uow, StartPicking(ids)))

        row, errors = await attempt(start())
        return PickListPayload(pick_list=PickList.of(row) if row else None, user_errors=errors)

    @strawberry.mutation(description="Count scanned units as picked; the last one completes the pick list.")
    async def confirm_pick(self, info: Info, input: ConfirmPickInput) -> PickListPayload:
        context = info.context

        async def confirm() -> models.PickList:
            data = ConfirmPick(node_id(input.pick_id, "Pick", "pickId"), input.code, input.quantity, input.lot)
            return await context.write(lambda uow: confirm_pick(uow, data))

        row, errors = await attempt(confirm())
        return PickListPayload(pick_list=PickList.of(row) if row else None, user_errors=errors)

    @strawberry.mutation(description="Give back what is not packed, set the stock right, and let it be routed again.")
    async def reject_fulfillment(self, info: Info, input: RejectFulfillmentInput) -> FulfillmentOrderPayload:
        context = info.context

        async def reject() -> models.FulfillmentOrder:
            data = RejectFulfillment(
                fulfillment_order_id=node_id(input.fulfillment_order_id, "FulfillmentOrder", "fulfillmentOrderId"),
                reason=input.reason,
                note=input.note,
                line_ids=tuple(
                    node_id(each, "FulfillmentOrderLine", f"fulfillmentOrderLineIds.{index}")
                    for index, each in enumerate(input.fulfillment_order_line_ids)
                ),
            )
            return await context.write(lambda uow: reject_fulfillment(uow, data))

        row, errors = await attempt(reject())
        return FulfillmentOrderPayload(fulfillment_order=FulfillmentOrder.of(row) if row else None, user_errors=errors)

    @strawberry.mutation(
        description="Ask a network to give work back. Its answer ends it: the order is routed again, or the work goes on."
    )
    async def request_fulfillment_cancellation(
        self, info: Info, input: RequestFulfillmentCancellationInput
    ) -> FulfillmentOrderPayload:
        context = info.context

        async def ask() -> models.FulfillmentOrder:
            if not input.reason.strip():
                raise Refused("REASON_NEEDED", "say why they shall give it back", "reason")
            data = RequestCancellation(
                node_id(input.fulfillment_order_id, "FulfillmentOrder", "fulfillmentOrderId"),
                Withdrawal.MOVED if input.elsewhere else Withdrawal.TAKEN_BACK,
                input.reason,
            )
            return await context.write(lambda uow: request_cancellation(uow, data))

        row, errors = await attempt(ask())
        return FulfillmentOrderPayload(fulfillment_order=FulfillmentOrder.of(row) if row else None, user_errors=errors)

    @strawberry.mutation(description="Pack picked units into a parcel; with the last one the work is packed.")
    async def pack_parcel(self, info: Info, input: PackParcelInput) -> ParcelPayload:
        context = info.context

        async def packed() -> models.Parcel:
            size = input.dimensions
            data = PackParcel(
                fulfillment_order_id=node_id(input.fulfillment_order_id, "FulfillmentOrder", "fulfillmentOrderId"),
                items=tuple(
                    PackItem(
                        node_id(
                            item.fulfillment_order_line_id,
                            "FulfillmentOrderLine",
                            f"items.{index}.fulfillmentOrderLineId",
                        ),
                        item.quantity,
                    )
                    for index, item in enumerate(input.items)
                ),
                weight_grams=input.weight_grams,
                dimensions=Dimensions(size.length_mm, size.width_mm, size.height_mm) if size else None,
            )
            return await context.write(lambda uow: pack(uow, data))

        row, errors = await attempt(packed())
        return ParcelPayload(parcel=Parcel.of(row) if row else None, user_errors=errors)
