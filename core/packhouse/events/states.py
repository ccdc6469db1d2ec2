"""How far a delivery to a plugin, and a call to somebody outside, can be."""

from enum import StrEnum

from packhouse.sdk.states import StateMachine


class DeliveryStatus(StrEnum):
    """A delivery waits (also between attempts), is done, or was given up after too many attempts."""

    PENDING = "pending"
    DONE = "done"
    DEAD = "dead"


class PauseKind(StrEnum):
    """Who paused a plugin's deliveries: a person, until they are resumed, or the circuit breaker, for a while."""

    MANUAL = "manual"
    BREAKER = "breaker"


class CallStatus(StrEnum):
    """A call was announced, worked, did not happen, or may have happened."""

    REQUESTED = "requested"
    DONE = "done"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"


DELIVERY = StateMachine(
    "Delivery.status",
    frozenset({DeliveryStatus.PENDING}),
    {
        DeliveryStatus.PENDING: frozenset({DeliveryStatus.DONE, DeliveryStatus.DEAD}),
        DeliveryStatus.DONE: frozenset(),
        DeliveryStatus.DEAD: frozenset({DeliveryStatus.PENDING}),
    },
)

# A call whose process died stays requested; whoever takes it up again requests it once more, after asking the vendor.
CALL = StateMachine(
    "ProviderCall.status",
    frozenset({CallStatus.REQUESTED}),
    {
        CallStatus.REQUESTED: frozenset(
            {CallStatus.REQUESTED, CallStatus.DONE, CallStatus.FAILED, CallStatus.IN_DOUBT}
        ),
        CallStatus.DONE: frozenset(),
        CallStatus.FAILED: frozenset({CallStatus.REQUESTED}),
        CallStatus.IN_DOUBT: frozenset({CallStatus.REQUESTED}),
    },
)
