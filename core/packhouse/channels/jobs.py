"""What channels do by the clock: work on what was received, and ask for what was missed."""

import logging
from datetime import datetime, timedelta

from packhouse.channels.commands.accept_message import Message, accept_message
from packhouse.channels.commands.receive_order import receive_order
from packhouse.channels.commands.work_message import work_message
from packhouse.channels.models import Channel, InboundMessage
from packhouse.channels.pulled import PULLED, UNREADABLE, write_pulled
from packhouse.events.failures import describe
from packhouse.hooks.services import Services
from packhouse.ordering.commands.place import CheckOrder
from packhouse.sdk import (
    IncomingOrder,
    InvalidValue,
    OrderPage,
    ProviderError,
    PullsOrders,
    Refused,
    now,
)
from packhouse.sdk.states import IllegalTransition
from packhouse.storage import Initiator, UnitOfWork
from packhouse.telemetry.brief import brief
from packhouse.web.context import Checks

log = logging.getLogger(__name__)

_BATCH = 50
_OVERLAP = timedelta(minutes=5)
_FIRST_PULL = timedelta(days=1)


async def work_inbox(services: Services, checks: Checks) -> int:
    """Work on the messages that are due, oldest first; returns how many. One bad message never blocks the others.

    Messages of a channel whose plugin does not run are left as they are: they wait for it, and nobody waits for them.
    """
    providers = services.providers.channels
    count = 0
    while due := await _due_messages(list(providers)):
        for message in due:
            channel: Channel = message.channel
            await work_message(
                services.database, _by(channel), message.id, providers[channel.code], check_order(checks)
            )
        count += len(due)
    return count


async def _due_messages(codes: list[str]) -> list[InboundMessage]:
    return (
        await InboundMessage.filter(due_at__lte=now(), channel__code__in=codes)
        .order_by("due_at", "id")
        .limit(_BATCH)
        .prefetch_related("channel")
    )


async def pull_orders(services: Services, checks: Checks) -> int:
    """Ask each channel that can be asked for orders changed since the last time; returns how many came."""
    count = 0
    for channel in await Channel.filter(is_active=True):
        provider: object = services.providers.channels.get(channel.code)
        is_due = channel.next_pull_at is None or channel.next_pull_at <= now()
        if isinstance(provider, PullsOrders) and is_due:
            count += await _pull(services, checks, channel, provider)
    return count


def check_order(checks: Checks) -> CheckOrder:
    """The plugins' say in an order that a channel sold already; facts are gathered for our own checkout only."""
    return lambda order: checks.check("check_order", order)


async def _pull(services: Services, checks: Checks, channel: Channel, provider: PullsOrders) -> int:
    started = now()
    since = (channel.pulled_until or started - _FIRST_PULL) - _OVERLAP
    cursor = channel.pull_cursor or None
    count = 0
    try:
        while True:
            page = await provider.pull_orders(since, cursor)
            for order in page.orders:
                await _take(services, checks, channel, order)
            await _keep_unreadable(services, channel, page)
            count += len(page.orders)
            cursor = page.cursor
            await _note(services, channel, pull_cursor=cursor or "")
            if cursor is None:
                break
    except ProviderError as error:
        # the cursor stays where it is: the next pull goes on from there
        reason = describe(error, services.database.hide)
        await _note(services, channel, next_pull_at=_next(services), last_error=reason)
        log.warning("orders of channel %s could not be pulled: %s", channel.code, error.detail)
        return count
    await _note(services, channel, pulled_until=started, next_pull_at=_next(services), last_error="")
    return count


def _next(services: Services) -> datetime:
    return now() + timedelta(seconds=services.settings.channels.pull_seconds)


async def _note(services: Services, channel: Channel, **values: str | datetime) -> None:
    async def work(uow: UnitOfWork) -> None:  # noqa: ARG001  (the ORM uses the transaction by itself)
        await Channel.filter(id=channel.id).update(**values)

    await services.database.write(_by(channel), work)


async def _take(services: Services, checks: Checks, channel: Channel, order: IncomingOrder) -> None:
    """Receive a pulled order; one that cannot be taken is kept in quarantine and does not stop the pull."""
    try:
        await services.database.write(_by(channel), lambda uow: receive_order(uow, channel, order, check_order(checks)))
    except (Refused, InvalidValue, IllegalTransition) as error:
        await _keep(services, channel, order, str(error))
    except Exception as error:
        log.exception("a pulled order of channel %s could not be received", channel.code)
        await _keep(services, channel, order, f"{type(error).__name__}, see the log")


async def _keep(services: Services, channel: Channel, order: IncomingOrder, reason: str) -> None:
    version = f"pull:{order.external_id}:{order.updated_at.isoformat()}"
    await _quarantine(services, channel, Message(version[:255], PULLED, write_pulled(order)), reason)


async def _keep_unreadable(services: Services, channel: Channel, page: OrderPage) -> None:
    for external_id, reason, raw in page.unreadable:
        await _quarantine(services, channel, Message(f"pull:{external_id}"[:255], UNREADABLE, raw.encode()), reason)


async def _quarantine(services: Services, channel: Channel, message: Message, reason: str) -> None:
    async def work(uow: UnitOfWork) -> bool:
        return await accept_message(uow, channel, message, reason)

    if await services.database.write(_by(channel), work):
        log.warning("a pulled order of channel %s is in quarantine: %s", channel.code, brief(reason))


def _by(channel: Channel) -> Initiator:
    return Initiator(f"channel:{channel.code}", f"channel:{channel.code}")
