"""What an order can be: its one stored status, the axes that are derived from its facts, and why it may be held."""

from enum import StrEnum

from packhouse.sdk.states import StateMachine


class OrderStatus(StrEnum):
    """The only state of an order that is stored."""

    DRAFT = "draft"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


# An order from a channel starts as pending; a draft is one that our own people still write.
ORDER_STATUS = StateMachine(
    entity="Order.status",
    initial=frozenset({OrderStatus.DRAFT, OrderStatus.PENDING}),
    table={
        OrderStatus.DRAFT: frozenset({OrderStatus.PENDING, OrderStatus.CANCELLED}),
        OrderStatus.PENDING: frozenset({OrderStatus.CONFIRMED, OrderStatus.CANCELLED, OrderStatus.EXPIRED}),
        OrderStatus.CONFIRMED: frozenset({OrderStatus.COMPLETED, OrderStatus.CANCELLED}),
        OrderStatus.COMPLETED: frozenset({OrderStatus.CONFIRMED}),
        OrderStatus.CANCELLED: frozenset(),
        OrderStatus.EXPIRED: frozenset(),
    },
)


class OrderPhase(StrEnum):
    """One word for people; where several apply, the one that stands first here."""

    CANCELLED = "cancelled"
    DELIVERED = "delivered"
    IN_TRANSIT = "in_transit"
    FAILED = "failed"
    HELD = "held"
    AMENDING = "amending"
    BACKORDERED = "backordered"
    READY = "ready"


class FulfillmentStatus(StrEnum):
    """How far the units of an order have come, whatever its money does."""

    UNFULFILLED = "unfulfilled"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    PARTIALLY_DELIVERED = "partially_delivered"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class PaymentStatus(StrEnum):
    """How far the money of an order has come, whatever its parcels do."""

    NONE = "none"
    AUTHORIZED = "authorized"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    OVERPAID = "overpaid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"


class ReturnStatus(StrEnum):
    """How much of an order came back."""

    NONE = "none"
    IN_PROGRESS = "in_progress"
    PARTIALLY_RETURNED = "partially_returned"
    RETURNED = "returned"


class HoldReason(StrEnum):
    """Why an order may not be picked or shipped now."""

    PAYMENT = "payment"
    FRAUD = "fraud"
    ADDRESS = "address"
    OUT_OF_STOCK = "out_of_stock"
    CUSTOMER_REQUEST = "customer_request"
    AWAITING_RETURN = "awaiting_return"
    CANCELLATION = "cancellation"
    REVIEW = "review"
    OTHER = "other"


class OrderAction(StrEnum):
    """What somebody may do with an order."""

    CONFIRM = "confirm"
    HOLD = "hold"
    RELEASE_HOLD = "release_hold"
    CANCEL = "cancel"
    SHIP = "ship"
    REQUEST_RETURN = "request_return"
    REFUND = "refund"
