"""What follows from an order's facts: its derived statuses, its phase, and what may be done with it now."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields

from packhouse.orders.states import (
    ORDER_STATUS,
    FulfillmentStatus,
    HoldReason,
    OrderAction,
    OrderPhase,
    OrderStatus,
    ReturnStatus,
)
from packhouse.sdk.errors import PackhouseError


class BrokenCounters(PackhouseError):
    """The counters of an order line contradict each other; the message names the broken rule and every counter."""


@dataclass(frozen=True, slots=True)
class LineCounters:
    """How far the units of one order line have come; every counter in units.

    `allocated` and `backordered` units still wait for their parcel; a shipped unit stays counted in `shipped` when it is
    delivered or comes back.

    Raises:
        BrokenCounters: the counters contradict each other (the same rules as the CHECK constraints of the table).
    """

    ordered: int
    allocated: int = 0
    backordered: int = 0
    shipped: int = 0
    delivered: int = 0
    returned: int = 0
    cancelled: int = 0

    def __post_init__(self) -> None:
        if broken := self._broken_rule():
            counters = ", ".join(f"{field.name} {getattr(self, field.name)}" for field in fields(self))
            raise BrokenCounters(f"{broken}: {counters}")

    @property
    def wanted(self) -> int:
        """Units that were ordered and not cancelled."""
        return self.ordered - self.cancelled

    @property
    def unshipped(self) -> int:
        """Units that are still to be shipped, with or without stock."""
        return self.wanted - self.shipped

    @property
    def unclaimed(self) -> int:
        """Units that are still to be shipped and have neither stock nor a backorder."""
        return self.unshipped - self.allocated - self.backordered

    def _broken_rule(self) -> str | None:
        if self.ordered < 1:
            return "ordered must be at least 1"
        if min(self.allocated, self.backordered, self.shipped, self.delivered, self.returned, self.cancelled) < 0:
            return "no counter may be negative"
        if self.allocated + self.backordered + self.shipped + self.cancelled > self.ordered:
            return "allocated + backordered + shipped + cancelled may not exceed ordered"
        if self.delivered > self.shipped:
            return "delivered may not exceed shipped"
        if self.returned > self.shipped:
            return "returned may not exceed shipped"
        return None


def complete_sets(components: Iterable[tuple[int, int]]) -> int:
    """How many bundles are whole: of each component so many units are there, and so many make one bundle."""
    return min((units // needed for units, needed in components), default=0)


def fulfillment_status(lines: Iterable[LineCounters]) -> FulfillmentStatus:
    """How far the units of an order have come; cancelled units do not count, an order without lines is unfulfilled.

    Here and below `lines` are those that need shipping: a download has nothing to fulfil.
    """
    lines = tuple(lines)
    wanted, shipped, delivered = _sums(lines)
    if not wanted:
        return FulfillmentStatus.CANCELLED if lines else FulfillmentStatus.UNFULFILLED
    if delivered:
        return FulfillmentStatus.DELIVERED if delivered == wanted else FulfillmentStatus.PARTIALLY_DELIVERED
    if shipped:
        return FulfillmentStatus.SHIPPED if shipped == wanted else FulfillmentStatus.PARTIALLY_SHIPPED
    return FulfillmentStatus.UNFULFILLED


def return_status(lines: Iterable[LineCounters], open_returns: int = 0) -> ReturnStatus:
    """How much of an order came back; `open_returns` counts its returns that are not yet closed, declined or cancelled."""
    if open_returns:
        return ReturnStatus.IN_PROGRESS
    lines = tuple(lines)
    returned = sum(line.returned for line in lines)
    if not returned:
        return ReturnStatus.NONE
    return ReturnStatus.RETURNED if returned == _sums(lines)[0] else ReturnStatus.PARTIALLY_RETURNED


def phase(
    status: OrderStatus,
    lines: Iterable[LineCounters],
    *,
    failed_units: int = 0,
    failed_fulfillment: bool = False,
    open_holds: int = 0,
    open_change: bool = False,
) -> OrderPhase:
    """One word for people, by the precedence in which `OrderPhase` lists its members.

    `failed_units` are shipped units that are not on their way any more and were not delivered (lost, returned to the
    sender, delivery failed); `failed_fulfillment` says that work for the order was given up or rejected with nobody to
    take it. An order that is not confirmed yet counts as held: it waits for somebody, and may not be picked.
    """
    lines = tuple(lines)
    wanted, shipped, delivered = _sums(lines)
    all_cancelled = bool(lines) and not wanted
    apply = {
        OrderPhase.CANCELLED: all_cancelled or status in {OrderStatus.CANCELLED, OrderStatus.EXPIRED},
        OrderPhase.DELIVERED: fulfillment_status(lines) is FulfillmentStatus.DELIVERED
        or _is_done(status, failed_units),
        OrderPhase.IN_TRANSIT: shipped - delivered - failed_units > 0,
        OrderPhase.FAILED: failed_units > 0 or failed_fulfillment,
        OrderPhase.HELD: open_holds > 0 or status in {OrderStatus.DRAFT, OrderStatus.PENDING},
        OrderPhase.AMENDING: open_change,
        OrderPhase.BACKORDERED: any(line.backordered for line in lines),
    }
    return next((candidate for candidate in OrderPhase if apply.get(candidate)), OrderPhase.READY)


def is_completed(
    lines: Iterable[LineCounters],
    *,
    failed_units: int = 0,
    open_holds: int = 0,
    open_returns: int = 0,
    open_change: bool = False,
    outstanding_minor: int = 0,
) -> bool:
    """Whether nothing is left to do: a confirmed order becomes completed then.

    Every wanted unit is delivered, or has failed for good (`failed_units`: lost or returned to the sender), nothing is
    held, changing or on its way back, and nothing is left to pay. An order without wanted units never completes by
    itself: it is cancelled, or somebody decides.
    """
    wanted, _, delivered = _sums(tuple(lines))
    if open_holds or open_returns or open_change or outstanding_minor > 0:
        return False
    return wanted > 0 and delivered + failed_units >= wanted


@dataclass(frozen=True, slots=True)
class OrderSituation:
    """Everything about an order that decides what may be done with it.

    `fulfillment_orders` and `shipments` hold the status of each as text (rooms above this one own their enums);
    `asked_back` counts those fulfillment orders that somebody else was asked to give back and has not answered; `returning`
    counts units in open returns that have not arrived yet; `refundable_minor` is in minor units.
    """

    status: OrderStatus
    lines: tuple[LineCounters, ...] = ()
    open_holds: tuple[HoldReason, ...] = ()
    fulfillment_orders: tuple[str, ...] = ()
    shipments: tuple[str, ...] = ()
    asked_back: int = 0
    refundable_minor: int = 0
    open_returns: int = 0
    returning: int = 0


@dataclass(frozen=True, slots=True)
class Action:
    """Whether an action is allowed now; where not, `reason` is a sentence for people."""

    name: OrderAction
    allowed: bool
    reason: str | None = None


def available_actions(order: OrderSituation) -> list[Action]:
    """Every action in the order of `OrderAction`, each allowed or with the reason why not."""
    return [_action(name, objection(order)) for name, objection in _OBJECTIONS]


def _action(name: OrderAction, reason: str | None) -> Action:
    return Action(name, allowed=reason is None, reason=reason)


def _against_confirming(order: OrderSituation) -> str | None:
    # A completed order that goes back to confirmed is reopened, which is not this action.
    if order.status is not OrderStatus.PENDING:
        return f"Only a pending order can be confirmed; this one is {order.status.value}."
    return _hold_in_the_way(order)


def _against_holding(order: OrderSituation) -> str | None:
    if order.status in {OrderStatus.COMPLETED, OrderStatus.CANCELLED, OrderStatus.EXPIRED}:
        return f"Nothing is left to hold: the order is {order.status.value}."
    if order.lines and not any(line.unshipped for line in order.lines):
        return "Nothing is left to hold: every unit has shipped or was cancelled."
    return None


def _against_releasing(order: OrderSituation) -> str | None:
    return None if order.open_holds else "The order has no open hold."


def _against_cancelling(order: OrderSituation) -> str | None:
    if not ORDER_STATUS.can(order.status, OrderStatus.CANCELLED):
        return f"An order that is {order.status.value} cannot be cancelled."
    shipped = _sums(order.lines)[1]
    if shipped:
        return f"{_count(shipped, 'unit')} on the way or delivered: cancel the remaining units, and take the shipped ones back as a return."
    if any(shipment in _WITH_THE_CARRIER for shipment in order.shipments):
        return "A parcel is already with the carrier: cancel the remaining units, and take the parcel back as a return."
    if order.asked_back:
        return f"{_count(order.asked_back, 'fulfillment order')} with somebody else, who was asked to cancel: wait for the answer."
    if _PACKED in order.fulfillment_orders:
        return "A fulfillment order is packed: unpack it first."
    return None


def _against_shipping(order: OrderSituation) -> str | None:
    if order.status is not OrderStatus.CONFIRMED:
        return f"Only a confirmed order can be shipped; this one is {order.status.value}."
    active = [each for each in order.fulfillment_orders if each not in _ENDED]
    if active and all(each in _WAITING for each in active):
        return "Its units wait for stock, or for the day from which they may leave."
    if _PACKED not in order.fulfillment_orders:
        return "Nothing is packed: pick and pack a fulfillment order first."
    return _hold_in_the_way(order)


def _against_returning(order: OrderSituation) -> str | None:
    if not _sums(order.lines)[1]:
        return "Nothing has shipped, so nothing can come back."
    if sum(line.shipped - line.returned for line in order.lines) > order.returning:
        return None
    open_returns = f" ({order.open_returns} open)" if order.open_returns else ""
    return f"Every shipped unit has come back or is in a return{open_returns}."


def _against_refunding(order: OrderSituation) -> str | None:
    return None if order.refundable_minor > 0 else "No charged money is left to refund."


def _hold_in_the_way(order: OrderSituation) -> str | None:
    if not order.open_holds:
        return None
    reasons = ", ".join(sorted({reason.value.replace("_", " ") for reason in order.open_holds}))
    return f"The order is on hold ({reasons}): release it first."


def _is_done(status: OrderStatus, failed_units: int) -> bool:
    # A completed order counts as delivered even without lines (imported history), but not over its lost parcels.
    return status is OrderStatus.COMPLETED and not failed_units


def _sums(lines: tuple[LineCounters, ...]) -> tuple[int, int, int]:
    return (
        sum(line.wanted for line in lines),
        sum(line.shipped for line in lines),
        sum(line.delivered for line in lines),
    )


def _count(number: int, noun: str) -> str:
    return f"1 {noun} is" if number == 1 else f"{number} {noun}s are"


# Words of the rooms above; tests compare them with their enums.
_PACKED = "packed"
_WAITING = frozenset({"backordered", "scheduled"})
_ENDED = frozenset({"incomplete", "closed", "cancelled"})
_WITH_THE_CARRIER = frozenset({"handed_over", "delivered", "returned_to_sender", "lost"})

_OBJECTIONS: tuple[tuple[OrderAction, Callable[[OrderSituation], str | None]], ...] = (
    (OrderAction.CONFIRM, _against_confirming),
    (OrderAction.HOLD, _against_holding),
    (OrderAction.RELEASE_HOLD, _against_releasing),
    (OrderAction.CANCEL, _against_cancelling),
    (OrderAction.SHIP, _against_shipping),
    (OrderAction.REQUEST_RETURN, _against_returning),
    (OrderAction.REFUND, _against_refunding),
)
