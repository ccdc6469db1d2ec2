"""How far the work of one location has come, how it stands with whoever does it, and its pick lists."""

from enum import StrEnum

from packhouse.sdk.states import StateMachine


class FulfillmentOrderStatus(StrEnum):
    """The work itself."""

    SCHEDULED = "scheduled"
    BACKORDERED = "backordered"
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    PACKED = "packed"
    INCOMPLETE = "incomplete"
    CLOSED = "closed"
    CANCELLED = "cancelled"


# Work that was scheduled waits on where its stock has not come by its day.
# Packed work is unpacked (in progress) before it is cancelled: somebody has to put the goods back.
FULFILLMENT_ORDER_STATUS = StateMachine(
    entity="FulfillmentOrder.status",
    initial=frozenset(
        {FulfillmentOrderStatus.SCHEDULED, FulfillmentOrderStatus.BACKORDERED, FulfillmentOrderStatus.OPEN}
    ),
    table={
        FulfillmentOrderStatus.SCHEDULED: frozenset(
            {FulfillmentOrderStatus.OPEN, FulfillmentOrderStatus.BACKORDERED, FulfillmentOrderStatus.CANCELLED}
        ),
        FulfillmentOrderStatus.BACKORDERED: frozenset({FulfillmentOrderStatus.OPEN, FulfillmentOrderStatus.CANCELLED}),
        FulfillmentOrderStatus.OPEN: frozenset(
            {
                FulfillmentOrderStatus.IN_PROGRESS,
                FulfillmentOrderStatus.SCHEDULED,
                FulfillmentOrderStatus.CANCELLED,
            }
        ),
        FulfillmentOrderStatus.IN_PROGRESS: frozenset(
            {
                FulfillmentOrderStatus.PACKED,
                FulfillmentOrderStatus.OPEN,
                FulfillmentOrderStatus.INCOMPLETE,
                FulfillmentOrderStatus.CANCELLED,
            }
        ),
        FulfillmentOrderStatus.PACKED: frozenset({FulfillmentOrderStatus.CLOSED, FulfillmentOrderStatus.IN_PROGRESS}),
        FulfillmentOrderStatus.INCOMPLETE: frozenset(),
        FulfillmentOrderStatus.CLOSED: frozenset(),
        FulfillmentOrderStatus.CANCELLED: frozenset(),
    },
)


class RequestStatus(StrEnum):
    """How work given to somebody else (a 3PL, a marketplace's warehouse, a drop-shipper) stands with them."""

    UNSUBMITTED = "unsubmitted"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CANCELLATION_REQUESTED = "cancellation_requested"
    CANCELLATION_ACCEPTED = "cancellation_accepted"
    CANCELLATION_REJECTED = "cancellation_rejected"
    TIMED_OUT = "timed_out"
    CLOSED = "closed"


# Work of our own warehouse stays unsubmitted. Once submitted, they may have begun, so it is withdrawn only by asking,
# even before they answered, and also after a time-out (their yes may still come). A rejection ends this request: the
# order is routed again as another fulfillment order, which keeps the excluded location readable here. Parcels that
# leave while our question is open reject the cancellation, and then close the request.
REQUEST_STATUS = StateMachine(
    entity="FulfillmentOrder.request_status",
    initial=frozenset({RequestStatus.UNSUBMITTED}),
    table={
        RequestStatus.UNSUBMITTED: frozenset({RequestStatus.SUBMITTED}),
        RequestStatus.SUBMITTED: frozenset(
            {
                RequestStatus.ACCEPTED,
                RequestStatus.REJECTED,
                RequestStatus.TIMED_OUT,
                RequestStatus.CANCELLATION_REQUESTED,
            }
        ),
        RequestStatus.ACCEPTED: frozenset({RequestStatus.CANCELLATION_REQUESTED, RequestStatus.CLOSED}),
        RequestStatus.REJECTED: frozenset(),
        RequestStatus.CANCELLATION_REQUESTED: frozenset(
            {RequestStatus.CANCELLATION_ACCEPTED, RequestStatus.CANCELLATION_REJECTED}
        ),
        RequestStatus.CANCELLATION_ACCEPTED: frozenset(),
        RequestStatus.CANCELLATION_REJECTED: frozenset({RequestStatus.CANCELLATION_REQUESTED, RequestStatus.CLOSED}),
        RequestStatus.TIMED_OUT: frozenset({RequestStatus.CANCELLATION_REQUESTED}),
        RequestStatus.CLOSED: frozenset(),
    },
)


class PickListStatus(StrEnum):
    """A picker's round."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


# A round that has begun can still be called off, as the work it fetches for can.
PICK_LIST_STATUS = StateMachine(
    entity="PickList.status",
    initial=frozenset({PickListStatus.OPEN}),
    table={
        PickListStatus.OPEN: frozenset({PickListStatus.IN_PROGRESS, PickListStatus.CANCELLED}),
        PickListStatus.IN_PROGRESS: frozenset({PickListStatus.COMPLETED, PickListStatus.CANCELLED}),
        PickListStatus.COMPLETED: frozenset(),
        PickListStatus.CANCELLED: frozenset(),
    },
)


# Work is with somebody else, who may have begun and has not agreed to give it back.
GIVEN_AWAY = frozenset(
    {
        RequestStatus.SUBMITTED,
        RequestStatus.ACCEPTED,
        RequestStatus.CANCELLATION_REQUESTED,
        RequestStatus.CANCELLATION_REJECTED,
        RequestStatus.TIMED_OUT,
    }
)


class RejectionReason(StrEnum):
    """Why a location does not send what it was asked to send."""

    NOT_IN_STOCK = "not_in_stock"
    DAMAGED = "damaged"
    MISMATCH = "mismatch"
    REFUSED_BY_NETWORK = "refused_by_network"
    WITHDRAWN = "withdrawn"
    OTHER = "other"


class Withdrawal(StrEnum):
    """Why we ask somebody else to give work back. Moved work goes to another location, work taken back may return to this one."""

    ORDER_CANCELLED = "order_cancelled"
    TIMED_OUT = "timed_out"
    TAKEN_BACK = "taken_back"
    MOVED = "moved"
