"""Handing a count in: small deviations are approved at once, others wait for somebody else than the counter."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.catalog.prices import prices_in_force
from packhouse.inventory.commands.load_count import locked_count, put_count
from packhouse.inventory.commands.post_count import post_if_possible
from packhouse.inventory.models import StockCount, StockCountLine
from packhouse.inventory.rules import CountPolicy, Variance, is_within
from packhouse.inventory.states import StockCountStatus
from packhouse.sdk import Refused, now
from packhouse.storage import UnitOfWork

AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class SubmitCount:
    """A count to hand in. `leave_out` drops what was not counted; else everything has to be."""

    count_id: UUID
    leave_out: bool = False


async def submit_count(uow: UnitOfWork, data: SubmitCount, policy: CountPolicy) -> StockCount:
    """Hand a count in, with the value of its deviations by the prices for every channel that are in force now.

    Raises:
        Refused: NOT_FOUND, NOT_COUNTED (some or all of it).
        IllegalTransition: it is not being counted.
    """
    count = await locked_count(data.count_id)
    missing = StockCountLine.filter(stock_count_id=count.id, counted=None)
    if data.leave_out:
        await missing.delete()
    elif (line := await missing.order_by("bin", "sku").first()) is not None:
        raise Refused(
            "NOT_COUNTED", f"{line.sku} is not counted yet: count it, or leave out what is not counted", "stockCountId"
        )
    lines = await StockCountLine.filter(stock_count_id=count.id).order_by("variant_id")
    if not lines:
        raise Refused("NOT_COUNTED", f"nothing of stock count {count.id} is counted", "stockCountId")
    count.submitted_at = now()
    count.currency = policy.currency
    await _value(uow, lines, policy.currency)
    await put_count(uow, count, StockCountStatus.SUBMITTED, count.reason)
    if is_within(policy, [Variance(line.variance or 0, line.unit_value) for line in lines]):
        count.approver = AUTOMATIC
        count.decided_at = now()
        await put_count(uow, count, StockCountStatus.APPROVED, AUTOMATIC)
        await post_if_possible(uow, count)
    return count


async def _value(uow: UnitOfWork, lines: list[StockCountLine], currency: str) -> None:
    if not currency:
        return
    wanted = [(line.variant_id, 1) for line in lines if line.variance]
    prices = await prices_in_force(uow, "", currency, now(), wanted)
    for line in lines:
        line.unit_value = prices.get((line.variant_id, 1))
        await line.save(update_fields=["unit_value"])
