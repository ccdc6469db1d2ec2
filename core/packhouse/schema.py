"""The GraphQL schema: every room's part of it, put together."""

import strawberry

from packhouse.catalog.graphql.types import VariantRecord
from packhouse.customers.graphql.types import CustomerRecord
from packhouse.feedback.graphql.types import OrderFeedback
from packhouse.fulfillment.graphql.types import OrderFulfillment
from packhouse.inventory.graphql.types import VariantStock
from packhouse.orders.graphql.types import CustomerOrders, OrderRecord
from packhouse.payments.graphql.types import OrderPayments
from packhouse.returns.graphql.types import OrderReturns
from packhouse.routing.graphql.types import OrderRouting
from packhouse.shipping.graphql.types import OrderShipping


@strawberry.type(description="A thing that can be sold and kept in stock.")
class Variant(VariantStock, VariantRecord):
    """The composed variant."""


@strawberry.type(description="A buyer: a person or a company.")
class Customer(CustomerOrders, CustomerRecord):
    """The composed customer."""


@strawberry.type(description="An order, from whichever channel, with everything that happened to it.")
class Order(OrderFeedback, OrderReturns, OrderShipping, OrderFulfillment, OrderRouting, OrderPayments, OrderRecord):
    """The composed order."""
