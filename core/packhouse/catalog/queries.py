"""Reads of the catalogue."""

from packhouse.catalog.models import BundleComponent, Price, PriceList, Variant
from packhouse.storage.batches import by_id, children

variants_by_id = by_id(Variant)
price_lists_by_id = by_id(PriceList)
prices_by_id = by_id(Price)
prices_of_variants = children(Price, "variant_id", "price_list_id", "min_quantity")
components_of_bundles = children(BundleComponent, "bundle_id", "component_id")
prices_of_lists = children(Price, "price_list_id", "variant_id", "min_quantity")
