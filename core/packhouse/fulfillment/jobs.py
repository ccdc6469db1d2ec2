"""Asking networks what stock they have. One that fails stops nobody else."""

import asyncio
import logging
from collections.abc import Mapping

from packhouse.fulfillment.commands.count_network_stock import Counted, CountNetworkStock, count_network_stock
from packhouse.inventory.models import Location
from packhouse.sdk import PackhouseError, Providers, ReportsStock
from packhouse.storage import Database, Initiator

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 60.0


async def count_networks(database: Database, providers: Providers, by: Initiator) -> Counted:
    """Take over the stock of every active location whose network reports it, page by page, networks side by side.

    How many SKUs were passed over is logged and returned, with examples.
    """
    # as objects: mypy sees no class that could be both Protocols
    networks: Mapping[str, object] = providers.networks
    reporting = {code: each for code, each in networks.items() if isinstance(each, ReportsStock)}

    async def ask(code: str, provider: ReportsStock) -> Counted:
        locations = await Location.filter(network=code, is_active=True).order_by("code")
        return sum([await _count(database, by, provider, location) for location in locations], Counted())

    return sum(await asyncio.gather(*(ask(*each) for each in reporting.items())), Counted())


async def _count(database: Database, by: Initiator, provider: ReportsStock, location: Location) -> Counted:
    """All pages of one location; what was read before a failure counts."""
    counted = Counted()
    cursor: str | None = None
    try:
        while True:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                page = await provider.pull_stock(location.code, cursor)
            data = CountNetworkStock(location.id, page.levels, page.as_of)
            counted += await _write(database, by, data)
            counted += Counted.without(dict(page.unreadable))
            cursor = page.cursor
            if cursor is None:
                break
    except (PackhouseError, TimeoutError) as error:
        log.warning("Counting the stock of %s at %s stopped: %s", location.code, location.network, error or "no answer")
    except Exception:
        log.exception("Counting the stock of %s at %s failed", location.code, location.network)
    if counted.passed_over:
        shown = "; ".join(counted.examples)
        log.warning("%d SKUs of %s were passed over, such as %s", counted.passed_over, location.code, shown)
    return counted


async def _write(database: Database, by: Initiator, data: CountNetworkStock) -> Counted:
    return await database.write(by, lambda uow: count_network_stock(uow, data))
