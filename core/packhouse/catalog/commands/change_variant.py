"""Changing what is known of something we sell."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from packhouse.catalog.commands.create_variant import CreateVariant, check_variant, tell_variant
from packhouse.catalog.models import Variant
from packhouse.sdk import Refused
from packhouse.storage import UnitOfWork

_KEPT = {"sku", "is_demo"}


async def change_variant(uow: UnitOfWork, sku: str, changes: Mapping[str, Any]) -> Variant:
    """Change fields of a variant by their names in `CreateVariant`; what is not named stays.

    Raises:
        InvalidValue: as in `create_variant`.
        Refused: UNKNOWN_SKU.
    """
    variant = await Variant.filter(sku=sku).select_for_update().get_or_none()
    if variant is None:
        raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {sku}", "sku")
    values = {each.name: getattr(variant, each.name) for each in fields(CreateVariant)}
    values |= {name: value for name, value in changes.items() if name not in _KEPT}
    check_variant(CreateVariant(**values))
    for name, value in values.items():
        setattr(variant, name, value)
    await variant.save(update_fields=[name for name in values if name not in _KEPT])
    tell_variant(uow, variant, "described")
    return variant
