"""What may be asked of the catalogue."""

from typing import Any

import strawberry

from packhouse.web.graphql.filters import given


@strawberry.input(description="Which variants to list; what is left out does not narrow.")
class VariantFilter:
    sku: str | None = strawberry.field(default=None, description="Exactly this SKU.")
    barcode: str | None = strawberry.field(default=None, description="Exactly this barcode.")
    is_demo: bool | None = strawberry.field(default=None, description="Made by the demo, or not.")

    def conditions(self) -> dict[str, Any]:
        """As conditions of the model."""
        return given(sku=self.sku, barcode=self.barcode, is_demo=self.is_demo)
