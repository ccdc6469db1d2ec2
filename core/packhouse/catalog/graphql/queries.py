"""Reading the catalogue."""

from typing import Annotated

import strawberry

from packhouse.catalog import models, queries
from packhouse.catalog.graphql.inputs import VariantFilter
from packhouse.catalog.graphql.types import Price, PriceList, VariantType, variant_object
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

NODES = {
    "PriceList": reader(queries.price_lists_by_id, PriceList.of),
    "Price": reader(queries.prices_by_id, Price.of),
}
_BY_SKU = Ordering("SKU", "sku", str)
_BY_CODE = Ordering("CODE", "code", str)


@strawberry.type
class CatalogQueries:
    @strawberry.field(description="What is sold, by SKU.")
    async def variants(
        self,
        filter: Annotated[VariantFilter | None, strawberry.argument(description="Which variants.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[VariantType]:
        page = PageArguments.of(first, after, last, before)
        source = QuerySetSource(models.Variant.filter(**(filter or VariantFilter()).conditions()))
        return await paginate(source, page, _BY_SKU, variant_object)

    @strawberry.field(description="A variant by its SKU; null where there is none.")
    async def variant(
        self, sku: Annotated[str, strawberry.argument(description="Stock keeping unit.")]
    ) -> VariantType | None:
        row = await models.Variant.get_or_none(sku=sku)
        return None if row is None else variant_object(row)

    @strawberry.field(description="Price lists, by code.")
    async def price_lists(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[PriceList]:
        page = PageArguments.of(first, after, last, before)
        return await paginate(QuerySetSource(models.PriceList.all()), page, _BY_CODE, PriceList.of)
