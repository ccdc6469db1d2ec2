"""Stock counts: what was expected, counted and off, and whom it would hit."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import relay
from tortoise.expressions import F

from packhouse.catalog.graphql.types import VariantType, variant_of
from packhouse.fulfillment import queries as work
from packhouse.fulfillment.claimants import Shelf, orders_on_shelves
from packhouse.fulfillment.graphql.types import FulfillmentOrder
from packhouse.inventory import models, queries
from packhouse.inventory.commands.post_count import blocked_lines
from packhouse.inventory.graphql.locations import Location, location_of
from packhouse.inventory.states import StockCountStatus
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
from packhouse.web.graphql.enums import expose
from packhouse.web.graphql.errors import BadUserInput
from packhouse.web.graphql.money import Money

expose(StockCountStatus)

_BY_ID = Ordering("ID", "id", UUID)
_UNSEEN = {StockCountStatus.DRAFT, StockCountStatus.COUNTING}


@strawberry.type(
    description="A variant to count, in units. What should be there is null in a blind count that still takes figures."
)
class StockCountLine(relay.Node):
    id: relay.NodeID[UUID]
    row: strawberry.Private[models.StockCountLine]
    sku: str = strawberry.field(description="The SKU.")
    bin: str | None = strawberry.field(description="Where it lies.")
    counted: int | None = strawberry.field(description="Units that were counted on the shelf; null: not yet.")
    counted_at: datetime | None = strawberry.field(description="When.")
    counter: str | None = strawberry.field(description="Who counted.")

    @classmethod
    def of(cls, row: models.StockCountLine) -> "StockCountLine":
        """The line of a row."""
        return cls(
            id=row.id,
            row=row,
            sku=row.sku,
            bin=row.bin or None,
            counted=row.counted,
            counted_at=row.counted_at,
            counter=row.counter or None,
        )

    @strawberry.field(description="What it is.")
    async def variant(self, info: Info) -> VariantType:
        return await variant_of(info, self.row.variant_id)

    @strawberry.field(description="Units on hand when counting started.")
    async def expected(self, info: Info) -> int | None:
        return self.row.expected if await self._is_open(info) else None

    @strawberry.field(
        description="Units that came between the start and the moment of counting, or went, by the ledger."
    )
    async def moved(self, info: Info) -> int | None:
        if self.row.on_hand is None or self.row.expected is None or not await self._is_open(info):
            return None
        return self.row.on_hand - self.row.expected

    @strawberry.field(
        description="Units on hand at the moment of counting that were picked: in carts and parcels, not on the shelf."
    )
    async def away(self, info: Info) -> int | None:
        return self.row.away if await self._is_open(info) else None

    @strawberry.field(description="Units found beyond expected + moved - away; below nothing: missing.")
    async def variance(self, info: Info) -> int | None:
        return self.row.variance if await self._is_open(info) else None

    @strawberry.field(
        description="The variance at the price for every channel; null where there is none, or no currency is set."
    )
    async def variance_value(self, info: Info) -> Money | None:
        count = await self._count(info)
        if self.row.variance is None or self.row.unit_value is None:
            return None
        return Money.of_minor(self.row.variance * self.row.unit_value, count.currency)

    async def _is_open(self, info: Info) -> bool:
        count = await self._count(info)
        return not (count.is_blind and count.status in _UNSEEN)

    async def _count(self, info: Info) -> models.StockCount:
        found = await info.context.loaders.one(queries.stock_counts_by_id, self.row.stock_count_id)
        if found is None:
            raise InvalidValue("stockCount", f"there is no stock count {self.row.stock_count_id}")
        return found


@strawberry.type(description="What an approved count cannot book: more is claimed there than would be left.")
class BlockedLine:
    line: StockCountLine = strawberry.field(description="The line.")
    missing: int = strawberry.field(
        description="Units that are claimed, damaged or in quarantine beyond those that were found."
    )
    reserved: int = strawberry.field(description="Units held for checkouts that are not finished.")
    shelf: strawberry.Private[Shelf]

    @strawberry.field(
        description="Orders that claim units there, the newest first, at most fifty: send them from elsewhere."
    )
    async def orders(self, info: Info) -> list[OrderType]:
        return [await order_of(info, id_) for id_ in await info.context.loaders.many(orders_on_shelves, self.shelf)]


@strawberry.type(description="Counting what lies at a location.")
class StockCount(relay.Node):
    id: relay.NodeID[UUID]
    location_id: strawberry.Private[UUID]
    fulfillment_order_id: strawberry.Private[UUID | None]
    status: StockCountStatus = strawberry.field(description="How far it has come.")
    is_blind: bool = strawberry.field(description="Whether counters do not see what should be there.")
    reason: str = strawberry.field(description="Why it is counted; the ledger has it, too.")
    approver: str | None = strawberry.field(
        description="Who decided; `automatic` where it was within what the settings allow."
    )
    note: str | None = strawberry.field(description="Why it was decided so, or given up.")
    created_at: datetime = strawberry.field(description="When it was made.")
    started_at: datetime | None = strawberry.field(description="When what should be there was frozen.")
    submitted_at: datetime | None = strawberry.field(description="When it was handed in.")
    decided_at: datetime | None = strawberry.field(description="When it was approved or rejected.")
    closed_at: datetime | None = strawberry.field(description="When it was booked or given up.")

    @classmethod
    def of(cls, row: models.StockCount) -> "StockCount":
        """The count of a row."""
        return cls(
            id=row.id,
            location_id=row.location_id,
            fulfillment_order_id=row.fulfillment_order_id,
            status=StockCountStatus(row.status),
            is_blind=row.is_blind,
            reason=row.reason,
            approver=row.approver or None,
            note=row.note or None,
            created_at=row.created_at,
            started_at=row.started_at,
            submitted_at=row.submitted_at,
            decided_at=row.decided_at,
            closed_at=row.closed_at,
        )

    @strawberry.field(description="Where.")
    async def location(self, info: Info) -> Location:
        return await location_of(info, self.location_id)

    @strawberry.field(description="The work whose picker asked for it; null where somebody else did.")
    async def requested_by(self, info: Info) -> FulfillmentOrder | None:
        if self.fulfillment_order_id is None:
            return None
        row = await info.context.loaders.one(work.fulfillment_orders_by_id, self.fulfillment_order_id)
        return None if row is None else FulfillmentOrder.of(row)

    @strawberry.field(description="What is counted, in the order of the bins.")
    async def lines(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        only_off: Annotated[bool, strawberry.argument(description="Only what was counted and is off.")] = False,
    ) -> Connection[StockCountLine]:
        rows = models.StockCountLine.filter(stock_count_id=self.id)
        if only_off and self.is_blind and self.status in _UNSEEN:
            raise BadUserInput("onlyOff", "the count is blind: what is off is seen when it is handed in")
        if only_off:
            rows = rows.annotate(off=F("counted") + F("away") - F("on_hand")).filter(off__not=0)
        page = PageArguments.of(first, after, last, before)
        return await paginate(QuerySetSource(rows), page, _BY_ID, StockCountLine.of)

    @strawberry.field(description="What keeps an approved count from being booked; nothing, where nothing does.")
    async def blocked(self) -> list[BlockedLine]:
        if self.status is not StockCountStatus.APPROVED:
            return []
        lines = await models.StockCountLine.filter(stock_count_id=self.id).exclude(counted=None)
        levels = await models.StockLevel.filter(
            location_id=self.location_id, variant_id__in=[line.variant_id for line in lines if line.variance]
        )
        by_variant = {level.variant_id: level for level in levels}
        return [self._blocked(line, by_variant[line.variant_id]) for line in blocked_lines(lines, levels)]

    def _blocked(self, line: models.StockCountLine, level: models.StockLevel) -> BlockedLine:
        held = level.allocated + level.reserved + level.damaged + level.quarantined
        return BlockedLine(
            line=StockCountLine.of(line),
            missing=held - level.on_hand - (line.variance or 0),
            reserved=level.reserved,
            shelf=Shelf(line.variant_id, self.location_id),
        )
