"""What may be asked of shipments."""

from typing import Any

import strawberry
from strawberry.relay import GlobalID

from packhouse.shipping.states import ShipmentStatus
from packhouse.web.graphql.filters import given, optional_id


@strawberry.input(description="Which shipments to list; what is left out does not narrow.")
class ShipmentFilter:
    tracking_number: str | None = strawberry.field(default=None, description="Exactly this tracking number.")
    status: ShipmentStatus | None = strawberry.field(default=None, description="Shipments that have come this far.")
    order_id: GlobalID | None = strawberry.field(default=None, description="Shipments of this order.")
    location_id: GlobalID | None = strawberry.field(default=None, description="Shipments that leave this location.")

    def conditions(self) -> dict[str, Any]:
        """As conditions of the model.

        Raises:
            Refused: INVALID_ID.
        """
        return given(
            tracking_number=self.tracking_number,
            status=None if self.status is None else self.status.value,
            order_id=optional_id(self.order_id, "Order", "filter.orderId"),
            location_id=optional_id(self.location_id, "Location", "filter.locationId"),
        )
