"""Making a database ready for the demo: its settings, its tables, its catalogue and stock."""

import secrets
from collections import Counter
from collections.abc import Sequence

from packhouse.catalog.commands.create_variant import CreateVariant, create_variant
from packhouse.catalog.commands.set_price import SetPrice, set_price
from packhouse.catalog.models import Variant
from packhouse.channels.commands.add_listing import AddListing, add_listing
from packhouse.channels.commands.create_channel import CreateChannel, create_channel
from packhouse.channels.models import Channel, Listing
from packhouse.demo.catalogue import (
    CHANNEL,
    CURRENCY,
    LOCATIONS,
    VARIANTS,
    DemoLocation,
    DemoVariant,
    OrderPlan,
)
from packhouse.events.outbox import Outbox
from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.commands.create_location import CreateLocation, create_location
from packhouse.inventory.models import Location, StockLevel
from packhouse.opening import cannot_open, open_ready
from packhouse.orders.models import Order
from packhouse.sdk import Money, Refused
from packhouse.settings import Settings
from packhouse.storage import Initiator, UnitOfWork
from packhouse.storage.migrate import MigrationFailed, migrate
from packhouse.tokens.commands.create_token import create_admin_token
from packhouse.tokens.commands.revoke_token import revoke_token
from packhouse.tokens.rules import OPERATOR
from packhouse.web.models import AccessToken

TOKEN_NAME = "packhouse demo"  # noqa: S105  (the token's name, not the token)
BY = Initiator("demo", "demo")
_LEAST_UNITS = 50


def demo_settings(settings: Settings, *, database_url: str, port: int, speed: float) -> Settings:
    """The settings of a demo: the operator's own, but its own database, the demo plugin alone, and short waits.

    Nobody else's plugin runs: a demo must not reach a real carrier or shop, whatever the operator has configured.
    """
    often = max(0.1, min(1.0, 0.5 / speed))
    key = settings.security.secret_key.get_secret_value() or secrets.token_urlsafe(48)
    changes: dict[str, dict[str, object]] = {
        "database": {"url": database_url},
        "server": {"host": "127.0.0.1", "port": port, "graphiql": True, "graceful_shutdown_seconds": 1.0},
        "security": {"secret_key": key},
        "channels": {"pull_seconds": often},
        "shipping": {"tracking_poll_seconds": often},
        "feedback": {"review_request_delay_days": 0, "ask_seconds": often, "pull_seconds": often},
        "plugins": {"enabled": ["demo"], "disabled": [], "strict": True, "settings": {"demo": {"speed": speed}}},
    }
    sections = {
        name: type(section).model_validate({**dict(section), **changes[name]})
        for name, section in settings
        if name in changes
    }
    return settings.model_copy(update=sections)


async def prepare(settings: Settings, plans: Sequence[OrderPlan]) -> str:
    """Migrate and seed the database; returns an admin token, which takes the place of an earlier demo's.

    Raises:
        DatabaseNotReady: it cannot be reached.
        Refused: FOREIGN_ORDERS (it is somebody's real one), or a code or SKU of the demo is taken.
    """
    try:
        await migrate(settings.database.url)
    except MigrationFailed:
        raise
    except Exception as error:
        raise cannot_open(settings, error) from error
    database = await open_ready(settings, Outbox())
    try:
        return await database.write(BY, lambda uow: seed(uow, plans))
    finally:
        await database.close()


async def seed(uow: UnitOfWork, plans: Sequence[OrderPlan]) -> str:
    """Bring in what is missing of catalogue, prices, locations and stock, so that `plans` can be sent; returns a token.

    Raises:
        Refused: as `prepare`.
    """
    if await Order.filter(is_demo=False).exists():
        raise Refused(
            "FOREIGN_ORDERS",
            "this database holds orders that are not the demo's. The demo lets every job run with simulators alone, so it needs"
            " a database of its own: leave --database out, or name an empty one",
        )
    await _seed_channel(uow)
    for variant in VARIANTS.values():
        await _seed_variant(uow, variant)
    demand: Counter[str] = Counter()
    for plan in plans:
        demand.update(plan.basket)
    for location in LOCATIONS:
        await _seed_location(uow, location, demand)
    return await _fresh_token(uow)


async def _seed_channel(uow: UnitOfWork) -> None:
    if await Channel.exists(code=CHANNEL):
        # a server with the plugin enabled may have made it without knowing that it is the demo's
        await Channel.filter(code=CHANNEL).update(is_demo=True)
    else:
        await create_channel(uow, CreateChannel(CHANNEL, "Demo shop (simulated)", provider=CHANNEL, is_demo=True))


async def _seed_variant(uow: UnitOfWork, variant: DemoVariant) -> None:
    known = await Variant.get_or_none(sku=variant.sku)
    if known is None:
        data = CreateVariant(
            sku=variant.sku,
            title=variant.title,
            barcode=variant.barcode,
            weight_grams=variant.grams,
            country_of_origin="GB",
            is_demo=True,
        )
        await create_variant(uow, data)
    elif not known.is_demo:
        raise Refused("DUPLICATE_SKU", f"the SKU {variant.sku} is taken: give the demo a database of its own")
    await set_price(uow, SetPrice(variant.sku, Money.of(variant.price, CURRENCY), channel=CHANNEL, is_demo=True))
    if not await Listing.exists(channel__code=CHANNEL, channel_sku=variant.sku):
        await add_listing(uow, AddListing(CHANNEL, variant.sku, variant.sku))


async def _seed_location(uow: UnitOfWork, location: DemoLocation, demand: Counter[str]) -> None:
    row = await Location.get_or_none(code=location.code)
    if row is None:
        data = CreateLocation(
            code=location.code,
            name=location.name,
            kind=location.kind,
            network=location.network,
            address=location.address,
            priority=location.priority,
            is_demo=True,
        )
        row = await create_location(uow, data)
    elif not row.is_demo:
        raise Refused("DUPLICATE_CODE", f"the location {location.code} is taken: give the demo a database of its own")
    for sku, bin_code in location.bins.items():
        wanted = _LEAST_UNITS + demand[sku]
        level = await StockLevel.get_or_none(variant__sku=sku, location_id=row.id)
        missing = wanted - (level.on_hand - level.allocated if level else 0)
        if missing > 0:
            goods = AdjustStock(sku, row.id, "goods received for the demo", quantity=missing, bin=bin_code)
            await adjust_stock(uow, goods)


async def _fresh_token(uow: UnitOfWork) -> str:
    if await AccessToken.filter(name=TOKEN_NAME, revoked_at=None).exists():
        await revoke_token(uow, TOKEN_NAME, OPERATOR)
    return await create_admin_token(uow, TOKEN_NAME)
