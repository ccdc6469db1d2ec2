"""Counting stock: making counts, taking figures, deciding, booking."""

from collections.abc import Awaitable
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.fulfillment.away import units_away
from packhouse.fulfillment.graphql.count_types import StockCount, StockCountLine
from packhouse.inventory import queries
from packhouse.inventory.commands.cancel_count import cancel_count
from packhouse.inventory.commands.create_count import CreateCount, create_count
from packhouse.inventory.commands.decide_count import DecideCount, decide_count
from packhouse.inventory.commands.post_count import post_count
from packhouse.inventory.commands.record_count import Counted, RecordCount, record_count
from packhouse.inventory.commands.recount import Recount, recount
from packhouse.inventory.commands.start_count import start_count
from packhouse.inventory.commands.submit_count import SubmitCount, submit_count
from packhouse.inventory.models import StockCount as CountRow
from packhouse.inventory.rules import CountPolicy
from packhouse.inventory.states import StockCountStatus
from packhouse.sdk import Money
from packhouse.settings import InventorySettings
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
from packhouse.web.graphql.filters import given, optional_id
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.nodes import reader
from packhouse.web.graphql.payloads import UserError, attempt

NODES = {
    "StockCount": reader(queries.stock_counts_by_id, StockCount.of),
    "StockCountLine": reader(queries.stock_count_lines_by_id, StockCountLine.of),
}
_OLDEST = Ordering("CREATED_AT", "created_at", datetime)


@strawberry.input(
    description="A count to make: of these SKUs, bins, or what moved most; of everything without any of these."
)
class CreateStockCountInput:
    location_id: relay.GlobalID = strawberry.field(description="Where.")
    reason: str = strawberry.field(description="Why, for the ledger.")
    skus: list[str] = strawberry.field(default_factory=list, description="Only these.")
    bins: list[str] = strawberry.field(
        default_factory=list, description="Only what lies there; it is counted in all its bins."
    )
    most_moved: int | None = strawberry.field(
        default=None, description="Only so many variants: those that moved most in the last ninety days."
    )
    is_blind: bool = strawberry.field(default=True, description="Whether counters do not see what should be there.")


@strawberry.input(description="Units of a SKU that were counted.")
class CountedInput:
    sku: str = strawberry.field(description="The SKU; one that the count did not ask for is added.")
    units: int = strawberry.field(description="Units on the shelf, in whatever condition.")


@strawberry.input(description="Figures of a count that was started.")
class RecordStockCountInput:
    stock_count_id: relay.GlobalID = strawberry.field(description="The count.")
    counter: str = strawberry.field(description="Who counted: a name or badge.")
    counted: list[CountedInput] = strawberry.field(description="What was counted; the same SKU again replaces it.")
    counted_at: datetime | None = strawberry.field(default=None, description="When it was counted; left out: now.")


@strawberry.input(description="A count to hand in.")
class SubmitStockCountInput:
    stock_count_id: relay.GlobalID = strawberry.field(description="The count.")
    leave_out_uncounted: bool = strawberry.field(
        default=False, description="Drop what was not counted; else everything has to be."
    )


@strawberry.input(
    description="A decision about a count, by somebody who did not count: with another name, and another access token unless it is an administrator's."
)
class DecideStockCountInput:
    stock_count_id: relay.GlobalID = strawberry.field(description="The count.")
    approver: str = strawberry.field(description="Who decides: a name or badge.")
    note: str = strawberry.field(default="", description="Why; a rejection needs it.")


@strawberry.input(description="A count to take up again.")
class RecountStockInput:
    stock_count_id: relay.GlobalID = strawberry.field(description="The count.")
    reason: str = strawberry.field(description="Why.")
    skus: list[str] = strawberry.field(default_factory=list, description="Only these; none named: all that were off.")


@strawberry.input(description="A count to give up.")
class CancelStockCountInput:
    stock_count_id: relay.GlobalID = strawberry.field(description="The count.")
    reason: str = strawberry.field(description="Why.")


