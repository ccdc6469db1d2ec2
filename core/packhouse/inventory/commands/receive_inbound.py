"""Taking goods in, in as many parts as they come: fewer than announced, or more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.inventory.commands.announce_inbound import MAX_UNITS, InboundPart
from packhouse.inventory.commands.load_inbound import locked_inbound
from packhouse.inventory.commands.move import Movement
from packhouse.inventory.commands.move_and_tell import move_and_tell
from packhouse.inventory.commands.open_lot import open_lot
from packhouse.inventory.commands.put_away import put_away
from packhouse.inventory.models import InboundLine, InboundShipment, LotTracking, StockLevel
from packhouse.inventory.shelves import Placed
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
        InvalidValue: nothing came, a SKU twice in one bin and of one lot, a quantity that cannot be, or another expiry than
            the lot has.
        Refused: NOT_FOUND, NOT_EXPECTED (a SKU that was not announced: adjust its stock), LOT_REQUIRED, LOTS_NOT_TRACKED,
            UNKNOWN_BIN.
        IllegalTransition: it was closed or cancelled.
    """
    _check(data)
    inbound = await locked_inbound(data.inbound_id)
    lines = {line.sku: line for line in await InboundLine.filter(inbound_id=inbound.id).order_by("sku")}
    for index, part in enumerate(data.lines):
        if part.sku not in lines:
            raise Refused(
                "NOT_EXPECTED",
                f"{part.sku} is not announced by inbound shipment {inbound.id}: adjust its stock instead",
                f"lines.{index}.sku",
            )
    placed = await _put_away(inbound, lines, data.lines)
    movements = [
        _receive(inbound, lines[part.sku], part.quantity, where) for part, where in zip(data.lines, placed, strict=True)
    ]
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


def _check(data: ReceiveInbound) -> None:
    if not data.lines and not data.nothing_more_comes:
        raise InvalidValue("lines", "name what came")
    named = set()
    for index, line in enumerate(data.lines):
        if (line.sku, line.bin, line.lot) in named:
            raise InvalidValue(f"lines.{index}.sku", f"{line.sku} is named more than once: add its quantities")
        if not 1 <= line.quantity <= MAX_UNITS:
            raise InvalidValue(f"lines.{index}.quantity", f"{line.quantity} is not a number of units")
        named.add((line.sku, line.bin, line.lot))


async def _put_away(
    inbound: InboundShipment, lines: Mapping[str, InboundLine], parts: Sequence[InboundPart]
) -> list[tuple[Placed, ...]]:
    """Where each part goes; nothing is said of what has no lot and no bin of its own."""
    ids = [lines[part.sku].variant_id for part in parts]
    tracked = set(await LotTracking.filter(variant_id__in=ids).values_list("variant_id", flat=True))
    named = [
        id_ for id_, part in zip(ids, parts, strict=True) if id_ in tracked or part.bin or part.lot or part.expires_on
    ]
    variants = {row.id: row for row in await Variant.filter(id__in=named)} if named else {}
    levels = {
        row.variant_id: row
        for row in await StockLevel.filter(variant_id__in=named, location_id=inbound.location_id)
        .order_by("variant_id")
        .select_for_update()
    }
    placed: list[tuple[Placed, ...]] = []
    for index, part in enumerate(parts):
        variant = variants.get(ids[index])
        if variant is None:
            placed.append(())
            continue
        lot = await open_lot(variant, part.lot, part.expires_on, f"lines.{index}.lot", inbound_id=inbound.id)
        placed.append(await put_away(levels[variant.id], part.quantity, part.bin, lot, f"lines.{index}.bin"))
    return placed


def _put_forward(inbound: InboundShipment, to: InboundStatus) -> None:
    if inbound.status == to == InboundStatus.PARTIALLY_RECEIVED:
        return
    INBOUND_STATUS.check(InboundStatus(inbound.status), to)
    inbound.status = to.value


def _receive(inbound: InboundShipment, line: InboundLine, units: int, placed: tuple[Placed, ...]) -> Movement:
    awaited = min(units, max(0, line.expected - line.received))
    line.received += units
    return Movement(
        line.variant_id,
        inbound.location_id,
        MovementKind.RECEIVE,
        "received" if awaited == units else f"received, {units - awaited} more than announced",
        on_hand=units,
        quarantined=sum(each.quarantined for each in placed),
        incoming=-awaited,
        reference=str(inbound.id),
        placed=placed,
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
