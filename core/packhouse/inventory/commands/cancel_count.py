"""Giving a count up: nothing of it is booked."""

from uuid import UUID

from packhouse.inventory.commands.load_count import locked_count, put_count
from packhouse.inventory.models import StockCount
from packhouse.inventory.states import StockCountStatus
from packhouse.sdk import InvalidValue, now
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork


async def cancel_count(uow: UnitOfWork, count_id: UUID, reason: str) -> StockCount:
    """Give a count up.

    Raises:
        InvalidValue: no reason, or one that is too long.
        Refused: NOT_FOUND.
        IllegalTransition: it is approved, booked or given up already.
    """
    if not reason.strip():
        raise InvalidValue("reason", "say why it is given up")
    check_length(reason, 255, "reason")
    count = await locked_count(count_id)
    count.note = reason.strip()
    count.closed_at = now()
    await put_count(uow, count, StockCountStatus.CANCELLED, count.note)
    return count
