from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from packhouse.fulfillment.states import FulfillmentOrderStatus
from packhouse.orders.rules import (
    Action,
    BrokenCounters,
    LineCounters,
    OrderSituation,
    available_actions,
    fulfillment_status,
    is_completed,
    phase,
    return_status,
)
from packhouse.orders.states import (
    FulfillmentStatus,
    HoldReason,
    OrderAction,
    OrderPhase,
    OrderStatus,
    ReturnStatus,
)
from packhouse.shipping.states import ShipmentStatus


def objection_to(name: OrderAction, order: OrderSituation) -> str | None:
    return next(action.reason for action in available_actions(order) if action.name is name)


def line(ordered: int, **counters: int) -> LineCounters:
    return LineCounters(ordered, **counters)


# --- the counters of one line ----------------------------------------------------------------------------------------


def test_counters_say_what_is_left() -> None:
    counters = line(10, allocated=2, backordered=1, shipped=3, delivered=2, returned=1, cancelled=1)
    assert (counters.wanted, counters.unshipped, counters.unclaimed) == (9, 6, 3)


@pytest.mark.parametrize(
    ("counters", "message"),
    [
        ({"ordered": 0}, "ordered must be at least 1"),
        ({"ordered": -1}, "ordered must be at least 1"),
        *(
            ({"ordered": 5, "shipped": 2, name: -1}, "no counter may be negative")
            for name in ("allocated", "backordered", "delivered", "returned", "cancelled")
        ),
        ({"ordered": 5, "shipped": -1}, "no counter may be negative"),
        (
            {"ordered": 4, "allocated": 1, "backordered": 1, "shipped": 1, "cancelled": 2},
            "allocated + backordered + shipped + cancelled may not exceed ordered",
        ),
        ({"ordered": 4, "shipped": 1, "delivered": 2}, "delivered may not exceed shipped"),
        ({"ordered": 4, "shipped": 1, "returned": 2}, "returned may not exceed shipped"),
    ],
)
def test_counters_that_contradict_each_other_are_refused(counters: dict[str, int], message: str) -> None:
    with pytest.raises(BrokenCounters) as caught:
        LineCounters(**counters)
    assert str(caught.value).startswith(f"{message}: ordered {counters['ordered']}, allocated ")


def test_every_small_line_is_refused_exactly_when_the_check_constraints_refuse_it() -> None:
    small = range(-1, 3)
    for ordered, allocated, backordered, shipped, delivered, returned, cancelled in product(small, repeat=7):
        legal = (
            ordered > 0
            and min(allocated, backordered, shipped, delivered, returned, cancelled) >= 0
            and allocated + backordered + shipped + cancelled <= ordered
            and delivered <= shipped
            and returned <= shipped
        )
        try:
            LineCounters(ordered, allocated, backordered, shipped, delivered, returned, cancelled)
        except BrokenCounters:
            assert not legal
        else:
            assert legal


