"""A shop that is told its stock, for tests."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.channels.partner import TestShop

from packhouse.sdk import ListedStock, PushedStock, ShownStock, StockPush


@dataclass
class StockShop(TestShop):
    """Keeps what it is told in `shows`; knows a listing by its SKU in lower case. `fails` are raised one by one."""

    pushes: list[StockPush] = field(default_factory=list)
    shows: dict[str, int] = field(default_factory=dict)
    refuses: dict[str, str] = field(default_factory=dict)
    says_nothing_of: set[str] = field(default_factory=set)

    async def push_stock(self, push: StockPush) -> list[PushedStock]:
        """Show new numbers."""
        self.pushes.append(push)
        if self.fails:
            raise self.fails.pop(0)
        for item in push.items:
            if item.channel_sku not in self.refuses:
                self.shows[item.channel_sku] = item.quantity
        return [
            PushedStock(item.channel_sku, self.refuses.get(item.channel_sku, ""), item.channel_sku.lower())
            for item in push.items
            if item.channel_sku not in self.says_nothing_of
        ]

    async def shown_stock(self, items: Sequence[ListedStock]) -> list[ShownStock]:
        """What it shows."""
        if self.fails:
            raise self.fails.pop(0)
        return [
            ShownStock(item.channel_sku, self.shows[item.channel_sku])
            for item in items
            if item.channel_sku in self.shows
        ]

    @property
    def heard(self) -> list[dict[str, int]]:
        """The numbers of each push."""
        return [{item.channel_sku: item.quantity for item in push.items} for push in self.pushes]
