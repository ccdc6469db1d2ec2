"""The GraphQL schema: every room's part of it, put together."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.extensions.field_extension import AsyncExtensionResolver
from strawberry.relay import GlobalID, Node
from strawberry.relay.types import GlobalIDValueError
from strawberry.schema.config import StrawberryConfig
from strawberry.types import get_object_definition
from strawberry.types.base import StrawberryObjectDefinition

from packhouse.access import assign_areas
from packhouse.catalog.graphql import queries as catalog
from packhouse.catalog.graphql.mutations import CatalogMutations
from packhouse.catalog.graphql.types import VariantRecord
from packhouse.catalog.queries import variants_by_id
from packhouse.channels.graphql import queries as channels
from packhouse.channels.graphql.mutations import ChannelsMutations
from packhouse.channels.graphql.stock import ChannelStockMutations, ChannelStockQueries, VariantChannels
from packhouse.customers.graphql import queries as customers
from packhouse.customers.graphql.mutations import CustomersMutations
from packhouse.customers.graphql.types import CustomerRecord
from packhouse.customers.queries import customers_by_id
from packhouse.events.graphql import queries as events
from packhouse.events.graphql.mutations import EventsMutations
from packhouse.events.graphql.subscriptions import EventsSubscriptions
from packhouse.feedback.graphql import queries as feedback
from packhouse.feedback.graphql.mutations import FeedbackMutations
from packhouse.feedback.graphql.types import OrderFeedback
from packhouse.fulfillment.graphql import counts
from packhouse.fulfillment.graphql import queries as fulfillment
from packhouse.fulfillment.graphql.counts import CountMutations
from packhouse.fulfillment.graphql.mutations import FulfillmentMutations
from packhouse.fulfillment.graphql.previews import FulfillmentPreviewQueries
from packhouse.fulfillment.graphql.subscriptions import FulfillmentSubscriptions
from packhouse.fulfillment.graphql.types import OrderFulfillment
from packhouse.inventory.graphql import lots
from packhouse.inventory.graphql import queries as inventory
from packhouse.inventory.graphql.arrivals import VariantStock
from packhouse.inventory.graphql.calendars import CalendarMutations
from packhouse.inventory.graphql.inbound import InboundMutations
from packhouse.inventory.graphql.mutations import InventoryMutations
from packhouse.inventory.graphql.subscriptions import InventorySubscriptions
from packhouse.jobs.graphql.queries import JobsMutations, JobsQueries
from packhouse.ordering.graphql.availability import AvailabilityQueries
from packhouse.ordering.graphql.extensions import OrderExtensions
from packhouse.ordering.graphql.mutations import OrderingMutations
from packhouse.ordering.graphql.previews import RoutingPreviewQueries
from packhouse.ordering.graphql.waiting import OrderWaiting, WaitingMutations
from packhouse.orders.graphql import queries as orders
from packhouse.orders.graphql.subscriptions import OrdersSubscriptions
from packhouse.orders.graphql.types import CustomerOrders, OrderRecord
from packhouse.orders.queries import orders_by_id
from packhouse.payments.graphql import queries as payments
from packhouse.payments.graphql.mutations import PaymentsMutations
from packhouse.payments.graphql.types import OrderPayments
from packhouse.plugins.graphql.mutations import PluginsMutations
from packhouse.plugins.graphql.queries import PluginsQueries
from packhouse.reporting.graphql.queries import ReportingQueries
from packhouse.returns.graphql import queries as returns
from packhouse.returns.graphql.mutations import ReturnsMutations
from packhouse.returns.graphql.situation import OrderState
from packhouse.returns.graphql.types import OrderReturns
from packhouse.routing.graphql import queries as routing
from packhouse.routing.graphql.mutations import RoutingMutations
from packhouse.routing.graphql.subscriptions import RoutingSubscriptions
from packhouse.routing.graphql.transit import TransitMutations, TransitQueries
from packhouse.routing.graphql.types import OrderRouting
from packhouse.shipping.graphql import queries as shipping
from packhouse.shipping.graphql.lots import LotRecipientQueries
from packhouse.shipping.graphql.mutations import ShippingMutations
from packhouse.shipping.graphql.quotes import ShippingQuoteQueries
from packhouse.shipping.graphql.types import OrderShipping
from packhouse.tokens.graphql.mutations import TokensMutations
from packhouse.tokens.graphql.queries import TokensQueries
from packhouse.web.context import Info
from packhouse.web.graphql.errors import BadUserInput
from packhouse.web.graphql.guarded_schema import GuardedSchema
from packhouse.web.graphql.moments import DATE_TIME
from packhouse.web.graphql.nodes import NodeReader, reader

_MOST_NODES = 100
_ROOMS = (
    catalog,
    customers,
    inventory,
    lots,
    events,
    orders,
    payments,
    routing,
    fulfillment,
    counts,
    shipping,
    channels,
    returns,
    feedback,
)


@strawberry.type(description="A thing that can be sold and kept in stock.")
class Variant(VariantChannels, VariantStock, VariantRecord):
    """The composed variant."""


@strawberry.type(description="A buyer: a person or a company.")
class Customer(CustomerOrders, CustomerRecord):
    """The composed customer."""


@strawberry.type(description="An order, from whichever channel, with everything that happened to it.")
class Order(
    OrderState,
    OrderExtensions,
    OrderWaiting,
    OrderFeedback,
    OrderReturns,
    OrderShipping,
    OrderFulfillment,
    OrderRouting,
    OrderPayments,
    OrderRecord,
):
    """The composed order."""


NODES: Mapping[str, NodeReader] = {
    "Order": reader(orders_by_id, Order.of),
    "Variant": reader(variants_by_id, Variant.of),
    "Customer": reader(customers_by_id, Customer.of),
    **{name: read for room in _ROOMS for name, read in room.NODES.items()},
}


@strawberry.type
class NodeQueries:
    """Reading anything by its global id."""

    @strawberry.field(
        description="An object by its global id; null for an unknown one, and for one of a type that the access token may not read."
    )
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="A global id.")]
    ) -> Node | None:
        """The object, or None."""
        return await _node(info, id)

    @strawberry.field(
        description="Objects by their global ids, in the order asked for; null for each unknown one, and each that the access token may not read."
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, 100 at most.")],
    ) -> list[Node | None]:
        """The objects; those of one type are read together.

        Raises:
            BadUserInput: too many ids.
        """
        if len(ids) > _MOST_NODES:
            raise BadUserInput("ids", f"ask for at most {_MOST_NODES} objects, not {len(ids)}")
        return await asyncio.gather(*(_node(info, each) for each in ids))


async def _node(info: Info, text: str) -> Node | None:
    try:
        global_id = GlobalID.from_id(text)
        id_ = UUID(global_id.node_id)
    except (GlobalIDValueError, ValueError):
        return None
    read = NODES.get(global_id.type_name)
    if read is None or not _may_see(info, global_id.type_name):
        return None
    return await read(info, id_)


def _may_see(info: Info, type_name: str) -> bool:
    """Whether whoever asks may see objects of a type; that there is one with an id is not told either."""
    permissions = info.context.grant.permissions
    access = cast("GuardedSchema", info.schema).access
    return permissions.is_all or (access is not None and access.opens(type_name, permissions))


@strawberry.type(description="Everything that can be read.")
class Query(
    NodeQueries,
    orders.OrdersQueries,
    catalog.CatalogQueries,
    inventory.InventoryQueries,
    lots.LotQueries,
    customers.CustomersQueries,
    fulfillment.FulfillmentQueries,
    counts.CountQueries,
    FulfillmentPreviewQueries,
    shipping.ShippingQueries,
    ShippingQuoteQueries,
    LotRecipientQueries,
    returns.ReturnsQueries,
    channels.ChannelsQueries,
    ChannelStockQueries,
    feedback.FeedbackQueries,
    ReportingQueries,
    routing.RoutingQueries,
    TransitQueries,
    RoutingPreviewQueries,
    AvailabilityQueries,
    events.EventsQueries,
    PluginsQueries,
    JobsQueries,
    TokensQueries,
):
    """The composed root of queries."""


@strawberry.type(description="Everything that can be changed: one command each.")
class Mutation(
    OrderingMutations,
    WaitingMutations,
    FulfillmentMutations,
    CountMutations,
    ShippingMutations,
    PaymentsMutations,
    ReturnsMutations,
    FeedbackMutations,
    ChannelsMutations,
    ChannelStockMutations,
    CatalogMutations,
    CustomersMutations,
    InboundMutations,
    lots.LotMutations,
    CalendarMutations,
    InventoryMutations,
    RoutingMutations,
    TransitMutations,
    EventsMutations,
    PluginsMutations,
    JobsMutations,
    TokensMutations,
):
    """The composed root of mutations."""


@strawberry.type(description="Everything that can be followed live.")
class Subscription(
    OrdersSubscriptions, FulfillmentSubscriptions, InventorySubscriptions, EventsSubscriptions, RoutingSubscriptions
):
    """The composed root of subscriptions."""


class FreshReads(FieldExtension):
    """Forgets what was loaded before a mutation, so that its payload shows the state after it."""

    async def resolve_async(
        self,
        next_: AsyncExtensionResolver,
        source: Any,  # noqa: ANN401
        info: Info,
        **arguments: Any,
    ) -> Any:  # noqa: ANN401  (Strawberry's signature)
        """Run the mutation, then forget."""
        payload = await next_(source, info, **arguments)
        info.context.forget()
        return payload


def _complete(mutations: type) -> None:
    """Give every mutation what all have in common, so that no room has to remember it."""
    for field in get_object_definition(mutations, strict=True).fields:
        field.extensions = [*field.extensions, FreshReads()]
        for argument in field.arguments:
            definition = get_object_definition(argument.type)
            if argument.description is None and isinstance(definition, StrawberryObjectDefinition):
                argument.description = definition.description


_complete(Mutation)


def create_schema() -> GuardedSchema:
    """The whole schema."""
    config = StrawberryConfig(scalar_map={datetime: DATE_TIME})
    return GuardedSchema(query=Query, mutation=Mutation, subscription=Subscription, config=config, assign=assign_areas)


def print_schema() -> str:
    """The schema as SDL, as it stands in `schema.graphql`."""
    return create_schema().as_str() + "\n"
