"""Describing a bin: where pickers come by it, what it is for, and whether it is used."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.inventory.commands.create_location import tell_location
from packhouse.inventory.models import Bin, Location, StockHolding, StockLevel
from packhouse.inventory.states import BinKind
from packhouse.sdk import InvalidValue, Refused, now
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork

MAX_SEQUENCE = 1_000_000


@dataclass(frozen=True, slots=True)
class SetBin:
    """A bin of a location; bins of one sequence are walked by code."""

    location_id: UUID
    code: str
    sequence: int = 0
    kind: BinKind = BinKind.PICK_FACE
    is_active: bool = True


async def set_bin(uow: UnitOfWork, data: SetBin) -> Bin:
    """Create a bin, or change the one with this code. A location that has bins takes no other codes from then on.

    Raises:
        InvalidValue: no code, one that is too long, or a sequence that cannot be.
        Refused: NOT_FOUND (the location), BIN_IN_USE (something lies in a bin that shall be closed or change what it is for).
    """
    code = data.code.strip()
    if not code:
        raise InvalidValue("code", "a bin needs a code")
    check_length(code, 32, "code")
    if not 0 <= data.sequence <= MAX_SEQUENCE:
        raise InvalidValue("sequence", f"{data.sequence} is not a number from 0 to {MAX_SEQUENCE}")
    location = await Location.get_or_none(id=data.location_id)
    if location is None:
        raise Refused("NOT_FOUND", f"there is no location {data.location_id}", "locationId")
    bin_ = await Bin.filter(location_id=data.location_id, code=code).select_for_update().first()
    if not data.is_active or data.kind is BinKind.QUARANTINE:
        await _refuse_used(data, code, bin_)
    if bin_ is None:
        bin_ = Bin(location_id=data.location_id, code=code, created_at=now())
    bin_.sequence = data.sequence
    bin_.kind = data.kind.value
    bin_.is_active = data.is_active
    await bin_.save()
    tell_location(uow, location, "bin", bin=code, is_active=data.is_active)
    return bin_


async def _refuse_used(data: SetBin, code: str, before: Bin | None) -> None:
    """Units in a bin that is closed would be lost to pickers, and those in quarantine by their bin alone to the balances."""
    if data.is_active and before is not None and before.kind == data.kind:
        return
    levels = StockLevel.filter(location_id=data.location_id, bin=code, on_hand__gt=0, is_divided=False)
    if await StockHolding.exists(location_id=data.location_id, bin=code) or await levels.exists():
        raise Refused("BIN_IN_USE", f"something lies in bin {code}: move it first", "code")


async def check_bin(location_id: UUID, code: str, field: str) -> BinKind:
    """What a bin is for that something shall be put into; where a location has described no bins, any code is a pick face.

    Raises:
        InvalidValue: a code that is too long.
        Refused: UNKNOWN_BIN: the location has bins, and not this one, or it is closed.
    """
    check_length(code, 32, field)
    if not code:
        return BinKind.PICK_FACE
    found = await Bin.get_or_none(location_id=location_id, code=code)
    if found is not None and found.is_active:
        return BinKind(found.kind)
    if found is not None or await Bin.exists(location_id=location_id):
        state = "is closed" if found else "is none of this location's"
        raise Refused("UNKNOWN_BIN", f"bin {code} {state}: name another one, or describe it by setBin", field)
    return BinKind.PICK_FACE