@strawberry.type(description="The count that was made or changed.")
class StockCountPayload:
    stock_count: StockCount | None = strawberry.field(description="The count; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.type
class CountQueries:
    @strawberry.field(
        description="Stock counts of one status, the oldest first: drafts are to be counted, submitted ones decided."
    )
    async def stock_counts(
        self,
        status: Annotated[StockCountStatus, strawberry.argument(description="Of this status.")],
        location_id: Annotated[relay.GlobalID | None, strawberry.argument(description="At this location.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[StockCount]:
        page = PageArguments.of(first, after, last, before)
        place = given(location_id=optional_id(location_id, "Location", "locationId"))
        source = QuerySetSource(CountRow.filter(status=status.value, **place))
        return await paginate(source, page, _OLDEST, StockCount.of)


@strawberry.type(description="Counting stock.")
class CountMutations:
    @strawberry.mutation(description="Make a count of what lies at a location.")
    async def create_stock_count(self, info: Info, input: CreateStockCountInput) -> StockCountPayload:
        async def change() -> CountRow:
            data = CreateCount(
                location_id=node_id(input.location_id, "Location", "locationId"),
                reason=input.reason,
                skus=tuple(input.skus),
                bins=tuple(input.bins),
                most_moved=input.most_moved,
                is_blind=input.is_blind,
            )
            return await info.context.write(lambda uow: create_count(uow, data))

        return await _payload(change())

    @strawberry.mutation(
        description="Start counting: what should be there is frozen, and what moves from now on accounted for."
    )
    async def start_stock_count(
        self, info: Info, id: Annotated[relay.GlobalID, strawberry.argument(description="The count.")]
    ) -> StockCountPayload:
        async def change() -> CountRow:
            count_id = node_id(id, "StockCount", "id")
            return await info.context.write(lambda uow: start_count(uow, count_id))

        return await _payload(change())

    @strawberry.mutation(description="Write down what was counted.")
    async def record_stock_count(self, info: Info, input: RecordStockCountInput) -> StockCountPayload:
        async def change() -> CountRow:
            data = RecordCount(
                count_id=_id(input.stock_count_id),
                counter=input.counter,
                counted=tuple(Counted(each.sku, each.units) for each in input.counted),
                counted_at=input.counted_at,
            )
            return await info.context.write(lambda uow: record_count(uow, data, units_away))

        return await _payload(change())

    @strawberry.mutation(
        description="Hand a count in. Within what the settings allow it is approved and booked at once; else somebody decides."
    )
    async def submit_stock_count(self, info: Info, input: SubmitStockCountInput) -> StockCountPayload:
        async def change() -> CountRow:
            data = SubmitCount(_id(input.stock_count_id), input.leave_out_uncounted)
            policy = policy_of(info.context.settings.inventory)
            return await info.context.write(lambda uow: submit_count(uow, data, policy))

        return await _payload(change())

    @strawberry.mutation(
        description="Approve a count; it is booked at once, or stays approved where more is claimed than was found (`blocked`)."
    )
    async def approve_stock_count(self, info: Info, input: DecideStockCountInput) -> StockCountPayload:
        return await _decide(info, input, is_approved=True)

    @strawberry.mutation(description="Reject a count: it is counted again, or given up.")
    async def reject_stock_count(self, info: Info, input: DecideStockCountInput) -> StockCountPayload:
        return await _decide(info, input, is_approved=False)

    @strawberry.mutation(description="Book an approved count that claims had kept back.")
    async def post_stock_count(
        self, info: Info, id: Annotated[relay.GlobalID, strawberry.argument(description="The count.")]
    ) -> StockCountPayload:
        async def change() -> CountRow:
            count_id = node_id(id, "StockCount", "id")
            return await info.context.write(lambda uow: post_count(uow, count_id))

        return await _payload(change())

    @strawberry.mutation(description="Count again what was off, or what is named.")
    async def recount_stock(self, info: Info, input: RecountStockInput) -> StockCountPayload:
        async def change() -> CountRow:
            data = Recount(_id(input.stock_count_id), input.reason, tuple(input.skus))
            return await info.context.write(lambda uow: recount(uow, data))

        return await _payload(change())

    @strawberry.mutation(description="Give a count up: nothing of it is booked.")
    async def cancel_stock_count(self, info: Info, input: CancelStockCountInput) -> StockCountPayload:
        async def change() -> CountRow:
            count_id = _id(input.stock_count_id)
            return await info.context.write(lambda uow: cancel_count(uow, count_id, input.reason))

        return await _payload(change())


def policy_of(settings: InventorySettings) -> CountPolicy:
    """What the settings let pass without anybody."""
    currency = settings.count_currency
    value = Money.rounded(Decimal(str(settings.count_auto_value)), currency).minor if currency else 0
    return CountPolicy(settings.count_auto_units, value, currency)


async def _decide(info: Info, input: DecideStockCountInput, *, is_approved: bool) -> StockCountPayload:
    async def change() -> CountRow:
        data = DecideCount(
            _id(input.stock_count_id), input.approver, is_approved, input.note, info.context.grant.permissions.is_all
        )
        return await info.context.write(lambda uow: decide_count(uow, data))

    return await _payload(change())


def _id(id_: relay.GlobalID) -> UUID:
    return node_id(id_, "StockCount", "stockCountId")


async def _payload(change: Awaitable[CountRow]) -> StockCountPayload:
    row, errors = await attempt(change)
    return StockCountPayload(stock_count=StockCount.of(row) if row else None, user_errors=errors)
