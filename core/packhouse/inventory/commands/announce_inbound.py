"""Announcing goods: a supplier's that are on their way, or our own that leave for another location."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.inventory.commands.move import Movement
from packhouse.inventory.commands.move_and_tell import move_and_tell
from packhouse.inventory.commands.put_away import locked_level, take_from
from packhouse.inventory.models import InboundLine, InboundShipment, Location
from packhouse.inventory.shelves import Placed
from packhouse.inventory.states import InboundStatus, MovementKind
from packhouse.sdk import InvalidValue, Refused, now
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork

MAX_LINES = 1_000
# A lorry holds fewer, and hundreds of such lines still fit into a balance.
MAX_UNITS = 10_000_000


@dataclass(frozen=True, slots=True)
class InboundPart:
    """Units of a SKU that come.

    `bin` and `lot` say which units leave one of our locations, or where units that were received are put, and of which lot
    they are, with its expiry. Of what a supplier announces they are not known yet.
    """

    sku: str
    quantity: int
    bin: str | None = None
    lot: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class AnnounceInbound:
    """Goods that a supplier sends, or (`from_location_id`) that leave one of our locations now for another one."""

    location_id: UUID
    lines: tuple[InboundPart, ...]
    supplier: str = ""
    from_location_id: UUID | None = None
    expected_at: datetime | None = None
    reference: str = ""


async def announce_inbound(uow: UnitOfWork, data: AnnounceInbound) -> InboundShipment:
    """Count goods as incoming at their destination; those of a transfer leave the shelf where they come from.

    Raises:
        InvalidValue: no supplier, no lines, a SKU twice, a quantity that cannot be, a text that is too long, a time without
            a time zone, or a transfer to where the goods are.
        Refused: UNKNOWN_SKU, IS_BUNDLE, NOT_FOUND (a location), INSUFFICIENT_STOCK (more than is there and not promised).
    """
    units = _units(data)
    await _check_places(data)
    variants = await _variants(units)
    inbound = await InboundShipment.create(
        location_id=data.location_id,
        from_location_id=data.from_location_id,
        supplier=data.supplier.strip(),
        reference=data.reference,
        status=InboundStatus.ANNOUNCED.value,
        expected_at=data.expected_at,
        created_at=now(),
    )
    for sku, quantity in units.items():
        await InboundLine.create(inbound_id=inbound.id, variant_id=variants[sku].id, sku=sku, expected=quantity)
    placed = {part.sku: await _taken(uow, data, variants[part.sku], part) for part in data.lines}
    movements = [each for sku in units for each in _movements(inbound, variants[sku], units[sku], placed[sku])]
    await move_and_tell(uow, movements)
    return inbound


async def _taken(uow: UnitOfWork, data: AnnounceInbound, variant: Variant, part: InboundPart) -> tuple[Placed, ...]:
    """Which units leave, where somebody says so."""
    if data.from_location_id is None or (part.bin is None and not part.lot):
        return ()
    level = await locked_level(variant.id, data.from_location_id, part.sku)
    return await take_from(uow, level, Placed("", "", -part.quantity), part.bin, part.lot, "lines")


def _movements(inbound: InboundShipment, variant: Variant, quantity: int, placed: tuple[Placed, ...]) -> list[Movement]:
    reference = str(inbound.id)
    if inbound.from_location_id is None:
        reason = f"announced by {inbound.supplier}"[:255]
        return [
            Movement(
                variant.id, inbound.location_id, MovementKind.ANNOUNCE, reason, incoming=quantity, reference=reference
            )
        ]
    return [
        Movement(
            variant.id,
            inbound.from_location_id,
            MovementKind.SEND,
            "sent to another location",
            on_hand=-quantity,
            reference=reference,
            placed=placed,
        ),
        Movement(
            variant.id,
            inbound.location_id,
            MovementKind.ANNOUNCE,
            "sent by another location",
            incoming=quantity,
            reference=reference,
        ),
    ]


def _units(data: AnnounceInbound) -> dict[str, int]:
    if not data.supplier.strip() and data.from_location_id is None:
        raise InvalidValue("supplier", "say who sends the goods")
    check_length(data.supplier, 255, "supplier")
    check_length(data.reference, 64, "reference")
    if data.expected_at is not None and data.expected_at.tzinfo is None:
        raise InvalidValue("expectedAt", "the time needs a time zone")
    if data.from_location_id == data.location_id:
        raise InvalidValue("toLocationId", "the goods are there already")
    if not 1 <= len(data.lines) <= MAX_LINES:
        raise InvalidValue("lines", f"name 1 to {MAX_LINES} SKUs")
    units: dict[str, int] = {}
    for index, line in enumerate(data.lines):
        if line.sku in units:
            raise InvalidValue(f"lines.{index}.sku", f"{line.sku} is named more than once: add its quantities")
        if not 1 <= line.quantity <= MAX_UNITS:
            raise InvalidValue(f"lines.{index}.quantity", f"{line.quantity} is not a number of units")
        if data.from_location_id is None and (line.bin is not None or line.lot or line.expires_on is not None):
            raise InvalidValue(f"lines.{index}.lot", "bin and lot are said when the goods are received")
        units[line.sku] = line.quantity
    return units


async def _check_places(data: AnnounceInbound) -> None:
    to = "locationId" if data.from_location_id is None else "toLocationId"
    for field, id_ in (("fromLocationId", data.from_location_id), (to, data.location_id)):
        if id_ is not None and not await Location.exists(id=id_):
            raise Refused("NOT_FOUND", f"there is no location {id_}", field)


async def _variants(units: Mapping[str, int]) -> dict[str, Variant]:
    variants = {row.sku: row for row in await Variant.filter(sku__in=list(units))}
    for index, sku in enumerate(units):
        if sku not in variants:
            raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {sku}", f"lines.{index}.sku")
        if variants[sku].is_bundle:
            raise Refused("IS_BUNDLE", f"{sku} is a bundle: name its components", f"lines.{index}.sku")
    return variants