class Units(RuleBasedStateMachine):
    """Units of an order move one by one, as people would count them; the counters and all that is derived must agree."""

    @initialize(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=3))
    def place(self, sizes: list[int]) -> None:
        self.lines = [LineCounters(size) for size in sizes]
        self.units = [["waiting"] * size for size in sizes]
        self.back = [[False] * size for size in sizes]

    def _move(self, data: st.DataObject, from_: tuple[str, ...], to: str, changes: dict[str, dict[str, int]]) -> None:
        places = [
            (row, index) for row, units in enumerate(self.units) for index, unit in enumerate(units) if unit in from_
        ]
        if not places:
            return
        row, index = data.draw(st.sampled_from(places))
        steps = changes[self.units[row][index]]
        moved: Any = {name: getattr(self.lines[row], name) + step for name, step in steps.items()}
        self.lines[row] = replace(self.lines[row], **moved)
        self.units[row][index] = to

    @rule(data=st.data())
    def allocate(self, data: st.DataObject) -> None:
        steps = {"waiting": {"allocated": 1}, "backordered": {"backordered": -1, "allocated": 1}}
        self._move(data, ("waiting", "backordered"), "allocated", steps)

    @rule(data=st.data())
    def backorder(self, data: st.DataObject) -> None:
        self._move(data, ("waiting",), "backordered", {"waiting": {"backordered": 1}})

    @rule(data=st.data())
    def ship(self, data: st.DataObject) -> None:
        self._move(data, ("allocated",), "shipped", {"allocated": {"allocated": -1, "shipped": 1}})

    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        self._move(data, ("shipped",), "delivered", {"shipped": {"delivered": 1}})

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        steps = {
            "waiting": {"cancelled": 1},
            "allocated": {"allocated": -1, "cancelled": 1},
            "backordered": {"backordered": -1, "cancelled": 1},
        }
        self._move(data, ("waiting", "allocated", "backordered"), "cancelled", steps)

    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        gone = [
            (row, index)
            for row, units in enumerate(self.units)
            for index, unit in enumerate(units)
            if unit in {"shipped", "delivered"} and not self.back[row][index]
        ]
        if gone:
            row, index = data.draw(st.sampled_from(gone))
            self.back[row][index] = True
            self.lines[row] = replace(self.lines[row], returned=self.lines[row].returned + 1)

    @rule(data=st.data(), name=st.sampled_from(["allocated", "backordered", "shipped", "cancelled"]))
    def one_more_than_there_is(self, data: st.DataObject, name: str) -> None:
        row = data.draw(st.integers(0, len(self.lines) - 1))
        too_much: Any = {name: getattr(self.lines[row], name) + self.units[row].count("waiting") + 1}
        with pytest.raises(BrokenCounters):
            replace(self.lines[row], **too_much)

    @invariant()
    def counters_count_the_units(self) -> None:
        for counters, units, back in zip(self.lines, self.units, self.back, strict=True):
            assert counters == LineCounters(
                ordered=len(units),
                allocated=units.count("allocated"),
                backordered=units.count("backordered"),
                shipped=units.count("shipped") + units.count("delivered"),
                delivered=units.count("delivered"),
                returned=sum(back),
                cancelled=units.count("cancelled"),
            )
            assert counters.unclaimed == units.count("waiting")
            assert counters.unshipped == sum(unit in {"waiting", "allocated", "backordered"} for unit in units)

    @invariant()
    def fulfillment_follows(self) -> None:
        kinds = {unit for units in self.units for unit in units} - {"cancelled"}
        if not kinds:
            expected = FulfillmentStatus.CANCELLED
        elif kinds == {"delivered"}:
            expected = FulfillmentStatus.DELIVERED
        elif "delivered" in kinds:
            expected = FulfillmentStatus.PARTIALLY_DELIVERED
        elif kinds == {"shipped"}:
            expected = FulfillmentStatus.SHIPPED
        elif "shipped" in kinds:
            expected = FulfillmentStatus.PARTIALLY_SHIPPED
        else:
            expected = FulfillmentStatus.UNFULFILLED
        assert fulfillment_status(self.lines) is expected

    @invariant()
    def returns_follow(self) -> None:
        wanted = [
            back
            for units, row in zip(self.units, self.back, strict=True)
            for unit, back in zip(units, row, strict=True)
            if unit != "cancelled"
        ]
        if not any(wanted):
            expected = ReturnStatus.NONE
        else:
            expected = ReturnStatus.RETURNED if all(wanted) else ReturnStatus.PARTIALLY_RETURNED
        assert return_status(self.lines) is expected
        assert return_status(self.lines, open_returns=1) is ReturnStatus.IN_PROGRESS

    @invariant()
    def phase_follows(self) -> None:
        kinds = {unit for units in self.units for unit in units}
        if kinds == {"cancelled"}:
            expected = OrderPhase.CANCELLED
        elif kinds <= {"delivered", "cancelled"}:
            expected = OrderPhase.DELIVERED
        elif "shipped" in kinds:
            expected = OrderPhase.IN_TRANSIT
        elif "backordered" in kinds:
            expected = OrderPhase.BACKORDERED
        else:
            expected = OrderPhase.READY
        assert phase(OrderStatus.CONFIRMED, self.lines) is expected
        assert is_completed(self.lines) is (expected is OrderPhase.DELIVERED)

    @invariant()
    def cancelling_and_returning_follow(self) -> None:
        order = OrderSituation(OrderStatus.CONFIRMED, tuple(self.lines))
        gone = [
            back
            for units, row in zip(self.units, self.back, strict=True)
            for unit, back in zip(units, row, strict=True)
            if unit in {"shipped", "delivered"}
        ]
        assert (objection_to(OrderAction.CANCEL, order) is None) is (not gone)
        assert (objection_to(OrderAction.REQUEST_RETURN, order) is None) is (False in gone)


