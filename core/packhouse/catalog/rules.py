"""What a bundle may be made of."""

from collections.abc import Collection, Mapping

from packhouse.sdk import InvalidValue, Refused


def check_bundle(
    sku: str, components: Mapping[str, int], contents: Mapping[str, Collection[str]], containers: Collection[str]
) -> None:
    """Let pass only a bundle that can be taken apart in two steps.

    `components` are units by SKU; `contents` the SKUs in each bundle among its components, and in those in turn;
    `containers` the bundles that it is itself in.

    Raises:
        InvalidValue: a quantity below one.
        Refused: BUNDLE_CYCLE: it would contain itself. BUNDLE_TOO_DEEP: bundles inside bundles inside bundles.
    """
    for index, (component, units) in enumerate(components.items()):
        field = f"components.{index}.sku"
        if units < 1:
            raise InvalidValue(f"components.{index}.quantity", f"{units} units of {component} are no part of a bundle")
        inside = contents.get(component, ())
        if sku == component or sku in inside:
            raise Refused("BUNDLE_CYCLE", f"{component} is or contains {sku}: a bundle cannot be part of itself", field)
        if inside and containers:
            raise Refused(
                "BUNDLE_TOO_DEEP", f"{component} is a bundle, and {sku} is part of {min(containers)} already", field
            )
        if any(each in contents for each in inside):
            raise Refused("BUNDLE_TOO_DEEP", f"{component} contains bundles already: name their components", field)
