"""500 checkouts at once, of 20 SKUs and bundles of them, in any order: nothing is sold twice, nobody sees a deadlock.

On SQLite one process, on PostgreSQL with NATS four API processes. Of the first hundred buyers one in five reserved before; half of all
that is wanted is there.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from strawberry.relay import to_base64
from tests.faults.machines import Machines

from packhouse.channels.commands.create_channel import CreateChannel, create_channel
from packhouse.events.outbox import Outbox
from packhouse.inventory.commands.set_bundle import BundlePart, SetBundle, set_bundle
from packhouse.inventory.models import StockLevel
from packhouse.ordering.basket import BasketLine
from packhouse.ordering.commands.reserve import ReserveStock, reserve
from packhouse.orders.models import OrderLine
from packhouse.storage import Database, open_database
from packhouse.testing.factories import BY, make_location, make_stock, make_variant
from packhouse.testing.nats import nats_beside
from packhouse.testing.proofs import contradictions
from packhouse.testing.tokens import given_token

BUYERS = 500
PLAIN = [f"SKU-{number:02d}" for number in range(15)]
# a component in several bundles, a bundle in a bundle
BUNDLES: Mapping[str, Mapping[str, int]] = {
    "SET-A": {"SKU-00": 1, "SKU-01": 2},
    "SET-B": {"SKU-01": 1, "SKU-02": 1},
    "SET-C": {"SKU-03": 2, "SKU-00": 1},
    "SET-D": {"SKU-04": 1, "SKU-05": 1, "SKU-06": 1},
    "SET-E": {"SET-A": 1, "SKU-14": 1},
}
SKUS = [*PLAIN, *BUNDLES]
UNITS = 20
PLACE = """
mutation Place($input: PlaceOrderInput!) {
  placeOrder(input: $input) { order { id } userErrors { code } }
}
"""
ADDRESS = {"name": "A Buyer", "line1": "2 High Street", "city": "Leeds", "postcode": "LS1 4AP", "country": "GB"}
_SECONDS = 240


@dataclass(frozen=True)
class Buyer:
    """What somebody wants: units by SKU, in the order of the basket, and a reservation of all of it."""

    basket: tuple[tuple[str, int], ...]
    reservation: str | None = None


def parts(sku: str, units: int) -> Counter[str]:
    """Units on the shelf."""
    found: Counter[str] = Counter()
    for part, needed in BUNDLES.get(sku, {}).items():
        found.update(parts(part, units * needed))
    return found or Counter({sku: units})


def baskets() -> list[tuple[tuple[str, int], ...]]:
    chance = random.Random(4)
    return [
        tuple((sku, chance.randint(1, 2)) for sku in chance.sample(SKUS, chance.randint(1, 4))) for _ in range(BUYERS)
    ]


async def furnish(database: Database) -> tuple[str, list[Buyer]]:
    """Stock at two locations, and the buyers, of the first hundred every fifth with a reservation; gives a token, too."""
    places = [await make_location(database, code) for code in ("leeds", "london")]
    for sku in SKUS:
        await make_variant(database, sku)
    for sku in PLAIN:
        for place in places:
            await make_stock(database, sku, place, UNITS)
    for sku, components in BUNDLES.items():
        data = SetBundle(sku, tuple(BundlePart(*each) for each in components.items()))
        await database.write(BY, lambda uow, data=data: set_bundle(uow, data))
    await database.write(BY, lambda uow: create_channel(uow, CreateChannel("web", "Web shop")))
    token = await given_token(database, "test")
    buyers = []
    for number, basket in enumerate(baskets()):
        held = None
        if number % 5 == 0 and number < BUYERS // 5:
            data_ = ReserveStock(tuple(BasketLine(*line) for line in basket))
            held = to_base64("Reservation", (await database.write(BY, lambda uow, data_=data_: reserve(uow, data_))).id)
        buyers.append(Buyer(basket, held))
    return token, buyers


async def buy(session: aiohttp.ClientSession, address: str, buyer: Buyer) -> str:
    """The code of the refusal; empty where the order was placed."""
    order = {
        "channel": "web",
        "currency": "GBP",
        "lines": [{"sku": sku, "quantity": units} for sku, units in buyer.basket],
        "shippingAddress": ADDRESS,
        "reservationId": buyer.reservation,
    }
    async with session.post(address, json={"query": PLACE, "variables": {"input": order}}) as response:
        answer: dict[str, Any] = await response.json()
    assert response.status == 200, answer
    assert "errors" not in answer, answer
    errors = answer["data"]["placeOrder"]["userErrors"]
    return str(errors[0]["code"]) if errors else ""


@asynccontextmanager
async def serving(folder: Path, database_url: str, token: str, processes: int) -> AsyncIterator[list[str]]:
    """The addresses of a Packhouse of so many processes."""
    (folder / "packhouse.toml").write_text(
        f'[database]\nurl = "{database_url}"\n[nats]\nurl = "{nats_beside(database_url)}"\n'
        '[security]\nsecret_key = "a key of tests, long enough to be accepted"\n'
        f"[graphql]\ntimeout_seconds = {_SECONDS}.0\n"
        '[logging]\nlevel = "CRITICAL"\n[plugins]\nenabled = []\n'
    )
    machines = Machines(folder, token)
    try:
        role = "api" if processes > 1 else "all"
        await asyncio.gather(*(machines.serve(f"api-{number}", role) for number in range(processes)))
        yield machines.addresses()
    finally:
        await machines.end()


async def test_nothing_is_sold_twice(database_url: str, tmp_path: Path) -> None:
    database = await open_database(database_url, before_commit=Outbox().flush)
    try:
        token, buyers = await furnish(database)
        outcomes = await rush(tmp_path, database_url, token, buyers, 4 if database_url.startswith("postgres") else 1)
        assert set(outcomes) == {"", "INSUFFICIENT_STOCK"}
        assert {outcome for buyer, outcome in zip(buyers, outcomes, strict=True) if buyer.reservation} == {""}
        await compare(buyers, outcomes)
        assert await contradictions(database) == []
    finally:
        await database.close()


async def rush(folder: Path, url: str, token: str, buyers: Sequence[Buyer], processes: int) -> list[str]:
    """All buyers at once, each at the next process."""
    headers = {"authorization": f"Bearer {token}"}
    async with (
        serving(folder, url, token, processes) as addresses,
        aiohttp.ClientSession(
            headers=headers, connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(_SECONDS)
        ) as session,
    ):
        return await asyncio.gather(
            *(buy(session, addresses[number % processes], buyer) for number, buyer in enumerate(buyers))
        )


async def compare(buyers: Sequence[Buyer], outcomes: Sequence[str]) -> None:
    """What was acknowledged is what is claimed; and whoever was refused wanted more than was left at the end."""
    sold: Counter[str] = Counter()
    for buyer, outcome in zip(buyers, outcomes, strict=True):
        if not outcome:
            for sku, units in buyer.basket:
                sold.update(parts(sku, units))
    claimed: Counter[str] = Counter()
    for level in await StockLevel.all().prefetch_related("variant"):
        claimed[level.variant.sku] += level.allocated
    assert claimed == sold
    assert await OrderLine.filter(is_bundle=True).count() > 0
    left = {sku: 2 * UNITS - sold[sku] for sku in PLAIN}
    assert min(left.values()) >= 0
    for buyer, outcome in zip(buyers, outcomes, strict=True):
        if outcome:
            wanted: Counter[str] = Counter()
            for sku, units in buyer.basket:
                wanted.update(parts(sku, units))
            assert any(units > left[sku] for sku, units in wanted.items()), buyer
