"""What moves stock, and how far a claim on it has come: a checkout's soft hold, and a placed order's hard claim."""

from enum import StrEnum

from packhouse.sdk.states import StateMachine


class ReservationStatus(StrEnum):
    """A checkout's soft hold, with a deadline."""

    ACTIVE = "active"
    CONSUMED = "consumed"
    RELEASED = "released"
    EXPIRED = "expired"


RESERVATION_STATUS = StateMachine(
    entity="Reservation.status",
    initial=frozenset({ReservationStatus.ACTIVE}),
    table={
        ReservationStatus.ACTIVE: frozenset(
            {ReservationStatus.CONSUMED, ReservationStatus.RELEASED, ReservationStatus.EXPIRED}
        ),
        ReservationStatus.CONSUMED: frozenset(),
        ReservationStatus.RELEASED: frozenset(),
        ReservationStatus.EXPIRED: frozenset(),
    },
)


class AllocationStatus(StrEnum):
    """A placed order's claim, tied to one line of one fulfillment order."""

    ALLOCATED = "allocated"
    SHIPPED = "shipped"
    RELEASED = "released"


ALLOCATION_STATUS = StateMachine(
    entity="Allocation.status",
    initial=frozenset({AllocationStatus.ALLOCATED}),
    table={
        AllocationStatus.ALLOCATED: frozenset({AllocationStatus.SHIPPED, AllocationStatus.RELEASED}),
        AllocationStatus.SHIPPED: frozenset(),
        AllocationStatus.RELEASED: frozenset(),
    },
)


class BackorderStatus(StrEnum):
    """A placed order's claim on units that have not come, tied to one line of one fulfillment order."""

    WAITING = "waiting"
    SUPPLIED = "supplied"
    RELEASED = "released"


BACKORDER_STATUS = StateMachine(
    entity="Backorder.status",
    initial=frozenset({BackorderStatus.WAITING}),
    table={
        BackorderStatus.WAITING: frozenset({BackorderStatus.SUPPLIED, BackorderStatus.RELEASED}),
        BackorderStatus.SUPPLIED: frozenset(),
        BackorderStatus.RELEASED: frozenset(),
    },
)


class InboundStatus(StrEnum):
    """Goods on their way to us, from a supplier or from another location of ours."""

    ANNOUNCED = "announced"
    PARTIALLY_RECEIVED = "partially_received"
    CLOSED = "closed"
    CANCELLED = "cancelled"


# What has come in part cannot be cancelled: whatever is missing then is written off by closing it.
INBOUND_STATUS = StateMachine(
    entity="InboundShipment.status",
    initial=frozenset({InboundStatus.ANNOUNCED}),
    table={
        InboundStatus.ANNOUNCED: frozenset(
            {InboundStatus.PARTIALLY_RECEIVED, InboundStatus.CLOSED, InboundStatus.CANCELLED}
        ),
        InboundStatus.PARTIALLY_RECEIVED: frozenset({InboundStatus.CLOSED}),
        InboundStatus.CLOSED: frozenset(),
        InboundStatus.CANCELLED: frozenset(),
    },
)


class LotStatus(StrEnum):
    """Whether units that were made together may be sold."""

    RELEASED = "released"
    QUARANTINED = "quarantined"
    RECALLED = "recalled"


# A recalled lot stays recalled: what was wrong with it has been told to people.
LOT_STATUS = StateMachine(
    entity="Lot.status",
    initial=frozenset({LotStatus.RELEASED}),
    table={
        LotStatus.RELEASED: frozenset({LotStatus.QUARANTINED, LotStatus.RECALLED}),
        LotStatus.QUARANTINED: frozenset({LotStatus.RELEASED, LotStatus.RECALLED}),
        LotStatus.RECALLED: frozenset(),
    },
)


class BinKind(StrEnum):
    """What a bin is for; what is put into one for quarantine is in quarantine."""

    PICK_FACE = "pick_face"
    OVERFLOW = "overflow"
    QUARANTINE = "quarantine"


class StockCondition(StrEnum):
    """What state units on the shelf are in; scrapped ones are gone."""

    SELLABLE = "sellable"
    DAMAGED = "damaged"
    QUARANTINED = "quarantined"
    SCRAPPED = "scrapped"


class LocationKind(StrEnum):
    """Who runs a location and what it is for."""

    WAREHOUSE = "warehouse"
    STORE = "store"
    THIRD_PARTY = "third_party"
    DROP_SHIPPER = "drop_shipper"


class MovementKind(StrEnum):
    """What an entry of the ledger records."""

    ADJUST = "adjust"
    COUNT = "count"
    PROTECT = "protect"
    RESERVE = "reserve"
    UNRESERVE = "unreserve"
    ALLOCATE = "allocate"
    RELEASE = "release"
    BACKORDER = "backorder"
    SUPPLY = "supply"
    SHIP = "ship"
    REJECT = "reject"
    RESTOCK = "restock"
    QUARANTINE = "quarantine"
    ANNOUNCE = "announce"
    WITHDRAW = "withdraw"
    RECEIVE = "receive"
    SEND = "send"
    RECLASSIFY = "reclassify"
    DIVIDE = "divide"
    MOVE = "move"
    CORRECT = "correct"


class StockCountStatus(StrEnum):
    """How far counting what lies at a location has come."""

    DRAFT = "draft"
    COUNTING = "counting"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    CLOSED = "closed"
    CANCELLED = "cancelled"


# Counting starts anew (a recount) until the result is in the ledger, which closes it. What is approved waits for that only
# where claims stand in the way.
STOCK_COUNT_STATUS = StateMachine(
    entity="StockCount.status",
    initial=frozenset({StockCountStatus.DRAFT}),
    table={
        StockCountStatus.DRAFT: frozenset({StockCountStatus.COUNTING, StockCountStatus.CANCELLED}),
        StockCountStatus.COUNTING: frozenset({StockCountStatus.SUBMITTED, StockCountStatus.CANCELLED}),
        StockCountStatus.SUBMITTED: frozenset(
            {
                StockCountStatus.APPROVED,
                StockCountStatus.REJECTED,
                StockCountStatus.COUNTING,
                StockCountStatus.CANCELLED,
            }
        ),
        StockCountStatus.APPROVED: frozenset({StockCountStatus.CLOSED, StockCountStatus.COUNTING}),
        StockCountStatus.REJECTED: frozenset({StockCountStatus.COUNTING, StockCountStatus.CANCELLED}),
        StockCountStatus.CLOSED: frozenset(),
        StockCountStatus.CANCELLED: frozenset(),
    },
)
