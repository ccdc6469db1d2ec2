"""Submitting work to the fulfilment network that runs its location: once, and never blindly again."""

from collections.abc import Mapping
from uuid import UUID

from packhouse.events.calls import call_provider
from packhouse.fulfillment.commands.answer import NetworkAnswer, record_answer
from packhouse.fulfillment.commands.load import SUBMIT, locked_fulfillment_order, refuse_held
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.fulfillment.states import FulfillmentOrderStatus, RequestStatus
from packhouse.inventory.models import Location
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import (
    Address,
    FulfillmentItem,
    FulfillmentRequest,
    FulfillsOrders,
    Money,
    NetworkStatus,
    NetworkUpdate,
    Provider,
    ProviderRefused,
    Refused,
    ShippingSpeed,
)
from packhouse.storage import Database, Initiator, UnitOfWork


async def submit_fulfillment(
    database: Database, networks: Mapping[str, Provider], by: Initiator, fulfillment_order_id: UUID
) -> FulfillmentOrder:
    """Give open, unsubmitted work of a network's location to the network; any other work is left as it is.

    A refusal of the network fails the work, so that it is routed again.

    Raises:
        Refused: NOT_FOUND, ON_HOLD, NO_NETWORK (nobody is registered under its code), or another caller is at it.
        ProviderError: it was not submitted (call again), or it is in doubt (call again: the network is asked first).
    """
    work = await FulfillmentOrder.get_or_none(id=fulfillment_order_id)
    if work is None:
        raise Refused("NOT_FOUND", f"there is no fulfillment order {fulfillment_order_id}", "fulfillmentOrderId")
    if not work.network or not _waits(work):
        return work
    await refuse_held([work.order_id], "fulfillmentOrderId")
    provider = network_of(networks, work)
    request = await fulfillment_request(work)

    async def send() -> NetworkUpdate:
        await database.write(by, lambda uow: _refuse_ended(uow, work.id))
        return await provider.submit(request)

    async def find() -> NetworkUpdate | None:
        return await provider.fetch(request.reference)

    async def answered(uow: UnitOfWork, update: NetworkUpdate) -> FulfillmentOrder:
        return await record_answer(uow, NetworkAnswer(work.id, update.status, update.external_id, update.reason))

    try:
        return await call_provider(
            database,
            by,
            provider=work.network,
            operation=SUBMIT,
            subject_id=work.id,
            order_id=work.order_id,
            idempotency_key=request.idempotency_key,
            send=send,
            find=find,
            on_success=answered,
        )
    except ProviderRefused as refusal:
        no = NetworkAnswer(work.id, NetworkStatus.REJECTED, reason=refusal.detail)
        return await database.write(by, lambda uow: record_answer(uow, no))


def _waits(work: FulfillmentOrder) -> bool:
    return work.status == FulfillmentOrderStatus.OPEN and work.request_status == RequestStatus.UNSUBMITTED


def network_of(networks: Mapping[str, Provider], work: FulfillmentOrder) -> FulfillsOrders:
    """The network that does the work.

    Raises:
        Refused: NO_NETWORK: nobody is registered under its code.
    """
    # as an object: mypy sees no class that could be both Protocols
    provider: object = networks.get(work.network)
    if not isinstance(provider, FulfillsOrders):
        raise Refused(
            "NO_NETWORK",
            f"no fulfilment network {work.network!r} is registered for fulfillment order {work.id}: enable its plugin",
        )
    return provider


async def _refuse_ended(uow: UnitOfWork, work_id: UUID) -> None:
    """Let pass only work that still waits: whoever ends it looks for our intent first, behind the same lock."""
    work = await locked_fulfillment_order(work_id)
    if not _waits(work):
        raise ProviderRefused(f"fulfillment order {work.id} was {work.status} before it was submitted")


async def fulfillment_request(work: FulfillmentOrder) -> FulfillmentRequest:
    """What a network is asked to send."""
    order = await Order.get(id=work.order_id)
    location = await Location.get(id=work.location_id)
    lines = await FulfillmentOrderLine.filter(fulfillment_order_id=work.id).order_by("id")
    sold = {line.id: line for line in await OrderLine.filter(order_id=order.id)}
    return FulfillmentRequest(
        idempotency_key=str(work.id),
        reference=str(work.id),
        location=location.code,
        order_number=order.number,
        ship_to=Address(**(order.shipping_address or {})),
        items=tuple(
            _item(line, sold[line.order_line_id], order.currency) for line in lines if line.quantity > line.cancelled
        ),
        speed=ShippingSpeed(order.shipping_speed),
        channel=order.channel,
        ordered_at=order.placed_at,
        email=order.email,
    )


def _item(line: FulfillmentOrderLine, sold: OrderLine, currency: str) -> FulfillmentItem:
    """Units to send; of a bundle's part nobody knows what it was sold for."""
    return FulfillmentItem(
        line=str(line.id),
        sku=line.sku,
        title=line.sku if sold.is_bundle else sold.title,
        quantity=line.quantity - line.cancelled,
        unit_value=None if sold.is_bundle else Money.from_minor(sold.unit_price, currency),
    )
