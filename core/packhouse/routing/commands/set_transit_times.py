"""Saying how long parcels take from somewhere: all ways from one origin at once, in place of those that were known."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from packhouse.inventory.calendars import check_time_zone
from packhouse.inventory.models import Location
from packhouse.routing.commands.set_country_calendar import check_country, tell_routing
from packhouse.routing.geography import normal_postcode
from packhouse.routing.models import TransitTime
from packhouse.routing.timetables import LONGEST_PREFIX
from packhouse.sdk import InvalidValue, Refused, ShippingSpeed, new_id
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import Dialect

MOST_TIMES = 10_000
_MOST_DAYS = 90


@dataclass(frozen=True, slots=True)
class Way:
    """Working days to the postcodes of a country that begin with a prefix (empty: all of it), at a speed."""

    country: str
    min_days: int
    max_days: int
    postcode_prefix: str = ""
    speed: ShippingSpeed = ShippingSpeed.STANDARD
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class SetTransitTimes:
    """All ways from a location, by its code, or from every location in a country that has none of its own to a place."""

    ways: Sequence[Way]
    location: str = ""
    country: str = ""


async def set_transit_times(uow: UnitOfWork, data: SetTransitTimes) -> str:
    """Replace the transit times from an origin; returns its code. No ways: none is known.

    Raises:
        InvalidValue: not one origin, too many ways, one twice, or one that cannot be.
        Refused: UNKNOWN_LOCATION.
    """
    if bool(data.location) == bool(data.country):
        raise InvalidValue("origin", "name either a location or a country")
    ways = _checked(data.ways)
    location_id = await _origin(uow, data)
    if location_id is None:
        await TransitTime.filter(origin_country=data.country).delete()
    else:
        await TransitTime.filter(location_id=location_id).delete()
    await uow.insert(
        "transit_time",
        [
            {
                "id": new_id(),
                "location_id": location_id,
                "origin_country": data.country,
                "country": way.country,
                "postcode_prefix": prefix,
                "speed": way.speed.value,
                "min_days": way.min_days,
                "max_days": way.max_days,
                "time_zone": way.time_zone,
            }
            for (_, prefix, _), way in ways.items()
        ],
    )
    origin = data.location or data.country
    tell_routing(uow, "transit_times", origin=origin, ways=len(ways))
    return origin


async def _origin(uow: UnitOfWork, data: SetTransitTimes) -> UUID | None:
    """The location, locked: of any number who replace its times at once, each replaces what the one before has written."""
    if data.country:
        check_country(data.country, "origin.country")
        if uow.dialect is Dialect.POSTGRES:
            # a country has no row to lock
            await uow.fetch("SELECT pg_advisory_xact_lock(hashtext($1))", f"transit times from {data.country}")
        return None
    location = await Location.filter(code=data.location).select_for_update().first()
    if location is None:
        raise Refused("UNKNOWN_LOCATION", f"there is no location {data.location}", "origin.location")
    return location.id


def _checked(ways: Sequence[Way]) -> dict[tuple[str, str, ShippingSpeed], Way]:
    """The ways by country, prefix and speed."""
    if len(ways) > MOST_TIMES:
        raise InvalidValue("times", f"expected at most {MOST_TIMES} transit times")
    found: dict[tuple[str, str, ShippingSpeed], Way] = {}
    for index, way in enumerate(ways):
        path = f"times.{index}"
        check_country(way.country, f"{path}.country")
        prefix = normal_postcode(way.postcode_prefix)
        if len(prefix) > LONGEST_PREFIX:
            raise InvalidValue(f"{path}.postcodePrefix", f"expected at most {LONGEST_PREFIX} letters and digits")
        if not 0 <= way.min_days <= way.max_days <= _MOST_DAYS:
            raise InvalidValue(f"{path}.minDays", f"expected 0 to {_MOST_DAYS} working days, the least first")
        if way.time_zone:
            check_time_zone(way.time_zone, f"{path}.timeZone")
        key = way.country, prefix, way.speed
        if key in found:
            raise InvalidValue(path, f"{way.country} {prefix} {way.speed.value} is there twice")
        found[key] = way
    return found