TestUnits = Units.TestCase
TestUnits.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


# --- what follows from the counters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], "unfulfilled"),
        ([line(2, allocated=2)], "unfulfilled"),
        ([line(2, cancelled=2), line(1, cancelled=1)], "cancelled"),
        ([line(2, shipped=1)], "partially_shipped"),
        ([line(2, shipped=2), line(1)], "partially_shipped"),
        ([line(2, shipped=1, cancelled=1)], "shipped"),
        ([line(2, shipped=2, delivered=1)], "partially_delivered"),
        ([line(2, shipped=2, delivered=2), line(1, cancelled=1)], "delivered"),
        # Coming back does not undo the delivery: that is the other axis.
        ([line(2, shipped=2, delivered=2, returned=2)], "delivered"),
    ],
)
def test_fulfillment_status(lines: list[LineCounters], expected: str) -> None:
    assert fulfillment_status(iter(lines)) == expected


@pytest.mark.parametrize(
    ("lines", "open_returns", "expected"),
    [
        ([], 0, "none"),
        ([line(2, shipped=2)], 0, "none"),
        ([line(2, shipped=2)], 1, "in_progress"),
        ([line(2, shipped=2, returned=2)], 1, "in_progress"),
        ([line(2, shipped=2, returned=1)], 0, "partially_returned"),
        # The other unit was never sent, but it still is part of the order.
        ([line(2, shipped=1, returned=1)], 0, "partially_returned"),
        ([line(2, shipped=1, returned=1, cancelled=1)], 0, "returned"),
    ],
)
def test_return_status(lines: list[LineCounters], open_returns: int, expected: str) -> None:
    assert return_status(iter(lines), open_returns) == expected


# Each fact that gives an order its phase, strongest first; phases with two facts stand twice.
_FACTS: list[tuple[str, dict[str, Any]]] = [
    ("cancelled", {"status": OrderStatus.CANCELLED}),
    ("in_transit", {"lines": (line(3, shipped=2),)}),
    ("failed", {"failed_fulfillment": True}),
    ("held", {"open_holds": 1}),
    ("amending", {"open_change": True}),
    ("backordered", {"lines": (line(3, backordered=1),)}),
]


@given(st.sets(st.integers(0, len(_FACTS) - 1)))
def test_the_strongest_phase_wins(chosen: set[int]) -> None:
    facts: dict[str, Any] = {"status": OrderStatus.CONFIRMED, "lines": (line(3),)}
    for index in sorted(chosen, reverse=True):
        facts |= _FACTS[index][1]
    if {1, 5} <= chosen:
        facts["lines"] = (line(3, shipped=2), line(3, backordered=1))
    expected = _FACTS[min(chosen)][0] if chosen else "ready"
    assert phase(**facts) == expected


def test_delivered_is_stronger_than_all_but_cancelled() -> None:
    lines = (line(2, shipped=2, delivered=2),)
    assert phase(OrderStatus.CONFIRMED, lines, open_holds=1, open_change=True, failed_fulfillment=True) == "delivered"
    assert phase(OrderStatus.CANCELLED, lines) == "cancelled"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (OrderStatus.DRAFT, "held"),
        (OrderStatus.PENDING, "held"),
        (OrderStatus.CONFIRMED, "ready"),
        (OrderStatus.COMPLETED, "delivered"),
        (OrderStatus.CANCELLED, "cancelled"),
        (OrderStatus.EXPIRED, "cancelled"),
    ],
)
def test_phase_of_an_order_without_lines(status: OrderStatus, expected: str) -> None:
    assert phase(status, ()) == expected


def test_a_failed_parcel_is_not_in_transit() -> None:
    lines = (line(3, shipped=2),)
    assert phase(OrderStatus.CONFIRMED, lines, failed_units=1) == "in_transit"
    assert phase(OrderStatus.CONFIRMED, lines, failed_units=2) == "failed"
    assert phase(OrderStatus.COMPLETED, lines, failed_units=2) == "failed"


