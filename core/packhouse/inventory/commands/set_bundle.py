"""Saying what a bundle is made of: it has no stock of its own, and is sold from that of its components."""

from collections.abc import Mapping
from dataclasses import dataclass

from tortoise.expressions import Q

from packhouse.catalog.commands.create_variant import tell_variant
from packhouse.catalog.models import BundleComponent, Variant
from packhouse.catalog.rules import check_bundle
from packhouse.inventory.models import StockLevel
from packhouse.sdk import InvalidValue, Refused
from packhouse.storage import UnitOfWork

MAX_COMPONENTS = 100
MAX_UNITS = 10_000


@dataclass(frozen=True, slots=True)
class BundlePart:
    """Units of a component in one unit of the bundle."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class SetBundle:
    """A variant and all its components; with none it is no bundle any more."""

    sku: str
    components: tuple[BundlePart, ...]


async def set_bundle(uow: UnitOfWork, data: SetBundle) -> Variant:
    """Replace the components of a variant. Orders that were placed keep what they were placed with.

    Raises:
        InvalidValue: a component twice, too many of them, or a quantity that cannot be.
        Refused: UNKNOWN_SKU, NOT_SHIPPED (something that is in no parcel), BUNDLE_HAS_STOCK, BUNDLE_CYCLE, BUNDLE_TOO_DEEP.
    """
    units = _units(data)
    # locked, so that two bundles that are changed at once cannot end up inside each other
    rows = await Variant.filter(sku__in=[data.sku, *units]).order_by("id").select_for_update()
    variants = {row.sku: row for row in rows}
    for field, sku in [("sku", data.sku), *((f"components.{index}.sku", sku) for index, sku in enumerate(units))]:
        if sku not in variants:
            raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {sku}", field)
        if units and not variants[sku].requires_shipping:
            raise Refused("NOT_SHIPPED", f"{sku} is in no parcel, so it is no part of a bundle", field)
    bundle = variants[data.sku]
    await _check_stock(bundle, units)
    await _check_nesting(bundle, units)
    await BundleComponent.filter(bundle_id=bundle.id).delete()
    for sku, quantity in units.items():
        await BundleComponent.create(bundle_id=bundle.id, component_id=variants[sku].id, quantity=quantity)
    bundle.is_bundle = bool(units)
    await bundle.save(update_fields=["is_bundle"])
    uow.moved.add(bundle.id)
    tell_variant(uow, bundle, "bundle")
    return bundle


def _units(data: SetBundle) -> dict[str, int]:
    if len(data.components) > MAX_COMPONENTS:
        raise InvalidValue("components", f"a bundle has at most {MAX_COMPONENTS} components")
    units: dict[str, int] = {}
    for index, part in enumerate(data.components):
        if part.sku in units:
            raise InvalidValue(f"components.{index}.sku", f"{part.sku} is named more than once: add its quantities")
        if part.quantity > MAX_UNITS:
            raise InvalidValue(f"components.{index}.quantity", f"a bundle has at most {MAX_UNITS} units of a component")
        units[part.sku] = part.quantity
    return units


async def _check_stock(bundle: Variant, units: Mapping[str, int]) -> None:
    held = StockLevel.filter(variant_id=bundle.id).filter(Q(on_hand__gt=0) | Q(incoming__gt=0))
    if units and not bundle.is_bundle and await held.exists():
        raise Refused(
            "BUNDLE_HAS_STOCK",
            f"{bundle.sku} lies on shelves itself: adjust its stock to nothing, and that of its components up",
            "sku",
        )


async def _check_nesting(bundle: Variant, units: Mapping[str, int]) -> None:
    contents: dict[str, set[str]] = {}
    named = set(units)
    for _ in range(2):
        rows = await BundleComponent.filter(bundle__sku__in=sorted(named)).prefetch_related("bundle", "component")
        for row in rows:
            contents.setdefault(row.bundle.sku, set()).add(row.component.sku)
        named = {sku for inside in contents.values() for sku in inside} - set(contents)
    containers = await BundleComponent.filter(component_id=bundle.id).prefetch_related("bundle")
    check_bundle(bundle.sku, units, contents, [row.bundle.sku for row in containers])
