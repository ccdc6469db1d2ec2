"""The simulated shop: it gives the orders that the demo asks it to make, and shows the stock that it is told."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from packhouse.sdk import (
    Address,
    IncomingLine,
    IncomingOrder,
    IncomingPayment,
    ListedStock,
    Money,
    OrderPage,
    PushedStock,
    ShownStock,
    StockPush,
    now,
)
from packhouse_demo.payments import CODE as DEMO_PAY

CURRENCY = "GBP"
_SHIPPING = Money.of("3.95", CURRENCY)
# Invented streets in real towns; postcodes of the right form.
_PLACES = (
    ("Parcel Lane", "London", "N1 0AA"),
    ("Ribbon Street", "Leeds", "LS1 0AA"),
    ("Crate Row", "Bristol", "BS1 0AA"),
    ("Twine Terrace", "Glasgow", "G1 0AA"),
    ("Label Close", "Cardiff", "CF10 0AA"),
    ("Pallet Road", "Manchester", "M1 0AA"),
    ("Tape Gardens", "Norwich", "NR1 0AA"),
)
_PAGE = 50


@dataclass(frozen=True, slots=True)
class _Item:
    sku: str
    title: str
    quantity: int
    price: Money


class DemoChannel:
    """A shop without a website. Its orders and its stock are kept in memory only."""

    code = "demo"
    title = "Demo shop (simulated)"

    def __init__(self) -> None:
        self._orders: dict[str, IncomingOrder] = {}
        self._shows: dict[str, int] = {}

    def sell(
        self, run: str, serial: int, basket: Sequence[tuple[str, str, int, str]], *, is_paid: bool = True
    ) -> IncomingOrder:
        """Make an order of the basket's (sku, title, units, price of one in GBP); the next pull gives it.

        `run` and `serial` make its number, and `serial` the customer. Without `is_paid` the money comes by `pay`.
        """
        items = [_Item(sku, title, quantity, Money.of(price, CURRENCY)) for sku, title, quantity, price in basket]
        total = sum((item.price * item.quantity for item in items), _SHIPPING)
        at = now()
        number = f"DEMO-{run}-{serial:03d}"
        name, email = f"Demo Customer {serial}", f"demo.customer.{serial}@example.com"
        order = IncomingOrder(
            external_id=number.lower(),
            number=number,
            currency=CURRENCY,
            placed_at=at,
            updated_at=at,
            lines=tuple(_line(place, item) for place, item in enumerate(items, 1)),
            total=total,
            shipping=_SHIPPING,
            tax_included=True,
            email=email,
            customer_name=name,
            customer_external_id=f"demo-customer-{serial}",
            shipping_address=_address(serial, name, email),
            note="Made by the demo: nothing is really sent.",
            tags=("demo",),
        )
        self._orders[order.external_id] = order
        if is_paid:
            self.pay(order.external_id)
        return order

    def pay(self, external_id: str) -> None:
        """The customer pays; the next pull tells it."""
        order = self._orders[external_id]
        at = now()
        payment = IncomingPayment(
            external_id=f"pay-{external_id}",
            kind="charge",
            amount=order.total,
            method="card (simulated)",
            occurred_at=at,
            provider=DEMO_PAY,
        )
        self._orders[external_id] = replace(order, updated_at=at, payments=(payment,))

    async def pull_orders(self, since: datetime, cursor: str | None) -> OrderPage:
        """The orders changed since a moment, oldest change first; the cursor is the number of those given before."""
        changed = sorted(
            (order for order in self._orders.values() if order.updated_at >= since),
            key=lambda order: (order.updated_at, order.external_id),
        )
        start = int(cursor) if cursor else 0
        page = changed[start : start + _PAGE]
        more = start + len(page) < len(changed)
        return OrderPage(tuple(page), str(start + len(page)) if more else None)

    async def push_stock(self, push: StockPush) -> list[PushedStock]:
        """Show the numbers."""
        self._shows |= {item.channel_sku: item.quantity for item in push.items}
        return [PushedStock(item.channel_sku) for item in push.items]

    async def shown_stock(self, items: Sequence[ListedStock]) -> list[ShownStock]:
        """The numbers that it was told."""
        return [
            ShownStock(item.channel_sku, self._shows[item.channel_sku])
            for item in items
            if item.channel_sku in self._shows
        ]


def _line(place: int, item: _Item) -> IncomingLine:
    return IncomingLine(
        external_id=f"line-{place}", sku=item.sku, title=item.title, quantity=item.quantity, unit_price=item.price
    )


def _address(serial: int, name: str, email: str) -> Address:
    street, city, postcode = _PLACES[serial % len(_PLACES)]
    return Address(name=name, line1=f"{serial} {street}", city=city, postcode=postcode, country="GB", email=email)