def test_an_order_whose_lines_were_all_cancelled_is_cancelled_for_people() -> None:
    assert phase(OrderStatus.CONFIRMED, (line(2, cancelled=2),)) == "cancelled"


_DONE = (line(2, shipped=2, delivered=2), line(1, cancelled=1))


@pytest.mark.parametrize(
    ("lines", "facts", "expected"),
    [
        (_DONE, {}, True),
        (_DONE, {"open_holds": 1}, False),
        (_DONE, {"open_returns": 1}, False),
        (_DONE, {"open_change": True}, False),
        (_DONE, {"outstanding_minor": 1}, False),
        ((line(2, shipped=2, delivered=1),), {}, False),
        ((line(2, shipped=2, delivered=1),), {"failed_units": 1}, True),
        ((line(2, cancelled=2),), {}, False),
        ((), {}, False),
    ],
)
def test_is_completed(lines: tuple[LineCounters, ...], facts: dict[str, Any], expected: bool) -> None:
    assert is_completed(iter(lines), **facts) is expected


# --- what may be done -------------------------------------------------------------------------------------------------


def test_actions_of_a_packed_order() -> None:
    order = OrderSituation(
        OrderStatus.CONFIRMED, (line(2, allocated=2),), fulfillment_orders=("packed",), refundable_minor=1_999
    )
    assert available_actions(order) == [
        Action(
            OrderAction.CONFIRM,
            allowed=False,
            reason="Only a pending order can be confirmed; this one is confirmed.",
        ),
        Action(OrderAction.HOLD, allowed=True),
        Action(OrderAction.RELEASE_HOLD, allowed=False, reason="The order has no open hold."),
        Action(OrderAction.CANCEL, allowed=False, reason="A fulfillment order is packed: unpack it first."),
        Action(OrderAction.SHIP, allowed=True),
        Action(OrderAction.REQUEST_RETURN, allowed=False, reason="Nothing has shipped, so nothing can come back."),
        Action(OrderAction.REFUND, allowed=True),
    ]


_PENDING = OrderSituation(OrderStatus.PENDING, (line(2),))
_CONFIRMED = OrderSituation(OrderStatus.CONFIRMED, (line(2, allocated=2),), fulfillment_orders=("open",))
_SHIPPED = OrderSituation(
    OrderStatus.CONFIRMED, (line(2, shipped=2),), fulfillment_orders=("closed",), shipments=("handed_over",)
)
_HOLDS = (HoldReason.PAYMENT, HoldReason.AWAITING_RETURN, HoldReason.PAYMENT)


