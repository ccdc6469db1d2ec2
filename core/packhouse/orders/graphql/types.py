"""Orders: the record. Rooms above add their own fields; `packhouse.schema` composes the type."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, cast
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.catalog.graphql.types import VariantType, variant_object
from packhouse.catalog.queries import variants_by_id
from packhouse.customers.graphql.types import CustomerRecord, CustomerType, customer_object
from packhouse.customers.queries import customers_by_id
from packhouse.events.graphql.types import Event
from packhouse.events.seeing import may_see
from packhouse.orders import models, queries
from packhouse.orders.rules import LineCounters, fulfillment_status
from packhouse.orders.states import (
    FulfillmentStatus,
    HoldReason,
    OrderAction,
    OrderPhase,
    OrderStatus,
    PaymentStatus,
    ReturnStatus,
)
from packhouse.sdk import EventType, InvalidValue, ShippingSpeed
from packhouse.web.context import Info
from packhouse.web.graphql.address import Address
from packhouse.web.graphql.enums import expose
from packhouse.web.graphql.money import Money

if TYPE_CHECKING:
    from packhouse.schema import Order

expose(OrderStatus, OrderPhase, FulfillmentStatus, PaymentStatus, ReturnStatus, HoldReason, OrderAction, ShippingSpeed)

# The composed type: rooms above add their own fields to it.
OrderType = Annotated["Order", strawberry.lazy("packhouse.schema")]


@strawberry.type(description="A line of an order: what was bought, for how much, and how far each unit has come.")
class OrderLine(relay.Node):
    id: relay.NodeID[UUID]
    order_id: strawberry.Private[UUID]
    variant_id: strawberry.Private[UUID | None]
    position: int = strawberry.field(description="Its place in the order, from 1 on.")
    external_id: str | None = strawberry.field(description="The channel's own id of the line.")
    sku: str = strawberry.field(description="The SKU as it was ordered.")
    title: str = strawberry.field(description="The name as it was sold.")
    requires_shipping: bool = strawberry.field(description="Whether it is sent in a parcel.")
    is_bundle: bool = strawberry.field(description="Whether its units are bundles, counted when all components are.")
    ordered: int = strawberry.field(description="Units ordered.")
    allocated: int = strawberry.field(description="Units that stock is claimed for.")
    backordered: int = strawberry.field(description="Units that wait for stock.")
    shipped: int = strawberry.field(description="Units that left.")
    delivered: int = strawberry.field(description="Units that arrived.")
    returned: int = strawberry.field(description="Units that came back.")
    cancelled: int = strawberry.field(description="Units that will not be sent.")
    unit_price: Money = strawberry.field(description="The price of one unit.")
    discount: Money = strawberry.field(description="What was taken off the whole line.")
    tax: Money = strawberry.field(description="Tax on the whole line.")
    total: Money = strawberry.field(description="What the whole line costs.")

    @classmethod
    def of(cls, row: models.OrderLine, currency: str) -> "OrderLine":
        """The line of a row; amounts are in its order's currency."""
        return cls(
            id=row.id,
            order_id=row.order_id,
            variant_id=row.variant_id,
            position=row.position,
            external_id=row.external_id or None,
            sku=row.sku,
            title=row.title,
            requires_shipping=row.requires_shipping,
            is_bundle=row.is_bundle,
            ordered=row.ordered,
            allocated=row.allocated,
            backordered=row.backordered,
            shipped=row.shipped,
            delivered=row.delivered,
            returned=row.returned,
            cancelled=row.cancelled,
            unit_price=Money.of_minor(row.unit_price, currency),
            discount=Money.of_minor(row.discount, currency),
            tax=Money.of_minor(row.tax, currency),
            total=Money.of_minor(row.total, currency),
        )

    @strawberry.field(description="The variant, where the SKU is known.")
    async def variant(self, info: Info) -> VariantType | None:
        if self.variant_id is None:
            return None
        row = await info.context.loaders.one(variants_by_id, self.variant_id)
        return None if row is None else variant_object(row)


