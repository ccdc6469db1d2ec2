"""What a customer can have now, and when it would be there."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

import strawberry

from packhouse.ordering import availability
from packhouse.ordering.basket import BasketLine
from packhouse.ordering.commands.supply import Heading
from packhouse.ordering.graphql.previews import PreviewDestinationInput, PreviewLineInput, PreviewPart
from packhouse.routing.promises import Promise
from packhouse.routing.questions import NOWHERE, Destination
from packhouse.sdk import ShippingSpeed
from packhouse.web.context import Info


@strawberry.type(description="When it leaves, and when it is there.")
class DeliveryWindow:
    dispatch_on: date = strawberry.field(description="The day on which it leaves, where it is sent from.")
    dispatch_by: datetime = strawberry.field(description="The last second of that day.")
    earliest: date | None = strawberry.field(
        description="The first day of its delivery, where it goes; null: nobody said how long the way takes."
    )
    latest: date | None = strawberry.field(description="The last day of its delivery, where it goes.")
    delivery_from: datetime | None = strawberry.field(description="The first second of the first day.")
    delivery_by: datetime | None = strawberry.field(description="The last second of the last day.")

    @classmethod
    def of(cls, promise: Promise) -> "DeliveryWindow":
        """A promise as people see it."""
        window = promise.delivery
        return cls(
            dispatch_on=promise.dispatch_on,
            dispatch_by=promise.dispatch_by,
            earliest=window.earliest if window else None,
            latest=window.latest if window else None,
            delivery_from=window.opens if window else None,
            delivery_by=window.closes if window else None,
        )


@strawberry.type(description="What a location could send of a SKU.")
class AvailableAt:
    location: str = strawberry.field(description="Code of the location.")
    units: int = strawberry.field(description="Units; of a bundle, those that are whole there.")


@strawberry.type(description="A line of a basket.")
class AvailableLine:
    sku: str = strawberry.field(description="The SKU that was asked for.")
    quantity: int = strawberry.field(description="How many were asked for.")
    is_known: bool = strawberry.field(description="Whether there is such a SKU.")
    needs_shipping: bool = strawberry.field(description="Whether it has to be sent; what has not is always to be had.")
    available: int = strawberry.field(description="How many could be sent there at all.")
    locations: list[AvailableAt] = strawberry.field(description="Where they are, the best to send from first.")
    is_enough: bool = strawberry.field(
        description="Whether the whole line would be sent now; earlier lines of the basket take first."
    )
    may_wait: bool = strawberry.field(
        description="Where it is not enough: whether it can be ordered now, and waits for more."
    )
    more_at: datetime | None = strawberry.field(
        description="Where it is not enough: when more is expected; null: nobody said."
    )
    enough_at: datetime | None = strawberry.field(
        description="Where it is not enough: when as many are expected as are missing; null: nobody said."
    )

    @classmethod
    def of(cls, line: availability.LineAvailability) -> "AvailableLine":
        """A line as people see it."""
        return cls(
            sku=line.sku,
            quantity=line.quantity,
            is_known=line.is_known,
            needs_shipping=line.needs_shipping,
            available=line.available,
            locations=[AvailableAt(location=each.location, units=each.units) for each in line.at_locations],
            is_enough=line.is_enough,
            may_wait=line.may_wait,
            more_at=line.more_at,
            enough_at=line.enough_at,
        )


@strawberry.type(description="What one location would send.")
class AvailablePart:
    location: str = strawberry.field(description="Code of the location.")
    lines: list[PreviewPart] = strawberry.field(description="What of it, by SKU.")
    promise: DeliveryWindow | None = strawberry.field(
        description="When it is there; null: nobody said when the location works."
    )


@strawberry.type(description="A basket as it could be had now: decided as placing decides, and nothing is written.")
class Availability:
    is_complete: bool = strawberry.field(description="Whether all of it would be sent now.")
    is_orderable: bool = strawberry.field(
        description="Whether an order of it would be placed, though some of it may have to wait."
    )
    is_split_refused: bool = strawberry.field(
        description="Whether there is enough, but at more locations than the rules allow."
    )
    lines: list[AvailableLine] = strawberry.field(description="Each line, in the order in which they were asked for.")
    parts: list[AvailablePart] = strawberry.field(description="Who would send what.")
    promise: DeliveryWindow | None = strawberry.field(
        description="When all of it is there; null where it is not complete or where somebody promises nothing."
    )
    rule_version: str = strawberry.field(description="Which routing rules decided.")

    @classmethod
    def of(cls, found: availability.Availability) -> "Availability":
        """An availability as people see it."""
        return cls(
            is_complete=found.is_complete,
            is_orderable=found.is_orderable,
            is_split_refused=found.is_split_refused,
            lines=[AvailableLine.of(line) for line in found.lines],
            parts=_parts(found.parts),
            promise=DeliveryWindow.of(found.promise) if found.promise else None,
            rule_version=found.rule_version,
        )


def _parts(parts: Sequence[availability.BasketPart]) -> list[AvailablePart]:
    return [
        AvailablePart(
            location=part.location,
            lines=[PreviewPart(location=each.location, sku=each.sku, quantity=each.units) for each in part.units],
            promise=DeliveryWindow.of(part.promise) if part.promise else None,
        )
        for part in parts
    ]


@strawberry.type
class AvailabilityQueries:
    @strawberry.field(
        description="Where a basket would be sent from now, how much of it there is, and when it would be there."
    )
    async def availability(
        self,
        info: Info,
        lines: Annotated[list[PreviewLineInput], strawberry.argument(description="The basket.")],
        destination: Annotated[
            PreviewDestinationInput | None, strawberry.argument(description="Where it would go.")
        ] = None,
        channel: Annotated[str, strawberry.argument(description="Code of the channel whose rules decide.")] = "",
        shipping_speed: Annotated[
            ShippingSpeed, strawberry.argument(description="How fast it is wanted.")
        ] = ShippingSpeed.STANDARD,
    ) -> Availability:
        to = Destination(destination.country, destination.postcode, destination.city) if destination else NOWHERE
        basket = [BasketLine(line.sku, line.quantity) for line in lines]
        found = await availability.read_availability(
            info.context.database, basket, Heading(channel, to, speed=shipping_speed)
        )
        return Availability.of(found)
