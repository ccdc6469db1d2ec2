"""What a channel says of its customers' consents comes in with their orders."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from packhouse.channels.commands.create_channel import CreateChannel, create_channel
from packhouse.channels.commands.receive_order import receive_order
from packhouse.channels.models import Channel
from packhouse.channels.pulled import PULLED, read_pulled, write_pulled
from packhouse.customers.models import Consent
from packhouse.orders.models import Order
from packhouse.sdk import ConsentPurpose, ConsentState, IncomingConsent, IncomingLine, IncomingOrder, Money
from packhouse.shipping.queries import order_snapshot
from packhouse.storage import Database
from packhouse.testing.factories import ADDRESS, BY, make_shop

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
GRANTED = IncomingConsent(ConsentPurpose.MARKETING_EMAIL, ConsentState.GRANTED, NOON, "buyer@example.com", "checkout")
DENIED = IncomingConsent(ConsentPurpose.MARKETING_EMAIL, ConsentState.DENIED, NOON + timedelta(hours=1))
INCOMING = IncomingOrder(
    external_id="5001",
    number="#1001",
    currency="GBP",
    placed_at=NOON,
    updated_at=NOON,
    lines=(IncomingLine("l1", "MUG", "Mug", 1, Money.of("9.00", "GBP")),),
    total=Money.of("9.00", "GBP"),
    email="buyer@example.com",
    shipping_address=ADDRESS,
    consents=(GRANTED,),
)


@pytest.fixture
async def channel(database: Database) -> Channel:
    await make_shop(database)
    return await database.write(BY, lambda uow: create_channel(uow, CreateChannel("shopify", "Our shop", "shopify")))


async def receive(database: Database, channel: Channel, incoming: IncomingOrder) -> Order:
    order_id = await database.write(BY, lambda uow: receive_order(uow, channel, incoming, lambda _: []))
    return await Order.get(id=order_id)


async def test_plugins_see_on_the_order_what_its_customer_said(database: Database, channel: Channel) -> None:
    order = await receive(database, channel, INCOMING)
    snapshot = await order_snapshot(order.id)
    assert snapshot is not None
    (consent,) = snapshot.consents.values()
    assert (consent.purpose, consent.state, consent.given_at) == (GRANTED.purpose, GRANTED.state, NOON)
    assert (consent.contact, consent.source) == ("buyer@example.com", "channel:shopify")


async def test_an_update_brings_the_newer_word(database: Database, channel: Channel) -> None:
    first = await receive(database, channel, INCOMING)
    later = replace(INCOMING, updated_at=NOON + timedelta(hours=2), consents=(GRANTED, DENIED))
    assert (await receive(database, channel, later)).id == first.id
    rows = await Consent.filter(customer_id=first.customer_id).order_by("given_at")
    assert [(row.state, row.is_current) for row in rows] == [("granted", False), ("denied", True)]
    assert await receive(database, channel, later)
    assert await Consent.all().count() == 2


async def test_a_stale_update_brings_nothing(database: Database, channel: Channel) -> None:
    await receive(database, channel, INCOMING)
    await receive(database, channel, replace(INCOMING, consents=(DENIED,)))
    assert [row.state for row in await Consent.all()] == ["granted"]


async def test_an_order_of_nobody_brings_no_consents(database: Database, channel: Channel) -> None:
    order = await receive(database, channel, replace(INCOMING, email=""))
    assert order.customer_id is None
    assert await Consent.all().count() == 0


def test_a_pulled_order_in_quarantine_keeps_its_consents() -> None:
    assert read_pulled(PULLED, write_pulled(INCOMING)) == [INCOMING]
