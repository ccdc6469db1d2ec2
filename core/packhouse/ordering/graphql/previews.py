"""Where an order would be sent from, without placing it."""

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from packhouse.ordering.basket import BasketLine
from packhouse.ordering.preview import PreviewRouting, preview_routing
from packhouse.routing.commands.set_routing_rules import checked_rules
from packhouse.routing.graphql.inputs import RoutingRulesInput
from packhouse.routing.queries import judges_of
from packhouse.routing.questions import NOWHERE, Destination
from packhouse.web.context import Info


@strawberry.input(description="Units of a SKU.")
class PreviewLineInput:
    sku: str = strawberry.field(description="Our SKU.")
    quantity: int = strawberry.field(description="How many.")


@strawberry.input(description="Where it would go.")
class PreviewDestinationInput:
    country: str = strawberry.field(description="ISO 3166-1 alpha-2: GB.")
    postcode: str = strawberry.field(default="", description="As it is written there.")
    city: str = strawberry.field(default="", description="The city; looked at where the postcode is unknown.")


@strawberry.input(description="A basket, and by which rules to route it.")
class PreviewRoutingInput:
    lines: list[PreviewLineInput] = strawberry.field(description="The basket.")
    channel: str = strawberry.field(default="", description="Code of the channel whose rules decide.")
    destination: PreviewDestinationInput | None = strawberry.field(default=None, description="Where it would go.")
    rules: RoutingRulesInput | None = strawberry.field(
        default=None, description="Rules to try instead of those in force."
    )


@strawberry.type(description="Units of a SKU from a location.")
class PreviewPart:
    location: str = strawberry.field(description="Code of the location.")
    sku: str = strawberry.field(description="Our SKU; of a bundle, its components.")
    quantity: int = strawberry.field(description="How many.")
    waits: bool = strawberry.field(
        default=False, description="Whether they are not there yet: they would be backordered."
    )


@strawberry.type(description="Where a basket would be sent from now.")
class RoutingPreview:
    rule_version: str = strawberry.field(description="Which rules decided; `draft` for those that were tried.")
    parts: list[PreviewPart] = strawberry.field(description="What each location would send.")
    missing_units: int = strawberry.field(description="Units that nobody would send.")
    is_split_refused: bool = strawberry.field(
        description="Whether there is enough, but at more locations than the rules allow."
    )
    receipt: JSON = strawberry.field(description="Every candidate location, its score, and why it lost.")


@strawberry.type
class RoutingPreviewQueries:
    @strawberry.field(description="Where a basket would be sent from now. Nothing is written.")
    async def preview_routing(
        self, info: Info, input: Annotated[PreviewRoutingInput, strawberry.argument(description="The basket.")]
    ) -> RoutingPreview:
        to = input.destination
        data = PreviewRouting(
            tuple(BasketLine(line.sku, line.quantity) for line in input.lines),
            input.channel,
            Destination(to.country, to.postcode, to.city) if to else NOWHERE,
            None if input.rules is None else await checked_rules(input.rules.data(), judges_of(info.context.database)),
        )
        decision, parts = await preview_routing(info.context.database, data)
        return RoutingPreview(
            rule_version=decision.receipt["rules"],
            parts=[
                PreviewPart(location=part.location, sku=part.sku, quantity=part.quantity, waits=part.waits)
                for part in parts
            ],
            missing_units=sum(decision.missing.values()),
            is_split_refused=decision.is_split_refused,
            receipt=JSON(dict(decision.receipt)),
        )
