"""Returns: what comes back, where it is, and its money."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.inventory.graphql.locations import Location, location_of
from packhouse.orders.graphql.types import (
    OrderLine,
    OrderRecord,
    OrderType,
    order_line_of,
    order_of,
    order_row,
    shippable_lines,
)
from packhouse.orders.rules import return_status
from packhouse.orders.states import ReturnStatus
from packhouse.payments.graphql.types import Refund
from packhouse.payments.queries import refunds_of_returns
from packhouse.returns import models, queries
from packhouse.returns.states import (
    RETURN_STATUS,
    Disposition,
    ReturnCustody,
    ReturnMoney,
    ReturnReason,
    ReturnRequestStatus,
)
from packhouse.web.context import Info
from packhouse.web.graphql.enums import expose
from packhouse.web.graphql.money import Money

expose(ReturnRequestStatus, ReturnCustody, ReturnMoney, ReturnReason, Disposition)

OPEN_STATUSES = frozenset(status.value for status in ReturnRequestStatus if not RETURN_STATUS.is_final(status))


@strawberry.type(description="What became of received units.")
class ReturnInspection(relay.Node):
    id: relay.NodeID[UUID]
    location_id: strawberry.Private[UUID]
    quantity: int = strawberry.field(description="Units looked at.")
    disposition: Disposition = strawberry.field(description="What becomes of them.")
    note: str | None = strawberry.field(description="What was seen.")
    inspected_at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, row: models.ReturnInspection) -> "ReturnInspection":
        """The inspection of a row."""
        return cls(
            id=row.id,
            location_id=row.location_id,
            quantity=row.quantity,
            disposition=Disposition(row.disposition),
            note=row.note or None,
            inspected_at=row.inspected_at,
        )

    @strawberry.field(description="Where.")
    async def location(self, info: Info) -> Location:
        return await location_of(info, self.location_id)


@strawberry.type(description="Units of an order line that come back; where they are and where their money is.")
class ReturnLine(relay.Node):
    id: relay.NodeID[UUID]
    order_line_id: strawberry.Private[UUID]
    quantity: int = strawberry.field(description="Units that shall come back.")
    received: int = strawberry.field(description="Units that came back.")
    reason: ReturnReason = strawberry.field(description="Why they come back.")
    custody: ReturnCustody = strawberry.field(description="Where the goods are.")
    money: ReturnMoney = strawberry.field(description="Where the money is.")
    refund: Money = strawberry.field(description="What is given back for the whole line.")

    @classmethod
    def of(cls, row: models.ReturnLine, currency: str) -> "ReturnLine":
        """The line of a row; the refund is in its order's currency."""
        return cls(
            id=row.id,
            order_line_id=row.order_line_id,
            quantity=row.quantity,
            received=row.received,
            reason=ReturnReason(row.reason),
            custody=ReturnCustody(row.custody),
            money=ReturnMoney(row.money),
            refund=Money.of_minor(row.refund, currency),
        )

    @strawberry.field(description="Which order line they are of.")
    async def order_line(self, info: Info) -> OrderLine:
        return await order_line_of(info, self.order_line_id)

    @strawberry.field(description="What became of each unit, oldest first.")
    async def inspections(self, info: Info) -> list[ReturnInspection]:
        rows = await info.context.loaders.many(queries.inspections_of_lines, self.id)
        return [ReturnInspection.of(row) for row in rows]


@strawberry.type(description="A return merchandise authorisation (RMA).")
class Return(relay.Node):
    id: relay.NodeID[UUID]
    order_id: strawberry.Private[UUID]
    number: str = strawberry.field(description="The number that people use, unique.")
    status: ReturnRequestStatus = strawberry.field(description="How far it has come.")
    note: str | None = strawberry.field(description="The customer's note.")
    decline_reason: str | None = strawberry.field(description="Why it was declined.")
    requested_at: datetime = strawberry.field(description="When it was asked for.")
    approved_at: datetime | None = strawberry.field(description="When it was approved.")
    received_at: datetime | None = strawberry.field(description="When all goods were there.")
    closed_at: datetime | None = strawberry.field(description="When it ended.")

    @classmethod
    def of(cls, row: models.Return) -> "Return":
        """The return of a row."""
        return cls(
            id=row.id,
            order_id=row.order_id,
            number=row.number,
            status=ReturnRequestStatus(row.status),
            note=row.note or None,
            decline_reason=row.decline_reason or None,
            requested_at=row.requested_at,
            approved_at=row.approved_at,
            received_at=row.received_at,
            closed_at=row.closed_at,
        )

    @strawberry.field(description="The order it is of.")
    async def order(self, info: Info) -> OrderType:
        return await order_of(info, self.order_id)

    @strawberry.field(description="What comes back.")
    async def lines(self, info: Info) -> list[ReturnLine]:
        rows = await info.context.loaders.many(queries.lines_of_returns, self.id)
        currency = (await order_row(info, self.order_id)).currency
        return [ReturnLine.of(row, currency) for row in rows]

    @strawberry.field(description="Money given back for it, oldest first.")
    async def refunds(self, info: Info) -> list[Refund]:
        rows = await info.context.loaders.many(refunds_of_returns, self.id)
        currency = (await order_row(info, self.order_id)).currency
        return [Refund.of(row, currency) for row in rows]


@strawberry.type(description="What returns add to an order.")
class OrderReturns(OrderRecord):
    @strawberry.field(description="How much of it came back.")
    async def return_status(self, info: Info) -> ReturnStatus:
        returns = await info.context.loaders.many(queries.returns_of_orders, self.id)
        open_returns = sum(row.status in OPEN_STATUSES for row in returns)
        return return_status(await shippable_lines(info, self.id), open_returns)

    @strawberry.field(description="Its returns, oldest first.")
    async def returns(self, info: Info) -> list[Return]:
        return [Return.of(row) for row in await info.context.loaders.many(queries.returns_of_orders, self.id)]
