"""Adding something to sell."""

from dataclasses import dataclass

from packhouse.catalog.models import Variant
from packhouse.sdk import InvalidValue, Refused, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class CreateVariant:
    """A variant to create. Weight in grams, size in millimetres."""

    sku: str
    title: str
    barcode: str = ""
    weight_grams: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    hs_code: str = ""
    country_of_origin: str = ""
    requires_shipping: bool = True
    is_demo: bool = False


async def create_variant(uow: UnitOfWork, data: CreateVariant) -> Variant:  # noqa: ARG001  (every command takes it)
    """Create a variant.

    Raises:
        InvalidValue: no SKU, no title, or a size that is not positive.
        Refused: DUPLICATE_SKU.
    """
    for field in ("sku", "title"):
        if not getattr(data, field).strip():
            raise InvalidValue(field, f"a variant needs a {field}")
    for field in ("weight_grams", "length_mm", "width_mm", "height_mm"):
        value = getattr(data, field)
        if value is not None and value <= 0:
            raise InvalidValue(field, f"{value} is not a positive number")
    if await Variant.exists(sku=data.sku):
        raise Refused("DUPLICATE_SKU", f"there is a variant with SKU {data.sku} already", "sku")
    return await Variant.create(**{name: getattr(data, name) for name in data.__slots__}, created_at=now())
