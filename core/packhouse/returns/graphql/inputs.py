"""What may be asked of returns."""

from typing import Any

import strawberry
from strawberry.relay import GlobalID

from packhouse.returns.states import ReturnRequestStatus
from packhouse.web.graphql.filters import given, optional_id


@strawberry.input(description="Which returns to list; what is left out does not narrow.")
class ReturnFilter:
    number: str | None = strawberry.field(default=None, description="Exactly this number.")
    status: ReturnRequestStatus | None = strawberry.field(default=None, description="Returns that have come this far.")
    order_id: GlobalID | None = strawberry.field(default=None, description="Returns of this order.")

    def conditions(self) -> dict[str, Any]:
        """As conditions of the model.

        Raises:
            Refused: INVALID_ID.
        """
        return given(
            number=self.number,
            status=None if self.status is None else self.status.value,
            order_id=optional_id(self.order_id, "Order", "filter.orderId"),
        )
