"""Changing the catalogue."""

import strawberry

from packhouse.catalog.commands.create_variant import CreateVariant, create_variant
from packhouse.catalog.commands.set_price import SetPrice, set_price
from packhouse.catalog.graphql.types import VariantType, variant_object
from packhouse.catalog.models import Variant
from packhouse.sdk import Money
from packhouse.web.context import Info
from packhouse.web.graphql.money import MoneyInput
from packhouse.web.graphql.payloads import UserError, attempt


@strawberry.input(description="A variant to create.")
class CreateVariantInput:
    sku: str = strawberry.field(description="The SKU, unique.")
    title: str = strawberry.field(description="The name for people.")
    barcode: str = strawberry.field(default="", description="What a scanner reads: EAN, UPC or our own.")
    url: str = strawberry.field(default="", description="Its page in the shop: https://…")
    image_url: str = strawberry.field(default="", description="A picture of it: https://…")
    weight_grams: int | None = strawberry.field(default=None, description="Weight in grams.")
    length_mm: int | None = strawberry.field(default=None, description="Length in millimetres.")
    width_mm: int | None = strawberry.field(default=None, description="Width in millimetres.")
    height_mm: int | None = strawberry.field(default=None, description="Height in millimetres.")
    hs_code: str = strawberry.field(default="", description="Harmonised System code for customs.")
    country_of_origin: str = strawberry.field(default="", description="ISO 3166-1 alpha-2 code.")
    requires_shipping: bool = strawberry.field(default=True, description="Whether it is sent in a parcel.")


@strawberry.type(description="The variant that was created or changed.")
class VariantPayload:
    variant: VariantType | None = strawberry.field(description="The variant; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.input(description="A price to set.")
class SetPriceInput:
    sku: str = strawberry.field(description="SKU of the variant.")
    price: MoneyInput = strawberry.field(description="The price of one unit.")
    channel: str = strawberry.field(
        default="", description="Code of the channel; empty for all without a price of their own."
    )
    min_quantity: int = strawberry.field(default=1, description="From how many units on.")


@strawberry.type(description="Changes of the catalogue.")
class CatalogMutations:
    @strawberry.mutation(description="Create a variant.")
    async def create_variant(self, info: Info, input: CreateVariantInput) -> VariantPayload:
        data = CreateVariant(**{name: getattr(input, name) for name in _VARIANT_FIELDS})
        context = info.context
        row, errors = await attempt(context.write(lambda uow: create_variant(uow, data)))
        return VariantPayload(variant=variant_object(row) if row else None, user_errors=errors)

    @strawberry.mutation(description="Set or replace the price of a variant.")
    async def set_price(self, info: Info, input: SetPriceInput) -> VariantPayload:
        context = info.context

        async def change() -> Variant:
            data = SetPrice(input.sku, _price(input), input.channel, input.min_quantity)
            price = await context.write(lambda uow: set_price(uow, data))
            return await Variant.get(id=price.variant_id)

        row, errors = await attempt(change())
        return VariantPayload(variant=variant_object(row) if row else None, user_errors=errors)


def _price(input: SetPriceInput) -> Money:
    return input.price.value("price.amount")


_VARIANT_FIELDS = (
    "sku",
    "title",
    "barcode",
    "url",
    "image_url",
    "weight_grams",
    "length_mm",
    "width_mm",
    "height_mm",
    "hs_code",
    "country_of_origin",
    "requires_shipping",
)
