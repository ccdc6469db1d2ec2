"""Saying on which days carriers deliver in a country."""

from dataclasses import dataclass

from packhouse.events.record import record
from packhouse.inventory.calendars import WorkingDays, check_days, check_time_zone, days_as_json
from packhouse.routing.models import CountryCalendar
from packhouse.sdk import EventType, InvalidValue, new_id, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class SetCountryCalendar:
    """The days of deliveries in a country (ISO 3166-1 alpha-2), and the time zone of those days."""

    country: str
    time_zone: str
    days: WorkingDays


async def set_country_calendar(uow: UnitOfWork, data: SetCountryCalendar) -> CountryCalendar:
    """Set the calendar of a country; promises made before stay as they are.

    Raises:
        InvalidValue: a country, time zone or days that cannot be.
    """
    check_country(data.country, "country")
    check_time_zone(data.time_zone, "timeZone")
    check_days(data.days, "days")
    values = {
        "time_zone": data.time_zone,
        "days": days_as_json(data.days),
        "actor": uow.initiator.actor,
        "updated_at": now(),
    }
    row, _ = await CountryCalendar.update_or_create(values, country=data.country)
    tell_routing(uow, "country_calendar", country=data.country)
    return row


def tell_routing(uow: UnitOfWork, change: str, **of: object) -> None:
    """Record that orders are routed or promised by something new."""
    record(uow, EventType.ROUTING_CHANGED, new_id(), payload={"change": change, **of})


def check_country(code: str, field: str) -> None:
    """Let pass what has the form of a country's code.

    Raises:
        InvalidValue: it has another form.
    """
    if not (len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()):  # noqa: PLR2004  (ISO 3166-1 alpha-2)
        raise InvalidValue(field, f"{code!r} is not a country code such as GB")
