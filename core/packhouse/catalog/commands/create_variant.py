"""Adding something to sell."""

import re
from dataclasses import dataclass

from packhouse.catalog.models import Variant
from packhouse.events.record import record
from packhouse.sdk import EventType, InvalidValue, Refused, new_id, now
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork

_COUNTRY = re.compile(r"[A-Z]{2}")
_WEB_ADDRESS = re.compile(r"https?://[^\s/]+(/\S*)?")


@dataclass(frozen=True, slots=True)
class CreateVariant:
    """A variant to create. Weight in grams, size in millimetres."""

    sku: str
    title: str
    barcode: str = ""
    url: str = ""
    image_url: str = ""
    weight_grams: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    hs_code: str = ""
    country_of_origin: str = ""
    requires_shipping: bool = True
    is_demo: bool = False


async def create_variant(uow: UnitOfWork, data: CreateVariant) -> Variant:
    """Create a variant.

    Raises:
        InvalidValue: no SKU, no title, a text that is too long, an address that is none, a country that is no
            code, or a size that is not positive.
        Refused: DUPLICATE_SKU.
    """
    check_variant(data)
    if await Variant.exists(sku=data.sku):
        raise Refused("DUPLICATE_SKU", f"there is a variant with SKU {data.sku} already", "sku")
    variant = await Variant.create(**{name: getattr(data, name) for name in data.__slots__}, created_at=now())
    tell_variant(uow, variant, "created")
    return variant


def tell_variant(uow: UnitOfWork, variant: Variant, change: str) -> None:
    """Record that something about a variant is new."""
    payload = {"variant_id": str(variant.id), "sku": variant.sku, "change": change}
    record(uow, EventType.VARIANT_CHANGED, new_id(), payload=payload)


def check_variant(data: CreateVariant) -> None:
    """Let pass only what a variant can be.

    Raises:
        InvalidValue: see `create_variant`.
    """
    for field in ("sku", "title"):
        if not getattr(data, field).strip():
            raise InvalidValue(field, f"a variant needs a {field}")
    _check_lengths(data)
    for field, value in (
        ("weightGrams", data.weight_grams),
        ("lengthMm", data.length_mm),
        ("widthMm", data.width_mm),
        ("heightMm", data.height_mm),
    ):
        if value is not None and value <= 0:
            raise InvalidValue(field, f"{value} is not a positive number")


def _check_lengths(data: CreateVariant) -> None:
    for field, text, most in (
        ("sku", data.sku, 100),
        ("title", data.title, 255),
        ("barcode", data.barcode, 64),
        ("hsCode", data.hs_code, 16),
        ("url", data.url, 1000),
        ("imageUrl", data.image_url, 1000),
    ):
        check_length(text, most, field)
    for field, text in (("url", data.url), ("imageUrl", data.image_url)):
        if text and not _WEB_ADDRESS.fullmatch(text):
            raise InvalidValue(field, f"{text!r} is not an address such as https://shop.example/mug")
    if data.country_of_origin and not _COUNTRY.fullmatch(data.country_of_origin):
        raise InvalidValue("countryOfOrigin", f"{data.country_of_origin!r} is not an ISO 3166 country code such as GB")
