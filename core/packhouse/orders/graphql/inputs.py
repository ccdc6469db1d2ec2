"""What may be asked of orders."""

from datetime import datetime
from enum import Enum

import strawberry
from strawberry.relay import GlobalID

from packhouse.orders.queries import OrderSelection
from packhouse.orders.states import OrderStatus
from packhouse.web.graphql.connection import Ordering
from packhouse.web.graphql.filters import optional_id


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
