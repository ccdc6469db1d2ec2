"""Pulls the orders that changed since a moment, page by page, as fast as the shop's bucket of points allows."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from packhouse.sdk import IncomingOrder, OrderPage, ProviderRateLimited, ProviderRefused, Unreadable
from packhouse_shopify.client import AdminClient, Answer, Cost, Json, document
from packhouse_shopify.connections import all_of, nodes_of
from packhouse_shopify.fields import gid_tail
from packhouse_shopify.mapping import read_order
from packhouse_shopify.nodes import as_webhook

# Shopify refuses a single query above 1,000 points; a part is left for the follow-up queries of large orders.
POINTS_FOR_A_PAGE = 800.0
FIRST_PAGE_SIZE = 5
LARGEST_PAGE_SIZE = 50
# `refunds` is a plain list without a cursor.
MOST_REFUNDS = 20


class OrderPuller:
    """Reads orders of one shop. The page size follows what the last page was reckoned to cost."""

    def __init__(self, client: AdminClient) -> None:
        self._client = client
        self.page_size = FIRST_PAGE_SIZE

    async def pull(self, since: datetime, cursor: str | None) -> OrderPage:
        """A page of orders changed at or after `since`, oldest change first.

        Raises:
            ProviderError: the page could not be read; the same cursor can be asked for again.
        """
        try:
            answer = await self._page(since, cursor)
            nodes, following = nodes_of(answer.data.get("orders"))
            read = [await self._read(node) for node in nodes]
        except ProviderRateLimited:
            # The next attempt asks for less, so that it comes through even when the bucket is shared.
            self.page_size = max(1, self.page_size // 2)
            raise
        self._adapt(answer.cost)
        return OrderPage(
            orders=tuple(order for order in read if isinstance(order, IncomingOrder)),
            cursor=following,
            unreadable=tuple(order for order in read if not isinstance(order, IncomingOrder)),
        )

    async def _page(self, since: datetime, cursor: str | None) -> Answer:
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = document("orders_page", "line_item_fields")
        while True:
            variables = {"first": self.page_size, "after": cursor, "query": f"updated_at:>='{moment}'"}
            try:
                return await self._client.read(text, variables)
            except ProviderRefused as error:
                if error.code != "MAX_COST_EXCEEDED" or self.page_size == 1:
                    raise
                self.page_size //= 2

    def _adapt(self, cost: Cost | None) -> None:
        if cost is None or cost.requested <= 0:
            return
        affordable = min(POINTS_FOR_A_PAGE, cost.available) * self.page_size / cost.requested
        self.page_size = max(1, min(LARGEST_PAGE_SIZE, int(affordable)))

    async def _read(self, node: Json) -> IncomingOrder | tuple[str, str, str]:
        """The order, or its id, the reason why it cannot be read, and its JSON."""
        try:
            lines = await self._lines(node)
            refunds = await self._refunds(node)
            return read_order(as_webhook(node, lines, refunds))
        except Unreadable as error:
            reason = error.reason
        except ProviderRefused as error:
            # A part of this one order is not to be had (it was deleted meanwhile): the others go on.
            reason = error.detail
        return gid_tail(node.get("id"), "Order"), reason, json.dumps(node, default=str)

    async def _lines(self, node: Json) -> list[Json]:
        return await all_of(self._client, document("order_lines", "line_item_fields"), node, ("order", "lineItems"))

    async def _refunds(self, node: Json) -> list[Json]:
        """All refunds with all their lines; few orders have any, so they are asked for one by one."""
        if not node.get("refunds"):
            return []
        answer = await self._client.read(document("order_refunds"), {"id": node.get("id"), "first": MOST_REFUNDS + 1})
        order = answer.data.get("order")
        found = order.get("refunds") if isinstance(order, Mapping) else None
        if not isinstance(found, list):
            raise Unreadable("the order's refunds were not given", "refunds")
        if len(found) > MOST_REFUNDS:
            raise Unreadable(f"the order has more than {MOST_REFUNDS} refunds", "refunds")
        return [await self._with_all_lines(refund) for refund in found if isinstance(refund, Mapping)]

    async def _with_all_lines(self, refund: Json) -> Json:
        lines = await all_of(self._client, document("refund_lines"), refund, ("refund", "refundLineItems"))
        return {**refund, "refundLineItems": {"nodes": lines}}
