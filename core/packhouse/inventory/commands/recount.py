"""Counting again what nobody believes: some of it, or everything that was off."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.inventory.commands.load_count import locked_count, put_count
from packhouse.inventory.models import StockCount, StockCountLine
from packhouse.inventory.states import StockCountStatus
from packhouse.sdk import InvalidValue, Refused
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class Recount:
    """A count to take up again, and of which SKUs; none named: of all that were off."""

    count_id: UUID
    reason: str
    skus: tuple[str, ...] = ()


async def recount(uow: UnitOfWork, data: Recount) -> StockCount:
    """Forget what was counted of some lines, and take figures again; who counts and decides is said anew.

    Raises:
        InvalidValue: no reason, or one that is too long.
        Refused: NOT_FOUND, UNKNOWN_SKU (the count has no line of it), NOTHING_TO_COUNT (nothing was off).
        IllegalTransition: it is not handed in, or it is booked.
    """
    if not data.reason.strip():
        raise InvalidValue("reason", "say why it is counted again")
    check_length(data.reason, 255, "reason")
    count = await locked_count(data.count_id)
    lines = {line.sku: line for line in await StockCountLine.filter(stock_count_id=count.id)}
    for index, sku in enumerate(data.skus):
        if sku not in lines:
            raise Refused("UNKNOWN_SKU", f"stock count {count.id} has no line of {sku}", f"skus.{index}")
    again = [lines[sku] for sku in data.skus] or [line for line in lines.values() if line.variance]
    if not again:
        raise Refused("NOTHING_TO_COUNT", f"nothing of stock count {count.id} was off: name the SKUs", "skus")
    count.approver, count.note, count.submitted_at, count.decided_at = "", "", None, None
    await put_count(uow, count, StockCountStatus.COUNTING, data.reason.strip())
    await StockCountLine.filter(id__in=[line.id for line in again]).update(
        counted=None, on_hand=None, counted_at=None, counter="", counted_by="", unit_value=None, away=0
    )
    return count
