"""Saying when a location works."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.inventory.calendars import Calendar, calendar_as_json, checked_calendar
from packhouse.inventory.commands.create_location import tell_location
from packhouse.inventory.models import Location
from packhouse.sdk import Refused
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class SetCalendar:
    """The calendar of a location from now on; None: nobody knows when it works, and nothing is promised for it."""

    location_id: UUID
    calendar: Calendar | None


async def set_calendar(uow: UnitOfWork, data: SetCalendar) -> Location:
    """Set or remove a location's calendar; promises made before stay as they are.

    Raises:
        InvalidValue: a time zone, time or days that cannot be.
        Refused: NOT_FOUND.
    """
    kept = None if data.calendar is None else calendar_as_json(checked_calendar(data.calendar))
    location = await Location.get_or_none(id=data.location_id)
    if location is None:
        raise Refused("NOT_FOUND", f"there is no location {data.location_id}", "locationId")
    location.calendar = kept
    await location.save(update_fields=["calendar"])
    tell_location(uow, location, "calendar")
    return location
