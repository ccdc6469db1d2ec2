"""Calling off goods of which nothing has come: a supplier does not send them, or a transfer turns round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from packhouse.inventory.commands.load_inbound import locked_inbound
from packhouse.inventory.commands.move import Movement
from packhouse.inventory.commands.move_and_tell import move_and_tell
from packhouse.inventory.holdings import entries_of
from packhouse.inventory.models import InboundLine, InboundShipment
from packhouse.inventory.shelves import Placed
from packhouse.inventory.states import INBOUND_STATUS, InboundStatus, MovementKind
from packhouse.sdk import InvalidValue, now
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class CancelInbound:
    """An inbound shipment to call off, and why."""

    inbound_id: UUID
    reason: str


async def cancel_inbound(uow: UnitOfWork, data: CancelInbound) -> InboundShipment:
    """Cancel an inbound shipment; the goods of a transfer are back on the shelf that they came from.

    Raises:
        InvalidValue: no reason, or one that is too long.
        Refused: NOT_FOUND.
        IllegalTransition: something of it has come (close it instead), or it has ended.
    """
    reason = data.reason.strip()
    if not reason:
        raise InvalidValue("reason", "say why the goods do not come")
    check_length(reason, 255, "reason")
    inbound = await locked_inbound(data.inbound_id)
    INBOUND_STATUS.check(InboundStatus(inbound.status), InboundStatus.CANCELLED)
    inbound.status = InboundStatus.CANCELLED.value
    inbound.closed_at = now()
    await inbound.save(update_fields=["status", "closed_at"])
    lines = await InboundLine.filter(inbound_id=inbound.id).order_by("sku")
    sent = await _sent(inbound, lines)
    movements = []
    for line in lines:
        movements.append(
            Movement(
                line.variant_id,
                inbound.location_id,
                MovementKind.WITHDRAW,
                reason,
                incoming=-line.expected,
                reference=str(inbound.id),
            )
        )
        if inbound.from_location_id is not None:
            movements.append(
                Movement(
                    line.variant_id,
                    inbound.from_location_id,
                    MovementKind.RECEIVE,
                    reason,
                    on_hand=line.expected,
                    reference=str(inbound.id),
                    placed=tuple(replace(each, on_hand=-each.on_hand) for each in sent.get(line.variant_id, ())),
                )
            )
    await move_and_tell(uow, movements)
    return inbound


async def _sent(inbound: InboundShipment, lines: Sequence[InboundLine]) -> Mapping[UUID, Sequence[Placed]]:
    """The bins and lots that the goods of a transfer left: they go back there."""
    if inbound.from_location_id is None:
        return {}
    variants = [line.variant_id for line in lines]
    return await entries_of(MovementKind.SEND, inbound.id, inbound.from_location_id, variants, since=inbound.created_at)
