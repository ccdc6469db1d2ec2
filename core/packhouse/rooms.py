"""What every room brings to the application: its built-in plugin, its jobs, its routes, its part of the schema."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from starlette.routing import BaseRoute

from packhouse.channels.comparing import compare_stock
from packhouse.channels.counting import StockCounter
from packhouse.channels.hooks import ChannelsPlugin, ensure_channels
from packhouse.channels.jobs import pull_orders, work_inbox
from packhouse.channels.pushing import push_due_stock
from packhouse.channels.webhooks import webhook_routes
from packhouse.customers.queries import customer_snapshots
from packhouse.events.commands.trim_log import trim_log
from packhouse.events.exporter import export_events
from packhouse.feedback.asking import send_due_review_requests
from packhouse.feedback.hooks import FeedbackPlugin
from packhouse.feedback.pulling import pull_reviews, recheck_reviews
from packhouse.fulfillment.commands.withdraw_lots import withdraw_lots
from packhouse.fulfillment.hooks import FulfillmentPlugin
from packhouse.fulfillment.jobs import count_networks
from packhouse.hooks.services import Services
from packhouse.house import House, Parts
from packhouse.inventory.commands.end_reservations import take_back_expired
from packhouse.jobs.runner import Job
from packhouse.ordering.commands.open_work import open_due
from packhouse.ordering.hooks import OrderingPlugin
from packhouse.plugins.own_routes import PluginDoor
from packhouse.routing.warming import warm_up
from packhouse.schema import create_schema
from packhouse.sheets.routes import sheet_routes
from packhouse.shipping.gathering import QuoteGatherer
from packhouse.shipping.jobs import poll_networks, poll_tracking
from packhouse.shipping.queries import order_snapshots, tracking_view
from packhouse.storage import Initiator
from packhouse.web.idempotency import forget_expired_requests

_INBOX = "work on the inbox"
_EXPORT_SECONDS = 0.5
_TRIM_SECONDS = 86_400.0
_SWEEP_SECONDS = 60.0
_HOUR = 3600.0


def all_rooms() -> Parts:
    """All of Packhouse."""
    return Parts(
        schema=create_schema(),
        load_snapshots=order_snapshots,
        load_customers=customer_snapshots,
        load_tracking_view=tracking_view,
        plugins=_plugins,
        routes=_routes,
        jobs=_jobs,
        on_start=(ensure_channels, warm_up),
    )


def _plugins(services: Services) -> Sequence[object]:
    return [
        OrderingPlugin(services),
        FulfillmentPlugin(services),
        ChannelsPlugin(services),
        FeedbackPlugin(services),
    ]


def _routes(house: House) -> Sequence[BaseRoute]:
    door = PluginDoor(house.settings, lambda: house.host, house.gate.bearer)
    inbox = webhook_routes(house, lambda: house.want_job(_INBOX))
    return [*inbox, *sheet_routes(house, house.gate.bearer), *door.routes()]


def _jobs(house: House) -> Sequence[Job]:
    settings = house.settings
    tracking = timedelta(seconds=settings.shipping.tracking_poll_seconds)
    feedback = settings.feedback
    quotes = QuoteGatherer(timedelta(hours=settings.shipping.quotes_valid_hours))
    accept = timedelta(hours=settings.fulfillment.accept_within_hours)
    return [
        Job(_INBOX, settings.channels.inbox_poll_seconds, lambda: work_inbox(house, house.host), everywhere=True),
        Job("count channel stock", settings.channels.stock_seconds, StockCounter(house).run, everywhere=True),
        Job("push stock", settings.channels.stock_seconds, lambda: push_due_stock(house), everywhere=True),
        Job("compare channel stock", settings.channels.stock_compare_seconds, lambda: compare_stock(house)),
        Job("pull orders", settings.channels.pull_seconds, lambda: pull_orders(house, house.host)),
        Job(
            "poll tracking",
            settings.shipping.tracking_poll_seconds,
            lambda: poll_tracking(house.database, house.providers, _by(), every=tracking),
        ),
        Job(
            "gather quotes",
            settings.shipping.quotes_seconds,
            lambda: quotes.run(house.database, house.providers, _by()),
        ),
        Job(
            "poll networks",
            settings.shipping.tracking_poll_seconds,
            lambda: poll_networks(house.database, house.providers, _by(), every=tracking, accept_within=accept),
        ),
        Job(
            "count network stock",
            settings.fulfillment.stock_seconds,
            lambda: count_networks(house.database, house.providers, _by()),
        ),
        Job(
            "ask for reviews",
            feedback.ask_seconds,
            lambda: send_due_review_requests(house.database, house.providers, _by()),
        ),
        Job("pull reviews", feedback.pull_seconds, lambda: pull_reviews(house.database, house.providers, _by())),
        Job(
            "recheck reviews",
            feedback.recheck_seconds,
            lambda: recheck_reviews(house.database, house.providers, _by()),
        ),
        Job("take back expired reservations", _SWEEP_SECONDS, lambda: take_back_expired(house.database, _by())),
        Job("open due pre-orders", _SWEEP_SECONDS, lambda: open_due(house.database, _by())),
        Job("withdraw lots", _SWEEP_SECONDS, lambda: withdraw_lots(house.database, _by())),
        Job("forget kept requests", _HOUR, lambda: forget_expired_requests(house.database)),
        *_exporter(house),
        *_trimmer(house),
    ]


def _exporter(house: House) -> Sequence[Job]:
    chosen = house.settings.nats
    if not chosen.stream:
        return ()
    run = partial(export_events, url=chosen.url, stream=chosen.stream)
    return [Job("export events", _EXPORT_SECONDS, lambda: run(house.database))]


def _trimmer(house: House) -> Sequence[Job]:
    days, stream = house.settings.events.keep_days, house.settings.nats.stream
    if not days:
        return ()
    readers = (stream,) if stream else ()
    return [Job("trim the log", _TRIM_SECONDS, lambda: trim_log(house.database, days, readers))]


def _by() -> Initiator:
    """A new one for each run, so that what a run causes can be told apart."""
    return Initiator("system", "job")
