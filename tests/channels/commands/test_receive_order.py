from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from packhouse.channels.commands.add_listing import AddListing, add_listing
from packhouse.channels.commands.create_channel import CreateChannel, create_channel
from packhouse.channels.commands.receive_order import receive_order
from packhouse.channels.models import Channel
from packhouse.orders.models import Hold, Order, OrderLine
from packhouse.payments.models import PaymentEvent
from packhouse.sdk import IncomingLine, IncomingOrder, IncomingPayment, Money, Objection, OrderSnapshot, Refused
from packhouse.storage import Database
from packhouse.testing.factories import ADDRESS, BY, make_shop

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def gbp(amount: str) -> Money:
    return Money.of(amount, "GBP")


INCOMING = IncomingOrder(
    external_id="5001",
    number="#1001",
    currency="GBP",
    placed_at=NOON,
    updated_at=NOON,
    lines=(IncomingLine("l1", "MUG", "Mug", 2, gbp("9.00")),),
    total=gbp("18.00"),
    email="buyer@example.com",
    shipping_address=ADDRESS,
    payments=(IncomingPayment("5001:charge", "charge", gbp("18.00")),),
)


def agree(_: OrderSnapshot) -> list[tuple[str, Objection]]:
    return []


async def shop_channel(database: Database) -> Channel:
    await make_shop(database)
    return await database.write(BY, lambda uow: create_channel(uow, CreateChannel("shopify", "Our shop", "shopify")))


async def receive(database: Database, channel: Channel, incoming: IncomingOrder) -> Order:
    order_id = await database.write(BY, lambda uow: receive_order(uow, channel, incoming, agree))
    return await Order.get(id=order_id)


async def test_a_channels_order_keeps_the_channels_price(database: Database) -> None:
    channel = await shop_channel(database)
    order = await receive(database, channel, INCOMING)
    assert (order.number, order.external_id, order.status, order.total) == ("#1001", "5001", "confirmed", 1800)
    assert order.placed_at == NOON
    assert await Hold.filter(order_id=order.id).count() == 0


async def test_the_customers_language_is_kept_where_the_channel_says_one(database: Database) -> None:
    channel = await shop_channel(database)
    assert (await receive(database, channel, replace(INCOMING, locale="fr_CA"))).locale == "fr-CA"
    for hours, locale in enumerate(("", "not a language"), 1):
        later = replace(INCOMING, locale=locale, updated_at=NOON + timedelta(hours=hours))
        assert (await receive(database, channel, later)).locale == "fr-CA"
    unheard = replace(INCOMING, external_id="5002", number="#1002", locale="???", payments=())
    assert (await receive(database, channel, unheard)).locale == ""


async def test_receiving_the_same_again_changes_nothing(database: Database) -> None:
    channel = await shop_channel(database)
    first = await receive(database, channel, INCOMING)
    second = await receive(database, channel, INCOMING)
    assert second == first
    assert second.updated_at == first.updated_at
    assert await PaymentEvent.filter(order_id=first.id).count() == 1


async def test_a_listing_translates_the_channels_sku(database: Database) -> None:
    channel = await shop_channel(database)
    listing = AddListing("shopify", "SHOP-MUG-RED", "MUG")
    await database.write(BY, lambda uow: add_listing(uow, listing))
    incoming = replace(INCOMING, lines=(IncomingLine("l1", "SHOP-MUG-RED", "Red mug", 1, gbp("18.00")),))
    order = await receive(database, channel, incoming)
    assert (await OrderLine.get(order_id=order.id)).sku == "MUG"


async def test_an_unknown_sku_is_refused_and_nothing_is_kept(database: Database) -> None:
    channel = await shop_channel(database)
    incoming = replace(INCOMING, lines=(IncomingLine("l1", "NOPE", "?", 1, gbp("18.00")),))
    with pytest.raises(Refused) as refused:
        await receive(database, channel, incoming)
    assert (refused.value.code, refused.value.field) == ("UNKNOWN_SKU", "lines.0.sku")
    assert await Order.all().count() == 0


