"""How far a return has come, and the two independent axes of each of its lines: where the goods are, and the money."""

from enum import StrEnum

from packhouse.sdk.states import StateMachine


class ReturnRequestStatus(StrEnum):
    """A return merchandise authorisation."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    IN_TRANSIT = "in_transit"
    PARTIALLY_RECEIVED = "partially_received"
    RECEIVED = "received"
    CLOSED = "closed"
    CANCELLED = "cancelled"


RETURN_STATUS = StateMachine(
    entity="Return.status",
    initial=frozenset({ReturnRequestStatus.REQUESTED}),
    table={
        ReturnRequestStatus.REQUESTED: frozenset(
            {ReturnRequestStatus.APPROVED, ReturnRequestStatus.DECLINED, ReturnRequestStatus.CANCELLED}
        ),
        ReturnRequestStatus.APPROVED: frozenset(
            {
                ReturnRequestStatus.IN_TRANSIT,
                ReturnRequestStatus.PARTIALLY_RECEIVED,
                ReturnRequestStatus.RECEIVED,
                ReturnRequestStatus.CANCELLED,
            }
        ),
        ReturnRequestStatus.IN_TRANSIT: frozenset(
            {ReturnRequestStatus.PARTIALLY_RECEIVED, ReturnRequestStatus.RECEIVED, ReturnRequestStatus.CANCELLED}
        ),
        ReturnRequestStatus.PARTIALLY_RECEIVED: frozenset({ReturnRequestStatus.RECEIVED}),
        ReturnRequestStatus.RECEIVED: frozenset({ReturnRequestStatus.CLOSED}),
        ReturnRequestStatus.DECLINED: frozenset(),
        ReturnRequestStatus.CLOSED: frozenset(),
        ReturnRequestStatus.CANCELLED: frozenset(),
    },
)


class ReturnCustody(StrEnum):
    """Where the goods of a return line are."""

    ADVISED = "advised"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    INSPECTED = "inspected"
    DISPOSED = "disposed"
    NOT_RETURNED = "not_returned"


# Goods may turn up without a scan on the way (advised → received); only goods that never arrived are not returned.
RETURN_LINE_CUSTODY = StateMachine(
    entity="ReturnLine.custody",
    initial=frozenset({ReturnCustody.ADVISED}),
    table={
        ReturnCustody.ADVISED: frozenset(
            {ReturnCustody.IN_TRANSIT, ReturnCustody.RECEIVED, ReturnCustody.NOT_RETURNED}
        ),
        ReturnCustody.IN_TRANSIT: frozenset({ReturnCustody.RECEIVED, ReturnCustody.NOT_RETURNED}),
        ReturnCustody.RECEIVED: frozenset({ReturnCustody.INSPECTED}),
        ReturnCustody.INSPECTED: frozenset({ReturnCustody.DISPOSED}),
        ReturnCustody.DISPOSED: frozenset(),
        ReturnCustody.NOT_RETURNED: frozenset(),
    },
)


class ReturnMoney(StrEnum):
    """Where the money of a return line is."""

    NOT_REFUNDABLE = "not_refundable"
    PENDING = "pending"
    IN_DOUBT = "in_doubt"
    REFUNDED = "refunded"
    DENIED = "denied"


# In doubt goes back to pending only after the provider said that nothing happened: never repeat blindly.
RETURN_LINE_MONEY = StateMachine(
    entity="ReturnLine.money",
    initial=frozenset({ReturnMoney.NOT_REFUNDABLE, ReturnMoney.PENDING}),
    table={
        ReturnMoney.PENDING: frozenset({ReturnMoney.IN_DOUBT, ReturnMoney.REFUNDED, ReturnMoney.DENIED}),
        ReturnMoney.IN_DOUBT: frozenset({ReturnMoney.REFUNDED, ReturnMoney.DENIED, ReturnMoney.PENDING}),
        ReturnMoney.NOT_REFUNDABLE: frozenset(),
        ReturnMoney.REFUNDED: frozenset(),
        ReturnMoney.DENIED: frozenset(),
    },
)


class Disposition(StrEnum):
    """What becomes of a received unit; every one needs a decision."""

    RESTOCK = "restock"
    QUARANTINE = "quarantine"
    SCRAP = "scrap"
    SEND_BACK = "send_back"


class ReturnReason(StrEnum):
    """Why a customer sends units back."""

    UNWANTED = "unwanted"
    DOES_NOT_FIT = "does_not_fit"
    NOT_AS_DESCRIBED = "not_as_described"
    DEFECTIVE = "defective"
    DAMAGED_IN_TRANSIT = "damaged_in_transit"
    WRONG_ITEM = "wrong_item"
    ARRIVED_LATE = "arrived_late"
    OTHER = "other"
