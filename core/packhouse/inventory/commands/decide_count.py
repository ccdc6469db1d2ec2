"""Deciding about a count that was handed in: by somebody else than whoever counted."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.inventory.commands.load_count import locked_count, put_count
from packhouse.inventory.commands.post_count import post_if_possible
from packhouse.inventory.models import StockCount, StockCountLine
from packhouse.inventory.rules import is_same_person
from packhouse.inventory.states import StockCountStatus
from packhouse.sdk import InvalidValue, Refused, now
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class DecideCount:
    """Somebody's decision about a count, and why.

    `names_are_known`: whoever asks speaks for several people and knows them, so that the names they give are enough to tell them apart;
    else whoever asks must not have told of the counting.
    """

    count_id: UUID
    approver: str
    is_approved: bool
    note: str = ""
    names_are_known: bool = False


async def decide_count(uow: UnitOfWork, data: DecideCount) -> StockCount:
    """Approve a count, which is booked at once where no claim stands in the way, or reject it.

    Raises:
        InvalidValue: no approver, no reason for a rejection, or a text that is too long.
        Refused: NOT_FOUND, SAME_PERSON.
        IllegalTransition: it was not handed in.
    """
    if not data.approver.strip():
        raise InvalidValue("approver", "say who decides")
    if not data.is_approved and not data.note.strip():
        raise InvalidValue("note", "say why it is rejected")
    check_length(data.approver, 64, "approver")
    check_length(data.note, 255, "note")
    count = await locked_count(data.count_id)
    await _check_is_another(uow, data)
    count.approver = data.approver.strip()
    count.note = data.note.strip()
    count.decided_at = now()
    to = StockCountStatus.APPROVED if data.is_approved else StockCountStatus.REJECTED
    await put_count(uow, count, to, count.note)
    if data.is_approved:
        await post_if_possible(uow, count)
    return count


async def _check_is_another(uow: UnitOfWork, data: DecideCount) -> None:
    counted = StockCountLine.filter(stock_count_id=data.count_id)
    for counter in await counted.distinct().values_list("counter", flat=True):
        if is_same_person(data.approver, str(counter)):
            raise Refused("SAME_PERSON", f"{counter} counted some of it: somebody else has to decide", "approver")
    actor = uow.initiator.actor
    if not data.names_are_known and await counted.filter(counted_by=actor).exists():
        raise Refused(
            "SAME_PERSON", f"{actor} counted some of it, under whatever name: another one has to decide", "approver"
        )
