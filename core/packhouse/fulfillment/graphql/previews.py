"""What networks would make of an order."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import relay

from packhouse.fulfillment.preview import preview_fulfillment
from packhouse.sdk import FulfillmentOffer as OfferValue
from packhouse.sdk import Refused
from packhouse.web.context import Info
from packhouse.web.graphql.errors import BadUserInput
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.money import Money


@strawberry.type(description="A way in which a network would send all that is open of an order.")
class FulfillmentOffer:
    speed: str = strawberry.field(description="How fast, in the network's own words.")
    price: Money | None = strawberry.field(description="What it would charge us, where it says.")
    ship_by: datetime | None = strawberry.field(description="The latest moment at which it leaves.")
    deliver_from: datetime | None = strawberry.field(description="The earliest moment at which it arrives.")
    deliver_by: datetime | None = strawberry.field(description="The latest moment at which it arrives.")

    @classmethod
    def of(cls, offer: OfferValue) -> "FulfillmentOffer":
        """The offer of a value."""
        return cls(
            speed=offer.speed,
            price=Money.of_minor(offer.price.minor, offer.price.currency) if offer.price else None,
            ship_by=offer.ship_by,
            deliver_from=offer.deliver_from,
            deliver_by=offer.deliver_by,
        )


@strawberry.type(description="What a network would make of an order.")
class FulfillmentPreview:
    fulfillable: bool = strawberry.field(description="Whether it would take all of it.")
    offers: list[FulfillmentOffer] = strawberry.field(description="How it would send it.")
    problems: list[str] = strawberry.field(description="Why it would not, or what to mind.")


@strawberry.type(description="Asking before any work is given out.")
class FulfillmentPreviewQueries:
    @strawberry.field(
        description="What the network of a location would make of all units of an order that have not shipped."
    )
    async def fulfillment_preview(
        self,
        info: Info,
        order_id: Annotated[relay.GlobalID, strawberry.argument(description="The order.")],
        location_id: Annotated[relay.GlobalID, strawberry.argument(description="A location that a network runs.")],
    ) -> FulfillmentPreview:
        try:
            preview = await preview_fulfillment(
                info.context.providers,
                node_id(order_id, "Order", "orderId"),
                node_id(location_id, "Location", "locationId"),
            )
        except Refused as refused:
            raise BadUserInput(refused.field or "orderId", refused.message) from None
        return FulfillmentPreview(
            fulfillable=bool(preview.offers),
            offers=[FulfillmentOffer.of(offer) for offer in preview.offers],
            problems=list(preview.problems),
        )
