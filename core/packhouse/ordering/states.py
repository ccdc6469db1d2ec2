"""How far a change of a placed order has come."""

from enum import StrEnum

from packhouse.sdk.states import StateMachine


class OrderChangeStatus(StrEnum):
    """A change is drawn up and previewed (pending), put to whoever decides (requested), and decided."""

    PENDING = "pending"
    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


# A change that was never put to anybody can be dropped or forgotten too: it would leave the order amending for ever.
ORDER_CHANGE_STATUS = StateMachine(
    entity="OrderChange.status",
    initial=frozenset({OrderChangeStatus.PENDING}),
    table={
        OrderChangeStatus.PENDING: frozenset(
            {OrderChangeStatus.REQUESTED, OrderChangeStatus.CANCELLED, OrderChangeStatus.EXPIRED}
        ),
        OrderChangeStatus.REQUESTED: frozenset(
            {
                OrderChangeStatus.CONFIRMED,
                OrderChangeStatus.DECLINED,
                OrderChangeStatus.CANCELLED,
                OrderChangeStatus.EXPIRED,
            }
        ),
        OrderChangeStatus.CONFIRMED: frozenset(),
        OrderChangeStatus.DECLINED: frozenset(),
        OrderChangeStatus.CANCELLED: frozenset(),
        OrderChangeStatus.EXPIRED: frozenset(),
    },
)
