"""Who received units of a lot."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.inventory.models import HoldingEntry, Lot
from packhouse.inventory.states import MovementKind
from packhouse.orders.graphql.types import OrderType, order_of
from packhouse.sdk import InvalidValue
from packhouse.web.context import Info
from packhouse.web.graphql.connection import (
    After,
    Before,
    Connection,
    First,
    Last,
    Ordering,
    PageArguments,
    QuerySetSource,
    paginate,
)
from packhouse.web.graphql.errors import BadUserInput
from packhouse.web.graphql.ids import node_id

_BY_ID = Ordering("ID", "id", UUID)


@strawberry.type(description="Units of a lot that left for a customer.")
class LotRecipient:
    order_id: strawberry.Private[UUID | None]
    quantity: int = strawberry.field(description="Units.")
    shipped_at: datetime = strawberry.field(description="When they were handed over.")
    shipment_id: relay.GlobalID = strawberry.field(description="The shipment that they left with.")

    @classmethod
    def of(cls, row: HoldingEntry) -> "LotRecipient":
        """What a movement that sent something took of the lot."""
        return cls(
            order_id=row.movement.order_id,
            quantity=-row.on_hand,
            shipped_at=row.movement.occurred_at,
            shipment_id=relay.GlobalID("Shipment", row.movement.reference),
        )

    @strawberry.field(description="The order that they were for, with whom to write to.")
    async def order(self, info: Info) -> OrderType:
        """The order.

        Raises:
            InvalidValue: the movement names none, and those of shipments do.
        """
        if self.order_id is None:
            raise InvalidValue("order", f"shipment {self.shipment_id} is of no order")
        return await order_of(info, self.order_id)


@strawberry.type
class LotRecipientQueries:
    @strawberry.field(
        description="Who was sent units of a lot, the first ones first: one entry for each shipment and bin."
    )
    async def lot_recipients(
        self,
        lot_id: Annotated[relay.GlobalID, strawberry.argument(description="The lot.")],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[LotRecipient]:
        page = PageArguments.of(first, after, last, before)
        lot = await Lot.get_or_none(id=node_id(lot_id, "Lot", "lotId"))
        if lot is None:
            raise BadUserInput("lotId", "there is no such lot")
        sent = HoldingEntry.filter(variant_id=lot.variant_id, lot=lot.code, movement__kind=MovementKind.SHIP.value)
        return await paginate(QuerySetSource(sent.select_related("movement")), page, _BY_ID, LotRecipient.of)
