"""Variants and their prices."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, cast
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.catalog import models, queries
from packhouse.sdk import InvalidValue
from packhouse.web.context import Info
from packhouse.web.graphql.money import Money

if TYPE_CHECKING:
    from packhouse.schema import Variant

# The composed type: rooms above add their own fields to it.
VariantType = Annotated["Variant", strawberry.lazy("packhouse.schema")]


@strawberry.type(description="Prices of one channel in one currency, for a period.")
class PriceList(relay.Node):
    id: relay.NodeID[UUID]
    code: str = strawberry.field(description="The list's own code, unique.")
    channel: str | None = strawberry.field(description="Code of the channel it is for; null: every channel.")
    currency: str = strawberry.field(description="ISO 4217 code of all its prices.")
    customer_group: str | None = strawberry.field(description="The customer group it is for; null: everybody.")
    valid_from: datetime | None = strawberry.field(description="From when it is in force; null: since ever.")
    valid_to: datetime | None = strawberry.field(description="Until when it is in force; null: for ever.")

    @classmethod
    def of(cls, row: models.PriceList) -> "PriceList":
        """The price list of a row."""
        return cls(
            id=row.id,
            code=row.code,
            channel=row.channel or None,
            currency=row.currency,
            customer_group=row.customer_group or None,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )


@strawberry.type(description="What one unit of a variant costs from a quantity on.")
class Price(relay.Node):
    id: relay.NodeID[UUID]
    min_quantity: int = strawberry.field(description="The price holds from this many units on.")
    row: strawberry.Private[models.Price]

    @classmethod
    def of(cls, row: models.Price) -> "Price":
        """The price of a row."""
        return cls(id=row.id, min_quantity=row.min_quantity, row=row)

    @strawberry.field(description="The list it belongs to.")
    async def price_list(self, info: Info) -> PriceList:
        return PriceList.of(await self._list(info))

    @strawberry.field(description="The price of one unit.")
    async def price(self, info: Info) -> Money:
        return Money.of_minor(self.row.amount, (await self._list(info)).currency)

    @strawberry.field(description="What it is the price of.")
    async def variant(self, info: Info) -> VariantType:
        return await variant_of(info, self.row.variant_id)

    async def _list(self, info: Info) -> models.PriceList:
        found = await info.context.loaders.one(queries.price_lists_by_id, self.row.price_list_id)
        if found is None:
            raise InvalidValue("priceList", f"price {self.id} has no price list")
        return found


@strawberry.type(description="A part of a bundle.")
class BundleComponent:
    variant_id: strawberry.Private[UUID]
    quantity: int = strawberry.field(description="Units of it in one unit of the bundle.")

    @strawberry.field(description="What it is; it may be a bundle itself.")
    async def variant(self, info: Info) -> VariantType:
        return await variant_of(info, self.variant_id)


@strawberry.type(description="A thing that can be sold and kept in stock.")
class VariantRecord(relay.Node):
    id: relay.NodeID[UUID]
    sku: str = strawberry.field(description="Stock keeping unit, unique.")
    barcode: str | None = strawberry.field(description="EAN, UPC or another barcode.")
    title: str = strawberry.field(description="The name for people.")
    url: str | None = strawberry.field(description="Its page in the shop.")
    image_url: str | None = strawberry.field(description="A picture of it.")
    weight_grams: int | None = strawberry.field(description="Weight of one unit in grams.")
    length_mm: int | None = strawberry.field(description="Length of one unit in millimetres.")
    width_mm: int | None = strawberry.field(description="Width of one unit in millimetres.")
    height_mm: int | None = strawberry.field(description="Height of one unit in millimetres.")
    hs_code: str | None = strawberry.field(description="Harmonised System code for customs.")
    country_of_origin: str | None = strawberry.field(description="ISO 3166-1 alpha-2 code.")
    requires_shipping: bool = strawberry.field(description="Whether it is sent in a parcel.")
    is_bundle: bool = strawberry.field(description="Whether it is made of components, and sold from their stock.")
    is_demo: bool = strawberry.field(description="Whether it was made by the demo.")
    available_from: datetime | None = strawberry.field(
        description="From when on it leaves the house; until then its orders are pre-orders. Null: always."
    )
    created_at: datetime = strawberry.field(description="When it was created.")

    @classmethod
    def of(cls, row: models.Variant) -> "VariantRecord":
        """The variant of a row."""
        return cls(
            id=row.id,
            sku=row.sku,
            barcode=row.barcode or None,
            title=row.title,
            url=row.url or None,
            image_url=row.image_url or None,
            weight_grams=row.weight_grams,
            length_mm=row.length_mm,
            width_mm=row.width_mm,
            height_mm=row.height_mm,
            hs_code=row.hs_code or None,
            country_of_origin=row.country_of_origin or None,
            requires_shipping=row.requires_shipping,
            is_bundle=row.is_bundle,
            is_demo=row.is_demo,
            available_from=row.available_from,
            created_at=row.created_at,
        )

    @strawberry.field(description="What one unit of it is made of; nothing, where it is no bundle.")
    async def components(self, info: Info) -> list[BundleComponent]:
        rows = await info.context.loaders.many(queries.components_of_bundles, self.id)
        return [BundleComponent(variant_id=row.component_id, quantity=row.quantity) for row in rows]

    @strawberry.field(description="All its prices, of every list and quantity.")
    async def prices(self, info: Info) -> list[Price]:
        return [Price.of(row) for row in await info.context.loaders.many(queries.prices_of_variants, self.id)]


def variant_object(row: models.Variant) -> "Variant":
    """The composed type's object of a row: the schema takes a record for it."""
    return cast("Variant", VariantRecord.of(row))


async def variant_of(info: Info, id_: UUID) -> "Variant":
    """The variant that a row refers to.

    Raises:
        InvalidValue: there is none, which foreign keys rule out.
    """
    row = await info.context.loaders.one(queries.variants_by_id, id_)
    if row is None:
        raise InvalidValue("variant", f"there is no variant {id_}")
    return variant_object(row)
