"""Passing changes on to whoever works on an order already: another address, or that it has to wait."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from packhouse.events.calls import call_provider, passing_over_done
from packhouse.events.record import record
from packhouse.fulfillment.commands.submit import network_of
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.fulfillment.states import FULFILLMENT_ORDER_STATUS, FulfillmentOrderStatus, RequestStatus
from packhouse.orders.models import Order
from packhouse.sdk import (
    Address,
    EventType,
    FulfillmentChange,
    Provider,
    ProviderRefused,
    UpdatesFulfillment,
)
from packhouse.storage import Database, Initiator, UnitOfWork

_WITH_THEM = [RequestStatus.SUBMITTED.value, RequestStatus.ACCEPTED.value]


class Change(StrEnum):
    """What became different about work that somebody else has."""

    ADDRESS = "address"
    HOLD = "hold"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class PassOn:
    """A change of an order; `cause` names it once, such as the id of its event."""

    order_id: UUID
    change: Change
    cause: str


async def pass_on(database: Database, networks: Mapping[str, Provider], by: Initiator, data: PassOn) -> None:
    """Tell everybody who works on the order. What they do not take over is recorded: people decide.

    Of a release only those are told who can be told to wait.

    Raises:
        Refused: NO_NETWORK, or another caller is at it.
        ProviderError: somebody was not told; call again.
    """
    rows = await FulfillmentOrder.filter(order_id=data.order_id, request_status__in=_WITH_THEM).order_by("id")
    active = [row for row in rows if not FULFILLMENT_ORDER_STATUS.is_final(FulfillmentOrderStatus(row.status))]
    if active:
        order = await Order.get(id=data.order_id)
        for work in active:
            await _tell(database, networks, by, data, work, _change(order, work, data))


def _change(order: Order, work: FulfillmentOrder, data: PassOn) -> FulfillmentChange:
    key, reference = f"{data.cause}/{work.id}", str(work.id)
    if data.change is Change.ADDRESS:
        return FulfillmentChange(key, reference, ship_to=Address(**(order.shipping_address or {})))
    return FulfillmentChange(key, reference, on_hold=data.change is Change.HOLD)


async def _tell(
    database: Database,
    networks: Mapping[str, Provider],
    by: Initiator,
    data: PassOn,
    work: FulfillmentOrder,
    change: FulfillmentChange,
) -> None:
    # as an object: mypy sees no class that could be both Protocols
    provider: object = network_of(networks, work)
    if data.change is Change.RELEASE and not isinstance(provider, UpdatesFulfillment):
        return

    async def send() -> str:
        return await _refusal(provider, work, change)

    async def find() -> str | None:
        # nobody keeps such questions, and the same change twice is one
        return None

    async def answered(uow: UnitOfWork, refusal: str) -> None:
        if refusal:
            _record_refusal(uow, data, work, refusal)

    with passing_over_done():
        await call_provider(
            database,
            by,
            provider=work.network,
            operation="update_fulfillment",
            subject_id=work.id,
            order_id=work.order_id,
            idempotency_key=change.idempotency_key,
            send=send,
            find=find,
            on_success=answered,
        )


async def _refusal(provider: object, work: FulfillmentOrder, change: FulfillmentChange) -> str:
    """Why they leave it as it is; empty where they do not."""
    if not isinstance(provider, UpdatesFulfillment):
        return f"{work.network} takes no changes of work that it has"
    try:
        await provider.update(change)
    except ProviderRefused as refusal:
        return refusal.detail
    return ""


def _record_refusal(uow: UnitOfWork, data: PassOn, work: FulfillmentOrder, why: str) -> None:
    record(
        uow,
        EventType.FULFILLMENT_CHANGE_REFUSED,
        work.id,
        data.cause,
        order_id=work.order_id,
        reason=why,
        payload={
            "fulfillment_order_id": str(work.id),
            "location_id": str(work.location_id),
            "network": work.network,
            "change": data.change.value,
        },
    )
