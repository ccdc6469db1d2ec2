"""Deciding what becomes of each unit that came back, and moving the stock accordingly."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from packhouse.events.record import record
from packhouse.inventory.commands.move import Movement, apply_movements
from packhouse.inventory.models import Location, StockLevel
from packhouse.inventory.shelves import Placed
from packhouse.inventory.states import MovementKind
from packhouse.orders.models import OrderLineComponent
from packhouse.returns.commands.find_lot import Returned, place_returned
from packhouse.returns.commands.load import OpenReturn, decided_units, follow_goods, locked_return, touch
from packhouse.returns.models import Return, ReturnInspection, ReturnLine
from packhouse.returns.states import Disposition, ReturnRequestStatus
from packhouse.sdk import EventType, InvalidValue, Refused, new_id, now
from packhouse.settings.sections import ReturnsSettings
from packhouse.storage import UnitOfWork

_STOCKED = (Disposition.RESTOCK, Disposition.QUARANTINE)


@dataclass(frozen=True, slots=True)
class InspectedUnits:
    """Units of a return line that were looked at, where, and what becomes of them; without `disposition` the policy says.

    `lot` is what was read on them, where the variant is tracked by lot; the only one that the order was sent need not be said.
    """

    line_id: UUID
    location_id: UUID
    quantity: int
    disposition: Disposition | None = None
    note: str = ""
    lot: str = ""


@dataclass(frozen=True, slots=True)
class InspectReturn:
    """What was seen of a return."""

    return_id: UUID
    units: tuple[InspectedUnits, ...]


async def inspect_return(uow: UnitOfWork, data: InspectReturn, policy: ReturnsSettings) -> Return:
    """Decide on received units: restock and quarantine bring them back on hand, scrap and send back do not.

    Raises:
        InvalidValue: nothing was looked at, or a quantity that is none.
        Refused: NOT_FOUND, NOT_RECEIVED (units without a decision are fewer), UNKNOWN_VARIANT (nothing to stock it as),
            UNKNOWN_LOT, LOT_REQUIRED (to be sold again, and nobody knows of which lot).
    """
    _check(data)
    opened = await locked_return(data.return_id)
    decided = Counter(await decided_units(opened.lines))
    await _check_locations(data)
    rows = [_inspection(opened, units, decided, policy, f"units.{index}") for index, units in enumerate(data.units)]
    for row in rows:
        await row.save(force_create=True)
    for line in opened.lines:
        nothing_more_comes = opened.status is ReturnRequestStatus.RECEIVED
        follow_goods(line, decided[line.id], nothing_more_comes=nothing_more_comes)
        await line.save()
    await touch(opened.order.id)
    _record_inspection(uow, opened, rows)
    await _stock(uow, opened, rows, {row.id: units.lot for row, units in zip(rows, data.units, strict=True)})
    return opened.request


def _check(data: InspectReturn) -> None:
    if not data.units:
        raise InvalidValue("units", "name what was looked at")
    for index, units in enumerate(data.units):
        if units.quantity < 1:
            raise InvalidValue(f"units.{index}.quantity", f"{units.quantity} is not a number of units")
        if len(units.note) > 255:  # noqa: PLR2004  (the column's width)
            raise InvalidValue(f"units.{index}.note", "longer than 255 characters")


async def _check_locations(data: InspectReturn) -> None:
    named = {units.location_id for units in data.units}
    known = set(await Location.filter(id__in=list(named)).values_list("id", flat=True))
    for index, units in enumerate(data.units):
        if units.location_id not in known:
            raise Refused("NOT_FOUND", f"there is no location {units.location_id}", f"units.{index}.locationId")


def _inspection(
    opened: OpenReturn, units: InspectedUnits, decided: Counter[UUID], policy: ReturnsSettings, path: str
) -> ReturnInspection:
    line = opened.line(units.line_id, f"{path}.lineId")
    undecided = line.received - decided[line.id]
    if units.quantity > undecided:
        raise Refused(
            "NOT_RECEIVED",
            f"{undecided} units of {opened.sku(line)} of return {opened.request.number} have arrived and wait for a decision,"
            f" not {units.quantity}",
            f"{path}.quantity",
        )
    decided[line.id] += units.quantity
    usual = Disposition.RESTOCK if policy.restock_by_default else Disposition.QUARANTINE
    disposition = units.disposition or usual
    if disposition in _STOCKED and opened.order_lines[line.order_line_id].variant_id is None:
        raise Refused(
            "UNKNOWN_VARIANT",
            f"{opened.sku(line)} is no variant of the catalogue, so it cannot be taken into stock: scrap it or send it back",
            f"{path}.disposition",
        )
    return ReturnInspection(
        return_line_id=line.id,
        location_id=units.location_id,
        quantity=units.quantity,
        disposition=disposition.value,
        note=units.note,
        inspected_at=now(),
    )


def _record_inspection(uow: UnitOfWork, opened: OpenReturn, rows: Sequence[ReturnInspection]) -> None:
    record(
        uow,
        EventType.RETURN_INSPECTED,
        opened.request.id,
        rows[0].id,
        order_id=opened.order.id,
        payload={
            "return_id": str(opened.request.id),
            "number": opened.request.number,
            "units": [
                {
                    "sku": opened.sku(_line_of(opened, row)),
                    "location_id": str(row.location_id),
                    "quantity": row.quantity,
                    "disposition": row.disposition,
                }
                for row in rows
            ],
        },
    )


async def _stock(
    uow: UnitOfWork, opened: OpenReturn, rows: Sequence[ReturnInspection], lots: Mapping[UUID, str]
) -> None:
    """Bring units back on hand: the last step, because stock rows are what others wait for."""
    units = [each for row in rows if row.disposition in _STOCKED for each in await _units_of(opened, row)]
    placed = [await place_returned(uow, _returned(opened, each, lots[each.row.id])) for each in units]
    await apply_movements(uow, [_movement(opened, each, where) for each, where in zip(units, placed, strict=True)])
    deltas: Counter[tuple[UUID, UUID, str]] = Counter()
    for each in units:
        deltas[each.variant_id, each.row.location_id, each.sku] += each.quantity
    for (variant_id, location_id, sku), delta in deltas.items():
        level = await StockLevel.get(variant_id=variant_id, location_id=location_id)
        record(
            uow,
            EventType.STOCK_ADJUSTED,
            new_id(),
            reason=f"return {opened.request.number}",
            payload={"sku": sku, "location_id": str(location_id), "on_hand": level.on_hand, "delta": delta},
        )


@dataclass(frozen=True, slots=True)
class _Units:
    row: ReturnInspection
    variant_id: UUID
    sku: str
    quantity: int


async def _units_of(opened: OpenReturn, row: ReturnInspection) -> list[_Units]:
    """What goes back on the shelf: of a bundle, its components as they were ordered."""
    order_line = opened.order_lines[_line_of(opened, row).order_line_id]
    if order_line.is_bundle:
        parts = await OrderLineComponent.filter(order_line_id=order_line.id).order_by("sku")
        return [_Units(row, part.variant_id, part.sku, row.quantity * part.quantity) for part in parts]
    if order_line.variant_id is None:  # refused before
        raise Refused("UNKNOWN_VARIANT", f"{order_line.sku} is no variant of the catalogue")
    return [_Units(row, order_line.variant_id, order_line.sku, row.quantity)]


def _returned(opened: OpenReturn, units: _Units, lot: str) -> Returned:
    row = units.row
    is_bundle = opened.order_lines[_line_of(opened, row).order_line_id].is_bundle
    return Returned(
        order_id=opened.order.id,
        variant_id=units.variant_id,
        location_id=row.location_id,
        quantity=units.quantity,
        is_restocked=row.disposition == Disposition.RESTOCK,
        # what was read is on the bundle's components, and nobody says on which
        lot="" if is_bundle else lot,
    )


def _movement(opened: OpenReturn, units: _Units, placed: tuple[Placed, ...]) -> Movement:
    row = units.row
    apart = units.quantity if row.disposition == Disposition.QUARANTINE else 0
    return Movement(
        units.variant_id,
        row.location_id,
        MovementKind(row.disposition),
        f"return {opened.request.number}",
        on_hand=units.quantity,
        quarantined=sum(each.quarantined for each in placed) if placed else apart,
        order_id=opened.order.id,
        reference=str(row.id),
        placed=placed,
    )


def _line_of(opened: OpenReturn, row: ReturnInspection) -> ReturnLine:
    return opened.line(row.return_line_id, "units")
