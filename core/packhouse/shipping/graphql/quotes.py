"""Carriers' quotes for a parcel."""

from typing import Annotated

import strawberry
from strawberry import relay

from packhouse.sdk import Refused
from packhouse.sdk import ShippingQuote as QuoteValue
from packhouse.shipping.quotes import MissingQuote as MissingValue
from packhouse.shipping.quotes import quote_shipping
from packhouse.shipping.requests import quote_request
from packhouse.web.context import Info
from packhouse.web.graphql.errors import BadUserInput
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.money import Money


@strawberry.type(description="A carrier's offer for a parcel.")
class ShippingQuote:
    carrier: str = strawberry.field(description="Code of the carrier.")
    service: str = strawberry.field(description="The service, as buyLabel takes it.")
    service_name: str = strawberry.field(description="The service's name for people.")
    price: Money = strawberry.field(description="What the carriage would cost us.")
    days: int | None = strawberry.field(description="Business days in transit, where the carrier says.")

    @classmethod
    def of(cls, quote: QuoteValue) -> "ShippingQuote":
        """The quote of a value."""
        return cls(
            carrier=quote.carrier,
            service=quote.service,
            service_name=quote.service_name,
            price=Money.of_minor(quote.price.minor, quote.price.currency),
            days=quote.days,
        )


@strawberry.type(description="A carrier that gave no quote.")
class MissingQuote:
    carrier: str = strawberry.field(description="Code of the carrier.")
    reason: str = strawberry.field(description="Why: late, refused, not reachable.")

    @classmethod
    def of(cls, missing: MissingValue) -> "MissingQuote":
        """The same of a value."""
        return cls(carrier=missing.carrier, reason=missing.reason)


@strawberry.type(description="All carriers' offers side by side.")
class ShippingQuotes:
    quotes: list[ShippingQuote] = strawberry.field(description="The offers, the cheapest first.")
    missing: list[MissingQuote] = strawberry.field(description="Who gave none, and why.")


@strawberry.type(description="Prices before anything is bought.")
class ShippingQuoteQueries:
    @strawberry.field(description="What each carrier would take for a packed parcel.")
    async def shipping_quotes(
        self, info: Info, parcel_id: Annotated[relay.GlobalID, strawberry.argument(description="The parcel.")]
    ) -> ShippingQuotes:
        try:
            request = await quote_request(node_id(parcel_id, "Parcel", "parcelId"))
        except Refused as refused:
            raise BadUserInput("parcelId", refused.message) from None
        board = await quote_shipping(info.context.providers, request)
        return ShippingQuotes(
            quotes=[ShippingQuote.of(quote) for quote in board.quotes],
            missing=[MissingQuote.of(missing) for missing in board.missing],
        )