async def test_an_unpaid_order_waits_for_its_money(database: Database) -> None:
    channel = await shop_channel(database)
    order = await receive(database, channel, replace(INCOMING, payments=()))
    assert (await Hold.get(order_id=order.id, released_at=None)).reason == "payment"
    part = IncomingPayment("5001:charge", "charge", gbp("10.00"))
    later = replace(INCOMING, updated_at=NOON + timedelta(minutes=1), payments=(part,))
    await receive(database, channel, later)
    assert await Hold.filter(order_id=order.id, released_at=None).count() == 1
    await receive(database, channel, replace(INCOMING, updated_at=NOON + timedelta(minutes=2)))
    assert await Hold.filter(order_id=order.id, released_at=None).count() == 0
    booked = await PaymentEvent.filter(order_id=order.id).order_by("amount")
    assert [(row.amount, row.grown_to) for row in booked] == [(800, 1800), (1000, 0)]
    assert {row.external_id for row in booked} == {"5001:charge"}


async def test_an_older_state_does_not_undo_a_newer_one(database: Database) -> None:
    channel = await shop_channel(database)
    await receive(database, channel, replace(INCOMING, note="newer"))
    order = await receive(database, channel, replace(INCOMING, note="older", updated_at=NOON - timedelta(hours=1)))
    assert order.note == "newer"


async def test_a_cancellation_on_the_channel_cancels_here(database: Database) -> None:
    channel = await shop_channel(database)
    await receive(database, channel, INCOMING)
    later = NOON + timedelta(hours=1)
    order = await receive(
        database, channel, replace(INCOMING, updated_at=later, cancelled_at=later, cancel_reason="customer")
    )
    assert (order.status, order.cancel_reason) == ("cancelled", "customer")


async def test_an_order_that_arrives_cancelled_takes_no_stock(database: Database) -> None:
    channel = await shop_channel(database)
    order = await receive(database, channel, replace(INCOMING, cancelled_at=NOON, cancel_reason="customer"))
    assert (order.status, order.cancelled_at) == ("cancelled", NOON)
    line = await OrderLine.get(order_id=order.id)
    assert (line.allocated, line.cancelled) == (0, 2)
    rows = await database.fetch("SELECT allocated FROM stock_level")
    assert {row["allocated"] for row in rows} == {0}


async def test_a_cancellation_that_comes_too_late_is_held_for_people(database: Database) -> None:
    channel = await shop_channel(database)
    order = await receive(database, channel, INCOMING)
    await database.write(
        BY, lambda uow: uow.execute("UPDATE order_line SET shipped = 2, allocated = 0 WHERE order_id = $1", order.id)
    )
    later = NOON + timedelta(hours=1)
    cancelled = replace(INCOMING, updated_at=later, cancelled_at=later)
    order = await receive(database, channel, cancelled)
    assert order.status == "confirmed"
    hold = await Hold.get(order_id=order.id, released_at=None)
    assert hold.reason == "review"
    assert "have shipped" in hold.note


async def test_changed_lines_are_held_for_people(database: Database) -> None:
    channel = await shop_channel(database)
    await receive(database, channel, INCOMING)
    changed = (IncomingLine("l1", "MUG", "Mug", 1, gbp("9.00")),)
    later = replace(INCOMING, updated_at=NOON + timedelta(hours=1), lines=changed)
    order = await receive(database, channel, later)
    assert (await Hold.get(order_id=order.id, released_at=None)).reason == "review"


async def test_units_cancelled_on_the_channel_are_not_sent(database: Database) -> None:
    channel = await shop_channel(database)
    line = IncomingLine("l1", "MUG", "Mug", 3, gbp("9.00"), cancelled=1)
    order = await receive(database, channel, replace(INCOMING, lines=(line,)))
    ours = await OrderLine.get(order_id=order.id)
    assert (ours.ordered, ours.allocated, ours.cancelled) == (3, 2, 1)
