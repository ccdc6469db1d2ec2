"""Rejecting work: a person at the location says that it, or part of it, cannot be sent from there."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.fulfillment.commands.fail import fail_work
from packhouse.fulfillment.commands.load import given_away, locked_fulfillment_order
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.fulfillment.states import FulfillmentOrderStatus, RejectionReason, RequestStatus
from packhouse.sdk import Refused
from packhouse.storage import UnitOfWork

_REJECTABLE = {FulfillmentOrderStatus.OPEN.value, FulfillmentOrderStatus.IN_PROGRESS.value}


@dataclass(frozen=True, slots=True)
class RejectFulfillment:
    """Work that is not done. `line_ids` are the lines whose stock was found wrong; none named blames all."""

    fulfillment_order_id: UUID
    reason: RejectionReason
    note: str = ""
    line_ids: tuple[UUID, ...] = ()


async def reject_fulfillment(uow: UnitOfWork, data: RejectFulfillment) -> FulfillmentOrder:
    """Give back every unit that is not packed; they are routed again, without this location.

    Raises:
        Refused: NOT_FOUND, NOT_REJECTABLE (packed or ended), GIVEN_TO_NETWORK (only they can reject it).
    """
    work = await locked_fulfillment_order(data.fulfillment_order_id)
    if work.status not in _REJECTABLE:
        raise Refused(
            "NOT_REJECTABLE",
            f"fulfillment order {work.id} is {work.status}: only open work and work in progress can be rejected",
            "fulfillmentOrderId",
        )
    if work.request_status != RequestStatus.UNSUBMITTED or await given_away([work]):
        raise Refused(
            "GIVEN_TO_NETWORK",
            f"fulfillment order {work.id} was given to {work.network} ({work.request_status}): only they can reject it",
            "fulfillmentOrderId",
        )
    own = {row.id for row in await FulfillmentOrderLine.filter(fulfillment_order_id=work.id)}
    for index, line_id in enumerate(data.line_ids):
        if line_id not in own:
            raise Refused(
                "NOT_FOUND", f"fulfillment order {work.id} has no line {line_id}", f"fulfillmentOrderLineIds.{index}"
            )
    await fail_work(uow, work, data.reason, data.note, frozenset(data.line_ids))
    return work
