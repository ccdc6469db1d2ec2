"""A shop for tests: it sends webhooks, gives orders when asked, and hears of shipments."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from packhouse.channels.commands.accept_message import Message, accept_message
from packhouse.channels.commands.create_channel import CreateChannel, create_channel
from packhouse.channels.models import Channel, InboundMessage
from packhouse.sdk import (
    IncomingLine,
    IncomingOrder,
    IncomingPayment,
    Money,
    OrderPage,
    Providers,
    ShipmentNotice,
    Unreadable,
    WebhookEnvelope,
    WebhookRejected,
)
from packhouse.settings import Settings
from packhouse.storage import Database
from packhouse.testing.factories import ADDRESS, BY

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def incoming(external_id: str = "5001", sku: str = "MUG", quantity: int = 1, **changes: Any) -> IncomingOrder:
    """A paid order of that shop."""
    total = Money.of("9.00", "GBP") * quantity
    values: dict[str, Any] = {
        "external_id": external_id,
        "number": f"#{external_id}",
        "currency": "GBP",
        "placed_at": NOON,
        "updated_at": NOON,
        "lines": (IncomingLine("l1", sku, "Mug", quantity, Money.of("9.00", "GBP")),),
        "total": total,
        "email": "buyer@example.com",
        "shipping_address": ADDRESS,
        "payments": (IncomingPayment(f"{external_id}:charge", "charge", total),),
    }
    return IncomingOrder(**{**values, **changes})


@dataclass
class TestShop:
    """Bodies are JSON lists of [external id, SKU]; `pages` are given one by one, an error among them is raised."""

    __test__ = False

    code: str = "shop"
    title: str = "Shop"
    pages: list[OrderPage | Exception] = field(default_factory=list)
    asked: list[tuple[datetime, str | None]] = field(default_factory=list)
    told: list[ShipmentNotice] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)

    def verify_webhook(self, headers: Mapping[str, str], body: bytes, received_at: datetime) -> WebhookEnvelope:  # noqa: ARG002  (the Protocol's)
        """Trust whoever gives an id."""
        if "x-id" not in headers:
            raise WebhookRejected("there is no id")
        return WebhookEnvelope(headers["x-id"], "orders")

    def read_webhook(self, topic: str, body: bytes) -> list[IncomingOrder]:  # noqa: ARG002
        """The orders in it."""
        if self.fails:
            raise self.fails.pop(0)
        try:
            return [incoming(external_id, sku) for external_id, sku in json.loads(body)]
        except ValueError:
            raise Unreadable("the body is not JSON", "body") from None

    async def pull_orders(self, since: datetime, cursor: str | None) -> OrderPage:
        """The next page."""
        self.asked.append((since, cursor))
        page = self.pages.pop(0) if self.pages else OrderPage((), None)
        if isinstance(page, Exception):
            raise page
        return page

    async def push_shipment(self, notice: ShipmentNotice) -> str:
        """Hear of a shipment."""
        if self.fails:
            raise self.fails.pop(0)
        self.told.append(notice)
        return f"fulfilment-{len(self.told)}"


@dataclass
class House:
    """What jobs, hooks and routes are given."""

    database: Database
    providers: Providers
    settings: Settings = field(default_factory=Settings)


def house(database: Database, *shops: Any) -> House:
    """A house with these shops as its channels' plugins."""
    return House(database, Providers(channels={shop.code: shop for shop in shops}))


async def make_channel(database: Database, code: str = "shop") -> Channel:
    """A channel with a plugin behind it."""
    return await database.write(BY, lambda uow: create_channel(uow, CreateChannel(code, code.title(), code)))


async def make_message(database: Database, channel: Channel, message_id: str, body: str) -> InboundMessage:
    """A message that was kept and waits to be read."""
    message = Message(message_id, "orders", body.encode())
    await database.write(BY, lambda uow: accept_message(uow, channel, message))
    return await InboundMessage.get(channel=channel, message_id=message_id)
