"""Taking a message out of quarantine to read it again, after what was wrong has been mended."""

from uuid import UUID

from packhouse.channels.models import InboundMessage
from packhouse.channels.states import MESSAGE_STATUS, MessageStatus
from packhouse.sdk import Refused, now
from packhouse.storage import UnitOfWork


async def retry_message(uow: UnitOfWork, message_id: UUID) -> InboundMessage:
    """Let a quarantined message be worked on again.

    Raises:
        Refused: NOT_FOUND.
        IllegalTransition: it is not in quarantine.
    """
    message = await InboundMessage.filter(id=message_id).select_for_update().first()
    if message is None:
        raise Refused("NOT_FOUND", f"there is no inbound message {message_id}", "id")
    MESSAGE_STATUS.check(MessageStatus(message.status), MessageStatus.RECEIVED)
    await InboundMessage.filter(id=message_id).update(
        status=MessageStatus.RECEIVED.value, due_at=now(), reason="", field="", attempts=0
    )
    return await InboundMessage.get(id=message_id)
