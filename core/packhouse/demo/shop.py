"""The demo's customers: they order at the simulated shop, one after another."""

import asyncio
import secrets
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Protocol, runtime_checkable

from packhouse.demo.catalogue import CHANNEL, VARIANTS, OrderPlan
from packhouse.sdk import IncomingOrder, Providers, Refused

# Seconds at speed 1: between two orders (all of them within the longest), and until a late payment comes.
_BETWEEN = 1.0
_LONGEST = 12.0
_PAID_AFTER = 4.0
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@runtime_checkable
class Shop(Protocol):
    """What the demo asks of the simulated channel of `packhouse-demo`, beyond what every channel does."""

    def sell(
        self, run: str, serial: int, basket: Sequence[tuple[str, str, int, str]], *, is_paid: bool = True
    ) -> IncomingOrder:
        """Make an order of (sku, title, units, price of one); the next pull gives it."""

    def pay(self, external_id: str) -> None:
        """The customer pays; the next pull tells it."""


def require_plugin() -> None:
    """Say clearly what is missing before anything is started.

    Raises:
        Refused: NO_DEMO_PLUGIN.
    """
    if not entry_points(group="packhouse.plugins", name="demo"):
        raise Refused(
            "NO_DEMO_PLUGIN",
            "the simulators are not installed: pip install packhouse-demo (in a checkout: pip install -e plugins/packhouse-demo)",
        )


def demo_shop(providers: Providers) -> Shop:
    """The simulated channel.

    Raises:
        Refused: NO_DEMO_PLUGIN: what is registered under its code is another one.
    """
    found: object = providers.channels.get(CHANNEL)
    if not isinstance(found, Shop):
        raise Refused("NO_DEMO_PLUGIN", f"the channel {CHANNEL} is not the one of packhouse-demo: update that plugin")
    return found


class Customers:
    """Order what is planned; `numbers` maps the plans' serials to the orders' numbers as they are placed."""

    def __init__(self, shop: Shop, plans: Sequence[OrderPlan], speed: float) -> None:
        self.numbers: dict[int, str] = {}
        self._shop = shop
        self._plans = plans
        self._speed = speed
        self._run = "".join(secrets.choice(_ALPHABET) for _ in range(5))

    async def order(self) -> None:
        """Place every order; returns when all are placed and paid."""
        pause = min(_BETWEEN, _LONGEST / max(1, len(self._plans))) / self._speed
        async with asyncio.TaskGroup() as late:
            for plan in self._plans:
                order = self._shop.sell(self._run, plan.serial, _priced(plan), is_paid=not plan.is_paid_late)
                self.numbers[plan.serial] = order.number
                if plan.is_paid_late:
                    late.create_task(self._pay_later(order.external_id))
                await asyncio.sleep(pause)

    async def _pay_later(self, external_id: str) -> None:
        await asyncio.sleep(_PAID_AFTER / self._speed)
        self._shop.pay(external_id)


def _priced(plan: OrderPlan) -> list[tuple[str, str, int, str]]:
    return [(sku, VARIANTS[sku].title, units, VARIANTS[sku].price) for sku, units in plan.basket.items()]
