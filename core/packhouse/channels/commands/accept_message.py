"""Keeping a message that a channel sent, before anybody reads it."""

from dataclasses import dataclass

from packhouse.channels.models import Channel
from packhouse.channels.states import MessageStatus
from packhouse.sdk import new_id, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class Message:
    """A verified message: `message_id` is the channel's own id of it, the same over its retries."""

    message_id: str
    topic: str
    body: bytes


async def accept_message(uow: UnitOfWork, channel: Channel, message: Message, reason: str = "") -> bool:
    """Keep a message durably; False when it was here before. With a `reason` it goes to quarantine at once."""
    at = now()
    status = MessageStatus.QUARANTINED if reason else MessageStatus.RECEIVED
    rows = await uow.fetch(
        "INSERT INTO inbound_message (id, channel_id, message_id, topic, body, status, reason, field, attempts, order_id,"
        " received_at, due_at, finished_at) VALUES ($1, $2, $3, $4, $5, $6, $7, '', 0, NULL, $8, $9, NULL)"
        " ON CONFLICT (channel_id, message_id) DO NOTHING RETURNING id",
        new_id(),
        channel.id,
        message.message_id,
        message.topic,
        message.body,
        status.value,
        reason[:500],
        at,
        None if reason else at,
    )
    return bool(rows)
