"""Buyers, and what they said about being written to."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, cast
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.customers import models, queries
from packhouse.sdk import ConsentPurpose, ConsentState
from packhouse.web.context import Info
from packhouse.web.graphql.enums import expose

if TYPE_CHECKING:
    from packhouse.schema import Customer

expose(ConsentPurpose, ConsentState)

# The composed type: rooms above add their own fields to it.
CustomerType = Annotated["Customer", strawberry.lazy("packhouse.schema")]


@strawberry.type(description="What a customer said about being written to for one purpose.")
class Consent(relay.Node):
    id: relay.NodeID[UUID]
    purpose: ConsentPurpose = strawberry.field(description="What it is about.")
    state: ConsentState = strawberry.field(description="What the customer said.")
    contact: str | None = strawberry.field(
        description="The e-mail address or telephone number that it is about; null: the customer's own."
    )
    source: str = strawberry.field(description="Where it was said: channel:shopify, telephone.")
    evidence: str | None = strawberry.field(description="How it is known, for whoever has to prove it.")
    is_current: bool = strawberry.field(description="Whether it is in force: the word given last for its purpose.")
    given_at: datetime = strawberry.field(description="When the customer said it.")
    recorded_at: datetime = strawberry.field(description="When it was written down.")

    @classmethod
    def of(cls, row: models.Consent) -> "Consent":
        """The consent of a row."""
        return cls(
            id=row.id,
            purpose=ConsentPurpose(row.purpose),
            state=ConsentState(row.state),
            contact=row.contact or None,
            source=row.source,
            evidence=row.evidence or None,
            is_current=row.is_current,
            given_at=row.given_at,
            recorded_at=row.recorded_at,
        )


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

    @strawberry.field(
        description="The words in force about being written to: one for each purpose that was asked about."
    )
    async def consents(self, info: Info) -> list[Consent]:
        rows = await info.context.loaders.many(queries.current_consents_of_customers, self.id)
        return [Consent.of(row) for row in rows]

    @strawberry.field(description="Everything that the customer ever said about being written to, oldest first.")
    async def consent_history(self, info: Info) -> list[Consent]:
        rows = await info.context.loaders.many(queries.history_of_customers, self.id)
        return [Consent.of(row) for row in rows]


def customer_object(row: models.Customer) -> "Customer":
    """The composed type's object of a row: the schema takes a record for it."""
    return cast("Customer", CustomerRecord.of(row))
