"""What may be asked of orders."""

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry
from strawberry.relay import GlobalID

from packhouse.events.event_log import EventSelection
from packhouse.events.graphql.types import Event  # noqa: F401  (its module makes EventType known)
from packhouse.orders.queries import OrderSelection
from packhouse.orders.states import OrderStatus
from packhouse.sdk import EventType
from packhouse.web.graphql.connection import Ordering
from packhouse.web.graphql.errors import BadUserInput
from packhouse.web.graphql.filters import optional_id
from packhouse.web.graphql.ids import node_id

_MOST_ORDERS = 1000


@strawberry.input(description="Which orders to list; what is left out does not narrow, all that is given must hold.")
class OrderFilter:
    status: OrderStatus | None = strawberry.field(default=None, description="Orders of this status.")
    channel: str | None = strawberry.field(default=None, description="Orders of the channel with this code.")
    number: str | None = strawberry.field(default=None, description="Orders with exactly this number.")
    external_id: str | None = strawberry.field(default=None, description="Orders that a channel calls this.")
    email: str | None = strawberry.field(default=None, description="Orders with this e-mail address, in any case.")
    customer_id: GlobalID | None = strawberry.field(default=None, description="Orders of this customer.")
    placed_after: datetime | None = strawberry.field(default=None, description="Placed at this moment or later.")
    placed_before: datetime | None = strawberry.field(default=None, description="Placed before this moment.")
    updated_after: datetime | None = strawberry.field(default=None, description="Changed at this moment or later.")
    updated_before: datetime | None = strawberry.field(default=None, description="Changed before this moment.")
    on_hold: bool | None = strawberry.field(default=None, description="With a hold in force, or without any.")
    unshipped: bool | None = strawberry.field(
        default=None, description="Pending or confirmed with units still to be shipped, or all others."
    )
    sku: str | None = strawberry.field(default=None, description="With a line of this SKU.")
    is_imported: bool | None = strawberry.field(default=None, description="History of another system, or not.")
    is_demo: bool | None = strawberry.field(default=None, description="Made by the demo, or not.")

    def selection(self) -> OrderSelection:
        """As the room's own read takes it.

        Raises:
            Refused: INVALID_ID.
        """
        return OrderSelection(
            status=self.status,
            channel=self.channel,
            number=self.number,
            external_id=self.external_id,
            email=None if self.email is None else self.email.strip().lower(),
            customer_id=optional_id(self.customer_id, "Customer", "filter.customerId"),
            placed_after=self.placed_after,
            placed_before=self.placed_before,
            updated_after=self.updated_after,
            updated_before=self.updated_before,
            on_hold=self.on_hold,
            unshipped=self.unshipped,
            sku=self.sku,
            is_imported=self.is_imported,
            is_demo=self.is_demo,
        )


@strawberry.input(
    description="Which events of orders to tell; what is left out does not narrow, all that is given must hold."
)
class OrderEventFilter:
    order_ids: list[GlobalID] | None = strawberry.field(default=None, description="Of these orders, 1000 at most.")
    channels: list[str] | None = strawberry.field(default=None, description="Of orders of channels with these codes.")
    types: list[EventType] | None = strawberry.field(default=None, description="Of these kinds.")

    def selection(self) -> EventSelection:
        """What the log can select by; the channel is the order's, not the event's.

        Raises:
            BadUserInput: too many orders.
            Refused: INVALID_ID.
        """
        return EventSelection(
            order_ids=None if self.order_ids is None else self._ids(self.order_ids),
            types=None if self.types is None else frozenset(self.types),
        )

    @staticmethod
    def _ids(order_ids: list[GlobalID]) -> frozenset[UUID]:
        if len(order_ids) > _MOST_ORDERS:
            raise BadUserInput("filter.orderIds", f"name at most {_MOST_ORDERS} orders, not {len(order_ids)}")
        return frozenset(node_id(each, "Order", "filter.orderIds") for each in order_ids)


@strawberry.enum(description="How orders are sorted; orders that are equal in it are sorted by id.")
class OrderSort(Enum):
    PLACED_AT_ASC = strawberry.enum_value("placed_at", description="Oldest order first.")
    PLACED_AT_DESC = strawberry.enum_value("-placed_at", description="Newest order first.")
    UPDATED_AT_ASC = strawberry.enum_value("updated_at", description="Longest unchanged first.")
    UPDATED_AT_DESC = strawberry.enum_value("-updated_at", description="Last changed first.")
    TOTAL_ASC = strawberry.enum_value("total", description="Smallest total first, whatever the currency.")
    TOTAL_DESC = strawberry.enum_value("-total", description="Largest total first, whatever the currency.")
    NUMBER_ASC = strawberry.enum_value("number", description="By number, as text.")
    NUMBER_DESC = strawberry.enum_value("-number", description="By number, as text, from the end.")

    @property
    def ordering(self) -> Ordering:
        """As lists are paged by it; one index serves both directions."""
        column = self.name.lower().rpartition("_")[0]
        return Ordering(self.name, column, _KINDS[column], descending=self.name.endswith("_DESC"))


_KINDS: dict[str, type[str] | type[int] | type[datetime]] = {
    "placed_at": datetime,
    "updated_at": datetime,
    "total": int,
    "number": str,
}
