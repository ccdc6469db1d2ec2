"""What orders wait for, and why it was whose turn."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.catalog.graphql.mutations import VariantPayload
from packhouse.catalog.graphql.types import VariantType, variant_object, variant_of
from packhouse.fulfillment.graphql.types import FulfillmentOrderLine, fulfillment_order_line_of
from packhouse.inventory import models
from packhouse.inventory.graphql.locations import Location, location_of
from packhouse.inventory.states import BackorderStatus
from packhouse.ordering.commands.reroute_waiting import RerouteWaiting, reroute_waiting
from packhouse.ordering.commands.set_preorder import SetPreorder, set_preorder
from packhouse.ordering.commands.set_priority import SetPriority, set_priority
from packhouse.ordering.graphql.mutations import OrderPayload, order_payload
from packhouse.ordering.queries import backorders_of_orders, supplies_of_backorders
from packhouse.orders.graphql.types import OrderRecord
from packhouse.web.context import Info
from packhouse.web.graphql.enums import expose
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.payloads import attempt

expose(BackorderStatus)


@strawberry.type(description="Units that were given to a waiting order, and why it was its turn.")
class BackorderSupply:
    quantity: int = strawberry.field(description="Units that it got.")
    place: int = strawberry.field(description="Which of those that waited it was; the first is 1.")
    waiting: int = strawberry.field(description="How many waited for the same at this location then.")
    source: str = strawberry.field(description="What made the units free: goods received, a cancellation, a count.")
    explanation: str = strawberry.field(
        description="What it was promised, how many were before it and why, and whom it went before."
    )
    given_at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, row: models.BackorderSupply) -> "BackorderSupply":
        """The supply of a row."""
        return cls(
            quantity=row.quantity,
            place=row.place,
            waiting=row.waiting,
            source=row.source,
            explanation=row.explanation,
            given_at=row.given_at,
        )


@strawberry.type(description="Units of an order that wait, or waited, for stock at a location.")
class Backorder:
    row: strawberry.Private[models.Backorder]
    sku: str = strawberry.field(description="The SKU that is waited for; of a bundle, its component.")
    status: BackorderStatus = strawberry.field(description="Whether it still waits, and if not, why.")
    asked: int = strawberry.field(description="Units that were not there when it was ordered.")
    waiting: int = strawberry.field(description="Units that still wait.")
    promised_at: datetime | None = strawberry.field(
        description="The earliest date that was ever said; by its day it is served. Null: none was known."
    )
    expected_at: datetime | None = strawberry.field(
        description="When the last of it is expected, by what is on its way now; null: nobody knows."
    )
    created_at: datetime = strawberry.field(description="Since when it waits.")
    ended_at: datetime | None = strawberry.field(description="Since when it does not.")

    @classmethod
    def of(cls, row: models.Backorder) -> "Backorder":
        """The backorder of a row."""
        status = BackorderStatus(row.status)
        return cls(
            row=row,
            sku=row.sku,
            status=status,
            asked=row.asked,
            waiting=row.quantity if status is BackorderStatus.WAITING else 0,
            promised_at=row.promised_at,
            expected_at=row.expected_at,
            created_at=row.created_at,
            ended_at=row.ended_at,
        )

    @strawberry.field(description="What is waited for.")
    async def variant(self, info: Info) -> VariantType:
        return await variant_of(info, self.row.variant_id)

    @strawberry.field(description="Where it is waited for.")
    async def location(self, info: Info) -> Location:
        return await location_of(info, self.row.location_id)

    @strawberry.field(description="The work that waits.")
    async def fulfillment_order_line(self, info: Info) -> FulfillmentOrderLine:
        return FulfillmentOrderLine.of(await fulfillment_order_line_of(info, self.row.fulfillment_order_line_id))

    @strawberry.field(description="What it was given so far, oldest first.")
    async def supplies(self, info: Info) -> list[BackorderSupply]:
        rows = await info.context.loaders.many(supplies_of_backorders, self.row.id)
        return [BackorderSupply.of(row) for row in rows]


@strawberry.type(description="What waiting adds to an order.")
class OrderWaiting(OrderRecord):
    @strawberry.field(
        description="Which of the orders that wait for the same, promised for one day, go first: the highest."
    )
    async def priority(self) -> int:
        return self.row.priority

    @strawberry.field(description="What of it waits, or waited, for stock.")
    async def backorders(self, info: Info) -> list[Backorder]:
        return [Backorder.of(row) for row in await info.context.loaders.many(backorders_of_orders, self.id)]


@strawberry.input(description="From when on a variant leaves the house.")
class SetPreorderInput:
    sku: str = strawberry.field(description="SKU of the variant.")
    available_from: datetime | None = strawberry.field(
        description="Until then its orders are pre-orders, and nothing of it leaves; null: it is available."
    )


@strawberry.input(description="An order and its priority.")
class SetOrderPriorityInput:
    order_id: relay.GlobalID = strawberry.field(description="The order.")
    priority: int = strawberry.field(description="The higher, the sooner; 0 without one.")


@strawberry.input(description="An order of which units wait.")
class RerouteBackordersInput:
    order_id: relay.GlobalID = strawberry.field(description="The order.")


@strawberry.type(description="Changes of what waits, and of whose turn it is.")
class WaitingMutations:
    @strawberry.mutation(
        description="Say from when on a variant is available. How many may be pre-ordered where is `setBackorderTerms`."
    )
    async def set_preorder(self, info: Info, input: SetPreorderInput) -> VariantPayload:
        data = SetPreorder(input.sku, input.available_from)
        row, errors = await attempt(info.context.write(lambda uow: set_preorder(uow, data)))
        return VariantPayload(variant=variant_object(row) if row else None, user_errors=errors)

    @strawberry.mutation(
        description="Let an order go before others that wait for the same, among those promised for one day."
    )
    async def set_order_priority(self, info: Info, input: SetOrderPriorityInput) -> OrderPayload:
        async def change() -> UUID:
            data = SetPriority(node_id(input.order_id, "Order", "orderId"), input.priority)
            return await info.context.write(lambda uow: set_priority(uow, data))

        return await order_payload(info.context.database, change())

    @strawberry.mutation(
        description="Look for another place for what waits of an order: stock somewhere else, or room. Its turn stays."
    )
    async def reroute_backorders(self, info: Info, input: RerouteBackordersInput) -> OrderPayload:
        async def change() -> UUID:
            data = RerouteWaiting(node_id(input.order_id, "Order", "orderId"))
            return await info.context.write(lambda uow: reroute_waiting(uow, data))

        return await order_payload(info.context.database, change())
