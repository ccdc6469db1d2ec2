import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import pytest
from tests.channels.partner import NOON, TestShop, house, incoming, make_channel, make_message

from packhouse.channels.commands.retry_message import retry_message
from packhouse.channels.jobs import pull_orders, work_inbox
from packhouse.channels.models import Channel, InboundMessage
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import Objection, OrderPage, ProviderUnavailable, now
from packhouse.storage import Database
from packhouse.testing.factories import ADDRESS, BY, make_shop, make_variant
from packhouse.testing.graphql import NoObjections

CHECKS = NoObjections()


async def test_a_bad_message_never_blocks_the_others(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    await make_shop(database)
    channel = await make_channel(database)
    bodies = ["{", json.dumps([["1", "NOPE"]]), json.dumps([["2", "MUG"]])]
    for number, body in enumerate(bodies):
        await make_message(database, channel, str(number), body)
    assert await work_inbox(house(database, TestShop()), CHECKS) == 3
    found = await InboundMessage.all().order_by("message_id")
    assert [(each.status, each.reason) for each in found] == [
        ("quarantined", "the body is not JSON"),
        ("quarantined", "UNKNOWN_SKU: there is no variant with SKU NOPE"),
        ("done", ""),
    ]
    assert [order.external_id for order in await Order.all()] == ["2"]
    assert len([each for each in caplog.records if each.levelno >= logging.WARNING]) == 2


async def test_works_on_more_than_one_batch_in_the_order_of_arrival(database: Database) -> None:
    await make_shop(database, units=200)
    channel = await make_channel(database)
    for number in range(60):
        await make_message(database, channel, f"m{number}", json.dumps([[str(number), "MUG"]]))
    assert await work_inbox(house(database, TestShop()), CHECKS) == 60
    assert [order.external_id for order in await Order.all().order_by("id")] == [str(each) for each in range(60)]
    assert await work_inbox(house(database, TestShop()), CHECKS) == 0


async def test_messages_of_a_plugin_that_does_not_run_wait_and_block_nobody(database: Database) -> None:
    await make_shop(database)
    gone = await make_channel(database, "gone")
    for number in range(60):
        await make_message(database, gone, str(number), "{")
    await make_message(database, await make_channel(database), "1", json.dumps([["1", "MUG"]]))
    assert await work_inbox(house(database, TestShop()), CHECKS) == 1
    assert await Order.all().count() == 1
    assert await InboundMessage.filter(channel=gone, status="received").count() == 60


async def test_orders_are_pulled_page_by_page_and_asked_for_with_an_overlap(database: Database) -> None:
    await make_shop(database)
    await make_channel(database)
    shop = TestShop(pages=[OrderPage((incoming("1"), incoming("2")), "next"), OrderPage((incoming("3"),), None)])
    started = now()
    assert await pull_orders(house(database, shop), CHECKS) == 3
    assert sorted(order.external_id for order in await Order.all()) == ["1", "2", "3"]
    assert [cursor for _, cursor in shop.asked] == [None, "next"]
    channel = await Channel.get(code="shop")
    assert channel.pulled_until is not None
    assert channel.next_pull_at is not None
    assert started <= channel.pulled_until <= now() < channel.next_pull_at
    assert (channel.pull_cursor, channel.last_error) == ("", "")

    assert await pull_orders(house(database, shop), CHECKS) == 0
    assert len(shop.asked) == 2, "it is not due yet"
    await Channel.filter(is_active=True).update(next_pull_at=now())
    await pull_orders(house(database, shop), CHECKS)
    assert shop.asked[-1] == (channel.pulled_until - timedelta(minutes=5), None)


async def test_a_broken_pull_goes_on_where_it_stopped(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    await make_shop(database)
    await make_channel(database)
    shop = TestShop(pages=[OrderPage((incoming("1"),), "next"), ProviderUnavailable("the shop is down")])
    assert await pull_orders(house(database, shop), CHECKS) == 1
    channel = await Channel.get(code="shop")
    assert (channel.pull_cursor, channel.pulled_until) == ("next", None)
    assert channel.last_error == "ProviderUnavailable: the shop is down"
    assert len(caplog.records) == 1

    await Channel.filter(is_active=True).update(next_pull_at=now())
    shop.pages = [OrderPage((incoming("2"),), None)]
    assert await pull_orders(house(database, shop), CHECKS) == 1
    assert shop.asked[-1][1] == "next"
    assert (await Channel.get(code="shop")).last_error == ""
    assert await Order.all().count() == 2


async def test_pulled_orders_that_cannot_be_taken_are_kept_once(database: Database) -> None:
    await make_shop(database)
    await make_channel(database)
    page = OrderPage((incoming("1", "NOPE"), incoming("2")), None, (("3", "there is no currency", '{"id": 3}'),))
    shop = TestShop(pages=[page])
    assert await pull_orders(house(database, shop), CHECKS) == 2
    assert [order.external_id for order in await Order.all()] == ["2"]
    kept = await InboundMessage.all().order_by("message_id")
    assert [(each.message_id, each.status, each.reason) for each in kept] == [
        ("pull:1:2026-11-01T12:00:00+00:00", "quarantined", "there is no variant with SKU NOPE"),
        ("pull:3", "quarantined", "there is no currency"),
    ]
    shop.pages = [page]
    await Channel.filter(is_active=True).update(next_pull_at=now())
    await pull_orders(house(database, shop), CHECKS)
    assert await InboundMessage.all().count() == 2

    await make_variant(database, "NOPE")
    for message in kept:
        await database.write(BY, partial(retry_message, message_id=message.id))
    # a shop that sends no webhooks: what was kept needs nobody to read it
    silent = SimpleNamespace(code="shop", title="Shop")
    assert await work_inbox(house(database, silent), CHECKS) == 2
    order = await Order.get(external_id="1")
    lines = await OrderLine.filter(order_id=order.id)
    assert [(line.sku, line.ordered, line.unit_price) for line in lines] == [("NOPE", 1, 900)]
    assert order.shipping_address == asdict(ADDRESS)
    assert order.placed_at == NOON
    again = await InboundMessage.all().order_by("message_id")
    assert [(each.status, each.order_id) for each in again] == [("done", order.id), ("quarantined", None)]


async def test_an_order_that_fails_for_reasons_of_our_own_stops_no_pull(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await make_shop(database)
    await make_channel(database)
    checks = NoObjections()
    checks.check = broken_once()  # type: ignore[method-assign]  # a plugin's bug
    shop = TestShop(pages=[OrderPage((incoming("1"), incoming("2")), None)])
    assert await pull_orders(house(database, shop), checks) == 2
    assert [order.external_id for order in await Order.all()] == ["2"]
    assert (await InboundMessage.get()).reason == "ZeroDivisionError, see the log"
    assert [each.levelname for each in caplog.records] == ["ERROR", "WARNING"]


def broken_once() -> Callable[..., list[tuple[str, Objection]]]:
    errors = [ZeroDivisionError()]

    def check(*_: object) -> list[tuple[str, Objection]]:
        if errors:
            raise errors.pop()
        return []

    return check


async def test_a_channel_that_is_off_or_cannot_be_asked_is_left_alone(database: Database) -> None:
    await make_channel(database)
    await make_channel(database, "other")
    await Channel.filter(code="shop").update(is_active=False)
    shop = TestShop()
    assert await pull_orders(house(database, shop), CHECKS) == 0
    assert shop.asked == []
