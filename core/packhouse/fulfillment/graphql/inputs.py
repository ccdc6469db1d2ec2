"""What may be asked of the work."""

from typing import Any

import strawberry
from strawberry.relay import GlobalID

from packhouse.fulfillment.states import FulfillmentOrderStatus, PickListStatus
from packhouse.web.graphql.filters import given, optional_id


@strawberry.input(description="Which fulfillment orders to list; what is left out does not narrow.")
class FulfillmentOrderFilter:
    location_id: GlobalID | None = strawberry.field(default=None, description="Work of this location.")
    status: FulfillmentOrderStatus | None = strawberry.field(default=None, description="Work that has come this far.")

    def conditions(self) -> dict[str, Any]:
        """As conditions of the model.

        Raises:
            Refused: INVALID_ID.
        """
        return given(
            location_id=optional_id(self.location_id, "Location", "filter.locationId"),
            status=None if self.status is None else self.status.value,
        )


@strawberry.input(description="Which pick lists to list; what is left out does not narrow.")
class PickListFilter:
    location_id: GlobalID | None = strawberry.field(default=None, description="Rounds at this location.")
    status: PickListStatus | None = strawberry.field(default=None, description="Rounds that have come this far.")

    def conditions(self) -> dict[str, Any]:
        """As conditions of the model.

        Raises:
            Refused: INVALID_ID.
        """
        return given(
            location_id=optional_id(self.location_id, "Location", "filter.locationId"),
            status=None if self.status is None else self.status.value,
        )
