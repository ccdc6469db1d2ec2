"""Reading a kept message: its orders are received, or it goes to quarantine with the reason."""

import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from packhouse.channels.commands.receive_order import receive_order
from packhouse.channels.models import Channel, InboundMessage
from packhouse.channels.pulled import PULLED, UNREADABLE, read_pulled
from packhouse.channels.states import MESSAGE_STATUS, MessageStatus
from packhouse.ordering.commands.place import CheckOrder
from packhouse.sdk import IncomingOrder, InvalidValue, ReadsWebhooks, Refused, Unreadable, now
from packhouse.sdk.states import IllegalTransition
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.unit_of_work import Conflict
from packhouse.telemetry.brief import brief

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 6
Read = Callable[[str, bytes], list[IncomingOrder]]


async def work_message(
    database: Database, by: Initiator, message_id: UUID, provider: object, check: CheckOrder
) -> MessageStatus:
    """Work on one message of a provider's channel; returns what became of it.

    One that fails for reasons of our own is tried again later.
    """
    try:
        return await database.write(by, lambda uow: _receive(uow, message_id, provider, check))
    except Unreadable as unreadable:
        return await _quarantine(database, by, message_id, unreadable.reason, unreadable.field or "")
    except Conflict:
        return await _try_later(database, by, message_id, "others took the same stock at this moment")
    except Refused as refused:
        return await _quarantine(database, by, message_id, f"{refused.code}: {refused.message}", refused.field or "")
    except InvalidValue as invalid:
        return await _quarantine(database, by, message_id, invalid.message, invalid.field)
    except IllegalTransition as illegal:
        return await _quarantine(database, by, message_id, str(illegal), "")
    except Exception as error:
        log.exception("inbound message %s could not be worked on", message_id)
        return await _try_later(database, by, message_id, f"{type(error).__name__}, see the log")


async def _receive(uow: UnitOfWork, message_id: UUID, provider: object, check: CheckOrder) -> MessageStatus:
    message = await InboundMessage.filter(id=message_id).select_for_update().prefetch_related("channel").get()
    if message.status != MessageStatus.RECEIVED:
        return MessageStatus(message.status)
    channel: Channel = message.channel
    order_id = None
    for order in _reader(message.topic, provider)(message.topic, bytes(message.body)):
        order_id = await receive_order(uow, channel, order, check)
    await InboundMessage.filter(id=message.id).update(
        status=MessageStatus.DONE.value, reason="", field="", order_id=order_id, due_at=None, finished_at=now()
    )
    return MessageStatus.DONE


def _reader(topic: str, provider: object) -> Read:
    if topic in {PULLED, UNREADABLE}:
        return read_pulled
    if isinstance(provider, ReadsWebhooks):
        return provider.read_webhook
    raise Unreadable("the plugin behind this channel reads no messages")


async def _quarantine(database: Database, by: Initiator, message_id: UUID, reason: str, field: str) -> MessageStatus:
    log.warning("inbound message %s is in quarantine: %s", message_id, brief(reason))

    async def work(uow: UnitOfWork) -> MessageStatus:
        message = await InboundMessage.get(id=message_id)
        MESSAGE_STATUS.check(MessageStatus(message.status), MessageStatus.QUARANTINED)
        await InboundMessage.filter(id=message_id).update(
            status=MessageStatus.QUARANTINED.value,
            reason=reason[:500],
            field=field[:128],
            due_at=None,
            attempts=message.attempts + 1,
        )
        return MessageStatus.QUARANTINED

    return await database.write(by, work)


async def _try_later(database: Database, by: Initiator, message_id: UUID, reason: str) -> MessageStatus:
    attempts = (await InboundMessage.get(id=message_id)).attempts + 1
    if attempts >= MAX_ATTEMPTS:
        return await _quarantine(database, by, message_id, f"given up after {attempts} attempts: {reason}", "")

    async def work(uow: UnitOfWork) -> MessageStatus:
        due_at = now() + timedelta(seconds=2**attempts)
        await InboundMessage.filter(id=message_id).update(attempts=attempts, reason=reason[:500], due_at=due_at)
        return MessageStatus.RECEIVED

    return await database.write(by, work)
