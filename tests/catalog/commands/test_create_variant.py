from typing import Any

import pytest

from packhouse.catalog.commands.create_variant import CreateVariant, create_variant
from packhouse.catalog.models import Variant
from packhouse.sdk import InvalidValue, Refused
from packhouse.storage import Database
from packhouse.testing.factories import BY


async def create(database: Database, **values: Any) -> Variant:
    data = CreateVariant(**{"sku": "MUG", "title": "Mug", **values})
    return await database.write(BY, lambda uow: create_variant(uow, data))


async def test_a_variant_is_kept_as_it_was_given(database: Database) -> None:
    given = {
        "barcode": "5012345678900",
        "url": "https://shop.example/mug?colour=blue",
        "image_url": "https://shop.example/mug.jpg",
        "weight_grams": 300,
        "length_mm": 90,
        "width_mm": 91,
        "height_mm": 92,
        "hs_code": "691110",
        "country_of_origin": "GB",
        "requires_shipping": False,
    }
    variant = await create(database, **given)
    found = await Variant.get(id=variant.id)
    assert {name: getattr(found, name) for name in given} == given
    assert (found.sku, found.title, found.is_demo) == ("MUG", "Mug", False)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"sku": " "}, "sku"),
        ({"sku": "x" * 101}, "sku"),
        ({"title": ""}, "title"),
        ({"title": "x" * 256}, "title"),
        ({"barcode": "1" * 65}, "barcode"),
        ({"hs_code": "1" * 17}, "hsCode"),
        ({"country_of_origin": "GBR"}, "countryOfOrigin"),
        ({"url": "x" * 1001}, "url"),
        ({"url": "shop.example/mug"}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"image_url": "https://shop.example/a mug"}, "imageUrl"),
        ({"weight_grams": 0}, "weightGrams"),
        ({"length_mm": -1}, "lengthMm"),
        ({"width_mm": 0}, "widthMm"),
        ({"height_mm": 0}, "heightMm"),
    ],
)
async def test_a_variant_that_cannot_be(database: Database, values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValue) as invalid:
        await create(database, **values)
    assert invalid.value.field == field
    assert await Variant.all().count() == 0


async def test_a_sku_is_taken_once(database: Database) -> None:
    await create(database)
    with pytest.raises(Refused) as refused:
        await create(database, title="Another mug")
    assert (refused.value.code, refused.value.field) == ("DUPLICATE_SKU", "sku")
    assert (await Variant.get()).title == "Mug"