@pytest.mark.parametrize(
    ("action", "order", "reason"),
    [
        ("confirm", _PENDING, None),
        (
            "confirm",
            replace(_PENDING, open_holds=_HOLDS),
            "The order is on hold (awaiting return, payment): release it first.",
        ),
        # Reopening leads to confirmed as well, and is something else.
        (
            "confirm",
            replace(_SHIPPED, status=OrderStatus.COMPLETED),
            "Only a pending order can be confirmed; this one is completed.",
        ),
        ("hold", _PENDING, None),
        ("hold", replace(_PENDING, lines=()), None),
        ("hold", _SHIPPED, "Nothing is left to hold: every unit has shipped or was cancelled."),
        ("hold", replace(_CONFIRMED, status=OrderStatus.EXPIRED), "Nothing is left to hold: the order is expired."),
        ("release_hold", replace(_CONFIRMED, open_holds=_HOLDS), None),
        ("release_hold", _CONFIRMED, "The order has no open hold."),
        ("cancel", _PENDING, None),
        ("cancel", _CONFIRMED, None),
        ("cancel", replace(_CONFIRMED, shipments=("label_purchased", "voided")), None),
        (
            "cancel",
            _SHIPPED,
            "2 units are on the way or delivered: cancel the remaining units, and take the shipped ones back as a return.",
        ),
        (
            "cancel",
            replace(_CONFIRMED, lines=(line(2, allocated=1, shipped=1),)),
            "1 unit is on the way or delivered: cancel the remaining units, and take the shipped ones back as a return.",
        ),
        (
            "cancel",
            replace(_CONFIRMED, shipments=("handed_over",)),
            "A parcel is already with the carrier: cancel the remaining units, and take the parcel back as a return.",
        ),
        (
            "cancel",
            replace(_CONFIRMED, asked_back=1),
            "1 fulfillment order is with somebody else, who was asked to cancel: wait for the answer.",
        ),
        (
            "cancel",
            replace(_CONFIRMED, asked_back=2),
            "2 fulfillment orders are with somebody else, who was asked to cancel: wait for the answer.",
        ),
        (
            "cancel",
            replace(_CONFIRMED, status=OrderStatus.CANCELLED),
            "An order that is cancelled cannot be cancelled.",
        ),
        ("ship", replace(_CONFIRMED, fulfillment_orders=("closed", "packed")), None),
        (
            "ship",
            replace(_CONFIRMED, fulfillment_orders=("cancelled", "backordered", "scheduled")),
            "Its units wait for stock, or for the day from which they may leave.",
        ),
        (
            "ship",
            replace(_CONFIRMED, fulfillment_orders=("backordered", "open")),
            "Nothing is packed: pick and pack a fulfillment order first.",
        ),
        ("ship", _CONFIRMED, "Nothing is packed: pick and pack a fulfillment order first."),
        (
            "ship",
            replace(_CONFIRMED, fulfillment_orders=("packed",), open_holds=(HoldReason.FRAUD,)),
            "The order is on hold (fraud): release it first.",
        ),
        ("ship", _PENDING, "Only a confirmed order can be shipped; this one is pending."),
        ("request_return", _SHIPPED, None),
        ("request_return", replace(_SHIPPED, open_returns=1, returning=1), None),
        (
            "request_return",
            replace(_SHIPPED, open_returns=1, returning=2),
            "Every shipped unit has come back or is in a return (1 open).",
        ),
        (
            "request_return",
            replace(_SHIPPED, lines=(line(2, shipped=2, returned=2),)),
            "Every shipped unit has come back or is in a return.",
        ),
        ("request_return", _CONFIRMED, "Nothing has shipped, so nothing can come back."),
        ("refund", replace(_SHIPPED, refundable_minor=1), None),
        ("refund", _SHIPPED, "No charged money is left to refund."),
    ],
)
def test_why_an_action_is_not_allowed(action: str, order: OrderSituation, reason: str | None) -> None:
    assert objection_to(OrderAction(action), order) == reason
    assert Action(OrderAction(action), allowed=reason is None, reason=reason) in available_actions(order)


@pytest.mark.parametrize("shipment", list(ShipmentStatus))
def test_every_shipment_status_is_understood(shipment: ShipmentStatus) -> None:
    on_the_way = shipment not in {ShipmentStatus.DRAFT, ShipmentStatus.LABEL_PURCHASED, ShipmentStatus.VOIDED}
    order = replace(_CONFIRMED, shipments=(shipment.value,))
    assert (objection_to(OrderAction.CANCEL, order) is not None) is on_the_way


@pytest.mark.parametrize("work", list(FulfillmentOrderStatus))
def test_every_fulfillment_order_status_is_understood(work: FulfillmentOrderStatus) -> None:
    order = replace(_CONFIRMED, fulfillment_orders=(work.value,))
    assert (objection_to(OrderAction.SHIP, order) is None) is (work is FulfillmentOrderStatus.PACKED)
    assert (objection_to(OrderAction.CANCEL, order) is not None) is (work is FulfillmentOrderStatus.PACKED)


@given(
    st.builds(
        OrderSituation,
        status=st.sampled_from(OrderStatus),
        lines=st.just((line(3, allocated=1, shipped=1),)) | st.just(()),
        open_holds=st.lists(st.sampled_from(HoldReason), max_size=2).map(tuple),
        fulfillment_orders=st.lists(st.sampled_from(FulfillmentOrderStatus), max_size=2).map(tuple),
        shipments=st.lists(st.sampled_from(ShipmentStatus), max_size=2).map(tuple),
        asked_back=st.integers(0, 2),
        refundable_minor=st.integers(0, 2),
    )
)
def test_every_action_is_answered_once_and_every_no_has_a_reason(order: OrderSituation) -> None:
    actions = available_actions(order)
    assert [action.name for action in actions] == list(OrderAction)
    assert all(action.allowed is (action.reason is None) for action in actions)
    assert all(action.reason is None or action.reason.endswith(".") for action in actions)
