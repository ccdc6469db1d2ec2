"""Reading buyers."""

from typing import Annotated
from uuid import UUID

import strawberry

from packhouse.customers import models, queries
from packhouse.customers.graphql.inputs import CustomerFilter
from packhouse.customers.graphql.types import Consent, CustomerType, customer_object
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
from packhouse.web.graphql.nodes import reader

NODES = {"Consent": reader(queries.consents_by_id, Consent.of)}
_BY_ID = Ordering("ID", "id", UUID)


@strawberry.type
class CustomersQueries:
    @strawberry.field(description="Buyers, in the order in which they were first seen.")
    async def customers(
        self,
        filter: Annotated[CustomerFilter | None, strawberry.argument(description="Which customers.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[CustomerType]:
        page = PageArguments.of(first, after, last, before)
        source = QuerySetSource(models.Customer.filter(**(filter or CustomerFilter()).conditions()))
        return await paginate(source, page, _BY_ID, customer_object)
