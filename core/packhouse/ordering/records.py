"""The rows of a new order: hand-written statements, because placing is the hot path."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from packhouse.catalog.prices import prices_in_force
from packhouse.events.record import record
from packhouse.ordering.data import PlaceOrder
from packhouse.ordering.pricing import KnownVariant, PricedLine, Totals
from packhouse.orders.states import OrderStatus
from packhouse.payments.states import PaymentKind, PaymentOutcome
from packhouse.sdk import EventType, InvalidValue, OrderSnapshot, Refused, new_id, now
from packhouse.storage import Reader, UnitOfWork
from packhouse.storage.dialect import as_json, insert_sql, placeholders, read_id


async def known_variants(reader: Reader, skus: Sequence[str]) -> dict[str, KnownVariant]:
    """The variants of the SKUs, by SKU."""
    wanted = sorted(set(skus))
    rows = await reader.fetch(
        f"SELECT id, sku, title, requires_shipping, is_bundle FROM variant WHERE sku IN ({placeholders(len(wanted))})",
        *wanted,
    )
    return {
        row["sku"]: KnownVariant(
            read_id(row["id"]), row["sku"], row["title"], bool(row["requires_shipping"]), bool(row["is_bundle"])
        )
        for row in rows
    }


async def listed_prices(
    reader: Reader, data: PlaceOrder, variants: Mapping[str, KnownVariant], at: datetime
) -> Mapping[tuple[UUID, int], int]:
    """The price list's prices; none are read where the channel's own are final."""
    wanted = [
        (variants[line.sku].id, line.quantity)
        for line in data.lines
        if line.sku in variants and not (data.price_is_final and line.unit_price is not None)
    ]
    return await prices_in_force(reader, data.channel, data.currency, at, wanted)


async def insert_order(
    uow: UnitOfWork,
    order: OrderSnapshot,
    customer_id: UUID | None,
    data: PlaceOrder,
    amounts: Totals,
    status: OrderStatus,
) -> None:
    """Insert the order as confirmed (or completed, where nothing has to be sent).

    Raises:
        Refused: DUPLICATE_ORDER.
    """
    at = now()
    row = {
        "id": order.id,
        "number": order.number,
        "channel": data.channel,
        "external_id": data.external_id,
        "status": status.value,
        "customer_id": customer_id,
        "email": data.email.strip().lower(),
        "locale": data.locale,
        "currency": data.currency,
        "subtotal": amounts.subtotal,
        "discount": amounts.discount,
        "shipping": amounts.shipping,
        "tax": amounts.tax,
        "total": amounts.total,
        "tax_included": data.tax_included,
        "shipping_address": asdict(data.shipping_address) if data.shipping_address else None,
        "billing_address": asdict(data.billing_address) if data.billing_address else None,
        "note": data.note,
        "tags": as_json(list(data.tags)),
        "shipping_speed": data.shipping_speed.value,
        "priority": data.priority,
        "cancel_reason": "",
        "is_imported": False,
        "is_demo": data.is_demo,
        "channel_updated_at": data.channel_updated_at,
        "placed_at": order.placed_at,
        "confirmed_at": at,
        "completed_at": at if status is OrderStatus.COMPLETED else None,
        "cancel_requested_at": None,
        "cancelled_at": None,
        "updated_at": at,
    }
    values = [as_json(value) if isinstance(value, dict) else value for value in row.values()]
    sql = insert_sql("orders", tuple(row), 1) + " ON CONFLICT DO NOTHING RETURNING id"
    if not await uow.fetch(sql, *values):
        raise await _duplicate(uow, order, data)


async def _duplicate(uow: UnitOfWork, order: OrderSnapshot, data: PlaceOrder) -> Refused:
    same = "SELECT id FROM orders WHERE channel = $1 AND external_id = $2 AND external_id <> ''"
    if await uow.fetch(same, data.channel, data.external_id):
        field, named = "externalId", f"external id {data.external_id}"
    else:
        field, named = "number", f"number {order.number}"
    return Refused("DUPLICATE_ORDER", f"channel {data.channel} has an order with {named} already", field)


async def insert_lines(uow: UnitOfWork, order: OrderSnapshot, lines: Sequence[PricedLine]) -> None:
    """Insert the lines; what has to be sent counts as allocated, because an order is confirmed all or nothing."""
    await uow.insert(
        "order_line",
        [
            {
                "id": snapshot.id,
                "order_id": order.id,
                "position": position,
                "external_id": line.line.external_id,
                "variant_id": line.variant.id,
                "sku": line.variant.sku,
                "title": snapshot.title[:255],
                "requires_shipping": line.requires_shipping,
                "is_bundle": line.variant.is_bundle,
                "ordered": line.line.quantity,
                "allocated": line.units_to_send,
                "backordered": 0,
                "shipped": 0,
                "delivered": 0,
                "returned": 0,
                "cancelled": line.line.cancelled,
                "unit_price": line.unit_price,
                "discount": line.discount,
                "tax": line.tax,
                "total": line.total,
            }
            for position, (snapshot, line) in enumerate(zip(order.lines, lines, strict=True), 1)
        ],
    )


async def insert_payments(uow: UnitOfWork, order_id: UUID, data: PlaceOrder, placed_at: datetime) -> None:
    """Insert the money that is known of, each as a successful event.

    Raises:
        InvalidValue: a kind that is neither authorization nor charge.
    """
    rows = []
    for index, payment in enumerate(data.payments):
        if payment.kind not in {PaymentKind.AUTHORIZATION, PaymentKind.CHARGE}:
            raise InvalidValue(f"payments.{index}.kind", f"{payment.kind!r} is neither authorization nor charge")
        row = {
            "id": new_id(),
            "order_id": order_id,
            "kind": payment.kind,
            "outcome": PaymentOutcome.SUCCESS.value,
            "amount": payment.amount.minor,
            "provider": payment.provider,
            "method": payment.method[:64],
            "external_id": payment.external_id,
            "note": "",
            "occurred_at": payment.occurred_at or placed_at,
        }
        rows.append(row)
        record(
            uow,
            EventType.PAYMENT_RECORDED,
            row["id"],
            order_id=order_id,
            payload={
                "kind": payment.kind,
                "outcome": PaymentOutcome.SUCCESS.value,
                "amount": payment.amount.minor,
                "currency": data.currency,
            },
        )
    await uow.insert("payment_event", rows)


async def insert_promise(uow: UnitOfWork, order_id: UUID, data: PlaceOrder) -> None:
    """Keep what the customer was told at checkout."""
    if data.promised_by is not None:
        promise = {
            "id": new_id(),
            "order_id": order_id,
            "promised_by": data.promised_by,
            "source": "checkout",
            "made_at": now(),
        }
        await uow.insert("delivery_promise", [promise])


async def leave_pending(uow: UnitOfWork, order_id: UUID) -> None:
    """Take back what `insert_order` and `insert_lines` wrote in advance: nothing is allocated, the order waits."""
    await uow.execute("UPDATE order_line SET allocated = 0 WHERE order_id = $1", order_id)
    await uow.execute(
        "UPDATE orders SET status = $2, confirmed_at = NULL WHERE id = $1", order_id, OrderStatus.PENDING.value
    )


async def leave_cancelled(uow: UnitOfWork, order_id: UUID, data: PlaceOrder) -> None:
    """Make of what was written an order that is cancelled already: nothing is allocated, every unit is cancelled."""
    await uow.execute(
        "UPDATE order_line SET allocated = 0, shipped = 0, delivered = 0, cancelled = ordered WHERE order_id = $1",
        order_id,
    )
    await uow.execute(
        "UPDATE orders SET status = $2, confirmed_at = NULL, completed_at = NULL, cancelled_at = $3, cancel_reason = $4"
        " WHERE id = $1",
        order_id,
        OrderStatus.CANCELLED.value,
        data.cancelled_at,
        data.cancel_reason[:255],
    )
    record(
        uow,
        EventType.ORDER_CANCELLED,
        order_id,
        order_id=order_id,
        reason=data.cancel_reason,
        occurred_at=data.cancelled_at,
        payload={"number": data.number},
    )
