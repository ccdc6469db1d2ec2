"""Places that hold stock."""

from datetime import date, datetime
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.inventory import models, queries
from packhouse.inventory.calendars import Calendar, calendar_from_json
from packhouse.inventory.states import LocationKind
from packhouse.sdk import InvalidValue
from packhouse.web.context import Info
from packhouse.web.graphql.address import Address
from packhouse.web.graphql.enums import expose

expose(LocationKind)


@strawberry.type(description="When a location works, by its own clocks.")
class LocationCalendar:
    time_zone: str = strawberry.field(description="Name in the tz database.")
    cut_off: str = strawberry.field(description="An order given out before this time is work of the same day.")
    handling_days: int = strawberry.field(description="Working days from the day it is given out to the day it leaves.")
    working_days: list[int] = strawberry.field(description="Days of the week, Monday 1 to Sunday 7.")
    holidays: list[date] = strawberry.field(description="Days on which nobody works.")

    @classmethod
    def of(cls, calendar: Calendar) -> "LocationCalendar":
        """A calendar as people see it."""
        return cls(
            time_zone=calendar.time_zone,
            cut_off=calendar.cut_off,
            handling_days=calendar.handling_days,
            working_days=sorted(calendar.days.weekdays),
            holidays=sorted(calendar.days.holidays),
        )


@strawberry.type(description="A place that holds stock and sends it.")
class Location(relay.Node):
    id: relay.NodeID[UUID]
    code: str = strawberry.field(description="The location's own code, unique.")
    name: str = strawberry.field(description="The name for people.")
    kind: LocationKind = strawberry.field(description="Who runs it and what it is for.")
    network: str | None = strawberry.field(description="Code of the fulfilment network that runs it; null: our own.")
    address: Address | None = strawberry.field(description="Where parcels are sent from.")
    priority: int = strawberry.field(description="Preference when several could send: the lowest goes first.")
    group: str | None = strawberry.field(description="A name that it may share with others, for routing rules.")
    calendar: LocationCalendar | None = strawberry.field(description="When it works; null: nobody said.")
    is_active: bool = strawberry.field(description="Whether new work is given to it.")
    is_demo: bool = strawberry.field(description="Whether it was made by the demo.")
    created_at: datetime = strawberry.field(description="When it was created.")

    @classmethod
    def of(cls, row: models.Location) -> "Location":
        """The location of a row."""
        return cls(
            id=row.id,
            code=row.code,
            name=row.name,
            kind=LocationKind(row.kind),
            network=row.network or None,
            address=Address.of_optional(row.address),
            priority=row.priority,
            group=row.group or None,
            calendar=None if row.calendar is None else LocationCalendar.of(calendar_from_json(row.calendar)),
            is_active=row.is_active,
            is_demo=row.is_demo,
            created_at=row.created_at,
        )


async def location_of(info: Info, id_: UUID) -> Location:
    """The location that a row refers to.

    Raises:
        InvalidValue: there is none, which foreign keys rule out.
    """
    row = await info.context.loaders.one(queries.locations_by_id, id_)
    if row is None:
        raise InvalidValue("location", f"there is no location {id_}")
    return Location.of(row)