@strawberry.type(
    description="A reason why nothing of the order may be picked or shipped; in force until it is released."
)
class Hold(relay.Node):
    id: relay.NodeID[UUID]
    reason: HoldReason = strawberry.field(description="Why.")
    note: str | None = strawberry.field(description="More about it, for people.")
    placed_by: str = strawberry.field(description="Who or what placed it.")
    placed_at: datetime = strawberry.field(description="When it was placed.")
    released_by: str | None = strawberry.field(description="Who or what released it.")
    released_at: datetime | None = strawberry.field(description="When it was released; null while it is in force.")

    @classmethod
    def of(cls, row: models.Hold) -> "Hold":
        """The hold of a row."""
        return cls(
            id=row.id,
            reason=HoldReason(row.reason),
            note=row.note or None,
            placed_by=row.placed_by,
            placed_at=row.placed_at,
            released_by=row.released_by or None,
            released_at=row.released_at,
        )


@strawberry.type(description="Something that may be done with the order, or the reason why not.")
class AvailableAction:
    action: OrderAction = strawberry.field(description="What could be done.")
    allowed: bool = strawberry.field(description="Whether it may be done now.")
    reason: str | None = strawberry.field(description="Why it may not be done.")


@strawberry.type(description="An order, from whichever channel.")
class OrderRecord(relay.Node):
    id: relay.NodeID[UUID]
    row: strawberry.Private[models.Order]
    number: str = strawberry.field(description="The number that people use; unique within its channel.")
    channel: str = strawberry.field(description="Code of the channel it was placed on.")
    external_id: str | None = strawberry.field(description="The channel's own id of the order.")
    status: OrderStatus = strawberry.field(
        description="The order itself; everything else is derived from what happened."
    )
    email: str | None = strawberry.field(description="The e-mail address given with the order.")
    locale: str | None = strawberry.field(description="Language tag that the customer shopped in: en-GB.")
    currency: str = strawberry.field(description="ISO 4217 code of all its amounts.")
    subtotal: Money = strawberry.field(description="The lines before order discounts, shipping and tax.")
    discount: Money = strawberry.field(description="What was taken off the order.")
    shipping: Money = strawberry.field(description="What the customer pays for shipping.")
    tax: Money = strawberry.field(description="Tax, included in the amounts or added as `taxIncluded` says.")
    total: Money = strawberry.field(description="What the customer pays in all.")
    tax_included: bool = strawberry.field(description="Whether prices include the tax.")
    shipping_address: Address | None = strawberry.field(description="Where it is sent.")
    billing_address: Address | None = strawberry.field(description="Who is billed.")
    note: str | None = strawberry.field(description="The customer's note.")
    tags: list[str] = strawberry.field(description="Words that the channel or a person put on it.")
    shipping_speed: ShippingSpeed = strawberry.field(description="How fast the customer wants it sent.")
    cancel_reason: str | None = strawberry.field(description="Why it was cancelled, or shall be.")
    is_imported: bool = strawberry.field(description="Whether it is history from another system: it sends nothing.")
    is_demo: bool = strawberry.field(description="Whether it was made by the demo.")
    placed_at: datetime = strawberry.field(description="When the customer placed it.")
    confirmed_at: datetime | None = strawberry.field(description="When it was confirmed.")
    completed_at: datetime | None = strawberry.field(description="When it was completed.")
    cancel_requested_at: datetime | None = strawberry.field(
        description="Since when its cancellation waits for somebody else who works on it; null when none waits."
    )
    cancelled_at: datetime | None = strawberry.field(description="When it was cancelled.")
    updated_at: datetime = strawberry.field(description="When anything about it last changed.")

    @classmethod
    def of(cls, row: models.Order) -> "OrderRecord":
        """The order of a row."""
        currency = row.currency
        return cls(
            id=row.id,
            row=row,
            number=row.number,
            channel=row.channel,
            external_id=row.external_id or None,
            status=OrderStatus(row.status),
            email=row.email or None,
            locale=row.locale or None,
            currency=currency,
            subtotal=Money.of_minor(row.subtotal, currency),
            discount=Money.of_minor(row.discount, currency),
            shipping=Money.of_minor(row.shipping, currency),
            tax=Money.of_minor(row.tax, currency),
            total=Money.of_minor(row.total, currency),
            tax_included=row.tax_included,
            shipping_address=Address.of_optional(row.shipping_address),
            billing_address=Address.of_optional(row.billing_address),
            note=row.note or None,
            tags=row.tags or [],
            shipping_speed=ShippingSpeed(row.shipping_speed),
            cancel_reason=row.cancel_reason or None,
            is_imported=row.is_imported,
            is_demo=row.is_demo,
            placed_at=row.placed_at,
            confirmed_at=row.confirmed_at,
            completed_at=row.completed_at,
            cancel_requested_at=row.cancel_requested_at,
            cancelled_at=row.cancelled_at,
            updated_at=row.updated_at,
        )

    @strawberry.field(description="The buyer; null where the channel told nothing about one.")
    async def customer(self, info: Info) -> CustomerType | None:
        if self.row.customer_id is None:
            return None
        row = await info.context.loaders.one(customers_by_id, self.row.customer_id)
        return None if row is None else customer_object(row)

    @strawberry.field(description="What was bought, in the order's own sequence.")
    async def lines(self, info: Info) -> list[OrderLine]:
        rows = await info.context.loaders.many(queries.lines_of_orders, self.id)
        return [OrderLine.of(row, self.currency) for row in rows]

    @strawberry.field(description="Every hold ever placed, oldest first; those without `releasedAt` are in force.")
    async def holds(self, info: Info) -> list[Hold]:
        return [Hold.of(row) for row in await info.context.loaders.many(queries.holds_of_orders, self.id)]

    @strawberry.field(description="Whether a hold is in force: nothing is picked or shipped.")
    async def on_hold(self, info: Info) -> bool:
        return any(row.released_at is None for row in await info.context.loaders.many(queries.holds_of_orders, self.id))

    @strawberry.field(description="How far its units have come, whatever its money does.")
    async def fulfillment_status(self, info: Info) -> FulfillmentStatus:
        return fulfillment_status(await shippable_lines(info, self.id))

    @strawberry.field(description="What happened to the order, oldest first: all that the access token may read.")
    async def timeline(self, info: Info) -> list[Event]:
        rows = await info.context.loaders.many(queries.events_of_orders, self.id)
        return [Event.of(row) for row in rows if may_see(info.context, EventType(row.type))]


