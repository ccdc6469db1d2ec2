"""When locations work."""

from datetime import date
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.inventory import models
from packhouse.inventory.calendars import MONDAY_TO_FRIDAY, Calendar, WorkingDays
from packhouse.inventory.commands.set_calendar import SetCalendar, set_calendar
from packhouse.inventory.graphql.locations import Location
from packhouse.inventory.graphql.mutations import LocationPayload
from packhouse.web.context import Info
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.payloads import attempt


@strawberry.input(description="When a location works, by its own clocks.")
class LocationCalendarInput:
    time_zone: str = strawberry.field(description="Name in the tz database: Europe/London.")
    cut_off: str = strawberry.field(description="An order given out before this time is work of the same day: 15:00.")
    handling_days: int = strawberry.field(
        default=0, description="Working days from the day it is given out to the day it leaves; 0: the same day."
    )
    working_days: list[int] = strawberry.field(
        default_factory=lambda: sorted(MONDAY_TO_FRIDAY),
        description="Days of the week, Monday 1 to Sunday 7; without, Monday to Friday.",
    )
    holidays: list[date] = strawberry.field(default_factory=list, description="Days on which nobody works.")

    def calendar(self) -> Calendar:
        """The calendar as the command takes it."""
        days = WorkingDays(frozenset(self.working_days), frozenset(self.holidays))
        return Calendar(self.time_zone, self.cut_off, days, self.handling_days)


@strawberry.input(description="When a location works from now on.")
class SetLocationCalendarInput:
    location_id: relay.GlobalID = strawberry.field(description="The location.")
    calendar: LocationCalendarInput | None = strawberry.field(
        default=None, description="Its calendar; null: it has none, and nothing is promised for it."
    )


@strawberry.type(description="Changes of locations' calendars.")
class CalendarMutations:
    @strawberry.mutation(
        description="Say when a location works: deliveries are promised by it. What was promised before stays."
    )
    async def set_location_calendar(self, info: Info, input: SetLocationCalendarInput) -> LocationPayload:
        async def change() -> models.Location:
            location_id: UUID = node_id(input.location_id, "Location", "locationId")
            data = SetCalendar(location_id, input.calendar.calendar() if input.calendar else None)
            return await info.context.write(lambda uow: set_calendar(uow, data))

        row, errors = await attempt(change())
        return LocationPayload(location=Location.of(row) if row else None, user_errors=errors)
