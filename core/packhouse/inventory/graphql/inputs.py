"""What may be asked of stock."""

from typing import Any

import strawberry
from strawberry.relay import GlobalID

from packhouse.web.graphql.filters import given, optional_id


@strawberry.input(description="Which balances to list; what is left out does not narrow.")
class StockLevelFilter:
    sku: str | None = strawberry.field(default=None, description="Of the variant with this SKU.")
    variant_id: GlobalID | None = strawberry.field(default=None, description="Of this variant.")
    location_id: GlobalID | None = strawberry.field(default=None, description="At this location.")

    def conditions(self) -> dict[str, Any]:
        """As conditions of the model.

        Raises:
            Refused: INVALID_ID.
        """
        return given(
            variant__sku=self.sku,
            variant_id=optional_id(self.variant_id, "Variant", "filter.variantId"),
            location_id=optional_id(self.location_id, "Location", "filter.locationId"),
        )


@strawberry.input(description="Which ledger entries to list: those of a variant, at a location or everywhere.")
class StockMovementFilter:
    variant_id: GlobalID = strawberry.field(description="Of this variant.")
    location_id: GlobalID | None = strawberry.field(default=None, description="At this location.")

    def conditions(self) -> dict[str, Any]:
        """As conditions of the model.

        Raises:
            Refused: INVALID_ID.
        """
        return given(
            variant_id=optional_id(self.variant_id, "Variant", "filter.variantId"),
            location_id=optional_id(self.location_id, "Location", "filter.locationId"),
        )
