"""Placing an order: one transaction from the request to allocated stock and given-out work."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import randbits
from types import MappingProxyType
from uuid import UUID

from packhouse.customers.commands.recognise import Buyer, recognise
from packhouse.events.record import record
from packhouse.ordering import records
from packhouse.ordering.bundles import insert_parts, parts_of, taken_apart
from packhouse.ordering.commands.allocate import Shortage, allocate
from packhouse.ordering.commands.hold import place_holds
from packhouse.ordering.commands.supply import Heading
from packhouse.ordering.data import OnShortage, PlaceOrder
from packhouse.ordering.pricing import PricedLine, Totals, check_request, priced_lines, totals
from packhouse.ordering.promising import promise_delivery
from packhouse.ordering.rules import objection_holds, own_holds
from packhouse.ordering.work import WorkLine
from packhouse.orders.states import HoldReason, OrderStatus
from packhouse.routing.questions import NOWHERE, Destination
from packhouse.sdk import EventType, Facts, Money, Objection, OrderLineSnapshot, OrderSnapshot, new_id, now
from packhouse.storage import Database, Initiator, Reader, UnitOfWork, write_once
from packhouse.web.context import Checks

# Crockford's base 32: no letter that is mistaken for another or for a digit.
_NUMBER_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

CheckOrder = Callable[[OrderSnapshot], Sequence[tuple[str, Objection]]]


async def place_order(database: Database, checks: Checks, by: Initiator, data: PlaceOrder) -> UUID:
    """Place an order with the plugins' say: facts are gathered before the transaction, the checks run inside it.

    Raises:
        InvalidValue, Refused: as `place`.
    """
    data = replace(data, number=data.number or new_number())
    facts: Mapping[str, Facts] = {}
    if checks.gathers_facts:
        facts = await checks.gather_order_facts((await draft_order(database, data)).order)
    return await write_once(
        database, by, lambda uow: place(uow, data, lambda order: checks.check("check_order", order, facts), facts)
    )


async def place(
    uow: UnitOfWork, data: PlaceOrder, check: CheckOrder, facts: Mapping[str, Facts] = MappingProxyType({})
) -> UUID:
    """Place an order; returns its id.

    The order is confirmed at once: stock is allocated and work given out, all or nothing. With `on_shortage` HOLD an order
    that cannot be allocated stays pending and held. `check` is the plugins' say, called with the order as it would be; `facts`
    are what they gathered, for their rules of routing.

    Raises:
        InvalidValue: a quantity or an amount that cannot be.
        Refused: UNKNOWN_SKU, NO_PRICE, PRICE_MISMATCH, CURRENCY_MISMATCH, BAD_ADDRESS, INSUFFICIENT_STOCK,
            RESERVATION_ENDED, DUPLICATE_ORDER, or a plugin's own code. Nothing is changed.
    """
    draft = await draft_order(uow, data)
    order_id = draft.order.id
    holds = own_holds(data, needs_address=draft.needs_work, total=draft.amounts.total)
    holds += objection_holds(check(draft.order))
    work, heading = await _write(uow, draft, data), _heading(data, draft, facts)
    if data.cancelled_at is not None:
        await records.leave_cancelled(uow, order_id, data)
        return order_id
    try:
        supply = await allocate(uow, order_id, work, heading, reason="order placed", reservation_id=data.reservation_id)
    except Shortage as shortage:
        if data.on_shortage is OnShortage.REFUSE:
            raise
        await records.leave_pending(uow, order_id)
        holds.append((HoldReason.OUT_OF_STOCK, shortage.message))
    else:
        _record_confirmed(uow, draft)
        if data.promised_by is None:
            await promise_delivery(uow, order_id, supply, heading)
    await place_holds(uow, order_id, holds)
    return order_id


@dataclass(frozen=True, slots=True)
class Draft:
    """An order as it would be: priced, summed, and nothing written."""

    order: OrderSnapshot
    lines: list[PricedLine]
    amounts: Totals

    @property
    def needs_work(self) -> bool:
        """Whether somebody has to send anything."""
        return any(line.units_to_send for line in self.lines)


async def draft_order(reader: Reader, data: PlaceOrder) -> Draft:
    """Price an order without writing anything.

    Raises:
        InvalidValue, Refused: what cannot be ordered, as `place`.
    """
    check_request(data)
    placed_at = data.placed_at or now()
    variants = await records.known_variants(reader, [line.sku for line in data.lines])
    prices = await records.listed_prices(reader, data, variants, placed_at)
    lines = priced_lines(data, variants, prices)
    amounts = totals(data, lines)
    return Draft(_snapshot(data.number or new_number(), data, lines, amounts, placed_at), lines, amounts)


def new_number() -> str:
    """An order number for people: PH- and eight letters and digits (forty random bits)."""
    bits = randbits(40)
    return "PH-" + "".join(_NUMBER_ALPHABET[bits >> shift & 31] for shift in range(0, 40, 5))


async def _write(uow: UnitOfWork, draft: Draft, data: PlaceOrder) -> list[WorkLine]:
    """Write the order as confirmed, with its lines and money; returns the lines that somebody has to send."""
    order = draft.order
    customer_id = await recognise(
        uow,
        Buyer(
            channel=data.channel,
            email=data.email,
            name=data.customer_name,
            phone=data.customer_phone,
            external_id=data.customer_external_id,
            is_demo=data.is_demo,
        ),
    )
    status = OrderStatus.CONFIRMED if draft.needs_work else OrderStatus.COMPLETED
    await records.insert_order(uow, order, customer_id, data, draft.amounts, status)
    await records.insert_lines(uow, order, draft.lines)
    _record_placed(uow, draft, data)
    await records.insert_payments(uow, order.id, data, order.placed_at)
    await records.insert_promise(uow, order.id, data)
    work = [
        WorkLine(snapshot.id, line.variant.id, line.variant.sku, line.units_to_send, position)
        for position, (snapshot, line) in enumerate(zip(order.lines, draft.lines, strict=True))
        if line.units_to_send
    ]
    parts = await parts_of(uow, [line.variant for line in draft.lines])
    if parts:
        await insert_parts(uow, {line.order_line_id: line.variant_id for line in work}, parts)
    return taken_apart(work, parts)


def _record_placed(uow: UnitOfWork, draft: Draft, data: PlaceOrder) -> None:
    record(
        uow,
        EventType.ORDER_PLACED,
        draft.order.id,
        order_id=draft.order.id,
        occurred_at=draft.order.placed_at,
        payload={
            "number": draft.order.number,
            "channel": data.channel,
            "total": draft.amounts.total,
            "currency": data.currency,
            "lines": [
                {
                    "order_line_id": str(snapshot.id),
                    "sku": line.line.sku,
                    "title": snapshot.title,
                    "quantity": line.line.quantity,
                    "unit_price": line.unit_price,
                    "total": line.total,
                }
                for snapshot, line in zip(draft.order.lines, draft.lines, strict=True)
            ],
        },
    )


def _record_confirmed(uow: UnitOfWork, draft: Draft) -> None:
    order = draft.order
    record(uow, EventType.ORDER_CONFIRMED, order.id, order_id=order.id, payload={"number": order.number})
    if not draft.needs_work:
        record(uow, EventType.ORDER_COMPLETED, order.id, order_id=order.id, payload={"number": order.number})


def _heading(data: PlaceOrder, draft: Draft, facts: Mapping[str, Facts]) -> Heading:
    address = data.shipping_address
    to = Destination(address.country, address.postcode, address.city) if address else NOWHERE
    return Heading(data.channel, to, value=(draft.amounts.total, data.currency), facts=facts, speed=data.shipping_speed)


def _snapshot(
    number: str, data: PlaceOrder, lines: list[PricedLine], amounts: Totals, placed_at: datetime
) -> OrderSnapshot:
    return OrderSnapshot(
        id=data.order_id,
        number=number,
        channel=data.channel,
        external_id=data.external_id,
        status=OrderStatus.PENDING,
        currency=data.currency,
        total=Money.from_minor(amounts.total, data.currency),
        placed_at=placed_at,
        email=data.email,
        shipping_address=data.shipping_address,
        billing_address=data.billing_address,
        lines=tuple(
            OrderLineSnapshot(
                id=new_id(),
                sku=line.line.sku,
                title=line.line.title or line.variant.title,
                ordered=line.line.quantity,
                allocated=0,
                shipped=0,
                delivered=0,
                returned=0,
                cancelled=line.line.cancelled,
                unit_price=Money.from_minor(line.unit_price, data.currency),
                total=Money.from_minor(line.total, data.currency),
                external_id=line.line.external_id,
            )
            for line in lines
        ),
        is_demo=data.is_demo,
        tags=data.tags,
    )
