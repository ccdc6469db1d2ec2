"""Buyers."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, cast
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.customers import models

if TYPE_CHECKING:
    from packhouse.schema import Customer

# The composed type: rooms above add their own fields to it.
CustomerType = Annotated["Customer", strawberry.lazy("packhouse.schema")]


@strawberry.type(description="A buyer: a person or a company.")
class CustomerRecord(relay.Node):
    id: relay.NodeID[UUID]
    email: str | None = strawberry.field(description="E-mail address in lower case.")
    name: str | None = strawberry.field(description="The buyer's name.")
    phone: str | None = strawberry.field(description="Telephone number.")
    channel: str | None = strawberry.field(description="Code of the channel that knows the buyer under `externalId`.")
    external_id: str | None = strawberry.field(description="The channel's own id of the buyer.")
    is_demo: bool = strawberry.field(description="Whether the buyer was made by the demo.")
    created_at: datetime = strawberry.field(description="When the buyer was first seen.")

    @classmethod
    def of(cls, row: models.Customer) -> "CustomerRecord":
        """The customer of a row."""
        return cls(
            id=row.id,
            email=row.email or None,
            name=row.name or None,
            phone=row.phone or None,
            channel=row.channel or None,
            external_id=row.external_id or None,
            is_demo=row.is_demo,
            created_at=row.created_at,
        )


def customer_object(row: models.Customer) -> "Customer":
    """The composed type's object of a row: the schema takes a record for it."""
    return cast("Customer", CustomerRecord.of(row))
