"""What becomes of a message that a channel sent."""

from enum import StrEnum

from packhouse.sdk.states import StateMachine


class MessageStatus(StrEnum):
    """Kept first, read later; what cannot be read is kept with the reason."""

    RECEIVED = "received"
    DONE = "done"
    QUARANTINED = "quarantined"


MESSAGE_STATUS = StateMachine(
    entity="InboundMessage.status",
    initial=frozenset({MessageStatus.RECEIVED}),
    table={
        MessageStatus.RECEIVED: frozenset({MessageStatus.DONE, MessageStatus.QUARANTINED}),
        MessageStatus.QUARANTINED: frozenset({MessageStatus.RECEIVED}),
        MessageStatus.DONE: frozenset(),
    },
)
