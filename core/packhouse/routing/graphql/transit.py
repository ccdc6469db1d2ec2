"""How long parcels take, and on which days they are delivered."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from packhouse.inventory.calendars import MONDAY_TO_FRIDAY, WorkingDays, days_from_json
from packhouse.inventory.graphql.locations import Location, location_of
from packhouse.routing import models
from packhouse.routing.commands.set_country_calendar import SetCountryCalendar, set_country_calendar
from packhouse.routing.commands.set_transit_times import SetTransitTimes, Way, set_transit_times
from packhouse.sdk import ShippingSpeed
from packhouse.web.context import Info
from packhouse.web.graphql.connection import (
    After,
    Before,
    Connection,
    First,
    Last,
    Ordering,
    PageArguments,
    QuerySetSource,
    paginate,
)
from packhouse.web.graphql.enums import expose
from packhouse.web.graphql.filters import given
from packhouse.web.graphql.payloads import UserError, attempt

expose(ShippingSpeed)
_BY_ID = Ordering("ID", "id", UUID)
_BY_COUNTRY = Ordering("COUNTRY", "country", str)


@strawberry.type(description="On which days carriers deliver in a country.")
class CountryCalendar:
    id: strawberry.Private[UUID]
    country: str = strawberry.field(description="ISO 3166-1 alpha-2 code.")
    time_zone: str = strawberry.field(description="The zone of those days, as a name in the tz database.")
    delivery_days: list[int] = strawberry.field(description="Days of the week, Monday 1 to Sunday 7.")
    holidays: list[date] = strawberry.field(description="Days on which nothing is delivered.")

    @classmethod
    def of(cls, row: models.CountryCalendar) -> "CountryCalendar":
        """The calendar of a row."""
        days = days_from_json(row.days)
        return cls(
            id=row.id,
            country=row.country,
            time_zone=row.time_zone,
            delivery_days=sorted(days.weekdays),
            holidays=sorted(days.holidays),
        )


@strawberry.type(description="How long parcels take from somewhere to somewhere, in working days of the carriers.")
class TransitTime:
    id: strawberry.Private[UUID]
    location_id: strawberry.Private[UUID | None]
    origin_country: str | None = strawberry.field(description="From every location of this country; null: from one.")
    country: str = strawberry.field(description="Where to: ISO 3166-1 alpha-2 code.")
    postcode_prefix: str = strawberry.field(description="To postcodes that begin so; empty: all of the country.")
    speed: ShippingSpeed = strawberry.field(description="How fast it is sent.")
    min_days: int = strawberry.field(description="At the soonest.")
    max_days: int = strawberry.field(description="At the latest.")
    time_zone: str | None = strawberry.field(description="The zone there; null: that of the country's calendar.")

    @classmethod
    def of(cls, row: models.TransitTime) -> "TransitTime":
        """The transit time of a row."""
        return cls(
            id=row.id,
            location_id=row.location_id,
            origin_country=row.origin_country or None,
            country=row.country,
            postcode_prefix=row.postcode_prefix,
            speed=ShippingSpeed(row.speed),
            min_days=row.min_days,
            max_days=row.max_days,
            time_zone=row.time_zone or None,
        )

    @strawberry.field(description="From which location; null: from every one of a country.")
    async def location(self, info: Info) -> Location | None:
        return None if self.location_id is None else await location_of(info, self.location_id)


@strawberry.input(description="On which days carriers deliver in a country from now on.")
class SetCountryCalendarInput:
    country: str = strawberry.field(description="ISO 3166-1 alpha-2 code.")
    time_zone: str = strawberry.field(description="The zone of those days, as a name in the tz database.")
    delivery_days: list[int] = strawberry.field(
        default_factory=lambda: sorted(MONDAY_TO_FRIDAY),
        description="Days of the week, Monday 1 to Sunday 7; without, Monday to Friday.",
    )
    holidays: list[date] = strawberry.field(default_factory=list, description="Days on which nothing is delivered.")


@strawberry.type(description="The calendar that was set.")
class CountryCalendarPayload:
    country_calendar: CountryCalendar | None = strawberry.field(
        description="The calendar; null where nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.input(description="Where parcels come from: one location, or every location of a country.")
class TransitOriginInput:
    location: str = strawberry.field(default="", description="Code of the location.")
    country: str = strawberry.field(default="", description="ISO 3166-1 alpha-2 code, in place of a location.")


@strawberry.input(description="How long parcels take to somewhere.")
class TransitTimeInput:
    country: str = strawberry.field(description="Where to: ISO 3166-1 alpha-2 code.")
    min_days: int = strawberry.field(description="Working days at the soonest.")
    max_days: int = strawberry.field(description="Working days at the latest.")
    postcode_prefix: str = strawberry.field(
        default="", description="To postcodes that begin so; the longest that fits counts."
    )
    speed: ShippingSpeed = strawberry.field(default=ShippingSpeed.STANDARD, description="How fast it is sent.")
    time_zone: str = strawberry.field(
        default="", description="The zone there; without, that of the country's calendar, else the sender's."
    )


@strawberry.input(description="All transit times from an origin, in place of those that were known.")
class SetTransitTimesInput:
    origin: TransitOriginInput = strawberry.field(
        description="Where from; a location's own times come before those of its country."
    )
    times: list[TransitTimeInput] = strawberry.field(description="All of them; with none, nothing is known.")


@strawberry.type(description="The transit times that were set.")
class TransitTimesPayload:
    count: int | None = strawberry.field(
        description="How many are known from there now; null where nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.type
class TransitQueries:
    @strawberry.field(description="On which days carriers deliver, by country.")
    async def country_calendars(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[CountryCalendar]:
        page = PageArguments.of(first, after, last, before)
        return await paginate(QuerySetSource(models.CountryCalendar.all()), page, _BY_COUNTRY, CountryCalendar.of)

    @strawberry.field(description="How long parcels take from somewhere to somewhere.")
    async def transit_times(
        self,
        origin_country: Annotated[
            str | None, strawberry.argument(description="Those from every location of this country.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[TransitTime]:
        page = PageArguments.of(first, after, last, before)
        rows = models.TransitTime.filter(**given(origin_country=origin_country))
        return await paginate(QuerySetSource(rows), page, _BY_ID, TransitTime.of)


@strawberry.type(description="Changes of what deliveries are promised by.")
class TransitMutations:
    @strawberry.mutation(
        description="Say on which days carriers deliver in a country; without a calendar it is Monday to Friday."
    )
    async def set_country_calendar(self, info: Info, input: SetCountryCalendarInput) -> CountryCalendarPayload:
        days = WorkingDays(frozenset(input.delivery_days), frozenset(input.holidays))
        data = SetCountryCalendar(input.country, input.time_zone, days)
        row, errors = await attempt(info.context.write(lambda uow: set_country_calendar(uow, data)))
        return CountryCalendarPayload(country_calendar=CountryCalendar.of(row) if row else None, user_errors=errors)

    @strawberry.mutation(description="Say how long parcels take from a location, or from all locations of a country.")
    async def set_transit_times(self, info: Info, input: SetTransitTimesInput) -> TransitTimesPayload:
        ways = [
            Way(each.country, each.min_days, each.max_days, each.postcode_prefix, each.speed, each.time_zone)
            for each in input.times
        ]
        data = SetTransitTimes(ways, input.origin.location, input.origin.country)
        origin, errors = await attempt(info.context.write(lambda uow: set_transit_times(uow, data)))
        return TransitTimesPayload(count=None if origin is None else len(ways), user_errors=errors)
