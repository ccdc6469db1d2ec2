"""Taking a location out of use, and back in."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.inventory.commands.create_location import tell_location
from packhouse.inventory.models import Location
from packhouse.sdk import Refused
from packhouse.storage import UnitOfWork
from packhouse.storage.unit_of_work import EVERY_VARIANT


@dataclass(frozen=True, slots=True)
class SetLocationActive:
    """Whether a location gets new work, and its stock can be promised."""

    location_id: UUID
    is_active: bool


async def set_location_active(uow: UnitOfWork, data: SetLocationActive) -> Location:
    """Change it; work that the location has stays with it.

    Raises:
        Refused: NOT_FOUND.
    """
    location = await Location.filter(id=data.location_id).select_for_update().first()
    if location is None:
        raise Refused("NOT_FOUND", f"there is no location {data.location_id}", "locationId")
    if location.is_active != data.is_active:
        location.is_active = data.is_active
        await location.save(update_fields=["is_active"])
        uow.moved.add(EVERY_VARIANT)
        tell_location(uow, location, "active", is_active=location.is_active)
    return location