async def shippable_lines(info: Info, order_id: UUID) -> list[LineCounters]:
    """The counters of an order's lines that are sent in parcels, for the rules."""
    rows = await info.context.loaders.many(queries.lines_of_orders, order_id)
    return [queries.counters(row) for row in rows if row.requires_shipping]


def order_object(row: models.Order) -> "Order":
    """The composed type's object of a row: the schema takes a record for it."""
    return cast("Order", OrderRecord.of(row))


async def order_row(info: Info, id_: UUID) -> models.Order:
    """The order that a row refers to.

    Raises:
        InvalidValue: there is none, which foreign keys rule out.
    """
    row = await info.context.loaders.one(queries.orders_by_id, id_)
    if row is None:
        raise InvalidValue("order", f"there is no order {id_}")
    return row


async def order_of(info: Info, id_: UUID) -> "Order":
    """The order that a row refers to, as the composed type's object."""
    return order_object(await order_row(info, id_))


async def order_line_node(info: Info, id_: UUID) -> OrderLine | None:
    """An order line by its id; None where there is none."""
    row = await info.context.loaders.one(queries.order_lines_by_id, id_)
    return None if row is None else OrderLine.of(row, (await order_row(info, row.order_id)).currency)


async def order_line_of(info: Info, id_: UUID) -> OrderLine:
    """The order line that a row refers to.

    Raises:
        InvalidValue: there is none, which foreign keys rule out.
    """
    line = await order_line_node(info, id_)
    if line is None:
        raise InvalidValue("orderLine", f"there is no order line {id_}")
    return line


@strawberry.type(description="What orders add to a customer.")
class CustomerOrders(CustomerRecord):
    @strawberry.field(description="How many orders the buyer has placed.")
    async def order_count(self, info: Info) -> int:
        return await info.context.loaders.one(queries.order_counts_of_customers, self.id) or 0
