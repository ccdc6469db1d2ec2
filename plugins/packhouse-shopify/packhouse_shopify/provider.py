"""The channel that Packhouse sees: one shop."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from weakref import WeakValueDictionary

from packhouse.sdk import (
    IncomingOrder,
    ListedStock,
    OrderPage,
    PluginContext,
    PushedStock,
    ShipmentNotice,
    ShownStock,
    StockPush,
    WebhookEnvelope,
)
from packhouse_shopify import webhooks
from packhouse_shopify.client import AdminClient
from packhouse_shopify.fulfillments import ShipmentPusher
from packhouse_shopify.inventory import StockKeeper
from packhouse_shopify.orders import OrderPuller
from packhouse_shopify.settings import Shop


class ShopifyChannel:
    """Reads webhooks, pulls orders and pushes shipments of one shop (`ReadsWebhooks`, `PullsOrders`, `PushesShipments`)."""

    def __init__(self, code: str, shop: Shop, context: PluginContext) -> None:
        self.code = code
        self.title = f"Shopify ({shop.domain})"
        self._shop = shop
        # The session opens after the channels are registered, so it is asked for at each call.
        self._client = client = AdminClient(shop, lambda: context.http, context.log)
        self._orders = OrderPuller(client)
        self._shipments = ShipmentPusher(client, notify_customer=shop.notify_customer)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def __repr__(self) -> str:
        return f"ShopifyChannel({self.code!r}, {self._shop.domain!r})"

    def verify_webhook(self, headers: Mapping[str, str], body: bytes, received_at: datetime) -> WebhookEnvelope:
        """The delivery's id and topic.

        Raises:
            WebhookRejected: the signature, the shop or the time is wrong.
        """
        return webhooks.verify(self._shop, headers, body, received_at)

    def read_webhook(self, topic: str, body: bytes) -> list[IncomingOrder]:
        """The order in a webhook; none for topics without one.

        Raises:
            Unreadable: the order cannot be read.
        """
        return webhooks.read(topic, body)

    async def pull_orders(self, since: datetime, cursor: str | None) -> OrderPage:
        """A page of the orders changed at or after a moment.

        Raises:
            ProviderError: the page could not be read.
        """
        return await self._orders.pull(since, cursor)

    async def push_shipment(self, notice: ShipmentNotice) -> str:
        """The ids of the fulfilments that hold the shipment, joined by commas.

        Raises:
            ProviderError: it was not made, or whether it was is in doubt.
        """
        # Looking for an earlier fulfilment and making one must not interleave with the same call beside it.
        lock = self._locks.setdefault(notice.external_order_id, asyncio.Lock())
        async with lock:
            return await self._shipments.push(notice)


class ShopifyStockChannel(ShopifyChannel):
    """A shop with a location whose stock is ours to set (`PushesStock`, `ShowsStock`)."""

    def __init__(self, code: str, shop: Shop, context: PluginContext, location: str) -> None:
        super().__init__(code, shop, context)
        self._stock = StockKeeper(self._client, location)

    async def push_stock(self, push: StockPush) -> list[PushedStock]:
        """Set what is available at the location; each item's outcome.

        Raises:
            ProviderError: nothing was set, or whether it was is in doubt.
        """
        return await self._stock.push(push)

    async def shown_stock(self, items: Sequence[ListedStock]) -> list[ShownStock]:
        """What Shopify shows as available at the location.

        Raises:
            ProviderError: it could not be read.
        """
        return await self._stock.shown(items)
