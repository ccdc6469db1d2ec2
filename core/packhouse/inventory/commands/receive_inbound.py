"""Taking goods in, in as many parts as they come: fewer than announced, or more."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.inventory.commands.announce_inbound import MAX_UNITS, InboundPart
from packhouse.inventory.commands.load_inbound import locked_inbound
from packhouse.inventory.commands.move import Movement
from packhouse.inventory.commands.move_and_tell import move_and_tell
from packhouse.inventory.models import InboundLine, InboundShipment
from packhouse.inventory.states import INBOUND_STATUS, InboundStatus, MovementKind
from packhouse.sdk import InvalidValue, Refused, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class ReceiveInbound:
    """What came. `nothing_more_comes`: whatever is missing now is not expected any more."""

    inbound_id: UUID
    lines: tuple[InboundPart, ...] = ()
    nothing_more_comes: bool = False


async def receive_inbound(uow: UnitOfWork, data: ReceiveInbound) -> InboundShipment:
    """Put what came on the shelf; with the last unit, or where nothing more comes, the shipment is closed.

    More units than were announced are taken in as they came: they are there.

    Raises:
        InvalidValue: nothing came, a SKU twice, or a quantity that cannot be.
        Refused: NOT_FOUND, NOT_EXPECTED (a SKU that was not announced: adjust its stock).
        IllegalTransition: it was closed or cancelled.
    """
    came = _came(data)
    inbound = await locked_inbound(data.inbound_id)
    lines = {line.sku: line for line in await InboundLine.filter(inbound_id=inbound.id).order_by("sku")}
    for index, sku in enumerate(came):
        if sku not in lines:
            raise Refused(
                "NOT_EXPECTED",
                f"{sku} is not announced by inbound shipment {inbound.id}: adjust its stock instead",
                f"lines.{index}.sku",
            )
    movements = [_receive(inbound, lines[sku], units) for sku, units in came.items()]
    is_over = data.nothing_more_comes or all(line.received >= line.expected for line in lines.values())
    _put_forward(inbound, InboundStatus.CLOSED if is_over else InboundStatus.PARTIALLY_RECEIVED)
    if is_over:
        inbound.closed_at = now()
        movements += [_write_off(inbound, line) for line in lines.values() if line.received < line.expected]
    for line in lines.values():
        await line.save(update_fields=["received"])
    await inbound.save(update_fields=["status", "closed_at"])
    await move_and_tell(uow, movements)
    return inbound


def _came(data: ReceiveInbound) -> dict[str, int]:
    if not data.lines and not data.nothing_more_comes:
        raise InvalidValue("lines", "name what came")
    came: dict[str, int] = {}
    for index, line in enumerate(data.lines):
        if line.sku in came:
            raise InvalidValue(f"lines.{index}.sku", f"{line.sku} is named more than once: add its quantities")
        if not 1 <= line.quantity <= MAX_UNITS:
            raise InvalidValue(f"lines.{index}.quantity", f"{line.quantity} is not a number of units")
        came[line.sku] = line.quantity
    return came


def _put_forward(inbound: InboundShipment, to: InboundStatus) -> None:
    if inbound.status == to == InboundStatus.PARTIALLY_RECEIVED:
        return
    INBOUND_STATUS.check(InboundStatus(inbound.status), to)
    inbound.status = to.value


def _receive(inbound: InboundShipment, line: InboundLine, units: int) -> Movement:
    awaited = min(units, max(0, line.expected - line.received))
    line.received += units
    return Movement(
        line.variant_id,
        inbound.location_id,
        MovementKind.RECEIVE,
        "received" if awaited == units else f"received, {units - awaited} more than announced",
        on_hand=units,
        incoming=-awaited,
        reference=str(inbound.id),
    )


def _write_off(inbound: InboundShipment, line: InboundLine) -> Movement:
    missing = line.expected - line.received
    return Movement(
        line.variant_id,
        inbound.location_id,
        MovementKind.WITHDRAW,
        f"{missing} of {line.expected} did not come",
        incoming=-missing,
        reference=str(inbound.id),
    )
