"""Reads of buyers and of what they said."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from packhouse.customers.models import Consent, Customer
from packhouse.sdk import Consent as ConsentSnapshot
from packhouse.sdk import ConsentPurpose, ConsentState, CustomerSnapshot
from packhouse.storage.batches import by_id, children

customers_by_id = by_id(Customer)
consents_by_id = by_id(Consent)
history_of_customers = children(Consent, "customer_id", "given_at", "recorded_at")


async def current_consents_of_customers(ids: Sequence[UUID]) -> Mapping[UUID, list[Consent]]:
    """The words in force of each customer, one for each purpose that was ever asked about."""
    rows = await Consent.filter(customer_id__in=list(dict.fromkeys(ids)), is_current=True).order_by("purpose")
    found: dict[UUID, list[Consent]] = defaultdict(list)
    for row in rows:
        found[row.customer_id].append(row)
    return found


async def consents_of_customers(ids: Sequence[UUID]) -> Mapping[UUID, Mapping[ConsentPurpose, ConsentSnapshot]]:
    """The words in force of each customer as plugins see them, by purpose; nothing is read for no ids."""
    found = await current_consents_of_customers(ids) if ids else {}
    return {id_: {ConsentPurpose(row.purpose): _snapshot(row) for row in rows} for id_, rows in found.items()}


async def customer_snapshots(ids: Sequence[UUID]) -> Mapping[UUID, CustomerSnapshot]:
    """Customers as plugins see them, in two statements; unknown ids are left out."""
    customers = await customers_by_id(ids)
    consents = await consents_of_customers(list(customers))
    return {
        id_: CustomerSnapshot(
            id=id_,
            email=row.email,
            name=row.name,
            phone=row.phone,
            channel=row.channel,
            external_id=row.external_id,
            is_demo=row.is_demo,
            consents=consents.get(id_, {}),
        )
        for id_, row in customers.items()
    }


async def state_of(customer_id: UUID | None, purpose: ConsentPurpose) -> ConsentState:
    """What a customer says now about one purpose; unknown for nobody."""
    row = None
    if customer_id is not None:
        row = await Consent.get_or_none(customer_id=customer_id, purpose=purpose.value, is_current=True)
    return ConsentState.UNKNOWN if row is None else ConsentState(row.state)


def _snapshot(row: Consent) -> ConsentSnapshot:
    return ConsentSnapshot(ConsentPurpose(row.purpose), ConsentState(row.state), row.given_at, row.contact, row.source)
