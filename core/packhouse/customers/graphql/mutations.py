"""Recording what customers say about being written to."""

from datetime import datetime

import strawberry
from strawberry import relay

from packhouse.customers import models
from packhouse.customers.commands.record_consent import RecordConsent, record_consent
from packhouse.customers.graphql.types import Consent, CustomerType, customer_object
from packhouse.customers.queries import customers_by_id
from packhouse.sdk import ConsentPurpose, ConsentState
from packhouse.web.context import Info
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.payloads import UserError, attempt


@strawberry.input(description="What a customer said about being written to.")
class RecordConsentInput:
    customer_id: relay.GlobalID = strawberry.field(description="The customer.")
    purpose: ConsentPurpose = strawberry.field(description="What it is about.")
    state: ConsentState = strawberry.field(description="What the customer said.")
    source: str = strawberry.field(description="Where it was said: checkout, telephone, letter.")
    evidence: str = strawberry.field(default="", description="How it is known, for whoever has to prove it.")
    contact: str = strawberry.field(
        default="",
        description="The e-mail address, or telephone number as +442079460000, that it is about; empty: the customer's own.",
    )
    given_at: datetime | None = strawberry.field(
        default=None, description="When the customer said it, with time zone; now without it."
    )


@strawberry.type(description="The consent that was recorded.")
class ConsentPayload:
    consent: Consent | None = strawberry.field(description="The consent; null where nothing was changed.")
    customer: CustomerType | None = strawberry.field(description="Whose it is; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.type(description="What customers say about being written to.")
class CustomersMutations:
    @strawberry.mutation(
        description="Record that a customer granted, denied or took back a consent. The word given last is in force."
    )
    async def record_consent(self, info: Info, input: RecordConsentInput) -> ConsentPayload:
        context = info.context

        async def write() -> models.Consent:
            data = RecordConsent(
                customer_id=node_id(input.customer_id, "Customer", "customerId"),
                purpose=input.purpose,
                state=input.state,
                source=input.source,
                evidence=input.evidence,
                contact=input.contact,
                given_at=input.given_at,
            )
            return await context.write(lambda uow: record_consent(uow, data))

        row, errors = await attempt(write())
        if row is None:
            return ConsentPayload(consent=None, customer=None, user_errors=errors)
        context.forget()
        customer = (await customers_by_id([row.customer_id]))[row.customer_id]
        return ConsentPayload(consent=Consent.of(row), customer=customer_object(customer), user_errors=errors)
