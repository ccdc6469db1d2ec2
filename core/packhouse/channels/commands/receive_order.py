"""An order as a channel sent it becomes ours: placed when it is new, brought up to date when it is known."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from packhouse.channels.commands.book_payments import book_payments, money_of
from packhouse.channels.models import Channel
from packhouse.channels.translation import language_tag, listed_skus, to_place
from packhouse.customers.commands.record_consent import take_in_consents
from packhouse.events.record import record
from packhouse.ordering.commands.cancel import CancelOrder, cancel
from packhouse.ordering.commands.hold import hold_for
from packhouse.ordering.commands.place import CheckOrder, place
from packhouse.ordering.commands.release_hold import ReleaseHold, release_hold
from packhouse.orders.models import Hold, Order, OrderLine
from packhouse.orders.states import HoldReason, OrderStatus
from packhouse.sdk import EventType, IncomingOrder, Objection, OrderSnapshot, Refused, now
from packhouse.sdk.states import IllegalTransition
from packhouse.storage import UnitOfWork
from packhouse.storage.unit_of_work import Conflict

_ENDED = {OrderStatus.CANCELLED, OrderStatus.EXPIRED}


async def receive_order(uow: UnitOfWork, channel: Channel, incoming: IncomingOrder, check: CheckOrder) -> UUID:
    """Place or update the order of a channel; returns its id. Receiving the same state again changes nothing.

    Raises:
        Refused: UNKNOWN_SKU and whatever else `place` refuses of an order that is sold already.
        InvalidValue: a quantity or an amount that cannot be.
    """
    known = await Order.filter(channel=channel.code, external_id=incoming.external_id).select_for_update().first()
    if known is None:
        order_id = await _place(uow, channel, incoming, check)
        if any(payment.kind == "refund" for payment in incoming.payments):
            await book_payments(uow, await Order.get(id=order_id), channel, incoming)
        if incoming.consents:
            await _take_in_consents(uow, await Order.get(id=order_id), incoming)
        return order_id
    if known.channel_updated_at is None or incoming.updated_at > known.channel_updated_at:
        await _update(uow, channel, known, incoming)
    return known.id


async def _place(uow: UnitOfWork, channel: Channel, incoming: IncomingOrder, check: CheckOrder) -> UUID:
    data = to_place(channel, incoming, await listed_skus(uow, channel, incoming))
    try:
        return await place(uow, data, check)
    except Refused:
        if await Order.exists(channel=channel.code, external_id=incoming.external_id):
            raise Conflict(f"somebody else received order {incoming.external_id} at this moment") from None
        raise


async def _update(uow: UnitOfWork, channel: Channel, order: Order, incoming: IncomingOrder) -> None:
    changes = await _changes(order, incoming)
    has_money = await book_payments(uow, order, channel, incoming)
    if changes:
        record(
            uow,
            EventType.ORDER_CHANGED,
            order.id,
            incoming.updated_at.isoformat(),
            order_id=order.id,
            payload={"changed": sorted(changes)},
        )
    await Order.filter(id=order.id).update(**changes, channel_updated_at=incoming.updated_at, updated_at=now())
    await _take_in_consents(uow, order, incoming)
    if order.status in _ENDED:
        return
    if incoming.cancelled_at is not None:
        await _cancel(uow, order, incoming)
        return
    if await _lines_differ(order, incoming):
        await hold_for(uow, order.id, HoldReason.REVIEW, "the channel changed the lines of this order: compare them")
    if has_money:
        await _release_payment_hold(uow, order)


async def _take_in_consents(uow: UnitOfWork, order: Order, incoming: IncomingOrder) -> None:
    if order.customer_id is not None:
        source = f"channel:{order.channel}"
        await take_in_consents(uow, order.customer_id, source, incoming.consents, incoming.updated_at)


async def _changes(order: Order, incoming: IncomingOrder) -> dict[str, Any]:
    """What the channel knows better than we do; the address only while nothing has shipped."""
    fresh: dict[str, Any] = {
        "email": incoming.email.strip().lower(),
        "locale": language_tag(incoming.locale) or order.locale,
        "note": incoming.note,
        "tags": list(incoming.tags),
    }
    if incoming.billing_address is not None:
        fresh["billing_address"] = asdict(incoming.billing_address)
    has_shipped = await OrderLine.filter(order_id=order.id, shipped__gt=0, requires_shipping=True).exists()
    if incoming.shipping_address is not None and not has_shipped:
        fresh["shipping_address"] = asdict(incoming.shipping_address)
    return {name: value for name, value in fresh.items() if getattr(order, name) != value}


async def _lines_differ(order: Order, incoming: IncomingOrder) -> bool:
    """Whether the channel wants other units of any line than we do."""
    ours = {line.external_id: line.ordered - line.cancelled for line in await OrderLine.filter(order_id=order.id)}
    theirs = {line.external_id: line.quantity - min(line.cancelled, line.quantity) for line in incoming.lines}
    return {key: units for key, units in ours.items() if units} != {
        key: units for key, units in theirs.items() if units
    }


async def _cancel(uow: UnitOfWork, order: Order, incoming: IncomingOrder) -> None:
    """Cancel what the channel cancelled; where that is too late, somebody has to look."""
    if order.cancel_requested_at is not None:
        return
    reason = incoming.cancel_reason or "cancelled on the channel"
    try:
        await cancel(uow, CancelOrder(order.id, reason), _no_objection)
    except (Refused, IllegalTransition) as refused:
        await hold_for(uow, order.id, HoldReason.REVIEW, f"cancelled on the channel ({reason}), but {refused}")


async def _release_payment_hold(uow: UnitOfWork, order: Order) -> None:
    """The money has come, or is promised by the bank: the hold for it is released."""
    summary = await money_of(order)
    if summary.authorized < summary.outstanding:
        return
    for hold in await Hold.filter(order_id=order.id, reason=HoldReason.PAYMENT.value, released_at=None):
        await release_hold(uow, ReleaseHold(hold.id, "paid"), _no_objection)


def _no_objection(_: OrderSnapshot) -> list[tuple[str, Objection]]:
    """What the channel did has happened: plugins are told of it afterwards, not asked before."""
    return []
